"""Checkpoints come back as they went, damaged ones are said to be, and a failing write leaves nothing."""

import pytest
import torch

from nmt_attn.errors import InputError, NmtError
from nmt_attn.runs import checkpoint as module
from nmt_attn.runs.checkpoint import Checkpoint, load_checkpoint, load_weights, save_checkpoint

CPU = torch.device("cpu")


def make() -> Checkpoint:
    return Checkpoint({"w": torch.randn(3, 4)}, {"step.w": torch.tensor(5.0)}, {"step": 5, "best": None})


def test_a_checkpoint_is_loaded_as_it_was_saved(tmp_path):
    saved = make()
    save_checkpoint(tmp_path / "5", saved)
    loaded = load_checkpoint(tmp_path / "5", CPU)
    assert torch.equal(loaded.weights["w"], saved.weights["w"])
    assert torch.equal(loaded.optimiser["step.w"], saved.optimiser["step.w"])
    assert loaded.state == saved.state
    assert loaded.trained is None
    assert [path.name for path in tmp_path.iterdir()] == ["5"]


def test_an_average_stands_beside_what_is_trained(tmp_path):
    saved = Checkpoint({"w": torch.ones(3)}, {}, {}, trained={"w": torch.zeros(3)})
    save_checkpoint(tmp_path / "5", saved)
    loaded = load_checkpoint(tmp_path / "5", CPU)
    assert loaded.trained is not None
    assert loaded.trained["w"].tolist() == [0.0] * 3
    assert load_weights(tmp_path / "5", CPU)["w"].tolist() == [1.0] * 3


@pytest.mark.parametrize("name", ["model.safetensors", "trained.safetensors", "optimiser.safetensors", "state.json"])
def test_a_single_wrong_bit_is_found(tmp_path, name):
    save_checkpoint(tmp_path / "5", Checkpoint({"w": torch.ones(9)}, {"m": torch.ones(9)}, {}, {"w": torch.ones(9)}))
    path = tmp_path / "5" / name
    raw = bytearray(path.read_bytes())
    raw[-2] ^= 1
    path.write_bytes(raw)
    with pytest.raises(InputError, match=f"{name}: damaged"):
        load_checkpoint(tmp_path / "5", CPU)
    if name == "model.safetensors":
        with pytest.raises(InputError, match=f"{name}: damaged"):
            load_weights(tmp_path / "5", CPU)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"../secret": "00"}', '{"model.safetensors": 3}', "[" * 100_000])
def test_checksums_that_are_none(tmp_path, content):
    save_checkpoint(tmp_path / "5", make())
    (tmp_path / "5" / "checksums.json").write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match="damaged"):
        load_checkpoint(tmp_path / "5", CPU)


@pytest.mark.parametrize("name", ["model.safetensors", "optimiser.safetensors", "state.json", "checksums.json"])
def test_a_damaged_file_is_named(tmp_path, name):
    save_checkpoint(tmp_path / "5", make())
    path = tmp_path / "5" / name
    path.write_bytes(path.read_bytes()[:7])
    with pytest.raises(InputError, match=name):
        load_checkpoint(tmp_path / "5", CPU)
    path.unlink()
    with pytest.raises(InputError, match=name):
        load_checkpoint(tmp_path / "5", CPU)


def test_a_write_that_fails_leaves_the_old_checkpoint(tmp_path, monkeypatch):
    first = make()
    save_checkpoint(tmp_path / "5", first)
    writes = iter([None, OSError(28, "No space left on device")])
    real = module.save_file

    def failing(*arguments):
        error = next(writes)
        if error is not None:
            raise error
        real(*arguments)

    monkeypatch.setattr(module, "save_file", failing)
    with pytest.raises(NmtError, match="No space left on device"):
        save_checkpoint(tmp_path / "5", make())
    assert [path.name for path in tmp_path.iterdir()] == ["5"]
    assert torch.equal(load_checkpoint(tmp_path / "5", CPU).weights["w"], first.weights["w"])
