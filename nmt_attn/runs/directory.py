"""The layout of a run directory, and the run or checkpoint that a user means by a name or by none."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from nmt_attn.errors import InputError
from nmt_attn.files import delete_directory, disk_errors, expand_user, read_small, write_text
from nmt_attn.runs.inspection import refuse_foreign, refuse_misfit

RUNS = Path("runs")
_STEP = re.compile("[0-9]{1,18}")


@dataclass(frozen=True)
class RunDirectory:
    """A folder ``runs/<name>`` with the configuration, the tokenizer, the log and the checkpoints of one training."""

    path: Path

    @property
    def config_file(self) -> Path:
        """The configuration as resolved when the run began."""
        return self.path / "config.yaml"

    @property
    def tokenizer_directory(self) -> Path:
        """The tokenizer and the normalisation that belong to the model."""
        return self.path / "tokenizer"

    @property
    def metrics_file(self) -> Path:
        """The measurements, step by step: one JSON object per line."""
        return self.path / "metrics.jsonl"

    @property
    def origin_file(self) -> Path:
        """The record of the run and the checkpoint that a run with ``training.from`` began with."""
        return self.path / "origin.json"

    @property
    def tracking(self) -> Path:
        """The folder of what the trackers of ``training.track`` keep here: which run of theirs this one is."""
        return self.path / "tracking"

    @property
    def tensorboard(self) -> Path:
        """The folder of the event files for TensorBoard."""
        return self.path / "tensorboard"

    @property
    def checkpoints(self) -> Path:
        """The folder of the checkpoints: one folder per checkpoint, named by its step."""
        return self.path / "checkpoints"

    def checkpoint(self, step: int) -> Path:
        """Return the folder of the checkpoint after ``step`` optimiser steps."""
        return self.checkpoints / f"{step:08d}"

    def point(self, pointer: str, step: int) -> None:
        """Make the pointer file (``best`` or ``latest``) name the checkpoint of ``step``."""
        write_text(self.path / pointer, f"checkpoints/{self.checkpoint(step).name}\n")

    def pointed(self, pointer: str) -> Path | None:
        """Return the checkpoint that ``best`` or ``latest`` names, if it is there."""
        try:
            content = read_small(self.path / pointer, 1000).decode("utf-8").strip()
        except (OSError, UnicodeDecodeError, InputError):
            return None
        name = content.removeprefix("checkpoints/")
        checkpoint = self.checkpoints / name
        return checkpoint if _STEP.fullmatch(name) and checkpoint.is_dir() else None

    def has_checkpoint(self) -> bool:
        """Say whether there is a checkpoint to resume from or to translate with."""
        return bool(self.all_checkpoints())

    def all_checkpoints(self) -> list[Path]:
        """Return the folders of all checkpoints, oldest first."""
        if not self.checkpoints.is_dir():
            return []
        found = (path for path in self.checkpoints.iterdir() if _STEP.fullmatch(path.name) and path.is_dir())
        return sorted(found, key=lambda path: int(path.name))

    def unpoint(self, pointer: str) -> None:
        """Remove a pointer file.

        Raises:
            NmtError: the folder is read-only or not permitted.
        """
        with disk_errors(self.path / pointer):
            (self.path / pointer).unlink(missing_ok=True)

    def set_aside(self, checkpoint: Path) -> Path:
        """Rename a damaged checkpoint, so that it is neither resumed from nor counted, and return its new path.

        Raises:
            NmtError: the folder is read-only or not permitted.
        """
        number = 1
        while (aside := checkpoint.with_name(f"{checkpoint.name}.damaged-{number}")).exists():
            number += 1
        with disk_errors(checkpoint):
            return checkpoint.rename(aside)

    def prune(self, keep: int) -> None:
        """Delete all checkpoints but the best and the last ``keep``."""
        best = self.pointed("best")
        for checkpoint in self.all_checkpoints()[:-keep]:
            if best is None or checkpoint.name != best.name:
                delete_directory(checkpoint)

    def move_aside(self) -> Path:
        """Rename the folder to the first free ``<name>.old-N``, so that nothing is lost, and return its new path.

        Raises:
            NmtError: the folder around it is read-only or not permitted.
        """
        number = 1
        while (aside := self.path.with_name(f"{self.path.name}.old-{number}")).exists():
            number += 1
        with disk_errors(self.path):
            return self.path.rename(aside)


NOT_MEANT = re.compile(r"^\.|\.old-\d+$")
"""Names of folders below ``runs/`` that are never the default run: hidden ones, and runs moved aside."""


@dataclass(frozen=True)
class ModelPath:
    """A checkpoint, and the run that it belongs to."""

    run: RunDirectory
    checkpoint: Path


def find_model(model: Path | None) -> ModelPath:
    """Find the checkpoint that ``--model`` means: a run, a checkpoint in one, or (None) ``$NMT_MODEL`` or the last run.

    A run's pointer file (``runs/x/best``, ``runs/x/latest``) means the checkpoint that it names. A link means its
    target.

    Raises:
        InputError: there is no such run, nothing has been saved in it, or a link in it leads out of it.
    """
    variable = os.environ.get("NMT_MODEL") if model is None else None
    named = Path(variable) if variable else model
    path = expand_user(named) if named is not None else _last_run()
    name = f"{path} (of $NMT_MODEL)" if variable else str(path)
    if not path.exists():
        raise InputError(f"{name}: no such run or checkpoint; train one with: nmt train --config FILE")
    found = _located(path) or _located(path.resolve())
    if found is None:
        reason = "no config.yaml in it" if path.is_dir() else "a file"
        raise InputError(f"{name}: not a run ({reason}); give a folder that nmt train has written")
    run, checkpoint = found.run, found.checkpoint
    refuse_foreign(run.path)
    if checkpoint.is_file():  # a pointer
        pointed = run.pointed(checkpoint.name)
        if pointed is None:
            raise InputError(f"{name}: the checkpoint that it names is not there")
        checkpoint = pointed
    elif checkpoint == run.path:
        checkpoints = run.all_checkpoints()
        if not checkpoints:
            raise InputError(f"{name}: no checkpoint in it yet")
        checkpoint = run.pointed("best") or run.pointed("latest") or checkpoints[-1]
    refuse_misfit(run.path, checkpoint)
    return ModelPath(run, checkpoint)


def find_run(path: Path) -> RunDirectory:
    """Find the run that a path means: a run, or a checkpoint in one. It may have no checkpoint yet.

    Raises:
        InputError: there is none, or a link in it leads out of it.
    """
    if not path.exists():
        raise InputError(f"{path}: no such run or checkpoint")
    found = _located(path) or _located(path.resolve())
    if found is None:
        raise InputError(f"{path}: not a run (no config.yaml in it); give a folder that nmt train has written")
    refuse_foreign(found.run.path)
    return found.run


def _located(path: Path) -> ModelPath | None:
    """Return the run of a path that is a run, a checkpoint or a pointer, with the path; None if it is none of them."""
    if (path / "config.yaml").is_file():
        return ModelPath(RunDirectory(path), path)
    # A name alone is looked up in the working directory.
    folder = path.parent if len(path.parts) > 2 else path.absolute().parent
    if path.is_dir() and folder.name == "checkpoints" and (folder.parent / "config.yaml").is_file():
        return ModelPath(RunDirectory(folder.parent), path)
    if path.is_file() and path.name in ("best", "latest") and (folder / "config.yaml").is_file():
        return ModelPath(RunDirectory(folder), path)
    return None


def _last_run() -> Path:
    """Return the run below ``runs/`` whose ``latest`` pointer was written last, leaving out runs moved aside."""
    pointers = [path for path in RUNS.glob("*/latest") if not NOT_MEANT.search(path.parent.name)]
    if not pointers:
        raise InputError(
            "no trained model under runs/; train one with: nmt train --config FILE, or name one with --model"
        )
    return max(pointers, key=lambda path: path.stat().st_mtime).parent
