"""A run in a few figures, read from its small files alone: what ``nmt runs`` and ``nmt inspect`` show."""

from __future__ import annotations

import json
import math
import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nmt_attn.config.loading import load_config
from nmt_attn.config.schema import Config
from nmt_attn.errors import InputError, NmtError
from nmt_attn.files import read_small
from nmt_attn.lock import is_held
from nmt_attn.runs.directory import RunDirectory
from nmt_attn.runs.inspection import WEIGHTS, refuse_foreign
from nmt_attn.runs.metrics import read_metrics
from nmt_attn.runs.record import DIVERGED, FAILED, FINISHED, OUTCOMES, STOPPED, RunRecord, read_record
from nmt_attn.runs.weights_header import read_header

RUNNING, AVERAGED, NO_CHECKPOINT, DAMAGED, NO_RUN = "running", "averaged", "no checkpoint", "damaged", "no run"
STATES = (RUNNING, *OUTCOMES, AVERAGED, NO_CHECKPOINT, DAMAGED, NO_RUN)

_TRIES = 3  # to read a run that is being written

_STATE_FILE, _MAX_STATE_BYTES = "state.json", 1 << 20


@dataclass(frozen=True)
class RunSummary:
    """A run in a few figures; None where something is unknown."""

    path: Path
    state: str  # one of STATES
    reason: str | None = None  # for which it is in that state
    task: str | None = None
    steps: int | None = None
    epochs: float | None = None
    metric: str | None = None  # by which its best checkpoint was chosen
    best: float | None = None  # that figure of the best checkpoint
    best_checkpoint: Path | None = None
    latest_checkpoint: Path | None = None
    checkpoints: int = 0
    weights: int | None = None
    bytes: int | None = None  # on disk
    written: float = 0.0  # when something was last written, seconds since 1970
    minutes: float | None = None  # trained
    command: tuple[str, ...] | None = None
    resumed: int = 0
    link: str | None = None  # where it leads, if the folder is a link

    @property
    def name(self) -> str:
        """The name of its folder."""
        return self.path.name

    def values(self) -> dict[str, Any]:
        """Return it as plain values for JSON."""
        best, latest = (None if path is None else str(path) for path in (self.best_checkpoint, self.latest_checkpoint))
        written = datetime.fromtimestamp(self.written, UTC).isoformat(timespec="seconds") if self.written else None
        return {
            "name": self.name, "path": str(self.path), "state": self.state, "reason": self.reason, "task": self.task,
            "steps": self.steps, "epochs": self.epochs, "metric": self.metric, "best": self.best,
            "best_checkpoint": best, "latest_checkpoint": latest, "checkpoints": self.checkpoints,
            "weights": self.weights, "bytes": self.bytes, "written": written, "minutes": self.minutes,
            "command": None if self.command is None else list(self.command), "resumed": self.resumed,
            "link": self.link,
        }  # fmt: skip


def list_runs(folder: Path) -> list[RunSummary]:
    """Sum up each run in ``folder``, the one that was written last first; what is no run is in it with the reason.

    Hidden files and folders, and ordinary files, are left out.

    Raises:
        InputError: the folder cannot be read.
    """
    try:
        entries = [path for path in folder.iterdir() if not path.name.startswith(".")]
        found = [summarise(path) for path in entries if path.is_dir() or path.is_symlink()]
    except FileNotFoundError:
        raise InputError(f"{folder}: no such folder; a run is trained with: nmt train --config FILE") from None
    except OSError as error:
        raise InputError(f"{folder}: cannot be read: {error.strerror}") from None
    return sorted(found, key=lambda run: (-run.written, run.name))


def summarise(path: Path) -> RunSummary:
    """Sum up a run; one that is damaged, and a folder that is no run, is said to be so with the reason."""
    return replace(_summarised(path), link=str(path.readlink()) if path.is_symlink() else None)


def _summarised(path: Path) -> RunSummary:
    missing = why_no_run(path)
    if missing is not None:
        return RunSummary(path, NO_RUN, reason=missing, written=_written(path))
    size, written = _size_of(path)
    known = RunSummary(path, DAMAGED, bytes=size, written=written)
    for _ in range(_TRIES):
        try:
            refuse_foreign(path)
            return _sum_up(RunDirectory(path), known, load_config(path / "config.yaml"))
        except (NmtError, OSError) as error:
            known = replace(known, reason=str(error))
        if not is_held(path):  # else a checkpoint may have been deleted that was just being looked at
            break
    return known


def why_no_run(path: Path) -> str | None:
    """Say why a path is no folder that a training has written; None if it is one, whole or damaged."""
    if not path.is_dir():
        return "a link that leads nowhere" if path.is_symlink() else "not a folder"
    run = RunDirectory(path)
    if not run.config_file.is_file():
        return "no config.yaml in it"
    if not (run.tokenizer_directory.is_dir() or run.checkpoints.is_dir()):
        return "a config.yaml in it, but neither a tokenizer nor checkpoints"
    return None


def _sum_up(run: RunDirectory, known: RunSummary, config: Config) -> RunSummary:
    record = read_record(run.path)
    log = list(read_metrics(run.metrics_file)) if run.metrics_file.exists() else []
    checkpoints = run.all_checkpoints()
    latest = run.pointed("latest") or (checkpoints[-1] if checkpoints else None)
    best = run.pointed("best") or latest
    saved = {} if latest is None else read_state(latest)
    held = is_held(run.path)
    metric, score = _best_of(config, best, log, saved)
    minutes = max((number(values.get("minutes")) or 0.0 for values in log), default=0.0)
    minutes = max(minutes, (number(saved.get("seconds")) or 0.0) / 60)
    averaged = any(values["kind"] == "average" for values in log)
    known = replace(
        known,
        task=config.task,
        steps=max([values["step"] for values in log] + [int(number(saved.get("step")) or 0)]),
        epochs=_epochs(log, saved),
        metric=metric,
        best=score,
        best_checkpoint=best,
        latest_checkpoint=latest,
        checkpoints=len(checkpoints),
        minutes=None if averaged else round(minutes, 2),
        command=None if record is None or record.command is None else tuple(record.command),
        resumed=0 if record is None else record.resumed,
    )
    try:
        headers = {path: read_header(path / WEIGHTS) for path in dict.fromkeys((best, latest)) if path is not None}
    except InputError as error:
        return replace(known, state=RUNNING if held else DAMAGED, reason=None if held else str(error))
    weights = None if best is None else sum(weight.size for weight in headers[best])
    state, reason = _state(config, record, log, saved, held=held, averaged=averaged, has_checkpoint=best is not None)
    return replace(known, state=state, reason=reason, weights=weights)


def _state(
    config: Config,
    record: RunRecord | None,
    log: Sequence[Mapping[str, Any]],
    saved: Mapping[str, Any],
    *,
    held: bool,
    averaged: bool,
    has_checkpoint: bool,
) -> tuple[str, str | None]:
    """Say in which state a run is, and why."""
    if held:
        return RUNNING, None
    if averaged:
        return AVERAGED, None
    if record is not None and record.outcome is not None:
        nothing = record.outcome in (FAILED, STOPPED) and not has_checkpoint
        return NO_CHECKPOINT if nothing else record.outcome, record.reason
    trained = [values for values in log if values["kind"] == "train"]
    if trained and trained[-1].get("loss") is None:
        return DIVERGED, "the loss was no longer a number"
    if not has_checkpoint:
        return NO_CHECKPOINT, "it ended before its first checkpoint"
    if record is not None:
        return STOPPED, "its process was killed"
    return (FINISHED, None) if _is_used_up(config, saved) else (STOPPED, None)


def _is_used_up(config: Config, saved: Mapping[str, Any]) -> bool:
    """Say whether a training of before there was a record had come to its end at its latest checkpoint."""
    training = config.training
    done = [
        (saved.get("epochs"), training.max_epochs),
        (saved.get("step"), training.max_steps),
        ((number(saved.get("seconds")) or 0.0) / 60, training.max_minutes),
        (saved.get("validations_since_best"), training.early_stopping.patience),
    ]
    return any(limit is not None and (number(value) or 0.0) >= limit for value, limit in done)


def _best_of(
    config: Config, best: Path | None, log: Sequence[Mapping[str, Any]], saved: Mapping[str, Any]
) -> tuple[str | None, float | None]:
    """Return the metric that a run goes by, and that figure of its best checkpoint."""
    setting = config.training.early_stopping.metric
    default = {"translation": "bleu", "classification": "accuracy"}.get(config.task) if setting == "auto" else setting
    step = None if best is None else int(best.name)
    of_best = [values for values in log if values["kind"] == "valid" and values["step"] == step]
    if of_best:
        metric = of_best[-1].get("metric", default)
        return (metric, number(of_best[-1].get(metric))) if isinstance(metric, str) else (None, None)
    metric, score = saved.get("metric") or default, number(saved.get("best_score"))
    if score is None or saved.get("best_step") != step:
        return None, None
    return metric, -score if metric == "loss" else score  # which is kept so that higher is better


def _epochs(log: Sequence[Mapping[str, Any]], saved: Mapping[str, Any]) -> float | None:
    values = [number(values.get("epochs")) for values in (*log, saved)]
    return max((round(value, 2) for value in values if value is not None), default=None)


def read_state(checkpoint: Path) -> dict[str, Any]:
    """Read the plain values of a checkpoint's training; none where it has none, as averages of checkpoints do.

    Raises:
        InputError: they cannot be read.
    """
    path = checkpoint / _STATE_FILE
    try:
        values = json.loads(read_small(path, _MAX_STATE_BYTES))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise InputError(f"{path}: damaged: no JSON") from None
    if not isinstance(values, dict):
        raise InputError(f"{path}: damaged: not the state of a training")
    return values


def number(value: Any) -> float | None:
    """Return a value of a log as a finite number; None if it is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def _size_of(path: Path) -> tuple[int, float]:
    """Return the bytes of all files in a folder, and when one of them was last written; links are not followed."""
    size, written = 0, 0.0
    for folder, _, names in os.walk(path):
        for name in names:
            try:
                about = os.lstat(Path(folder, name))
            except OSError:  # it has just gone
                continue
            if stat.S_ISREG(about.st_mode):
                size, written = size + about.st_size, max(written, about.st_mtime)
    return size, written or _written(path)


def _written(path: Path) -> float:
    try:
        return path.lstat().st_mtime
    except OSError:
        return 0.0
