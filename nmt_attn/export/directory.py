"""The folder that ``nmt export`` writes: all that is needed to translate, and a program that does so without torch."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from nmt_attn.config.loading import dump_config, load_config, refuse_other_keys
from nmt_attn.config.schema import Config
from nmt_attn.errors import NmtError, UserError
from nmt_attn.files import atomic_directory
from nmt_attn.model.network import TranslationModel
from nmt_attn.runs.checkpoint import load_weights
from nmt_attn.runs.directory import ModelPath
from nmt_attn.text import line_division, normalise, sentence_splitting
from nmt_attn.text.tokenizer import BOS, EOS, PAD, UNK, Tokenizer
from nmt_attn.text.tokenizer_files import INFO_FILE
from nmt_attn.version import __version__

if TYPE_CHECKING:
    from nmt_attn.export.graph import Value
    from nmt_attn.export.network import OnnxNetwork

FORMAT = "nmt-onnx 1"
MODEL_FILE, ENCODER_FILE, DECODER_FILE, TOKENIZER = "model.json", "encoder.onnx", "decoder.onnx", "tokenizer"
CONFIG_FILE = "config.yaml"

PROGRAM = {
    "translate.py": Path(__file__).with_name("runtime.py"),  # not imported, since it needs onnxruntime
    "normalise.py": Path(normalise.__file__),
    "line_division.py": Path(line_division.__file__),
    "sentence_splitting.py": Path(sentence_splitting.__file__),
}
"""Files that are put beside the model as they stand, so that its text is treated as training did."""

CONTENTS = {MODEL_FILE, ENCODER_FILE, DECODER_FILE, TOKENIZER, CONFIG_FILE, *PROGRAM, "cut.py", "__pycache__"}
"""All that lies in an exported folder that has been used; ``cut.py`` is of earlier versions."""

DECODING = ("max_source_tokens", "max_length_ratio", "min_length_ratio", "no_repeat_ngram", "split_sentences")
"""Keys of ``decoding`` that the program beside the model goes by."""

TOLERANCE = 1e-3
"""An export is refused where it differs by more from the network; rounding makes up about 1e-5."""


@dataclass(frozen=True)
class Exported:
    """An export that has been written."""

    path: Path
    bytes: int
    difference: float  # the largest seen between the network and its export


def export_run(found: ModelPath, output: Path, *, overrides: Sequence[str] = (), force: bool = False) -> Exported:
    """Write a run as ONNX, and compare what the export computes with the network.

    Args:
        found: the checkpoint.
        output: the folder; it must not exist or be empty.
        overrides: ``decoding.…=value`` over the run's configuration.
        force: replace an earlier export.

    Raises:
        UserError: onnx or onnxruntime is missing, ``output`` is taken, or the network cannot be exported.
        NmtError: the export does not compute what the network computes, or the disk is full.
    """
    check_output(output, force=force)
    _check_installed()
    config = load_config(found.run.config_file, overrides)
    refuse_other_keys(overrides, [f"decoding.{name}" for name in DECODING], "an export, which searches greedily")
    from nmt_attn.export.network import write_network

    tokenizer = Tokenizer.load(found.run.tokenizer_directory)
    weights = load_weights(found.checkpoint, torch.device("cpu"))
    model = TranslationModel.of_weights(config.model, tokenizer.source_size, tokenizer.target_size, weights)
    network = write_network(model.eval())
    with atomic_directory(output.resolve()) as aside:
        (aside / ENCODER_FILE).write_bytes(network.encoder.SerializeToString())
        (aside / DECODER_FILE).write_bytes(network.decoder.SerializeToString())
        tokenizer.save(aside / TOKENIZER)
        (aside / CONFIG_FILE).write_text(dump_config(config), encoding="utf-8")
        name = f"{found.run.path.name}/{found.checkpoint.name}"
        description = json.dumps(describe(config, network, tokenizer, name), indent=2)
        (aside / MODEL_FILE).write_text(description + "\n", encoding="utf-8")
        for name, source in PROGRAM.items():
            shutil.copyfile(source, aside / name)
        difference = _difference(model, network, aside)
        size = sum(path.stat().st_size for path in aside.glob("*.onnx"))
    return Exported(output, size, difference)


def check_output(output: Path, *, force: bool) -> None:
    """Refuse to write where there is something, unless that is an earlier export alone and ``force`` allows it.

    Raises:
        UserError: there is something.
    """
    if not output.exists():
        return
    if not output.is_dir():
        raise UserError(f"{output} is not a folder; give another --output")
    if not any(output.iterdir()):
        return
    if not _is_export(output):
        raise UserError(f"{output} is not empty and no export of nmt; give another --output")
    if not force:
        raise UserError(f"{output} is not empty; --force replaces it")
    foreign = sorted(path.name for path in output.iterdir() if path.name not in CONTENTS)
    if foreign:
        raise UserError(f"{output} also holds {foreign[0]}, which --force would delete; move it away first")


def describe(config: Config, network: OnnxNetwork, tokenizer: Tokenizer, run: str) -> dict[str, Any]:
    """Return the content of ``model.json``."""
    from nmt_attn.export.values import LENGTHS, NEXT, SOURCE, SUPPRESSED_TOKENS

    return {
        "format": FORMAT,
        "nmt": __version__,
        "run": run,
        "source_lang": config.data.source_lang,
        "target_lang": config.data.target_lang,
        "tokenizer": f"{TOKENIZER}/{INFO_FILE}",
        "dotted_i": tokenizer.source_normaliser.dotted_i,
        "limits": asdict(tokenizer.limits(config.decoding.split_sentences, config.decoding.max_source_tokens)),
        "spaces": dict(zip(("between_sentences", "between_words"), tokenizer.spaces, strict=True)),
        "special_ids": {"pad": PAD, "unk": UNK, "bos": BOS, "eos": EOS},
        "forbidden_ids": list(SUPPRESSED_TOKENS),
        "encoder": {
            "file": ENCODER_FILE,
            "inputs": _listed([SOURCE, LENGTHS]),
            "outputs": _listed([*network.memory, *network.state]),
        },
        "decoder": {
            "file": DECODER_FILE,
            "inputs": _listed(network.decoder_inputs),
            "outputs": _listed(network.decoder_outputs),
        },
        "memory": [value.name for value in network.memory],
        "state": {value.name: NEXT + value.name for value in network.state},
        "decoding": {name: getattr(config.decoding, name) for name in DECODING},
    }


def _listed(values: Sequence[Value]) -> list[dict[str, Any]]:
    return [{"name": value.name, "type": value.type, "shape": list(value.shape)} for value in values]


def _is_export(folder: Path) -> bool:
    try:
        return bool(json.loads((folder / MODEL_FILE).read_text(encoding="utf-8"))["format"] == FORMAT)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _check_installed() -> None:
    for name in ("onnx", "onnxruntime"):
        if find_spec(name) is None:
            raise UserError(f"exporting needs {name}; install it with: pip install onnx onnxruntime")


def _difference(model: TranslationModel, network: OnnxNetwork, folder: Path) -> float:
    from nmt_attn.export.verify import OnnxSession, largest_difference

    encoder, decoder = (OnnxSession.load(folder / name) for name in (ENCODER_FILE, DECODER_FILE))
    difference = largest_difference(model, network, encoder, decoder)
    if not difference <= TOLERANCE:
        raise NmtError(f"the export differs from the network by {difference:.2g}, so it has not been written")
    return difference
