"""The folder that ``nmt export`` writes: a model with all that belongs to it, and a program that needs no torch."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import torch

from nmt_attn.config.loading import dump_config, load_config
from nmt_attn.errors import NmtError, UserError
from nmt_attn.export.classifier_contents import CLASSIFICATION
from nmt_attn.export.contents import TOKENIZER, Contents, Trained
from nmt_attn.export.translation_contents import TRANSLATION
from nmt_attn.files import atomic_directory
from nmt_attn.runs.checkpoint import load_weights
from nmt_attn.runs.directory import ModelPath
from nmt_attn.text.tokenizer import Tokenizer

MODEL_FILE, CONFIG_FILE = "model.json", "config.yaml"

TASKS = {"translation": TRANSLATION, "classification": CLASSIFICATION}

CONTENTS = {
    *(name for task in TASKS.values() for name in (*task.models, *task.program)),
    *(MODEL_FILE, TOKENIZER, CONFIG_FILE, "cut.py", "__pycache__"),
}
"""All that lies in an exported folder that has been used; ``cut.py`` is of earlier versions."""

TOLERANCE = 1e-3
"""An export is refused where it differs by more from the network; rounding makes up about 1e-5."""


@dataclass(frozen=True)
class Exported:
    """An export that has been written."""

    path: Path
    models: tuple[str, ...]  # names of the ONNX files
    bytes: int  # of them
    difference: float  # the largest seen between the network and its export


def export_run(found: ModelPath, output: Path, *, overrides: Sequence[str] = (), force: bool = False) -> Exported:
    """Write a run as ONNX, and compare what the export computes with the network.

    Args:
        found: the checkpoint, of any task.
        output: the folder; it must not exist or be empty.
        overrides: ``decoding.…=value`` over the run's configuration; a classifier takes none.
        force: replace an earlier export.

    Raises:
        UserError: onnx or onnxruntime is missing, ``output`` is taken, an override has no effect, or the network cannot
            be exported.
        NmtError: the export does not compute what the network computes, or the disk is full.
    """
    check_output(output, force=force)
    _check_installed()
    task = TASKS[load_config(found.run.config_file).task]
    config = task.configure(found.run.config_file, overrides)
    tokenizer = Tokenizer.load(found.run.tokenizer_directory)
    weights = load_weights(found.checkpoint, torch.device("cpu"))
    trained = Trained(f"{found.run.path.name}/{found.checkpoint.name}", config, tokenizer, weights)
    contents = task.contents(trained)
    with atomic_directory(output.resolve()) as aside:
        for name, model in contents.models.items():
            (aside / name).write_bytes(model.SerializeToString())
        tokenizer.save(aside / TOKENIZER)
        (aside / CONFIG_FILE).write_text(dump_config(config), encoding="utf-8")
        (aside / MODEL_FILE).write_text(json.dumps(contents.description, indent=2) + "\n", encoding="utf-8")
        for name, source in task.program.items():
            shutil.copyfile(source, aside / name)
        difference = _difference(contents, aside)
        size = sum(path.stat().st_size for path in aside.glob("*.onnx"))
    return Exported(output, task.models, size, difference)


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


def _is_export(folder: Path) -> bool:
    try:
        found = json.loads((folder / MODEL_FILE).read_text(encoding="utf-8"))["format"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return any(found == task.format for task in TASKS.values())


def _check_installed() -> None:
    for name in ("onnx", "onnxruntime"):
        if find_spec(name) is None:
            raise UserError(f"exporting needs {name}; install it with: pip install onnx onnxruntime")


def _difference(contents: Contents, folder: Path) -> float:
    difference = contents.difference(folder)
    if not difference <= TOLERANCE:
        raise NmtError(f"the export differs from the network by {difference:.2g}, so it has not been written")
    return difference
