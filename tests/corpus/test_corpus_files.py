"""Several files as one corpus: a folder of them, or what a pattern matches."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from nmt_attn.config.schema import Config
from nmt_attn.corpus.configuration_check import missing_files
from nmt_attn.corpus.corpus_files import corpus_files, read_corpus
from nmt_attn.corpus.prepare import prepare
from nmt_attn.errors import InputError

Configure = Callable[..., Config]


@pytest.fixture
def shards(tmp_path: Path, corpus: Path) -> Path:
    """The small corpus in three files, one of them packed, beside files that are none of it."""
    folder = tmp_path / "shards"
    (folder / "inner").mkdir(parents=True)
    lines = corpus.read_bytes().splitlines(keepends=True)
    (folder / "b.tsv").write_bytes(b"".join(lines[100:200]))
    (folder / "a.tsv").write_bytes(b"".join(lines[:100]))
    (folder / "c.tsv.gz").write_bytes(gzip.compress(b"".join(lines[200:])))
    (folder / "README").write_text("Nothing to learn from.\n")
    (folder / ".hidden").write_text("Nor this.\n")
    return folder


@pytest.mark.parametrize("name", ["shards", "shards/*.tsv*", "shards/[abc]*"])
def test_a_folder_and_a_pattern_are_one_corpus(
    configure: Configure, shards: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    one = prepare(configure("one", directory=tmp_path / "one")).data
    monkeypatch.chdir(tmp_path)
    for path in (Path(name), tmp_path / name):
        config = configure(corpus={"path": path}, directory=tmp_path / "several")
        assert not list(missing_files(config))
        several = prepare(config, force=True).data
        assert several.train_text() == one.train_text()
        assert several.held_out("test") == one.held_out("test")
        assert several.manifest.pairs_read == one.manifest.pairs_read
        assert not prepare(config).fresh


def test_files_are_read_in_the_order_of_their_names(shards: Path, corpus: Path) -> None:
    assert [path.name for path in corpus_files(shards)] == ["a.tsv", "b.tsv", "c.tsv.gz"]
    assert list(read_corpus(shards)) == list(read_corpus(corpus))
    assert list(read_corpus(shards, max_pairs=150)) == list(read_corpus(corpus, max_pairs=150))


def test_a_file_more_and_a_changed_one_make_it_stale(configure: Configure, shards: Path, tmp_path: Path) -> None:
    for number, path in enumerate((shards, shards / "*.tsv*")):
        config = configure(corpus={"path": path}, directory=tmp_path / f"made-{number}")
        assert prepare(config).fresh
        (shards / f"d{number}.tsv").write_text("One more\tUn de plus\n")
        assert prepare(config).data.manifest.pairs_read == 351 + number
        (shards / "a.tsv").write_bytes((shards / "a.tsv").read_bytes().replace(b"lamp", b"lump", 1))
        assert prepare(config).fresh
        os.utime(shards / "a.tsv")
        assert not prepare(config).fresh


def test_a_file_may_be_called_like_a_pattern(configure: Configure, corpus: Path, tmp_path: Path) -> None:
    corpus.rename(tmp_path / "a[1].tsv")
    assert prepare(configure(corpus={"path": tmp_path / "a[1].tsv"})).data.manifest.pairs_read == 350


@pytest.mark.parametrize(
    ("name", "error"),
    [("empty", "is a folder; expected a file, or files of pairs in it"), ("no*.tsv", "no file matches it")],
)
def test_nothing_to_read_is_one_line(configure: Configure, tmp_path: Path, name: str, error: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=error):
        prepare(configure(corpus={"path": tmp_path / name}))
    assert not (tmp_path / "data").exists() or not list((tmp_path / "data").glob(".*.preparing"))


@pytest.fixture
def sides(tmp_path: Path, corpus: Path) -> Path:
    """The small corpus as files of sentences: whole, and in three parts each, one of them packed."""
    folder = tmp_path / "sides"
    rows = [line.split("\t")[:2] for line in corpus.read_text(encoding="utf-8").splitlines()]
    for name, sentences in zip(("en", "fr"), zip(*rows, strict=True), strict=True):
        (folder / name).mkdir(parents=True)
        lines = [f"{sentence}\n".encode() for sentence in sentences]
        (folder / f"whole.{name}").write_bytes(b"".join(lines))
        for part, some in {"a": lines[:100], "b": lines[100:200]}.items():
            (folder / name / f"{part}.{name}").write_bytes(b"".join(some))
        (folder / name / f"c.{name}.gz").write_bytes(gzip.compress(b"".join(lines[200:])))
    return folder


def parallel(configure: Configure, folder: Path, source: object, target: object, made: str) -> Config:
    valid = {"source": folder / "en" / "a.en", "target": folder / "fr" / "a.fr"}
    files = {"train": {"source": source, "target": target}, "valid": valid}
    return configure(corpus={"path": None}, parallel=files, directory=folder / made)


def test_lists_folders_and_patterns_of_parallel_files_are_one_corpus(configure: Configure, sides: Path) -> None:
    whole = prepare(parallel(configure, sides, sides / "whole.en", sides / "whole.fr", "one")).data
    for source, target in (
        (sides / "en", sides / "fr"),
        (sides / "en" / "*.en*", sides / "fr" / "*.fr*"),
        ([sides / "en" / "[ab].en", sides / "en" / "c.en.gz"], [sides / "fr" / "[ab].fr", sides / "fr" / "c.fr.gz"]),
    ):
        config = parallel(configure, sides, source, target, "several")
        assert not list(missing_files(config))
        several = prepare(config, force=True).data
        assert several.train_text() == whole.train_text()
        assert several.manifest.pairs_read == whole.manifest.pairs_read
        assert not prepare(config).fresh
    (sides / "fr" / "a.fr").write_text("Autre chose.\n" * 100)
    assert prepare(config).fresh


def test_several_targets_of_one_source_are_references(configure: Configure, sides: Path) -> None:
    targets = [sides / "fr", sides / "fr"]
    data = prepare(parallel(configure, sides, sides / "en", targets, "two")).data
    assert data.manifest.pairs_read == 2 * 350 + 100


@pytest.mark.parametrize(
    ("source", "target", "error"),
    [
        (["en"], ["fr/a.fr"], r"en: 3 files, but \S*fr/a\.fr: 1 file; each source file needs one"),
        (["en/a.en", "en/b.en"], ["fr/a.fr"], r"en/a\.en and 1 more: 2 files, but \S*fr/a\.fr: 1 file;"),
        (["en"], ["fr", "fr/*.fr"], r"en: 3 files, but \S*fr/\*\.fr: 2 files;"),
        (["en/*.de"], ["fr"], r"en/\*\.de: no file matches it \(data\.parallel\.train\)"),
        (["en/a.en", "en/b.en"], ["fr/b.fr", "fr/c.fr.gz"], r"en/b\.en has 100 lines but .*fr/c\.fr\.gz has 150"),
    ],
)
def test_parallel_files_that_do_not_fit_together_are_one_line(
    configure: Configure, sides: Path, source: list[str], target: list[str], error: str
) -> None:
    given = ([sides / name for name in names] for names in (source, target))
    config = parallel(configure, sides, *given, "refused")
    with pytest.raises(InputError, match=error):
        prepare(config)
    assert not config.data_directory.exists()


def test_prepared_data_below_the_folder_of_its_corpus_does_not_make_it_stale(
    configure: Configure, shards: Path
) -> None:
    config = configure(corpus={"path": shards}, directory=shards / "data" / "made")
    assert prepare(config).fresh
    assert not prepare(config).fresh


def test_a_wrong_line_is_named_with_its_file(configure: Configure, shards: Path) -> None:
    (shards / "b.tsv").write_text("One\tUn\nno tab\n")
    with pytest.raises(InputError, match=r"b\.tsv, line 2: no tab"):
        prepare(configure(corpus={"path": shards}))
