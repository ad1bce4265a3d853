"""The facts about runs, checkpoints, weights, tokenizers and logs, as plain values: the keys are the words shown."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nmt_attn.config.differences import changed_values
from nmt_attn.config.loading import load_config
from nmt_attn.errors import InputError
from nmt_attn.files import read_small
from nmt_attn.reporting.plain_table import time_text
from nmt_attn.reporting.runs_table import best_text
from nmt_attn.runs.directory import RunDirectory
from nmt_attn.runs.inspection import WEIGHTS, refuse_foreign
from nmt_attn.runs.metrics import METRIC_NAMES, read_metrics
from nmt_attn.runs.record import read_record
from nmt_attn.runs.summary import RunSummary, number, read_state, summarise
from nmt_attn.runs.weights_header import WeightInfo, count_by_part, read_header
from nmt_attn.text.sentencepiece_model import count_pieces, piece_texts
from nmt_attn.text.tokenizer_files import read_info, read_models

Values = dict[str, Any]

_PIECES = 24
"""Pieces of a vocabulary that are shown: the special ones, and the first of the others."""

_MOST_LABELS = 40
_MAX_ORIGIN_BYTES = 1 << 16


def run_values(path: Path) -> Values:
    """Describe a run.

    Raises:
        InputError: it is damaged, or a link leads out of it.
        ConfigError: its configuration is wrong.
    """
    refuse_foreign(path)
    run, known = RunDirectory(path), summarise(path)
    config, record = load_config(run.config_file), read_record(path)
    tokenizer = tokenizer_values(run.tokenizer_directory) if run.tokenizer_directory.is_dir() else None
    return {
        "task": known.task or config.task,
        "state": known.state,
        "why": known.reason,
        "steps": known.steps,
        "epochs": known.epochs,
        "minutes": known.minutes,
        "best": best_text(known) if known.best is not None else None,
        "best_checkpoint": _name(known.best_checkpoint),
        "latest_checkpoint": _name(known.latest_checkpoint),
        "languages": None if config.task == "classification" else _languages(config.data),
        "command": None if record is None or record.command is None else shlex.join(record.command),
        "resumed": known.resumed or None,
        "begins_with": _origin(run),
        "written": time_text(known.written),
        "bytes": known.bytes,
        "weights": _weights(known),
        "checkpoints": [_checkpoint(run, folder) for folder in run.all_checkpoints()],
        "vocabulary": tokenizer,
        "changed_configuration": changed_values(config),
    }


def _languages(data: Any) -> str:
    return f"{data.source_lang} → {data.target_lang}"


def _name(checkpoint: Path | None) -> str | None:
    return None if checkpoint is None else checkpoint.name


def _origin(run: RunDirectory) -> str | None:
    """Say which run this one began with, if it did."""
    try:
        values = json.loads(read_small(run.origin_file, _MAX_ORIGIN_BYTES))
        return f"{values['run']} ({values['checkpoint']})"
    except (OSError, InputError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _weights(known: RunSummary) -> Values | None:
    checkpoint = known.best_checkpoint
    return None if checkpoint is None else weights_values(read_header(checkpoint / WEIGHTS))


def weights_values(weights: Sequence[WeightInfo]) -> Values:
    """Describe weights: their number by part of the network, and their types."""
    return {
        "total": sum(weight.size for weight in weights),
        **count_by_part(weights),
        "tensors": len(weights),
        "types": ", ".join(sorted({weight.dtype for weight in weights})),
    }


def _checkpoint(run: RunDirectory, folder: Path) -> Values:
    pointed = [name for name in ("best", "latest") if run.pointed(name) == folder]
    size = sum(path.lstat().st_size for path in folder.iterdir() if path.is_file())
    return {"checkpoint": folder.name, "step": int(folder.name), "bytes": size, "pointed_at_by": ", ".join(pointed)}


def checkpoint_values(path: Path) -> Values:
    """Describe a checkpoint of a run.

    Raises:
        InputError: it is damaged, or a link leads out of the run.
    """
    run = RunDirectory(path.absolute().parent.parent)
    if run.config_file.is_file():
        refuse_foreign(run.path)
    weights, state = read_header(path / WEIGHTS), read_state(path)
    seconds = number(state.get("seconds"))
    return {
        "run": str(path.parent.parent),
        "step": int(path.name) if path.name.isdecimal() else state.get("step"),
        "pointed_at_by": ", ".join(name for name in ("best", "latest") if _is(run.pointed(name), path)) or None,
        "weights": weights_values(weights),
        "training": {
            "epochs": number(state.get("epochs")),
            "minutes": None if seconds is None else round(seconds / 60, 2),
            "target_tokens": state.get("target_tokens"),
            "metric": METRIC_NAMES.get(str(state.get("metric"))),
            "best_step_so_far": state.get("best_step"),
            "can_be_resumed": "step" in state,
        },
        "files": [
            {"file": file.name, "bytes": file.lstat().st_size} for file in sorted(path.iterdir()) if file.is_file()
        ],
    }


def _is(pointed: Path | None, path: Path) -> bool:
    return pointed is not None and pointed.resolve() == path.resolve()


def safetensors_values(path: Path) -> Values:
    """Describe a file of weights.

    Raises:
        InputError: it is damaged, or no safetensors file.
    """
    weights = read_header(path)
    largest = sorted(weights, key=lambda weight: (-weight.size, weight.name))[:10]
    return {
        "bytes": path.stat().st_size,
        "weights": weights_values(weights),
        "largest": [
            {"name": weight.name, "type": weight.dtype, "shape": " × ".join(map(str, weight.shape)) or "one value",
             "values": weight.size}
            for weight in largest
        ],
    }  # fmt: skip


def tokenizer_values(folder: Path) -> Values:
    """Describe a tokenizer.

    Raises:
        InputError: it is missing or damaged.
    """
    info = read_info(folder)
    source, target = read_models(folder, info)
    joint = info.source == info.target
    sides = {"": source} if joint else {"source_": source, "target_": target}
    texts = bool(info.labels)
    if texts:  # the target side is the labels
        sides = {"": source}
    values: Values = {
        "pieces_are": info.kind,
        "languages": f"{info.source_lang} → {info.target_lang}" if info.source_lang and not texts else None,
        "joint": None if texts else joint,
    }
    for side, model in sides.items():
        values[f"{side}tokens"] = count_pieces(model)
    for side, model in sides.items():
        values[f"{side}pieces"] = " ".join(piece_texts(model, _PIECES))
    if texts:
        values["labels"] = len(info.labels)
        values["named"] = ", ".join(info.labels[:_MOST_LABELS]) + (", …" if len(info.labels) > _MOST_LABELS else "")
    return values


def metrics_values(path: Path) -> Values:
    """Describe the log of a training.

    Raises:
        InputError: it cannot be read, or no line of it is of a training.
    """
    entries = list(read_metrics(path))
    if not entries:
        raise InputError(f"{path}: no line of it is one that nmt train has logged")
    kinds = dict.fromkeys(entry["kind"] for entry in entries)
    trained = [entry for entry in entries if entry["kind"] == "train"]
    validated = [entry for entry in entries if entry["kind"] == "valid"]
    return {
        "lines": len(entries),
        "by_kind": {kind: sum(entry["kind"] == kind for entry in entries) for kind in kinds},
        "last_step": max(entry["step"] for entry in entries),
        "training": _first_and_last(trained, ("loss", "learning_rate", "tokens_per_second")),
        "validation": _first_and_last(validated, tuple(METRIC_NAMES)),
    }


def _first_and_last(entries: Sequence[Mapping[str, Any]], names: Sequence[str]) -> list[Values]:
    """Return the figures of the first and the last line that are known."""
    shown = [entries[0], entries[-1]] if len(entries) > 1 else entries
    known = [name for name in names if any(number(entry.get(name)) is not None for entry in shown)]
    return [{"step": entry["step"], **{name: number(entry.get(name)) for name in known}} for entry in shown]
