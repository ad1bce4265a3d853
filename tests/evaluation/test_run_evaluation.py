"""``nmt eval`` on files of one's own: a blank line is no reference, and what is left out is counted."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import toy_corpus, write_toy
from tests.in_process import Done, nmt_here

PAIRS = toy_corpus(40, seed=5)
SOURCES, TARGETS = [source for source, _ in PAIRS], [target for _, target in PAIRS]
TINY = ["training.max_steps=5", "model.encoder.hidden_size=8", "model.decoder.hidden_size=16", "decoding.processes=1"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run of a few steps, which translates badly."""
    folder = write_toy(tmp_path_factory.mktemp("report"))
    sets = [part for one in TINY for part in ("--set", one)]
    assert nmt_here(folder, "train", "--config", "toy.yaml", *sets).code == 0
    return folder


def evaluate(folder: Path, sources: Sequence[str], *references: Sequence[str], more: Sequence[str] = ()) -> Done:
    (folder / "s").write_text("".join(f"{line}\n" for line in sources), encoding="utf-8")
    named: list[str] = []
    for number, lines in enumerate(references):
        (folder / f"r{number}").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        named += ["--reference", f"r{number}"]
    return nmt_here(folder, "eval", "--source", "s", *named, *more)


@dataclass(frozen=True)
class Result:
    """What JSON says without what differs from time to time."""

    scores: list[Any]
    sentences: int
    left_out: int


def result(done: Done) -> Result:
    assert done.code == 0, done.err
    values = json.loads(done.out)
    return Result([values[name] for name in ("bleu", "chrf", "ter", "exact")], values["sentences"], values["left_out"])


def evaluated(folder: Path, sources: Sequence[str], *references: Sequence[str]) -> Result:
    return result(evaluate(folder, sources, *references, more=["--json"]))


def without(lines: Sequence[str], places: Sequence[int], blank: str = "") -> list[str]:
    return [blank if place in places else line for place, line in enumerate(lines)]


def kept(lines: Sequence[str], places: Sequence[int]) -> list[str]:
    return [line for place, line in enumerate(lines) if place not in places]


BLANK = ["", " ", "\t", "\u00a0", "\u200b", "\u3000 \u200d", "\ufeff "]


@pytest.mark.parametrize("blank", BLANK)
def test_a_blank_reference_is_none(run, blank):
    """The score is that of the other sentences, whatever a blank line is made of."""
    places = [0, 7, 39]
    done = evaluate(run, SOURCES, without(TARGETS, places, blank), more=["--json"])
    assert done.err.splitlines() == ["left out: 3 of 40 lines, 0 with a blank source and 3 without a reference"]
    found = result(done)
    alone = evaluated(run, kept(SOURCES, places), kept(TARGETS, places))
    assert (found.scores, found.sentences, found.left_out) == (alone.scores, 37, 3)
    assert alone.left_out == 0


@pytest.mark.parametrize("blank", BLANK[:5])
def test_a_blank_source_is_left_out(run, blank):
    done = evaluate(run, without(SOURCES, [3, 4], blank), TARGETS, more=["--json"])
    assert done.err.splitlines() == ["left out: 2 of 40 lines, 2 with a blank source and 0 without a reference"]
    found, alone = result(done), evaluated(run, kept(SOURCES, [3, 4]), kept(TARGETS, [3, 4]))
    assert (found.scores, found.sentences, found.left_out) == (alone.scores, 38, 2)


def test_a_sentence_is_scored_against_its_other_references(run):
    """As if it had never had more, however the blank ones lie."""
    some = [0, 1, 2, 30]
    one, two = without(TARGETS, some), without(TARGETS[::-1], [5, 6])
    done = evaluate(run, SOURCES, one, two, more=["--json"])
    assert done.err.splitlines() == ["not counted: 6 blank references of sentences that have others"]
    found = result(done)
    assert (found.sentences, found.left_out) == (40, 0)
    # Where a line is blank the other reference stands in its place, which counts as little as no reference.
    twice = evaluated(run, SOURCES, [a or b for a, b in zip(one, two, strict=True)],
                      [b or a for a, b in zip(one, two, strict=True)])  # fmt: skip
    for mine, same in zip(found.scores, twice.scores, strict=True):
        assert mine["score"] == pytest.approx(same["score"], abs=0.01)


def test_blank_sources_and_blank_references_are_counted_apart(run):
    done = evaluate(run, without(SOURCES, [0, 1]), without(TARGETS, [1, 2, 3]), without(TARGETS, [2, 4]))
    assert done.err.splitlines() == [
        "left out: 3 of 40 lines, 2 with a blank source and 1 without a reference",
        "not counted: 2 blank references of sentences that have others",
    ]
    assert "37 sentences, 3 left out" in done.out


def test_nothing_blank_nothing_said(run):
    done = evaluate(run, SOURCES, TARGETS)
    assert (done.code, done.err) == (0, "")
    assert "left out" not in done.out


@pytest.mark.parametrize(
    ("sources", "targets", "says"),
    [
        (SOURCES, [""] * 40, "each of its 40 lines is left out: 0 with a blank source and 40 without a reference"),
        ([" "] * 40, TARGETS, "each of its 40 lines is left out: 40 with a blank source and 0 without a reference"),
        (without(SOURCES, range(20)), without(TARGETS, range(20, 40)), "20 with a blank source and 20 without"),
        ([""], [""], "each of its 1 lines is left out"),
    ],
)
def test_nothing_left_is_one_line(run, sources, targets, says):
    done = evaluate(run, sources, targets)
    assert (done.code, done.out) == (2, "")
    assert says in done.error
    assert done.err.count("\n") == 1


def test_translations_lie_line_by_line_as_the_source_does(run):
    done = evaluate(run, without(SOURCES, [2]), without(TARGETS, [5]), more=["--output", "out"])
    assert done.code == 0, done.err
    lines = (run / "out").read_text(encoding="utf-8").split("\n")
    assert len(lines) == 41
    assert lines[2] == lines[5] == ""
    alone = evaluate(run, [SOURCES[7]], [TARGETS[7]], more=["--output", "one"])
    assert alone.code == 0, alone.err
    assert (run / "one").read_text(encoding="utf-8") == f"{lines[7]}\n"


def test_eval_and_prepare_take_the_same_lines(run, tmp_path):
    """What prepare keeps of given test files is what eval scores."""
    sources, targets = without(SOURCES, [1, 9], "\u200b"), without(TARGETS, [9, 12], " ")
    for name, lines in (("s", sources), ("t", targets)):
        (tmp_path / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    files = [f"data.parallel.{part}={{source: s, target: t}}" for part in ("train", "valid", "test")]
    sets = [part for one in [*files, "data.tokenizer.kind=char", "name=p"] for part in ("--set", one)]
    prepared = nmt_here(tmp_path, "prepare", *sets)
    assert prepared.code == 0, prepared.err
    found = evaluated(run, sources, targets)
    lines = (tmp_path / "data" / "p" / "test.source").read_text(encoding="utf-8").splitlines()
    assert len(lines) == found.sentences == 37
