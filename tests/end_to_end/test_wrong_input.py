"""What a user may get wrong: one clear line, the right exit code, nothing half-written."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from unittest.mock import patch

import pytest
import torch

from tests.conftest import ROOT, run_nmt
from tests.in_process import nmt_here


def fails(folder: Path, *arguments: str, says: str | list[str], code: int = 2, stdin: str | bytes = "") -> None:
    done = run_nmt(folder, *arguments, stdin=stdin)
    assert done.returncode == code, done.stderr
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, done.stderr
    assert "Traceback" not in done.stderr
    for part in [says] if isinstance(says, str) else says:
        assert part in errors[0]
    assert not (folder / "data").exists() or not list((folder / "data").iterdir())


def fails_in_one_line(folder: Path, *arguments: str, says: str) -> None:
    done = nmt_here(folder, *arguments)
    assert (done.code, done.out) == (2, "")
    assert says in done.error


def prepare(folder: Path, *sets: str, says: str | list[str]) -> None:
    fails(folder, "prepare", "--config", "toy.yaml", *[part for one in sets for part in ("--set", one)], says=says)


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def test_unknown_key(toy):
    append(toy / "toy.yaml", "decodng: {beam_size: 3}\n")
    prepare(toy, says=["toy.yaml, line 18", "unknown key decodng", "decoding"])


def test_unknown_nested_key(toy):
    prepare(
        toy, "training.batch_tokns=3", says=["unknown key training.batch_tokns", "did you mean training.batch_tokens?"]
    )


def test_duplicate_key(toy):
    append(toy / "toy.yaml", "name: other\n")
    prepare(toy, says=["toy.yaml, line 18", "name is already set on line 1"])


def test_wrong_type(toy):
    prepare(toy, "training.accumulate=many", says=["training.accumulate must be a valid integer", "'many'"])
    prepare(toy, "training.batch_tokens=many", says=["training.batch_tokens: it is a whole number of tokens", "auto"])


def test_missing_configuration(toy):
    fails(toy, "train", "--config", "nowhere.yaml", says="nowhere.yaml: no such configuration file")


def test_missing_corpus(toy):
    prepare(toy, "data.corpus.path=nowhere.tsv", says="nowhere.tsv")


def test_web_page_in_place_of_a_zip(toy):
    (toy / "page.zip").write_text("<!DOCTYPE html><html><body>Not Acceptable!</body></html>", encoding="utf-8")
    prepare(toy, "data.corpus.path=page.zip", says=["page.zip", "web page"])


def test_truncated_zip(toy):
    with zipfile.ZipFile(toy / "whole.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(toy / "toy.tsv", "toy.txt")
    whole = (toy / "whole.zip").read_bytes()
    (toy / "cut.zip").write_bytes(whole[: len(whole) // 2])
    prepare(toy, "data.corpus.path=cut.zip", says="cut.zip")


def test_line_without_a_tab(toy):
    append(toy / "toy.tsv", "no tab here\n")
    prepare(toy, says=["toy.tsv, line 901", "no tab"])


def test_invalid_utf8(toy):
    (toy / "toy.tsv").write_bytes((toy / "toy.tsv").read_bytes() + b"caf\xe9\tkafejo\n")
    prepare(toy, says=["toy.tsv, line 901", "UTF-8"])


def test_empty_corpus(toy):
    (toy / "toy.tsv").write_text("", encoding="utf-8")
    prepare(toy, says=["toy.tsv", "empty"])


def test_binary_corpus(toy):
    (toy / "toy.tsv").write_bytes(bytes(range(256)) * 100)
    prepare(toy, says="toy.tsv")


def test_parallel_files_of_unequal_length(toy):
    for name, lines in (("a", 100), ("b", 99)):
        (toy / name).write_text("one two\n" * lines, encoding="utf-8")
    files = "{source: a, target: b}"
    sets = [f"data.parallel.{name}={files}" for name in ("train", "valid", "test")]
    prepare(toy, "data.corpus.path=null", *sets, says=["a has 100 lines", "b has 99"])


def test_vocabulary_too_large_for_the_corpus(toy):
    prepare(toy, "data.tokenizer.vocab_size=8000", says=["data.tokenizer.vocab_size", "8,000"])


def test_corpus_too_small_for_the_split(toy):
    prepare(toy, "data.split.test=5000", says="data.split.test")


@pytest.mark.parametrize("command", [["eval"], ["translate", "Hello."]])
def test_model_that_is_no_run(toy, command):
    (toy / "empty").mkdir()
    fails(toy, *command, "--model", "empty", says="empty: not a run")
    fails(toy, *command, "--model", "nowhere", says="nowhere: no such run")
    fails(toy, *command, says="no trained model under runs/")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_where_there_is_none(toy):
    fails(toy, "train", "--config", "toy.yaml", "--set", "training.device=cuda", says="no CUDA GPU")


def test_a_full_disk_is_one_line(trained):
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-m", "nmt_attn", "translate", "Big dog."],
            cwd=trained, stdout=full, stderr=subprocess.PIPE, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.decode().splitlines() == ["error: No space left on device"]


def test_the_file_that_is_read_is_not_written_over(trained, tmp_path):
    text = tmp_path / "text"
    text.write_text("Big dog.\n", encoding="utf-8")
    (tmp_path / "link").symlink_to(text)
    for output in (text, tmp_path / "link"):
        fails_in_one_line(trained, "translate", "--input", str(text), "--output", str(output), says="would be lost")
        fails_in_one_line(
            trained, "eval", "--source", str(text), "--reference", str(text), "--output", str(output),
            says="would be lost",
        )  # fmt: skip
    assert text.read_text(encoding="utf-8") == "Big dog.\n"


@pytest.mark.parametrize("command", [("translate", "Big dog."), ("eval",), ("attend", "Big dog.")])
def test_a_place_that_cannot_be_written_is_said_before_the_work(tmp_path, command):
    # There is not even a model: it is said before one is looked for.
    fails_in_one_line(tmp_path, *command, "--output", "nowhere/map.json", says="no folder nowhere")
    (tmp_path / "map.json").mkdir()
    fails_in_one_line(tmp_path, *command, "--output", "map.json", says="a folder")


def test_scores_are_not_lost_with_the_translations(trained):
    done = run_nmt(trained, "eval", "--json", "--output", "/dev/full")
    assert done.returncode == 1
    assert json.loads(done.stdout)["sentences"] == 40
    assert done.stderr == "error: No space left on device\n"


def closing(descriptors: str, folder: Path, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
    """Run ``nmt`` with these standard streams closed, as the shell's ``>&-`` does."""
    return subprocess.run(
        ["bash", "-c", f'exec "$@" {descriptors}', "bash", sys.executable, "-m", "nmt_attn", *arguments],
        cwd=folder, capture_output=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def test_closed_streams(trained):
    done = closing("<&-", trained, "translate")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    done = closing(">&-", trained, "translate", "Big dog.")
    assert done.returncode == 1
    assert done.stderr.startswith(b"error: standard output is closed")
    assert done.stderr.count(b"\n") == 1
    # What is said besides the results does not get among them.
    done = closing("2>&-", trained, "score", "--source", "toy.tsv", "--target", "toy.tsv")
    assert (done.returncode, done.stdout.count(b"\n"), b"pairs" in done.stdout) == (0, 900, False)


def test_a_machine_without_enough_memory(trained):
    def nothing_left(*arguments: object, **options: object) -> None:
        torch.empty(10**15)

    with patch("nmt_attn.decoding.translator.Translator.load", nothing_left):
        done = nmt_here(trained, "translate", "Big dog.")
    assert done.code == 1
    assert done.error.startswith("out of memory; ")


def test_resume_without_a_run(toy):
    fails(toy, "train", "--config", "toy.yaml", "--resume", says="no checkpoint to resume from")


def test_wrong_options(toy):
    fails(toy, "trian", says=["No such command 'trian'. Did you mean 'train'? See ", "--help"])
    fails(toy, "translate", "--beam", "many", "x", says="--beam")


def test_damaged_weights(trained, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(trained / "runs" / "toy", run)
    for weights in run.rglob("model.safetensors"):
        weights.write_bytes(weights.read_bytes()[:1000])
    fails(tmp_path, "translate", "--model", "run", "Dog.", says=["model.safetensors", "damaged"])


def test_bytes_that_are_no_text_still_give_a_line_for_each_line(trained):
    raw = b"Big dog.\n\xff\xfe\x00garbage\n\n\x80\n" + "Łódź 猫 😀\n".encode()
    done = run_nmt(trained, "translate", stdin=raw)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.split("\n")
    assert len(lines) == 6
    assert lines[0] == "Granda hundo."
    assert lines[2] == ""


def test_empty_standard_input(trained):
    done = run_nmt(trained, "translate", stdin="")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
