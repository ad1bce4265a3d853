import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nmt_attn.corpus.store import PairStore, TokenStore
from nmt_attn.errors import InputError


@given(st.sampled_from([100, 256, 257, 65_536, 65_537, 1_000_000]), st.data())
@settings(max_examples=60)
def test_what_is_written_is_read(vocab_size: int, data: st.DataObject) -> None:
    ids = st.integers(0, vocab_size - 1)
    sequences = data.draw(st.lists(st.lists(ids, max_size=8), max_size=8))
    with tempfile.TemporaryDirectory() as folder:
        stem = Path(folder) / "train.source"
        TokenStore.write(stem, iter(sequences), vocab_size)
        store = TokenStore.open(stem)
        assert [store[index].tolist() for index in range(len(store))] == sequences
        assert store.lengths.tolist() == [len(sequence) for sequence in sequences]
        assert store.offsets.tolist() == [0, *np.cumsum(store.lengths).tolist()]
        assert store.tokens.tolist() == [token for sequence in sequences for token in sequence]


@pytest.mark.parametrize(("vocab_size", "bytes_each"), [(256, 1), (257, 2), (65_536, 2), (65_537, 4)])
def test_a_token_takes_no_more_bytes_than_it_needs(tmp_path: Path, vocab_size: int, bytes_each: int) -> None:
    TokenStore.write(tmp_path / "x", [[1, 2, 3]], vocab_size)
    assert (tmp_path / "x.tokens.bin").stat().st_size == 3 * bytes_each


def test_a_store_of_before_small_ids_is_read(tmp_path: Path) -> None:
    TokenStore.write(tmp_path / "x", [[1, 2], [99]], 100)
    np.array([1, 2, 99], dtype="<u2").tofile(tmp_path / "x.tokens.bin")
    info = tmp_path / "x.json"
    info.write_text(info.read_text().replace("|u1", "<u2"))
    store = TokenStore.open(tmp_path / "x")
    assert [store[index].tolist() for index in range(len(store))] == [[1, 2], [99]]


def test_tokens_are_mapped_and_cannot_be_changed(tmp_path: Path) -> None:
    TokenStore.write(tmp_path / "x", [[1, 2, 3]], 10)
    store = TokenStore.open(tmp_path / "x")
    assert isinstance(store.tokens, np.memmap)
    with pytest.raises(ValueError):
        store[0][0] = 5


def test_an_index_out_of_range(tmp_path: Path) -> None:
    TokenStore.write(tmp_path / "x", [[1], [2, 3]], 10)
    store = TokenStore.open(tmp_path / "x")
    assert store[-1].tolist() == [2, 3]
    with pytest.raises(IndexError):
        store[2]


@pytest.mark.parametrize("token", [-1, 10, 70_000])
def test_an_id_outside_the_vocabulary_is_not_written(tmp_path: Path, token: int) -> None:
    with pytest.raises(ValueError, match="sequence 1"):
        TokenStore.write(tmp_path / "x", [[1], [token]], 10)


@pytest.mark.parametrize("suffix", [".tokens.bin", ".offsets.npy", ".json"])
@pytest.mark.parametrize("damage", ["missing", "cut off", "empty"])
def test_a_damaged_store_is_refused(tmp_path: Path, suffix: str, damage: str) -> None:
    TokenStore.write(tmp_path / "x", [[1], [2, 3]], 10)
    part = tmp_path / f"x{suffix}"
    content = part.read_bytes()
    part.unlink()
    if damage != "missing":
        part.write_bytes(content[:-3] if damage == "cut off" else b"")
    with pytest.raises(InputError):
        TokenStore.open(tmp_path / "x")


def test_sides_of_different_length_are_refused(tmp_path: Path) -> None:
    TokenStore.write(tmp_path / "train.source", [[1], [2]], 10)
    TokenStore.write(tmp_path / "train.target", [[1]], 10)
    with pytest.raises(InputError, match="2 source but 1 target"):
        PairStore.open(tmp_path, "train")
    TokenStore.write(tmp_path / "train.target", [[1], []], 10)
    assert len(PairStore.open(tmp_path, "train")) == 2
