"""The second task by the real commands, from prepare to classify; and what is wrong, in one line."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from nmt_attn.corpus.digests import comparison_key
from tests.conftest import OPINIONS_CONFIG, opinions, run_nmt, write_opinions
from tests.in_process import nmt_here


def here(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the program in this process, with nothing on standard input."""
    done = nmt_here(folder, *arguments)
    return subprocess.CompletedProcess(arguments, done.code, done.out, done.err)


TEXTS = [text for _, text in opinions(40, seed=7)]


@pytest.fixture
def folder(trained_classifier, tmp_path) -> Path:
    return shutil.copytree(trained_classifier, tmp_path / "here")


def test_prepare_shows_texts_labels_lengths_cuts_and_what_was_dropped(tmp_path):
    write_opinions(tmp_path)
    lines = (tmp_path / "opinions.tsv").read_text("utf-8").splitlines()
    long = " ".join(["a good room"] * 9)
    more = ["", lines[0], f"pos\t{long}", "pos\t\u200b", f"neg\t{lines[1].partition(chr(9))[2]}"]
    (tmp_path / "opinions.tsv").write_text("\n".join([*lines, *more]) + "\n", encoding="utf-8")
    done = here(tmp_path, "prepare", "--config", "opinions.yaml")
    assert done.returncode == 0, done.stderr
    said = " ".join(done.stdout.split())
    for line in ("read from opinions.tsv 385", "blank line -1", "seen before with the same label -", "cut at 12",
                 "train", "label train share valid share test share", "vocabulary: word", "2 labels"):  # fmt: skip
        assert line in said
    manifest = json.loads((tmp_path / "data" / "opinions" / "manifest.json").read_text("utf-8"))
    assert sum(manifest["labelled"]["cut"].values()) == 1
    assert manifest["dropped"]["empty"] == 1
    assert manifest["pairs_read"] == sum(manifest["dropped"].values()) + sum(
        part["pairs"] for part in manifest["splits"].values()
    )
    again = here(tmp_path, "prepare", "--config", "opinions.yaml")
    assert "up to date" in again.stdout


def test_texts_that_are_in_test_too_are_taken_out_of_train_and_counted(tmp_path):
    write_opinions(tmp_path)
    lines = (tmp_path / "opinions.tsv").read_text("utf-8").splitlines()
    known = [line.upper().replace("POS\t", "pos\t").replace("NEG\t", "neg\t") for line in lines[:9]]
    for name, part in (("train", lines[:200]), ("test", [*lines[200:250], *known])):
        (tmp_path / f"{name}.tsv").write_text("\n".join(part) + "\n", encoding="utf-8")
    sets = ["--set", "data.corpus={}", "--set", "data.labelled={train: train.tsv, test: test.tsv}"]
    done = here(tmp_path, "prepare", "--config", "opinions.yaml", *sets)
    assert done.returncode == 0, done.stderr
    manifest = json.loads((tmp_path / "data" / "opinions" / "manifest.json").read_text("utf-8"))
    known_keys = {comparison_key(line.partition("\t")[2]) for line in [*lines[200:250], *known]}
    dropped = sum(comparison_key(line.partition("\t")[2]) in known_keys for line in lines[:200])
    assert manifest["dropped"]["held_out"] == dropped >= 9
    assert [manifest["splits"][part]["pairs"] for part in ("train", "valid", "test")] == [160 - dropped, 40, 59]
    kept = here(tmp_path, "prepare", "--config", "opinions.yaml", *sets, "--set", "data.filter.overlap=false")
    assert "test and 0 validation texts are also training texts; scores will flatter" in kept.stdout


def test_eval_says_all_figures(folder):
    done = here(folder, "eval", "--json", "--output", "labels.txt")
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert figures["texts"] == 60
    assert figures["accuracy"] >= 90
    assert figures["accuracy_interval"][0] <= figures["accuracy"] <= figures["accuracy_interval"][1]
    assert {"macro_f1", "weighted_f1", "log_loss", "calibration_error", "labels", "confusion"} <= set(figures)
    lines = (folder / "labels.txt").read_text("utf-8").splitlines()
    gold = (folder / "data" / "opinions" / "test.label").read_text("utf-8").splitlines()
    right = sum(line.split("\t")[0] == label for line, label in zip(lines, gold, strict=True))
    assert figures["accuracy"] == pytest.approx(100 * right / 60, abs=0.01)
    text = here(folder, "eval", "--remove-words", "0.2")
    assert "accuracy" in text.stdout
    assert "highest weight" in text.stdout


def test_eval_of_a_file_of_the_users(folder):
    (folder / "mine.csv").write_text("text,label\nA good room.,pos\nA bad room.,neg\n", encoding="utf-8")
    done = here(folder, "eval", "--source", "mine.csv", "--json")
    assert json.loads(done.stdout)["texts"] == 2
    (folder / "mine.csv").write_text("text,label\nA good room.,odd\n", encoding="utf-8")
    done = here(folder, "eval", "--source", "mine.csv")
    assert done.returncode == 2
    assert "the label 'odd' is none of the model's (neg, pos)" in done.stderr


def test_a_pipe_gives_a_line_for_each_line_in_order(folder):
    lines = [*TEXTS[:5], "", *TEXTS[5:10], "   "]
    done = run_nmt(folder, "classify", stdin="\n".join(lines) + "\n")
    assert done.returncode == 0, done.stderr
    found = done.stdout.split("\n")[:-1]
    assert len(found) == len(lines)
    assert [line == "" for line in found] == [not line.strip() for line in lines]
    for line, text in zip(found, lines, strict=True):
        if text.strip():
            alone = here(folder, "classify", text).stdout
            assert line.split("\t")[0] == alone.split("\t")[0]
            assert float(line.split("\t")[1]) == pytest.approx(float(alone.split("\t")[1]), abs=2e-4)


def test_labels_as_json_and_the_most_probable_ones(folder):
    done = here(folder, "classify", "A good room.", "Not a good room.", "--json")
    first, second = map(json.loads, done.stdout.splitlines())
    assert (first["label"], second["label"]) == ("pos", "neg")
    assert sum(first["probabilities"].values()) == pytest.approx(1.0, abs=1e-4)
    top = here(folder, "classify", "A good room.", "--top", "2").stdout.rstrip("\n").split("\t")
    assert top[::2] == ["pos", "neg"]
    assert float(top[1]) + float(top[3]) == pytest.approx(1.0, abs=2e-4)


def test_files_in_and_out_in_8_bits_and_by_several_models(folder):
    (folder / "in.txt").write_text("\n".join(TEXTS) + "\n", encoding="utf-8")
    labels = []
    last = sorted((folder / "runs" / "opinions" / "checkpoints").iterdir())[-1]
    for options in ([], ["--precision", "int8"], ["-m", "runs/opinions", "-m", str(last.relative_to(folder))]):
        done = run_nmt(folder, "classify", "--input", "in.txt", "--output", "out.txt", *options)
        assert done.returncode == 0, done.stderr
        labels.append([line.split("\t")[0] for line in (folder / "out.txt").read_text("utf-8").splitlines()])
    assert len(labels[0]) == len(TEXTS)
    assert labels[0] == labels[1] == labels[2]


def test_an_average_of_checkpoints_classifies(folder):
    done = here(folder, "average", "--output", "runs/mean", "--best", "2")
    assert done.returncode == 0, done.stderr
    assert here(folder, "classify", "A good room.", "--model", "runs/mean").stdout.startswith("pos\t")
    assert here(folder, "eval", "--model", "runs/mean", "--json").returncode == 0


@pytest.mark.parametrize("kind", ["png", "svg", "html", "json"])
def test_attend_shades_the_words(folder, kind):
    shown = here(folder, "attend", "Not a good room.")
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.startswith("neg")
    assert "Most attention" in shown.stdout
    done = here(folder, "attend", "Not a good room.", "--output", f"shaded.{kind}", "--pieces")
    assert done.returncode == 0, done.stderr
    assert (folder / f"shaded.{kind}").stat().st_size > 100


def test_a_run_of_one_task_is_not_taken_for_the_other(folder, trained):
    shutil.copytree(trained / "runs" / "toy", folder / "runs" / "toy")
    for command, model, said in [
        (["classify", "x"], "toy", "runs/toy: a run that translates; use nmt translate"),
        (["translate", "x"], "opinions", "runs/opinions: a run that classifies texts; use nmt classify"),
        (["score"], "opinions", "use nmt classify"),
        (
            ["eval", "--remove-words", "0.1", "--source", "opinions.tsv", "--reference", "opinions.tsv"],
            "toy",
            "--remove-words is for a classifier",
        ),
        (["eval", "--beam", "3"], "opinions", "--beam is for translations"),
        (["eval", "--tokenize", "13a"], "opinions", "evaluation.tokenize is for task: translation"),
        (
            ["eval", "--source", "opinions.tsv", "--reference", "opinions.tsv"],
            "opinions",
            "--reference is for translations",
        ),
        (["attend", "x", "--target", "y"], "opinions", "--target has no effect on a run that classifies"),
        (
            ["classify", "x", "--set", "decoding.beam_size=2"],
            "opinions",
            "--set decoding.beam_size=2: decoding.beam_size is for task: translation",
        ),
    ]:
        done = here(folder, *command, "--model", f"runs/{model}")
        assert done.returncode == 2, (command, done.stderr)
        assert said in done.stderr
        assert done.stderr.count("\n") == 1
    sets = ["--set", "name=next", "--set", "training.max_steps=1"]
    done = here(folder, "train", "--config", "opinions.yaml", "--from", "runs/toy", *sets)
    assert "is a run of task: translation, and cannot go on with task: classification" in done.stderr


@pytest.mark.parametrize("words", [[""], ["  "], ["A good room.", ""]])
def test_an_empty_text_is_refused_as_an_argument(folder, words):
    done = here(folder, "classify", *words)
    assert done.returncode == 2
    assert "empty" in done.stderr
    assert done.stderr.count("\n") == 1


def wrong(folder: Path, lines: list[str], *sets: str) -> str:
    (folder / "wrong.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    words = [word for one in ("data.corpus.path=wrong.tsv", *sets) for word in ("--set", one)]
    done = here(folder, "prepare", "--config", "opinions.yaml", *words)
    assert done.returncode == 2, done.stderr
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert "Traceback" not in done.stderr
    return errors[0]


def test_wrong_corpora_are_one_line_each(tmp_path):
    write_opinions(tmp_path)
    lines = (tmp_path / "opinions.tsv").read_text("utf-8").splitlines()
    assert "wrong.tsv, line 381: the only text with the label 'odd'" in wrong(tmp_path, [*lines, "odd\tA room?"])
    said = wrong(tmp_path, [line.replace("neg\t", "pos\t") for line in lines])
    assert "all 380 texts have the label 'pos'; a classifier needs two or more" in said
    assert "no text to train on among 3 (3 empty)" in wrong(tmp_path, ["pos\t ", "neg\t\u200b", "pos\t\u200b"])
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "1.txt").write_text("A room.", encoding="utf-8")
    assert "expected one folder a label" in wrong(tmp_path, lines, "data.corpus.path=texts")
    (tmp_path / "test.tsv").write_text("pos\tA good room?!\nodd\tA room?\n", encoding="utf-8")
    said = wrong(tmp_path, lines, "data.corpus={}", "data.labelled={train: opinions.tsv, test: test.tsv}")
    assert "test.tsv, line 2: the label 'odd' is on 1 test texts, but on none to train on" in said
    assert "too small" in wrong(tmp_path, lines[:150])
    assert "nothing to learn from: set data.corpus.path" in wrong(tmp_path, lines, "data.corpus={}")
    assert "SHA-256" in wrong(tmp_path, lines, f"data.corpus.sha256={'0' * 64}")


def test_keys_of_the_other_task_are_one_line(tmp_path):
    write_opinions(tmp_path)
    for line, said in [
        ("model.decoder.layers=2", "model.decoder.layers is for task: translation, and has no effect"),
        ("task=translation", "is for task: classification"),
        ("training.early_stopping.metric=bleu", "bleu is for task: translation"),
        ("training.class_weights={pos: 0}", "the weight of 'pos' must be a number above 0"),
        ("training.class_weights={odd: 1, pos: 1, neg: 1}", "odd is no label of the data"),
    ]:
        done = here(tmp_path, "train", "--config", "opinions.yaml", "--set", line)
        assert done.returncode == 2, line
        assert said in done.stderr


def test_a_training_is_resumed_to_the_same_bits(tmp_path):
    write_opinions(tmp_path)
    (tmp_path / "opinions.yaml").write_text(OPINIONS_CONFIG, encoding="utf-8")

    def weights(name: str, *steps: int) -> bytes:
        for step in steps:
            resume = ["--resume"] if (tmp_path / "runs" / name).exists() else []
            values = [f"name={name}", "data.directory=data/opinions", "training.max_epochs=null",
                      f"training.max_steps={step}", "training.schedule.kind=constant"]  # fmt: skip
            sets = [word for value in values for word in ("--set", value)]
            done = here(tmp_path, "train", "--config", "opinions.yaml", "--threads", "1", *sets, *resume)
            assert done.returncode == 0, done.stderr
        return (tmp_path / "runs" / name / "checkpoints" / f"{steps[-1]:08}" / "model.safetensors").read_bytes()

    assert weights("whole", 20) == weights("parts", 7, 20)


def test_many_texts_keep_their_order(folder):
    generator = random.Random(3)
    texts = [generator.choice(TEXTS) for _ in range(3000)]
    done = run_nmt(folder, "classify", stdin="\n".join(texts) + "\n")
    expected = dict(zip(TEXTS, here(folder, "classify", *TEXTS).stdout.splitlines(), strict=True))
    found = done.stdout.splitlines()
    assert [line.split("\t")[0] for line in found] == [expected[text].split("\t")[0] for text in texts]
