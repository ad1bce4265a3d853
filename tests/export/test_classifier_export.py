"""Every kind of classifier as ONNX, held to torch; the exported folder, and the program in it without torch and nmt."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from hypothesis import given, settings

from nmt_attn.classification.classifier import Classifier
from nmt_attn.cli.export import export_command
from nmt_attn.config.loading import config_of, dump_config
from nmt_attn.config.schema import ModelConfig
from nmt_attn.errors import ConfigError, NmtError, UserError
from nmt_attn.export import classifier as classifier_module
from nmt_attn.export.classifier import write_classifier
from nmt_attn.export.classifier_runtime import OnnxClassifier
from nmt_attn.export.directory import check_output, export_run
from nmt_attn.export.verify import OnnxSession, classifier_difference
from nmt_attn.model.attention import DotScore
from nmt_attn.model.classifier import ClassificationModel
from nmt_attn.runs.checkpoint import save_weights
from nmt_attn.runs.directory import RunDirectory, find_model
from nmt_attn.text.tokenizer import EOS, Tokenizer
from tests.text.any_line import ANY_LINE

pytest.importorskip("onnxruntime")

SCORES = ["additive", "dot", "scaled_dot", "general", "location", "none", "mean", "max"]
KINDS = [
    pytest.param(cell, score, layers, norm, size, id=f"{cell}-{score}-{layers}-{norm}-{size}")
    for (cell, score, layers), (norm, size) in zip(
        itertools.product(["gru", "lstm"], SCORES, [1, 3]),
        itertools.cycle([(False, 4), (True, 0), (False, 0), (True, 4), (False, 4)]),
        strict=False,
    )
]
LABELS = ("good", "bad", "neither")
MOST = 9  # tokens that are read of a text
TEXTS = ["the room was large and light", "the soup was cold", "i liked both", "nobody came to the door", "we waited"]


def fill(model: ClassificationModel) -> ClassificationModel:
    """Give a network weights that all count, biases too."""
    torch.manual_seed(0)
    for name, weight in model.weights().items():
        mean = 1.0 if "norm.weight" in name else 0.0
        torch.nn.init.normal_(weight, mean=mean, std=0.3 if weight.dim() == 1 else 0.7)
    return model.eval()


def make(cell: str, score: str, layers: int, norm: bool, size: int) -> ClassificationModel:
    config = ModelConfig.model_validate(
        {
            "cell": cell,
            "embedding_size": 5,
            "layer_norm": norm,
            "encoder": {"layers": layers, "hidden_size": 3},
            # Fewer positions than the longest text has.
            "attention": {"score": score, "size": 4, "max_positions": 4},
            "classifier": {"size": size},
        }
    )
    return fill(ClassificationModel(config, 12, len(LABELS)))


def session_of(model: ClassificationModel) -> OnnxSession:
    return OnnxSession.load(write_classifier(model).model.SerializeToString())


@pytest.mark.parametrize(("cell", "score", "layers", "norm", "size"), KINDS)
def test_every_kind_of_classifier_computes_the_same(cell, score, layers, norm, size):
    model = make(cell, score, layers, norm, size)
    session = session_of(model)
    lengths = torch.tensor([3, 7, 1, 5])
    # There are other tokens in the padding.
    source = torch.randint(EOS, 12, (4, 7), generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        expected = model(source, lengths)
    found = session.run({"source": source.numpy(), "lengths": lengths.numpy()})
    # Normalising three units can divide by next to nothing, which makes much of rounding.
    atol = 1e-3 if norm else 1e-5
    probabilities = expected.logits.softmax(-1).numpy()
    assert np.ptp(probabilities, axis=0).max() > 0.01  # the texts do make a difference
    np.testing.assert_allclose(found["probabilities"], probabilities, rtol=0, atol=atol)
    np.testing.assert_allclose(found["attention"], expected.weights.numpy(), rtol=0, atol=atol)
    for row, length in enumerate(lengths.tolist()):
        alone = session.run({"source": source[row : row + 1, :length].numpy(), "lengths": np.array([length])})
        np.testing.assert_allclose(alone["probabilities"][0], probabilities[row], rtol=0, atol=atol)
        np.testing.assert_allclose(alone["attention"][0], expected.weights[row, :length].numpy(), rtol=0, atol=atol)
        assert not found["attention"][row, length:].any()


def test_a_wrong_graph_is_noticed():
    model = make("lstm", "additive", 1, False, 4)
    session = session_of(model)
    right = classifier_difference(model, session)
    assert right < 1e-5
    with torch.no_grad():
        model.output.bias[0] += 0.1
    assert classifier_difference(model, session) > 0.01


def test_labels_that_are_next_to_impossible_make_no_difference():
    model = make("gru", "general", 1, False, 0)
    with torch.no_grad():
        model.output.bias.copy_(torch.tensor([0.0, 90.0, -300.0]))
    assert classifier_difference(model, session_of(model)) < 1e-4


def test_a_network_with_more_than_is_known_here_is_refused():
    model = make("gru", "dot", 1, False, 4)
    model.encoder.register_parameter("gate", torch.nn.Parameter(torch.zeros(3)))
    with pytest.raises(UserError, match=r"nothing is known here about its weight encoder\.gate"):
        write_classifier(model)


def test_a_score_that_is_made_from_another_one_is_refused():
    class Sharper(DotScore):
        pass

    model = make("gru", "dot", 1, False, 4)
    model.attention.score = Sharper()
    with pytest.raises(UserError, match="nothing is known here about Sharper"):
        write_classifier(model)


# --- the folder ---------------------------------------------------------------------------------------------------


def write_run(folder: Path, keep: str = "head") -> Path:
    """Write a run directory with random weights; its texts are Turkish, so that lowercasing is that of the run."""
    config = config_of(
        {
            "name": "opinions",
            "task": "classification",
            "data": {
                "source_lang": "tr",
                "normalise": {"lowercase": True, "html_tags": True, "html_entities": True},
                "tokenizer": {"kind": "bpe", "vocab_size": 48},
                "filter": {"max_tokens": MOST, "keep": keep},
            },
            "model": {"cell": "lstm", "embedding_size": 8, "encoder": {"hidden_size": 6}, "classifier": {"size": 5}},
        },
        "test",
    )
    run = RunDirectory(folder)
    folder.mkdir()
    run.config_file.write_text(dump_config(config), encoding="utf-8")
    tokenizer = Tokenizer.train_for_labels(config.data, TEXTS, LABELS)
    tokenizer.save(run.tokenizer_directory)
    run.checkpoint(20).mkdir(parents=True)
    model = fill(ClassificationModel(config.model, tokenizer.source_size, tokenizer.target_size))
    save_weights(model.weights(), run.checkpoint(20))
    run.point("best", 20)
    return folder


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    return write_run(tmp_path_factory.mktemp("runs") / "opinions")


@pytest.fixture(scope="module")
def exported(run, tmp_path_factory) -> Path:
    return export_run(find_model(run), tmp_path_factory.mktemp("out") / "exported").path


LINES = [
    "The room was light.",
    "",
    " \t\u00a0",
    "the soup was cold and " * 20,
    "we waited " * 5 + "i liked both",
    "Ünlü 猫 “?” 😀",
    "IİI <br />was &amp; large",
    "<br />",
    "\ufeffnobody came",
    "i liked both",
]

# What is set to None here cannot be imported.
ALONE = (
    "import sys, runpy; sys.modules.update(torch=None, nmt_attn=None, pydantic=None); folder = sys.argv.pop(1); "
    "sys.path.insert(0, folder); runpy.run_path(folder + '/classify.py', run_name='__main__')"
)


def program(folder: Path, *arguments: str, **options: Any) -> subprocess.Popen[bytes]:
    """Start the program in a fresh process that has neither torch nor nmt."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    command = [sys.executable, "-c", ALONE, str(folder), "--threads", "1", *arguments]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, cwd=folder, env=environment, **{**pipes, **options})


@pytest.mark.parametrize(
    ("keep", "options", "top"), [("head", (), 1), ("tail", ("--batch", "3"), 1), ("both", ("--top", "2"), 2)]
)
def test_the_program_gives_the_lines_of_nmt_classify(tmp_path, keep, options, top):
    folder = write_run(tmp_path / "opinions", keep)
    expected = Classifier.load(folder, device="cpu").classify(LINES)
    assert sum(one.left_out > 0 for one in expected) > 1
    assert np.ptp([one.probabilities for one in expected if one.label], axis=0).max() > 0.05  # the texts count
    exported = export_run(find_model(folder), tmp_path / "exported")
    assert exported.difference < 1e-4
    moved = shutil.move(exported.path, tmp_path / "elsewhere")
    with program(moved, *options) as process:
        written, said = process.communicate("".join(f"{line}\n" for line in LINES).encode())
    assert (process.returncode, said) == (0, b"")
    *found, end = written.decode().split("\n")
    assert end == ""
    for line, one in zip(found, expected, strict=True):
        mine, theirs = line.split("\t"), one.to_text(top).split("\t")
        assert mine[::2] == theirs[::2]
        np.testing.assert_allclose([float(value) for value in mine[1::2]], [float(v) for v in theirs[1::2]], atol=2e-4)
        assert all(len(value) == len("0.1234") for value in mine[1::2])


@settings(max_examples=60, deadline=None)
@given(ANY_LINE)
def test_any_text_gets_the_same_probabilities(both, text):
    mine, theirs = both
    (ranked,), (prediction,) = mine.classify([text]), theirs.classify([text])
    assert {label for label, _ in ranked} == set(prediction.labels)
    for label, probability in ranked:
        assert probability == pytest.approx(prediction.probabilities[LABELS.index(label)], abs=1e-5)


@pytest.fixture(scope="module")
def both(run, exported) -> tuple[OnnxClassifier, Classifier]:
    return OnnxClassifier(exported, threads=1), Classifier.load(run, device="cpu")


def test_a_text_gets_the_same_probabilities_in_any_batch(both):
    mine, _ = both
    together = mine.classify(LINES)
    assert mine.classify([]) == []
    for line, ranked in zip(LINES, together, strict=True):
        (alone,) = mine.classify([line])
        assert [label for label, _ in alone] == [label for label, _ in ranked]
        np.testing.assert_allclose([p for _, p in alone], [p for _, p in ranked], atol=1e-6)


def test_the_program_ends_in_one_line_or_none(exported):
    with program(exported, "--model", "nowhere") as process:
        assert process.communicate() == (b"", b"error: nowhere/model.json: No such file or directory\n")
        assert process.returncode == 1
    with Path("/dev/full").open("wb") as full, program(exported, stdout=full) as process:
        assert process.communicate(b"We waited.\n")[1] == b"error: No space left on device\n"
        assert process.returncode == 1
    with program(exported, "--batch", "1") as process:  # a reader that leaves
        process.stdin.write(b"We waited.\n")
        process.stdin.flush()
        assert process.stdout.readline().count(b"\t") == 1
        process.stdout.close()
        process.stdin.write(b"We waited.\n" * 10)
        process.stdin.close()
        assert (process.wait(60), process.stderr.read()) == (0, b"")
    default = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
    with program(exported, "--batch", "1", **default) as process:  # Ctrl-C
        process.stdin.write(b"We waited.\n")
        process.stdin.flush()
        assert process.stdout.readline().count(b"\t") == 1
        process.send_signal(signal.SIGINT)
        assert (process.wait(60), process.stderr.read()) == (130, b"interrupted\n")


def test_an_export_holds_exactly_the_promised_files(exported):
    names = {path.relative_to(exported).as_posix() for path in exported.rglob("*") if path.is_file()}
    assert {name for name in names if "__pycache__" not in name} == {
        "classifier.onnx", "model.json", "config.yaml", "tokenizer/tokenizer.json", "tokenizer/joint.model",
        "classify.py", "program.py", "normalise.py", "text_cut.py",
    }  # fmt: skip


def test_the_description_says_what_a_server_has_to_know(exported):
    about = json.loads((exported / "model.json").read_text(encoding="utf-8"))
    assert about["format"] == "nmt-onnx-classifier 1"
    assert about["run"] == "opinions/00000020"
    assert (about["source_lang"], about["dotted_i"]) == ("tr", True)
    assert about["labels"] == list(LABELS)
    assert about["cut"] == {"max_tokens": MOST, "keep": "head"}
    assert about["special_ids"] == {"pad": 0, "unk": 1, "bos": 2, "eos": 3}
    assert about["classifier"]["inputs"] == [
        {"name": "source", "type": "int64", "shape": ["batch", "source_length"]},
        {"name": "lengths", "type": "int64", "shape": ["batch"]},
    ]
    assert about["classifier"]["outputs"] == [
        {"name": "probabilities", "type": "float32", "shape": ["batch", len(LABELS)]},
        {"name": "attention", "type": "float32", "shape": ["batch", "source_length"]},
    ]
    session = OnnxSession.load(exported / about["classifier"]["file"]).session
    for side, values in (("inputs", session.get_inputs()), ("outputs", session.get_outputs())):
        assert [(one["name"], one["shape"]) for one in about["classifier"][side]] == [
            (value.name, value.shape) for value in values
        ]


def test_the_command_says_what_it_has_written(run, tmp_path, capsys):
    export_command(output=tmp_path / "exported", model=run)
    said = capsys.readouterr().out
    assert said.startswith(f"{tmp_path / 'exported'}: {run / 'checkpoints' / '00000020'} as classifier.onnx, 0.0 MB; ")
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("override", "key"),
    [
        ("decoding.beam_size=3", "decoding.beam_size"),
        ("decoding.max_length_ratio=3.0", "decoding.max_length_ratio"),  # which is its default
        ("decoding.threads=2", "decoding.threads"),
        ("task=translation", "task"),
        ("data={filter: {keep: tail}}", "data.filter.keep"),
    ],
)
def test_keys_without_effect_are_refused_in_one_line(run, tmp_path, override, key):
    with pytest.raises(ConfigError) as refused:
        export_run(find_model(run), tmp_path / "exported", overrides=[override])
    assert str(refused.value) == f"--set {key} has no effect on the export of a classifier; leave it out"
    assert not (tmp_path / "exported").exists()


def test_an_export_that_computes_something_else_is_not_left_behind(run, tmp_path, monkeypatch):
    right = classifier_module.write_classifier

    def wrong(model):
        written = right(model)
        for constant in written.model.graph.initializer:
            if constant.name == "output.bias":
                values = onnx.numpy_helper.to_array(constant) + np.eye(1, constant.dims[0], dtype=np.float32)[0]
                constant.CopyFrom(onnx.numpy_helper.from_array(values, constant.name))
        return written

    monkeypatch.setattr(classifier_module, "write_classifier", wrong)
    with pytest.raises(NmtError, match="differs from the network by"):
        export_run(find_model(run), tmp_path / "exported")
    assert list(tmp_path.iterdir()) == []


def test_only_an_earlier_export_is_replaced(exported, tmp_path):
    folder = shutil.copytree(exported, tmp_path / "copy")
    with pytest.raises(UserError, match="--force replaces it"):
        check_output(folder, force=False)
    check_output(folder, force=True)
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(UserError, match=r"also holds notes\.txt"):
        check_output(folder, force=True)
    (folder / "model.json").write_text('{"format": ["nmt-onnx 1"]}', encoding="utf-8")
    with pytest.raises(UserError, match="no export of nmt"):
        check_output(folder, force=True)
