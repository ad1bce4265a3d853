"""The files of prepared data: plain text, token ids, and what the manifest says of them."""

from collections.abc import Callable
from pathlib import Path

from nmt_attn.config.schema import Config
from nmt_attn.corpus.prepare import prepare
from nmt_attn.text.tokenizer import BOS, EOS, PAD

Configure = Callable[..., Config]


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").split("\n")[:-1]


def test_references_are_raw_text_and_all_of_them(configure: Configure, pairs: list[tuple[str, str]]) -> None:
    data = prepare(configure(normalise={"lowercase": True, "ascii_fold": True, "punctuation": "basic"})).data
    held = data.held_out("test")
    raw: dict[str, list[str]] = {}
    for source, target in pairs:
        raw.setdefault(source, []).append(target.replace("\u202f", " "))
    assert len(held) == 30
    assert dict(zip(held.sources, held.references, strict=True)) == {source: raw[source] for source in held.sources}
    assert {len(references) for references in held.references} == {1, 2}
    assert any("’" in reference for references in held.references for reference in references)
    assert any("’" in line for line in lines(data.directory / "train.target"))
    assert all("\u202f" not in line for line in lines(data.directory / "train.target"))


def test_how_many_sentences_a_line_has_is_known_to_manifest_and_tokenizer(configure: Configure, corpus: Path) -> None:
    lines = prepare(configure()).data.manifest.lines
    assert lines is not None
    assert (lines.several, lines.common_sentences) == (0.0, 1)
    with corpus.open("a", encoding="utf-8") as file:
        file.write("".join(f"Stop {name}! Go home.\tArrête {name} ! Rentre.\n" for name in map(chr, range(97, 123))))
    data = prepare(configure()).data
    assert data.manifest.lines == data.tokenizer.lines
    assert data.tokenizer.lines is not None
    assert data.tokenizer.lines.common_sentences == 2
    source = data.manifest.splits.train.source
    assert source.mean_length < data.tokenizer.lines.usual_tokens <= source.max_length


def test_splits_lie_there_as_plain_text(configure: Configure) -> None:
    data = prepare(configure()).data
    names = {path.name for path in data.directory.iterdir()}
    assert names == {
        "manifest.json", "tokenizer", "store", "train.source", "train.target", "valid.source", "test.source",
        "valid.reference.0", "valid.reference.1", "test.reference.0", "test.reference.1",
    }  # fmt: skip
    counts = {name: len(lines(data.directory / name)) for name in names if "." in name and name != "manifest.json"}
    assert counts.pop("train.source") == counts.pop("train.target") == data.manifest.splits.train.pairs
    assert {name.split(".")[0]: count for name, count in counts.items()} == {"valid": 20, "test": 30}
    first, second = (lines(data.directory / f"test.reference.{number}") for number in (0, 1))
    known = data.held_out("test").references
    assert {len(references) for references in known} == {1, 2}
    assert [references[-1] for references in known] == second  # the first again where there is no second
    assert [references[0] for references in known] == first


def test_the_store_holds_the_tokenised_text(configure: Configure) -> None:
    data = prepare(configure()).data
    store = data.pairs("train")
    targets = [store.target[index].tolist() for index in range(len(store))]
    assert data.tokenizer.encode_target(lines(data.directory / "train.target")) == targets
    assert data.tokenizer.encode_source(lines(data.directory / "train.source")) == [
        store.source[index].tolist() for index in range(len(store))
    ]
    assert not {PAD, BOS, EOS} & set(store.source.tokens.tolist())
    assert store.target.lengths.sum() == data.manifest.splits.train.target.tokens
    assert store.target.lengths.max() == data.manifest.splits.train.target.max_length


def test_the_valid_store_has_every_source_with_every_reference(configure: Configure) -> None:
    data = prepare(configure()).data
    held, store = data.held_out("valid"), data.pairs("valid")
    expected = [
        (source, reference)
        for source, references in zip(held.sources, held.references, strict=True)
        for reference in references
    ]
    assert [store.source[index].tolist() for index in range(len(store))] == data.tokenizer.encode_source(
        [source for source, _ in expected]
    )
    assert [store.target[index].tolist() for index in range(len(store))] == data.tokenizer.encode_target(
        [reference for _, reference in expected]
    )


def test_the_same_input_gives_the_same_bytes(configure: Configure, tmp_path: Path) -> None:
    first, second = (prepare(configure(directory=tmp_path / "data" / name)).data for name in ("one", "two"))
    for name in first.manifest.files:
        assert (first.directory / name).read_bytes() == (second.directory / name).read_bytes(), name
    assert first.manifest == second.manifest
