"""Runs made by hand in a moment, for tests that need many of them in odd states."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from nmt_attn.runs.directory import RunDirectory

WEIGHTS = {"encoder.embedding.weight": torch.zeros(5, 4), "output.weight": torch.zeros(5, 4)}


def write_log(path: Path, entries: Sequence[Mapping[str, Any]]) -> None:
    path.write_text("".join(f"{json.dumps(entry)}\n" for entry in entries), encoding="utf-8")


def trained_line(step: int, loss: float | None = 1.0, **more: Any) -> dict[str, Any]:
    values = {"epochs": step / 10, "loss": loss, "learning_rate": 1e-3, "tokens_per_second": 100.0}
    return {"kind": "train", "step": step, **values, **more}


def valid_line(step: int, **figures: Any) -> dict[str, Any]:
    return {"kind": "valid", "step": step, "epochs": step / 10, "minutes": step / 60, **figures}


def make_run(
    path: Path,
    *steps: int,
    best: int | None = None,
    log: Sequence[Mapping[str, Any]] = (),
    config: str = "training: {max_epochs: 3}\n",
) -> RunDirectory:
    """Make a run with a checkpoint after each of ``steps``."""
    run = RunDirectory(path)
    run.tokenizer_directory.mkdir(parents=True)
    run.config_file.write_text(f"name: {path.name.partition('.')[0]}\n{config}", encoding="utf-8")
    for step in steps:
        run.checkpoint(step).mkdir(parents=True)
        save_file(WEIGHTS, run.checkpoint(step) / "model.safetensors")
        state = {"step": step, "epochs": step / 10, "seconds": float(step)}
        (run.checkpoint(step) / "state.json").write_text(json.dumps(state), encoding="utf-8")
        run.point("latest", step)
    if best is not None:
        run.point("best", best)
    if log:
        write_log(run.metrics_file, log)
    return run
