"""``nmt report`` of a trained classifier: what it shows, of a split and of a file, and what it refuses."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.in_process import nmt_here


@pytest.fixture(scope="module")
def folder(trained_classifier: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shutil.copytree(trained_classifier, tmp_path_factory.mktemp("classifier-report") / "folder")


def page_of(path: Path) -> tuple[str, dict[str, Any]]:
    written = path.read_text(encoding="utf-8")
    (text,) = re.findall(r'<script type="application/json" id="page-data">(.*?)</script>', written, flags=re.DOTALL)
    return written, json.loads(text)


def test_the_page_has_the_figures_of_eval_and_all_texts(folder):
    done = nmt_here(folder, "report", "runs/opinions", checked=False)
    assert done.code == 0, done.err
    assert done.out == "runs/opinions/report.html\n"
    written, values = page_of(folder / "runs" / "opinions" / "report.html")
    figures = json.loads(nmt_here(folder, "eval", "--json").out)
    assert f"<strong>{figures['accuracy']:.1f} %</strong>" in written
    assert f"<strong>{figures['macro_f1']:.1f}</strong>" in written
    gold = (folder / "data" / "opinions" / "test.label").read_text("utf-8").splitlines()
    assert [row["references"] for row in values["sentences"]] == [[label] for label in gold]
    right = sum(row["outputs"][0]["exact"] for row in values["sentences"])
    assert 100 * right / 60 == pytest.approx(figures["accuracy"], abs=0.01)
    for title in ("Loss", "From lines to texts", "By label", "Confusions", "By length", "Confidence and correctness"):
        assert title in written, title
    assert "chrF" not in written
    assert len(values["attention"]) >= 12
    for one in values["attention"]:
        assert sum(one["weights"][0]) == pytest.approx(1, abs=0.05)
        assert one["source"][-1] == "</s>"


def test_the_page_of_a_file_of_ones_own(folder):
    (folder / "mine.csv").write_text("text,label\nA good room.,pos\nA <b>bad</b> room.,neg\n", encoding="utf-8")
    done = nmt_here(folder, "report", "--source", "mine.csv", "-o", "own.html", checked=False)
    assert done.code == 0, done.err
    written, values = page_of(folder / "own.html")
    assert [row["source"] for row in values["sentences"]] == ["A good room.", "A <b>bad</b> room."]
    assert "Only 2 texts: all figures are rough." in written
    assert "From lines to texts" not in written  # the file is none of the training's
    again = nmt_here(folder, "report", "--split", "valid", "-o", "valid.html", checked=False)
    assert again.code == 0, again.err
    assert "on valid: 40 texts, 2 labels" in (folder / "valid.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--beam", "3"], "--beam is for translations, and this run classifies"),
        (["--source", "mine.tsv", "--reference", "mine.tsv"], "--reference is for translations"),
        (["--reference", "mine.tsv"], "--reference is for translations"),
        (["--source", "mine.tsv", "--split", "valid"], "--split has no effect beside --source"),
        (["--source", "mine.tsv"], "the label 'odd' is none of the model's (neg, pos)"),
        (["--source", "absent.tsv"], "absent.tsv"),
        (["--set", "decoding.beam_size=3"], "decoding.beam_size"),
        (["--set", "training.max_steps=3"], "training.max_steps has no effect"),
    ],
)
def test_what_means_nothing_for_labels_is_refused_in_a_line(folder, arguments, words):
    (folder / "mine.tsv").write_text("odd\tA good room.\n", encoding="utf-8")
    done = nmt_here(folder, "report", *arguments)
    assert done.code == 2
    assert words in done.error


def test_runs_of_classifiers_are_not_compared(folder):
    done = nmt_here(folder, "compare", "runs/opinions", "runs/opinions")
    assert done.code == 2
    assert "runs/opinions" in done.error
