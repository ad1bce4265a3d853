"""What lies at a path, in figures that are true, and one line where it is nothing or damaged."""

import json
import os
import shutil

import pytest
from safetensors.torch import load_file

from nmt_attn.corpus.manifest import Manifest
from nmt_attn.errors import UserError
from nmt_attn.reporting.inspected import inspect_path
from nmt_attn.reporting.inspected_text import inspected_lines
from nmt_attn.runs.directory import RunDirectory
from nmt_attn.text.sentencepiece_model import piece_texts
from nmt_attn.text.tokenizer import Tokenizer
from tests.conftest import write_prepared_toy
from tests.runs.made_runs import WEIGHTS, make_run, trained_line, valid_line


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    return write_prepared_toy(tmp_path_factory.mktemp("prepared"))


@pytest.fixture
def run(prepared, tmp_path):
    """A run with a real tokenizer, and weights of nothing."""
    log = [trained_line(20), valid_line(20, loss=0.5, bleu=40.0, metric="bleu")]
    config = "data: {tokenizer: {vocab_size: 60}}\ntraining: {max_epochs: 3, learning_rate: 1e-2}\n"
    made = make_run(tmp_path / "runs" / "a", 20, 30, best=20, log=log, config=config)
    made.tokenizer_directory.rmdir()
    shutil.copytree(prepared / "data" / "toy" / "tokenizer", made.tokenizer_directory)
    return made


def test_a_run(run):
    found = inspect_path(run.path)
    assert found.kind == "run"
    values = found.to_json()
    assert values["best"] == "BLEU 40.00"
    assert values["changed_configuration"] == {
        "name": "a", "data.tokenizer.vocab_size": 60, "training.max_epochs": 3, "training.learning_rate": 0.01,
    }  # fmt: skip
    assert values["weights"] == {"total": 40, "output": 20, "embeddings": 20, "tensors": 2, "types": "F32"}
    assert [(row["step"], row["pointed_at_by"]) for row in values["checkpoints"]] == [(20, "best"), (30, "latest")]
    json.dumps(values)
    text = "\n".join(inspected_lines(found))
    assert "training.learning_rate" in text
    assert "pointed at by" in text


def test_a_checkpoint_by_its_path_by_a_pointer_and_by_its_state(run):
    for path in (run.checkpoint(20), run.path / "best", run.checkpoint(20) / "state.json"):
        found = inspect_path(path)
        assert (found.kind, found.values["step"], found.values["pointed_at_by"]) == ("checkpoint", 20, "best")
        assert found.values["training"]["epochs"] == 2.0


def test_a_file_of_weights_agrees_with_safetensors(run):
    path = run.checkpoint(20) / "model.safetensors"
    found = inspect_path(path)
    assert found.values["weights"]["total"] == sum(weight.numel() for weight in load_file(path).values())
    assert {row["name"] for row in found.values["largest"]} == set(WEIGHTS)


def test_prepared_data_has_the_figures_of_its_manifest(prepared):
    folder = prepared / "data" / "toy"
    manifest = Manifest.load(folder)
    for path in (folder, folder / "manifest.json"):
        values = inspect_path(path).to_json()
        assert values["kind"] == "prepared data"
        assert values["inputs"][0]["sha256"] == manifest.inputs[0].sha256
        assert values["kept"] == 900
        assert [row["pairs"] for row in values["splits"]] == [820, 40, 40]
        assert values["vocabulary"]["target_tokens"] == manifest.vocabulary.target_size


def test_a_tokenizer_has_the_pieces_that_sentencepiece_has(prepared):
    folder = prepared / "data" / "toy" / "tokenizer"
    tokenizer = Tokenizer.load(folder)
    values = inspect_path(folder).to_json()
    assert (values["kind"], values["joint"]) == ("tokenizer", False)  # what it is, and not the kind of its pieces
    assert values["pieces_are"] == "unigram"
    assert values["source_tokens"] == tokenizer.source_size
    texts = piece_texts(tokenizer.source_model, tokenizer.source_size)
    assert len(texts) == tokenizer.source_size
    assert texts[:4] == ["<pad>", "<unk>", "<s>", "</s>"]
    assert "▁house" in texts


def test_a_log_and_a_configuration(run, prepared):
    log = inspect_path(run.metrics_file)
    assert log.values["by_kind"] == {"train": 1, "valid": 1}
    assert log.values["validation"] == [{"step": 20, "bleu": 40.0, "loss": 0.5}]
    found = inspect_path(prepared / "toy.yaml")
    assert found.kind == "configuration"
    assert found.values["changed_configuration"]["data.split.valid"] == 40
    assert inspected_lines(log)
    assert inspected_lines(found)


def nothing(folder):
    return folder / "nothing"


def a_pipe(folder):
    os.mkfifo(folder / "metrics.jsonl")
    return folder / "metrics.jsonl"


def written(name, content):
    def write(folder):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
        return folder / name

    return write


def a_folder(folder):
    (folder / "empty").mkdir()
    return folder / "empty"


def folder_with(name, content):
    def write(folder):
        return written(f"it/{name}", content)(folder).parent

    return write


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (nothing, "no such file or folder"),
        (a_pipe, "neither a folder nor an ordinary file"),
        (a_folder, "a folder with nothing of nmt in it"),
        (written("text.tsv", b"a\tb\n"), "no file of nmt, by its name"),
        (written("w.safetensors", b"\xff" * 100), "it claims a header of"),
        (written("w.safetensors", b""), "its header cannot be read"),
        (written("metrics.jsonl", b"\x00\xff" * 5000), "no line of it is one that nmt train has logged"),
        (written("metrics.jsonl", b"[" * 100_000), "no line of it"),
        (written("c.yaml", b"\x00\xff\xfe"), "c.yaml"),
        (written("c.yaml", b"nam: x\n"), "did you mean name?"),
        (folder_with("manifest.json", b"{}"), "damaged"),
        (folder_with("tokenizer.json", b"\xff"), "damaged"),
        (folder_with("model.json", b"[1"), "not the description of an exported model"),
        (folder_with("model.json", b"[" * 100_000), "not the description of an exported model"),
        (folder_with("model.json", b'{"format": "onnx"}'), "not of nmt"),
        (folder_with("model.safetensors", b"\x00" * 100), "damaged"),
        (folder_with("model.json", b"x" * (5 << 20)), "larger than"),
    ],
)
def test_what_is_nothing_or_damaged_is_one_line(tmp_path, make, says):
    with pytest.raises(UserError) as refused:
        inspect_path(make(tmp_path))
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 400


def test_a_folder_of_runs_has_a_command_of_its_own(run):
    with pytest.raises(UserError, match="list them with: nmt runs"):
        inspect_path(run.path.parent)


@pytest.mark.parametrize("name", ["metrics.jsonl", "tokenizer/tokenizer.json", "checkpoints/00000020/state.json"])
def test_a_link_out_of_a_run_is_not_followed(run, name, tmp_path):
    (tmp_path / "secret").write_text("{}")
    (run.path / name).unlink()
    (run.path / name).symlink_to(tmp_path / "secret")
    with pytest.raises(UserError, match="a link out of the run"):
        inspect_path(run.path)


def test_nothing_in_it_reaches_the_terminal_as_a_control_character(tmp_path):
    folder = folder_with("model.json", json.dumps({"format": "nmt-onnx 1", "run": "\x1b[2J\nx"}).encode())(tmp_path)
    found = inspect_path(folder)
    assert all(line.isprintable() for line in inspected_lines(found))
    run = RunDirectory(make_run(tmp_path / "\x1b[2Jrun", 20).path)
    info = {"kind": "unigram"}
    (run.tokenizer_directory / "tokenizer.json").write_text(json.dumps(info))
    with pytest.raises(UserError):
        inspect_path(run.path)
