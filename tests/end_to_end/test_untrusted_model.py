"""Runs that somebody has tampered with: one line each, nothing executed, nothing read outside, no memory taken."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import re
import resource
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from sentencepiece import SentencePieceTrainer

from nmt_attn.config.loading import dump_config, load_config
from nmt_attn.model.network import TranslationModel
from nmt_attn.runs.checkpoint import CHECKSUMS, save_weights
from nmt_attn.runs.directory import RunDirectory
from nmt_attn.text.tokenizer import Tokenizer
from tests.conftest import toy_corpus
from tests.in_process import nmt_here

SIZES = ["data.tokenizer.vocab_size=60", "model.embedding_size=16", "model.encoder.hidden_size=16",
         "model.decoder.hidden_size=32", "training.device=cpu"]  # fmt: skip


READS = {"open", "os.listdir", "os.scandir"}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run as training leaves it, but for the training."""
    config = load_config(None, SIZES)
    pairs = toy_corpus(200)
    tokenizer = Tokenizer.train(config.data, [source for source, _ in pairs], [target for _, target in pairs])
    run = RunDirectory(tmp_path_factory.mktemp("sound") / "run")
    run.checkpoint(10).mkdir(parents=True)
    torch.manual_seed(1)
    save_weights(TranslationModel(config.model, tokenizer.source_size, tokenizer.target_size).weights(),
                 run.checkpoint(10))  # fmt: skip
    (run.checkpoint(10) / CHECKSUMS).unlink()  # as a stranger would who changes files
    tokenizer.save(run.tokenizer_directory)
    run.config_file.write_text(dump_config(config), encoding="utf-8")
    for pointer in ("best", "latest"):
        run.point(pointer, 10)
    return run.path


@pytest.fixture
def run(sound: Path, tmp_path: Path) -> Path:
    """A copy to tamper with, and beside it what lies outside."""
    shutil.copytree(sound, tmp_path / "outside" / "run")
    return Path(shutil.copytree(sound, tmp_path / "run"))


def refusal(run: Path) -> str:
    """What ``nmt translate`` says of it."""
    done = nmt_here(run.parent, "translate", "--model", run.name, "--device", "cpu", "Big dog.")
    assert (done.code, done.out) == (2, ""), done
    assert done.err == f"error: {done.error}\n"
    return done.error


def translation(run: Path, *, checked: bool = True) -> str:
    done = nmt_here(run.parent, "translate", "--model", run.name, "--device", "cpu", "Big dog.", checked=checked)
    assert done.code == 0, done.err
    return done.out


def test_the_sound_run_translates(run: Path) -> None:
    assert translation(run).count("\n") == 1


def test_nothing_is_executed_and_nothing_outside_is_opened(run: Path) -> None:
    translation(run)  # so that all modules are there
    seen: list[tuple[str, str]] = []
    watching = True

    events = {
        *READS,
        "pickle.find_class",
        "os.system",
        "subprocess.Popen",
        "os.exec",
        "os.posix_spawn",
        "socket.connect",
    }

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if watching and event in events:
            seen.append((event, str(arguments[0]) if arguments else ""))

    sys.addaudithook(hook)  # for good: there is no way to take one off
    try:
        translation(run, checked=False)
    finally:
        watching = False
    assert ("open", "run/config.yaml") in seen
    allowed = (
        str(Path(sys.prefix)),
        str(Path(sys.base_prefix)),
        str(Path(torch.__file__).parents[1]),
        "/proc/",
        "/sys/",
    )
    strange = [
        one for one in seen
        if one[0] not in READS or not one[1].startswith(("run/", str(run), *allowed))
    ]  # fmt: skip
    assert strange == []


# --- weights ------------------------------------------------------------------------------------------------


def weights_of(run: Path) -> Path:
    return run / "checkpoints" / "00000010" / "model.safetensors"


def with_header(length: int, header: bytes, data: bytes = b"") -> Callable[[Path], None]:
    return lambda run: (weights_of(run).write_bytes(length.to_bytes(8, "little") + header + data), None)[1]


def describing(tensors: dict[str, object]) -> Callable[[Path], None]:
    """A header that claims ``tensors``, over the bytes that were there."""

    def tamper(run: Path) -> None:
        content = weights_of(run).read_bytes()
        old = int.from_bytes(content[:8], "little")
        header = json.loads(content[8 : 8 + old])
        text = json.dumps({**header, **tensors}).encode()
        weights_of(run).write_bytes(len(text).to_bytes(8, "little") + text + content[8 + old :])

    return tamper


def changing(change: Callable[[dict[str, torch.Tensor]], object]) -> Callable[[Path], None]:
    def tamper(run: Path) -> None:
        tensors = load_file(weights_of(run))
        change(tensors)
        save_file(tensors, weights_of(run))

    return tamper


class Evil:
    """Unpickled, it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self) -> tuple[object, tuple[str, ...]]:
        return (os.mkdir, (self.path,))


def pickled(run: Path) -> None:
    torch.save({"w": torch.zeros(3), "evil": Evil(run.parent / "owned")}, weights_of(run))


def a_pickle(run: Path) -> None:
    weights_of(run).write_bytes(pickle.dumps(Evil(run.parent / "owned")) + b" " * 40_000)


def sparse(run: Path) -> None:
    """A header that claims a terabyte, and a file as long as that, which takes no place on the disk."""
    header = json.dumps({"w": {"dtype": "F32", "shape": [1 << 38], "data_offsets": [0, 1 << 40]}}).encode()
    with weights_of(run).open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        file.truncate(8 + len(header) + (1 << 40))


def replaced_by_pipe(path: Callable[[Path], Path]) -> Callable[[Path], None]:
    def tamper(run: Path) -> None:
        path(run).unlink()
        os.mkfifo(path(run))

    return tamper


def not_a_number(tensors: dict[str, torch.Tensor]) -> None:
    tensors["output.bias"][3] = torch.nan


WEIGHTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "a header of exabytes": (with_header(1 << 62, b"{}", b"0" * 40_000), "it claims a header of 4,611,686"),
    "a header of megabytes": (with_header(2 << 20, b"{" + b" " * (2 << 20)), "damaged"),
    "a header that is no JSON": (with_header(40_000, b"{" * 40_000), "damaged or not a safetensors file"),
    "a file of one byte": (lambda run: weights_of(run).write_bytes(b"x"), "damaged"),
    "cut off": (lambda run: weights_of(run).write_bytes(weights_of(run).read_bytes()[:20_000]), "damaged"),
    "offsets behind the end": (
        describing({"x": {"dtype": "F32", "shape": [4], "data_offsets": [1 << 40, (1 << 40) + 16]}}), "damaged",
    ),
    "overlapping tensors": (describing({"x": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}), "damaged"),
    "a shape that overflows": (
        describing({"x": {"dtype": "F32", "shape": [1 << 40, 1 << 40], "data_offsets": [0, 0]}}), "damaged",
    ),
    "an unknown type": (describing({"x": {"dtype": "F99", "shape": [0], "data_offsets": [0, 0]}}), "damaged"),
    "a terabyte": (sparse, "damaged, or of another network: it has 1,099,5"),
    "a file of torch.save": (pickled, "damaged"),
    "a pickle": (a_pickle, "damaged or not a safetensors file"),
    "no finite number": (changing(not_a_number), "output.bias holds numbers that are not finite"),
    "a weight too many": (changing(lambda tensors: tensors.update({"x\n\x1b[2J": torch.zeros(1)})), "on one side only"),
    "a weight too few": (changing(lambda tensors: tensors.pop("output.bias")), "output.bias is on one side only"),
    "another shape": (
        changing(lambda tensors: tensors.update({"output.bias": torch.zeros(61)})), r"output\.bias is \(61,\), ",
    ),
    "a folder": (lambda run: (weights_of(run).unlink(), weights_of(run).mkdir()), "not an ordinary file"),
    "a pipe": (replaced_by_pipe(weights_of), "not an ordinary file"),
    "missing": (lambda run: weights_of(run).unlink(), "no such file"),
}  # fmt: skip


@pytest.mark.parametrize("name", WEIGHTS)
def test_tampered_weights_are_refused(run: Path, name: str) -> None:
    tamper, says = WEIGHTS[name]
    tamper(run)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    error = refusal(run)
    assert re.search(says, error), error
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # KiB
    assert not (run.parent / "owned").exists()


def test_no_pickle_is_ever_read() -> None:
    for path in (Path(__file__).parents[2] / "nmt_attn").rglob("*.py"):
        if path.name in ("parallel.py", "starter.py"):  # what our own processes send each other by pipes of their own
            continue
        source = path.read_text(encoding="utf-8")
        assert not re.search(
            r"torch\.load\b|import pickle|allow_pickle=True|(?<![.\w])(eval|exec)\(|yaml\.load\b", source
        ), path


# --- the configuration --------------------------------------------------------------------------------------


def setting(*sets: str) -> Callable[[Path], object]:
    """Another configuration beside the same weights."""
    return lambda run: (run / "config.yaml").write_text(dump_config(load_config(None, [*SIZES, *sets])))


def saying(content: str | bytes) -> Callable[[Path], object]:
    raw = content.encode() if isinstance(content, str) else content
    return lambda run: (run / "config.yaml").write_bytes(raw)


TOO_LARGE = "of another network: it has [0-9,]+ bytes, but .*config.yaml and the tokenizer ask for [0-9,]+ weights"
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{below}'] * 9)}]\n" for below, name in zip("abcdefgh", "bcdefghi", strict=True)
)
CONFIGS: dict[str, tuple[Callable[[Path], object], str]] = {
    "a billion units": (
        saying("model: {encoder: {hidden_size: 1000000000}}"),
        r"hidden_size must be less than or equal",
    ),
    "a large encoder": (setting("model.encoder.hidden_size=32768"), TOO_LARGE),
    "a large decoder": (setting("model.decoder.hidden_size=32768"), TOO_LARGE),
    "a large embedding": (setting("model.embedding_size=32768"), TOO_LARGE),
    "a large readout": (setting("model.tie_embeddings=none", "model.decoder.readout_size=32768"), TOO_LARGE),
    "a large score": (setting("model.attention.size=32768"), TOO_LARGE),
    "many positions": (setting("model.attention.score=location", "model.attention.max_positions=100000"), TOO_LARGE),
    "another cell": (setting("model.cell=lstm"), "the weights do not fit the configuration"),
    "aliases upon aliases": (saying(BOMB), r"config\.yaml, line \d: aliases"),
    "depth": (saying("a: " + "[" * 5000), r"config\.yaml.*not valid YAML"),
    "too long": (saying("#" * 70_000), r"config\.yaml: more than 65,536 bytes are too many"),
    "code": (saying("name: !!python/object/apply:os.mkdir [owned]"), "os.mkdir is not supported"),
    "no text": (saying(b"\xff\xfe\x00"), r"config\.yaml, line 1: not UTF-8 text"),
    "no configuration": (saying("[]"), "expected sections"),
    "an unknown key": (saying("modle: {}"), "unknown key modle; did you mean model"),
    "a path": (saying('data: {directory: "a\\0"}'), "must be the name of a file"),
    "missing": (lambda run: (run / "config.yaml").unlink(), "not a run"),
    "a pipe": (replaced_by_pipe(lambda run: run / "config.yaml"), "not a run"),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_a_tampered_configuration_is_refused(run: Path, name: str) -> None:
    tamper, says = CONFIGS[name]
    tamper(run)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    error = refusal(run)
    assert re.search(says, error), error
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # KiB
    assert not (run.parent / "owned").exists()


# --- the tokenizer ------------------------------------------------------------------------------------------


def with_model(model: bytes) -> Callable[[Path], None]:
    """Another tokenizer model, with its right hash."""

    def tamper(run: Path) -> None:
        info = json.loads((run / "tokenizer" / "tokenizer.json").read_text())
        for side in ("source", "target"):
            (run / "tokenizer" / info[side]["file"]).write_bytes(model)
            info[side]["sha256"] = hashlib.sha256(model).hexdigest()
        (run / "tokenizer" / "tokenizer.json").write_text(json.dumps(info))

    return tamper


def flipped(run: Path) -> None:
    path = run / "tokenizer" / "source.model"
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(content)


def other_special_tokens(run: Path) -> None:
    prefix = run.parent / "other"
    SentencePieceTrainer.train(sentence_iterator=iter(["a b c d e"] * 9), model_prefix=str(prefix), vocab_size=8,
                               model_type="char", minloglevel=3)  # fmt: skip
    with_model(prefix.with_suffix(".model").read_bytes())(run)


def with_many_pieces(run: Path) -> None:
    """The model with 300,000 pieces more, each a protobuf field: tag, length, {tag, length, text}."""
    pieces = bytearray()
    for number in range(300_000):
        text = f"x{number}".encode()
        pieces += bytes([0x0A, len(text) + 2, 0x0A, len(text)]) + text
    with_model(bytes(pieces) + (run / "tokenizer" / "source.model").read_bytes())(run)


def with_info(change: Callable[[dict[str, dict[str, object]]], object]) -> Callable[[Path], None]:
    def tamper(run: Path) -> None:
        path = run / "tokenizer" / "tokenizer.json"
        info = json.loads(path.read_text())
        change(info)
        path.write_text(json.dumps(info))

    return tamper


def info_of(run: Path) -> Path:
    return run / "tokenizer" / "tokenizer.json"


TOKENIZERS: dict[str, tuple[Callable[[Path], object], str]] = {
    "a flipped bit": (flipped, r"source\.model: damaged: its sha256 is not the one in tokenizer\.json"),
    "no model": (with_model(b"\xff" * 1000), "tokenizer: the tokenizer's model is no sentencepiece model"),
    "an empty model": (with_model(b""), "tokenizer: the tokenizer's model"),
    "other special tokens": (other_special_tokens, "as pad, unk, bos, eos; expected"),
    "many pieces": (with_many_pieces, TOO_LARGE),
    "a model outside": (
        with_info(lambda info: info["source"].update(file="../../outside/run/tokenizer/source.model")),
        r"tokenizer\.json: damaged",
    ),
    "a model anywhere": (with_info(lambda info: info["source"].update(file="/etc/passwd")), r"\.json: damaged"),
    "an unknown key": (with_info(lambda info: info.update(x={})), r"tokenizer\.json: damaged"),
    "depth": (lambda run: info_of(run).write_text("[" * 60_000), r"tokenizer\.json: damaged"),
    "too long": (lambda run: info_of(run).write_text(" " * (1 << 21)), r"tokenizer\.json: larger than 1,048,576 bytes"),
    "a model too long": (
        lambda run: os.truncate(run / "tokenizer" / "source.model", 1 << 40), r"source\.model: larger than 67,108,864"
    ),
    "no JSON": (lambda run: info_of(run).write_bytes(b"\xff"), r"tokenizer\.json: damaged"),
    "missing": (lambda run: info_of(run).unlink(), r"tokenizer\.json: cannot read the tokenizer: No such file"),
    "a pipe": (replaced_by_pipe(info_of), r"tokenizer\.json: not an ordinary file"),
}  # fmt: skip


@pytest.mark.parametrize("name", TOKENIZERS)
def test_a_tampered_tokenizer_is_refused(run: Path, name: str) -> None:
    tamper, says = TOKENIZERS[name]
    tamper(run)
    error = refusal(run)
    assert re.search(says, error), error


# --- pointers and links -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        "../../outside/run/checkpoints/00000010", "../outside/run", "..", "/etc", "/", "checkpoints/../../outside",
        "checkpoints", "checkpoints/00000010/x", "~", "checkpoints/²", "checkpoints/00000010\ncheckpoints/00000020",
        "\x1b[2J", "\x00",
    ],
)  # fmt: skip
@pytest.mark.parametrize("pointer", ["best", "latest"])
def test_a_pointer_leads_to_a_checkpoint_or_nowhere(run: Path, pointer: str, content: str) -> None:
    (run / pointer).write_text(content)
    assert re.search(rf"run/{pointer}: holds .*; expected checkpoints/<step>", refusal(run))


def test_a_pointer_that_is_no_pointer(run: Path) -> None:
    (run / "best").write_bytes(b"0" * 100_000)
    assert "run/best: larger than 1,000 bytes" in refusal(run)
    (run / "best").unlink()
    os.mkfifo(run / "best")
    assert "run/best: not an ordinary file" in refusal(run)


def test_a_pointer_to_a_checkpoint_that_is_gone(run: Path) -> None:
    (run / "best").write_text("checkpoints/00000099\n")
    assert translation(run)  # the latest one is there
    (run / "latest").write_text("checkpoints/00000099\n")
    assert translation(run)  # the only one is there
    (run / "checkpoints").rename(run / "elsewhere")
    assert "no checkpoint in it yet" in refusal(run)


LINKS = ["config.yaml", "best", "latest", "manifest.json", "metrics.jsonl", "tokenizer", "tokenizer/tokenizer.json",
         "tokenizer/source.model", "checkpoints", "checkpoints/00000010", "checkpoints/00000010/model.safetensors",
         "checkpoints/00000020"]  # fmt: skip


@pytest.mark.parametrize("name", LINKS)
@pytest.mark.parametrize("relative", [False, True])
def test_a_link_out_of_the_run(run: Path, name: str, relative: bool) -> None:
    outside = run.parent / "outside" / "run" / name
    if not outside.exists():
        outside.write_text("secret")
    path = run / name
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    path.symlink_to(os.path.relpath(outside, path.parent) if relative else outside)
    assert re.search(f"run/{name}: a link out of the run, to .*outside/run/{name}; a run is complete", refusal(run))


def test_a_link_to_itself(run: Path) -> None:
    (run / "best").unlink()
    (run / "best").symlink_to("best")
    assert "run/best: a link that leads nowhere" in refusal(run)


def test_links_inside_a_run_and_to_a_run_are_fine(run: Path) -> None:
    said = translation(run)
    (run / "checkpoints").rename(run / "elsewhere")
    (run / "checkpoints").symlink_to("elsewhere")
    assert translation(run) == said
    (run.parent / "linked").symlink_to("run")
    assert translation(run.parent / "linked") == said


def test_a_checkpoint_named_by_hand_is_looked_at_too(run: Path) -> None:
    weights_of(run).unlink()
    weights_of(run).symlink_to(weights_of(run.parent / "outside" / "run"))
    done = nmt_here(run.parent, "translate", "--model", "run/checkpoints/00000010", "Big dog.")
    assert done.code == 2
    assert "a link out of the run" in done.error


@pytest.mark.parametrize("command", ["eval", "attend", "score", "average"])
def test_the_other_commands_look_too(run: Path, command: str) -> None:
    (run / "best").write_text("../..")
    arguments = {"attend": ["Big dog."], "average": ["--output", "mean"]}.get(command, [])
    done = nmt_here(run.parent, command, "--model", "run", *arguments)
    assert done.code == 2
    assert "run/best: holds '../..'" in done.error
    assert not (run.parent / "mean").exists()
