"""``nmt report`` and ``nmt compare``, whole commands on a trained run."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.in_process import nmt_here


def values_of(written: str) -> dict[str, Any]:
    (text,) = re.findall(r'<script type="application/json" id="page-data">(.*?)</script>', written, flags=re.DOTALL)
    values: dict[str, Any] = json.loads(text)
    return values


@pytest.fixture(scope="module")
def folder(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the toy run, the same again, one of fewer steps, and translations of the first."""
    folder = shutil.copytree(trained, tmp_path_factory.mktemp("report") / "folder")
    done = nmt_here(folder, "train", "--config", "toy.yaml", "--set", "name=short", "--set", "training.max_steps=30",
                    "--set", "data.directory=data/toy", checked=False)  # fmt: skip
    assert done.code == 0, done.err
    assert nmt_here(folder, "eval", "--model", "runs/toy", "--output", "translations", checked=False).code == 0
    return folder


def test_the_report_of_a_run_is_one_page_with_all_its_sentences(folder):
    done = nmt_here(folder, "report", "runs/toy", checked=False)
    assert done.code == 0, done.err
    assert done.out == "runs/toy/report.html\n"
    written = (folder / "runs" / "toy" / "report.html").read_text(encoding="utf-8")
    values = values_of(written)
    sources = (folder / "data" / "toy" / "test.source").read_text(encoding="utf-8").splitlines()
    translations = (folder / "translations").read_text(encoding="utf-8").splitlines()
    assert [row["source"] for row in values["sentences"]] == sources
    said = ["".join((" " if spaced else "") + text for text, spaced, *_ in row["outputs"][0]["words"])
            for row in values["sentences"]]  # fmt: skip
    assert said == translations
    confidences = [word[3] for row in values["sentences"] for word in row["outputs"][0]["words"]]
    assert min(confidences) >= 0
    assert 12 <= len(values["attention"]) <= 18
    for one in values["attention"]:
        assert all(sum(row) == pytest.approx(1, abs=0.05) for row in one["weights"])
        assert len(one["weights"]) == len(one["target"]) == len(one["confidence"])
        chosen = "".join(node["text"] for node in one["tree"] if node["state"] == "chosen")
        assert chosen == "".join(one["target"][:-1])
    titles = ["Loss", "By source length", "Words by how often they were seen in training", "What a small change costs"]
    for title in [*titles, "Sentences by their nearest training sentence", "Differs from the defaults"]:
        assert title in written, title
    again = nmt_here(folder, "report", "runs/toy", "--output", "other.html", "--split", "valid", checked=False)
    assert again.code == 0, again.err
    assert "on valid" in (folder / "other.html").read_text(encoding="utf-8")


def test_a_report_on_files_of_ones_own(folder):
    for name, lines in (("s", "Granda hundo.\n\nA word unseen\n"), ("r", "Big dog.\nx\n\n")):
        (folder / name).write_text(lines, encoding="utf-8")
    done = nmt_here(folder, "report", "runs/toy", "--source", "s", "--reference", "r", "-o", "own.html", checked=False)
    assert done.code == 0, done.err
    written = (folder / "own.html").read_text(encoding="utf-8")
    assert [row["number"] for row in values_of(written)["sentences"]] == [1]
    assert "nothing is known of how near" in written


def test_a_run_compared_with_itself_does_not_differ(folder):
    done = nmt_here(folder, "compare", "runs/toy", "translations", "--json", checked=False)
    assert done.code == 0, done.err
    values = json.loads(done.out)
    assert {test["p_bootstrap"] for test in values["tests"]} == {1.0}
    assert {test["p_randomisation"] for test in values["tests"]} == {1.0}
    assert {test["difference"] for test in values["tests"]} == {0.0}
    assert not any(test["significant"] for test in values["tests"])
    assert values["most_different"] == []
    twice = nmt_here(folder, "compare", "runs/toy", "runs/toy", checked=False)
    assert twice.code == 0, twice.err
    assert "toy (1)" in twice.out
    assert "Nothing in their configurations differs." in twice.out
    assert "No sentence differs in chrF." in twice.out


def test_a_better_run_is_significantly_better(folder):
    done = nmt_here(folder, "compare", "runs/short", "runs/toy", "--json", "--html", "two.html", checked=False)
    assert done.code == 0, done.err
    values = json.loads(done.out)
    chrf = next(test for test in values["tests"] if test["metric"] == "chrF")
    assert chrf["difference"] > 20
    assert chrf["significant"]
    assert values["configuration"]["training.max_steps"][0] == "30"
    assert sum(part["sentences"] for part in values["slices"] if part["title"] == "By source length") == 40
    assert len(values["most_different"]) == 20
    written = (folder / "two.html").read_text(encoding="utf-8")
    assert [len(row["outputs"]) for row in values_of(written)["sentences"]] == [2] * 40


def test_files_alone_are_compared_without_a_model(folder):
    reference = folder / "data" / "toy" / "test.reference.0"
    (folder / "better").write_bytes(reference.read_bytes())
    arguments = ["compare", "translations", "better", "--reference", str(reference)]
    done = nmt_here(folder, *arguments, "--json", checked=False)
    assert done.code == 0, done.err
    values = json.loads(done.out)
    assert [system["exact"]["score"] for system in values["systems"]][1] == 100
    assert values["slices"] == []
    scored = nmt_here(folder, "eval", "--hypothesis", "translations", "--reference", str(reference), "--json")
    assert values["systems"][0]["bleu"] == json.loads(scored.out)["bleu"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["report", "runs/absent"], "runs/absent: no such run or checkpoint"),
        (["report", "runs/toy", "--output", "-"], "--output -: give the page a name"),
        (["report", "runs/toy", "--output", "absent/x.html"], "there is no folder absent"),
        (["report", "runs/toy", "--split", "train"], "--split train: must be test or valid"),
        (["report", "runs/toy", "--beam", "3", "--set", "decoding.beam_size=2"], "--beam and --set decoding.beam_size"),
        (["report", "runs/toy", "--source", "translations"], "--source and --reference go together"),
        (["report", "runs/toy", "--set", "training.max_steps=3"], "has no effect"),
        (["compare", "runs/toy"], "two or more"),
        (["compare", "runs/toy", "runs/absent"], "runs/absent"),
        (["compare", "translations", "translations"], "need --reference FILE"),
        (["compare", "runs/toy", "short-file"], "short-file has 2 lines, but there are 40"),
        (["compare", "runs/toy", "translations", "--html", "-"], "--html -"),
        (["compare", "runs/toy", "translations", "--lowercase"], "--lowercase has no effect beside a run"),
        (["compare", "translations", "translations", "--reference", "translations", "--split", "test"], "--split"),
    ],
)
def test_what_is_wrong_is_said_in_a_line_and_nothing_is_written(folder, arguments, words):
    (folder / "short-file").write_text("a\nb\n", encoding="utf-8")
    done = nmt_here(folder, *arguments)
    assert done.code == 2
    assert words in done.error
