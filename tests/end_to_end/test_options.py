"""The command line: what an option cannot do is said, text is text in any locale, and output holds results alone."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

import pytest
import torch

from nmt_attn.cli.prompt import prompted_lines
from nmt_attn.decoding.translator import Translator
from nmt_attn.errors import ConfigError, InputError
from tests.conftest import ROOT, write_toy
from tests.in_process import Done, nmt_here

BRIEF = ["model.embedding_size=16", "model.encoder.hidden_size=16", "model.decoder.hidden_size=32",
         "training.max_steps=4", "training.device=cpu", "training.validation.every_steps=2", "decoding.processes=1",
         "training.validation.max_sentences=4"]  # fmt: skip


def with_sets(*values: str) -> list[str]:
    return [part for value in values for part in ("--set", value)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With two runs of a few steps: ``runs/toy``, and ``runs/blind`` without attention."""
    folder = write_toy(tmp_path_factory.mktemp("options"))
    for more in ([], ["name=blind", "model.attention.score=none"]):
        done = nmt_here(folder, "train", "--config", "toy.yaml", *with_sets(*BRIEF, *more))
        assert done.code == 0, done.err
        assert done.out.count("\n") == 1
        assert done.out.startswith("runs/")
    (folder / "text").write_text("Big dog.\nRed cat.\n", encoding="utf-8")
    return folder


def ours(folder: Path, command: str, *arguments: str) -> Done:
    return nmt_here(folder, command, "--model", "runs/toy", *arguments)


# --- options without effect ---------------------------------------------------------------------------------------

IDLE = [
    (["translate", "--temperature", "0.5", "x"], "--temperature has no effect without --sample"),
    (["translate", "--top-k", "3", "x"], "--top-k has no effect without --sample"),
    (["translate", "--top-p", "0.9", "x"], "--top-p has no effect without --sample"),
    (["translate", "--seed", "1", "x"], "--seed has no effect without --sample"),
    (["translate", "--seed", "1", "--top-k", "0", "x"], "--top-k and --seed have no effect without --sample"),
    (["translate", "--sample", "--beam", "3", "x"], "--beam has no effect with --sample"),
    (["translate", "--sample", "--set", "decoding.beam_size=3", "x"], "--set decoding.beam_size has no effect with"),
    (["translate", "--sample", "--set", "decoding.pruning=null", "x"], "--set decoding.pruning has no effect with"),
    (["translate", "--sample", "--prefix", "a", "x"], "--prefix is not for --sample"),
    (["translate", "--batch-lines", "3", "x"], "--batch-lines has no effect on sentences that are arguments"),
    (["translate", "--on-error", "fail", "x"], "--on-error has no effect on sentences that are arguments"),
    (["translate", "--on-error", "replace", "x"], "--on-error has no effect on sentences that are arguments"),
    (["translate", "--input", "text", "x"], "sentences and --input are both given"),
    (["translate", "--mbr", "1", "x"], "--mbr 1 leaves nothing to choose from"),
    (["translate", "--mbr", "3", "--nbest", "2", "x"], "--mbr chooses one translation"),
    (["translate", "--beam", "3", "--set", "decoding.beam_size=2", "x"], "--beam and --set decoding.beam_size say the"),
    (
        ["translate", "--precision", "fp32", "--set", "decoding.precision=bf16", "x"],
        "--precision and --set decoding.pr",
    ),
    (["translate", "--model", "runs/blind", "--alignments", "x"], "no attention"),
    (["translate", "--model", "runs/blind", "--replace-unknown", "x"], "no attention"),
    (["attend", "--model", "runs/blind", "x"], "no attention"),
    (["attend", "--target", "Eta.", "--beam", "3", "x"], "--beam has no effect with --target"),
    (["attend", "--target", "Eta.", "--set", "decoding.beam_size=3", "x"], "--set has no effect with --target"),
    (["eval", "--split", "valid", "--source", "text", "--reference", "text"], "--split has no effect beside --source"),
    (["eval", "--split", "test", "--source", "text", "--reference", "text"], "--split has no effect beside --source"),
    (["eval", "--beam", "2", "--set", "decoding={beam_size: 3}"], "--beam and --set decoding.beam_size say the same"),
    (["eval", "--tokenize", "char", "--set", "evaluation.tokenize=13a"], "--tokenize and --set evaluation.tokenize"),
    (["score", "--source", "text"], "belong together"),
    (["average", "--last", "1", "--best", "1", "-o", "x"], "--last and --best are both given"),
    (["train", "--config", "toy.yaml", "--resume", "--force"], "--resume goes on with a run and --force begins"),
]


@pytest.mark.parametrize(
    ("arguments", "says"), IDLE, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_an_option_without_effect_is_refused(folder: Path, arguments: list[str], says: str) -> None:
    done = nmt_here(folder, *arguments, *([] if "--model" in arguments or arguments[0] == "train" else TOY))
    assert (done.code, done.out) == (2, "")
    assert says in done.error


TOY = ["--model", "runs/toy"]


@pytest.mark.parametrize("key", ["data.normalise.lowercase=true", "data.corpus.path=x", "model.cell=gru", "seed=3",
                                 "training.max_epochs=3", "training={from: x}", "data={source_lang: de}"])  # fmt: skip
@pytest.mark.parametrize("command", [["translate", "x"], ["attend", "x"], ["eval"], ["export", "--output", "exported"]])
def test_a_key_without_effect_is_refused(folder: Path, command: list[str], key: str) -> None:
    if command[0] == "export":
        pytest.importorskip("onnx")
    done = nmt_here(folder, *command, "--model", "runs/toy", "--set", key)
    assert (done.code, done.out) == (2, "")
    name = re.sub("[:{} ]+", ".", key.partition("=")[2]).strip(".") if "{" in key else ""
    dotted = f"{key.partition('=')[0]}.{name.rpartition('.')[0]}" if name else key.partition("=")[0]
    assert f"--set {dotted} has no effect on" in done.error


@pytest.mark.parametrize("key", ["beam_size=3", "length_penalty=0.5", "pruning=null", "precision=bf16"])
def test_a_key_that_an_export_does_not_go_by(folder: Path, key: str) -> None:
    pytest.importorskip("onnx")
    done = ours(folder, "export", "--output", "exported", "--set", f"decoding.{key}")
    assert f"--set decoding.{key.partition('=')[0]} has no effect on an export, which searches greedily" in done.error


@pytest.mark.parametrize(
    ("command", "sets"),
    [
        (["translate", "x"], ["decoding.length_penalty=0.5", "decoding.beam_size=2"]),
        (["translate", "x"], ["decoding={beam_size: 2}"]),
        (["attend", "x"], ["decoding.length_penalty=0.5"]),
        (["eval"], ["decoding.beam_size=1", "evaluation.tokenize=char", "data.target_lang=zh"]),
        (["eval"], ["data.directory=data/toy"]),
        (["eval"], ["name=toy"]),
    ],
)
def test_keys_that_have_an_effect(folder: Path, command: list[str], sets: list[str]) -> None:
    done = ours(folder, *command, *with_sets(*sets))
    assert done.code == 0, done.err


def test_a_key_without_effect_is_refused_in_python_too(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"--set data\.normalise\.lowercase has no effect"):
        Translator.load(folder / "runs" / "toy", overrides=["data.normalise.lowercase=true"])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["translate", "--beam", "2", "--beam", "3", "x"], "--beam is given twice"),
        (["translate", "--nbest=2", "--nbest", "2", "x"], "--nbest is given twice"),
        (["translate", "-i", "text", "--input", "text"], "--input is given twice"),
        (["average", "--model", "runs/toy", "-m", "runs/blind", "-o", "x"], "--model is given twice, and takes one"),
        (["export", "-m", "runs/toy", "-m", "runs/blind", "-o", "x"], "average the models first"),
        (["train", "--config", "toy.yaml", "--from", "runs/toy", "--from", "runs/blind"], "--from is given twice"),
        (["eval", "--split", "test", "--split", "valid"], "--split is given twice"),
    ],
)
def test_an_option_given_twice_is_refused(folder: Path, arguments: list[str], says: str) -> None:
    done = nmt_here(folder, *arguments)
    assert (done.code, done.out) == (2, "")
    assert says in done.error


# --- devices -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("device", ["gpu", "mps", "CUDA", "cuda:", "cuda:x", "cuda:-1", "cuda:01", "cpu:0", "", "tpu"])
@pytest.mark.parametrize("command", ["translate", "score"])
def test_an_unknown_device_is_one_line_that_names_the_known_ones(folder: Path, command: str, device: str) -> None:
    done = ours(folder, command, "--device", device)
    assert (done.code, done.out) == (2, "")
    assert f"device: no device is called {device!r}; there are auto, cpu, cuda, and cuda:0" in done.error


@pytest.mark.parametrize("device", ["gpu", "mps", "cuda:x", "cuda,cpu"])
def test_an_unknown_device_in_the_configuration(folder: Path, device: str) -> None:
    done = nmt_here(folder, "train", "--config", "toy.yaml", "--set", f"training.device={device}", "--force")
    assert f"training.device: no device is called {device!r}; there are" in done.error


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
@pytest.mark.parametrize("command", [["translate", "x"], ["attend", "x"], ["eval"], ["score"]])
def test_a_gpu_by_number_where_there_is_none(folder: Path, command: list[str]) -> None:
    done = ours(folder, *command, "--device", "cuda:9")
    assert "device cuda:9 is asked for, and torch finds no CUDA GPU here; use auto or cpu" in done.error


# --- sentences -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sentence",
    ["- Hello.", "-or not", "-i know", "-m is a letter", "--what is it", "-", "— no dash, but --", "-Hi"],
)
@pytest.mark.parametrize("command", ["translate", "attend"])
def test_a_sentence_that_begins_with_a_dash_gets_a_hint(folder: Path, command: str, sentence: str) -> None:
    done = ours(folder, command, sentence)
    behind = ours(folder, command, "--", sentence)
    assert behind.code == 0, behind.err
    if sentence.startswith("—"):
        assert (done.code, done.out) == (0, behind.out)
    else:
        assert (done.code, done.out) == (2, "")
        assert f"goes behind --, as in: nmt {command} -- TEXT" in done.error


@pytest.mark.parametrize("arguments", [["--prefix", "-"], ["--prefix", "- a"], ["--output", "-"], ["--input=-"]])
def test_a_value_may_begin_with_a_dash(folder: Path, arguments: list[str]) -> None:
    done = ours(folder, "translate", *arguments, *([] if "--input=-" in arguments else ["x"]))
    assert "begins with a dash" not in done.err


@pytest.mark.parametrize("arguments", [["translate", "--nbset", "3", "x"], ["score", "-x"], ["train", "--resum"]])
def test_a_slip_in_an_option_is_no_sentence(folder: Path, arguments: list[str]) -> None:
    done = nmt_here(folder, *arguments)
    assert "No such option" in done.error
    assert "goes behind --" not in done.error


@pytest.mark.parametrize(
    ("sentences", "texts"),
    [
        (["\ufeffBig dog."], ["Big dog."]),
        (["Big dog.", "\ufeffRed cat."], ["Big dog.", "Red cat."]),
        (["\ufeff"], [""]),
        ([""], [""]),
        (["", "Big dog.", ""], ["", "Big dog.", ""]),
        (["Big\ndog."], ["Big dog."]),
        (["caf\udce9"], ["caf\ufffd"]),
    ],
)
def test_json_gives_back_text_and_no_mark_of_a_file(folder: Path, sentences: list[str], texts: list[str]) -> None:
    done = ours(folder, "translate", "--json", *sentences)
    assert done.code == 0, done.err
    found = [json.loads(line) for line in done.out.splitlines()]
    assert [one["source"] for one in found] == texts
    plain = ours(folder, "translate", *texts).out.splitlines()
    assert [one["translation"] for one in found] == plain
    assert not any(line for text, line in zip(texts, plain, strict=True) if text == "")


def test_the_mark_of_each_file_in_a_pipe(folder: Path) -> None:
    (folder / "marked").write_bytes(b"\xef\xbb\xbfBig dog.\n\xef\xbb\xbfRed cat.\r\n\xef\xbb\xbf\n")
    done = ours(folder, "translate", "--json", "--input", "marked")
    assert [json.loads(line)["source"] for line in done.out.splitlines()] == ["Big dog.", "Red cat.", ""]


def test_each_line_has_its_alignments_column(folder: Path) -> None:
    done = ours(folder, "translate", "--alignments", "", "Big dog.", "  ", "\ufeff")
    lines = done.out.split("\n")[:-1]
    assert [line.count("\t") for line in lines] == [1, 1, 1, 1]
    assert [lines[place] for place in (0, 2, 3)] == ["\t"] * 3
    done = ours(folder, "translate", "--alignments", "--json", "", "Big dog.")
    blank, full = (json.loads(line)["alignment"] for line in done.out.splitlines())
    assert blank == []
    assert full == [[int(number) for number in link.split("-")] for link in lines[1].split("\t")[1].split()]


@pytest.mark.parametrize("word", ["", "text"])
def test_an_empty_variable_names_no_model(folder: Path, word: str) -> None:
    with patch.dict(os.environ, {"NMT_MODEL": word}), patch.object(sys, "argv", ["nmt"]):
        done = nmt_here(folder, "translate", "Big dog.")  # which takes the variable away
    assert done.code == 0


# --- the prompt ----------------------------------------------------------------------------------------------------


def prompt(typed: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, strict: bool = False) -> list[str]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed), encoding="ascii"))
    return list(prompted_lines(strict=strict))


@pytest.mark.parametrize(
    ("typed", "lines"),
    [
        (b"Big dog.\n\nRed cat.\n", ["Big dog.", "", "Red cat."]),
        ("Où ?\n猫\n".encode(), ["Où ?", "猫"]),
        (b"caf\xe9\nBig dog.\n", ["caf\ufffd", "Big dog."]),
        (b"Big dog.\r\nRed", ["Big dog.", "Red"]),
        (b"", []),
    ],
)
def test_the_prompt_reads_as_a_pipe_does(monkeypatch, tmp_path, typed, lines):
    assert prompt(typed, monkeypatch, tmp_path) == lines
    if b"\xe9" in typed:
        with pytest.raises(InputError, match="line 1: not UTF-8"):
            prompt(typed, monkeypatch, tmp_path, strict=True)


# --- encodings -----------------------------------------------------------------------------------------------------

LOCALES = {
    "an ASCII locale": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "no UTF-8 mode": {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LANG": ""},
    "ASCII streams": {"PYTHONIOENCODING": "ascii"},
    "Latin-1 streams": {"PYTHONIOENCODING": "latin-1:strict"},
    "both": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"},
}


def run_in(locale: str, folder: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **LOCALES[locale]}
    done = subprocess.run(
        [sys.executable, "-m", "nmt_attn", *arguments],
        cwd=folder, input=stdin.encode(), capture_output=True, env=environment, check=False,
    )  # fmt: skip
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.mark.parametrize("locale", LOCALES)
def test_names_of_files_and_messages_are_utf8_in_any_locale(tmp_path: Path, locale: str) -> None:
    write_toy(tmp_path).joinpath("toy.yaml").rename(tmp_path / "é.yaml")
    done = run_in(locale, tmp_path, "prepare", "--config", "é.yaml", "--set", "data.corpus.path=нет.tsv")
    assert done.stderr.startswith("error: нет.tsv: no such file")


def test_files_are_read_and_written_under_their_names_in_any_locale(tmp_path: Path) -> None:
    write_toy(tmp_path).joinpath("toy.tsv").rename(tmp_path / "корпус é.tsv")
    sets = with_sets("data.corpus.path=корпус é.tsv", "data.directory=данные")
    done = run_in("both", tmp_path, "prepare", "--config", "toy.yaml", *sets)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "данные" / "manifest.json").is_file()
    assert "данные" in done.stdout


@pytest.mark.parametrize(
    ("locale", "arguments", "stdin"),
    [("both", ["Où ?"], ""), ("ASCII streams", [], "Où ?\n"), ("an ASCII locale", ["--input", "où"], "")],
)
def test_text_is_utf8_in_any_locale(
    folder: Path, tmp_path: Path, locale: str, arguments: list[str], stdin: str
) -> None:
    (tmp_path / "où").write_text("Où ?\n", encoding="utf-8")
    done = run_in(locale, tmp_path, "translate", "--model", str(folder / "runs/toy"), "--json", *arguments, stdin=stdin)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["source"] == "Où ?"


# --- output --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["translate", "Big dog."], r"[^\t]*"),
        (["translate", "--nbest", "2", "Big dog."], r"0\t-?[0-9.]+\t.*"),
        (["eval", "--json"], r"\{.*\}"),
        (["score", "--source", "text", "--target", "text"], r"-?[0-9.]+\t[0-9]+\t[0-9.]+"),
        (["average", "--last", "1", "-o", "runs/mean"], r"runs/mean: the mean of .*"),
    ],
)
def test_standard_output_holds_results_alone(folder: Path, arguments: list[str], line: str) -> None:
    shutil.rmtree(folder / "runs" / "mean", ignore_errors=True)
    done = ours(folder, *arguments)
    assert done.code == 0, done.err
    assert done.out
    assert all(re.fullmatch(line, one) for one in done.out.splitlines())
    shutil.rmtree(folder / "runs" / "mean", ignore_errors=True)


@pytest.mark.parametrize("count", ["two", "0", "1025", "²"])
def test_a_wrong_number_of_processes_is_said_of_the_option(folder: Path, count: str) -> None:
    done = nmt_here(folder, "train", "--config", "toy.yaml", "--processes", count)
    assert done.code == 2
    assert "'--processes': it is a whole number of processes from 1 to 1024, or auto" in done.error
