"""Lines to shards: what is dropped is counted, whoever does the work, and what is done is not done again."""

from __future__ import annotations

from pathlib import Path

import pytest

from nmt_attn.config.schema import FilterConfig
from nmt_attn.corpus import cleaning
from nmt_attn.corpus.cleaning import CleanCorpus, Filters, clean_into_shards
from nmt_attn.corpus.crew import Crew
from nmt_attn.corpus.duplicates import without_duplicates
from nmt_attn.corpus.pairs import ExtraColumns, Line, Pair
from nmt_attn.corpus.shards import KeptPairs
from nmt_attn.errors import InputError
from nmt_attn.text.normalise import Normaliser

EXTRA = ExtraColumns("a.tsv, line 3", 3, 2)
LINES: list[Line] = [
    Pair("It's me.", "C'est moi."), None, EXTRA, Pair("Only one side", " "), Pair("It’s me.", "C’est\u00a0moi."),
    Pair("Paris", "Paris"), ExtraColumns("a.tsv, line 7", 4, 2), Pair("Tom &amp; Ann", "Tom et Ann"), None,
]  # fmt: skip


@pytest.fixture(autouse=True)
def few_lines_a_shard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleaning, "LINES", 2)


def cleaned(folder: Path, processes: int = 1, lines: list[Line] = LINES) -> CleanCorpus:
    filters = Filters(FilterConfig(), Normaliser(), Normaliser())
    return clean_into_shards(lines, "a.tsv", filters, Crew(processes), folder)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("processes", [1, 2])
def test_all_that_is_dropped_is_counted(tmp_path: Path, processes: int) -> None:
    clean = cleaned(tmp_path / "clean", processes)
    assert {reason: count for reason, count in clean.drops.items() if count} == {
        "blank": 2, "columns": 2, "empty": 1, "identical": 1,
    }  # fmt: skip
    assert (clean.lines, clean.with_entities, clean.first_extra) == (9, 1, EXTRA)
    assert [pair.raw.source for pair in KeptPairs(clean.shards, without_duplicates(clean.shards))] == [
        "It's me.", "Tom &amp; Ann",
    ]  # fmt: skip


def test_the_shards_do_not_depend_on_the_number_of_processes(tmp_path: Path) -> None:
    for processes in (1, 2, 3):
        cleaned(tmp_path / str(processes), processes)
    assert contents(tmp_path / "1") == contents(tmp_path / "2") == contents(tmp_path / "3")
    assert len(contents(tmp_path / "1")) == 5


def test_duplicates_are_found_on_normalised_text(tmp_path: Path) -> None:
    clean = cleaned(tmp_path / "clean")
    pairs = list(KeptPairs(clean.shards, without_duplicates(clean.shards)))
    assert len(clean.shards) - len(pairs) == 1
    assert pairs[0].raw == pairs[0].normalised == Pair("It's me.", "C'est moi.")


def test_what_is_there_is_not_made_again_and_what_is_damaged_is(tmp_path: Path) -> None:
    folder = tmp_path / "clean"
    cleaned(folder)
    before = contents(folder)
    (folder / "000001.npz").unlink()
    (folder / "000002.npz").write_bytes(before["000002.npz"][:-9])
    damaged = bytearray(before["000003.npz"])
    damaged[len(damaged) // 2] ^= 1
    (folder / "000003.npz").write_bytes(damaged)
    whole = (folder / "000000.npz").stat().st_mtime_ns
    clean = cleaned(folder)
    assert contents(folder) == before
    assert (folder / "000000.npz").stat().st_mtime_ns == whole
    assert clean.drops["blank"] == 2


def test_an_error_on_a_line_is_that_of_the_reader(tmp_path: Path) -> None:
    def lines():
        yield from LINES
        raise InputError("a.tsv, line 10: no tab")

    with pytest.raises(InputError, match="line 10: no tab"):
        cleaned(tmp_path / "clean", 2, lines())
