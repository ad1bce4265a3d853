"""The curves of a training, read from its log while it grows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nmt_attn.config.loading import load_config
from nmt_attn.config.schema import Config
from nmt_attn.errors import InputError, NmtError
from nmt_attn.lock import held_beside, is_held
from nmt_attn.runs.directory import NOT_MEANT, RUNS, RunDirectory
from nmt_attn.runs.metrics import GrowingLog
from nmt_attn.runs.summary import number, why_no_run

Points = list[tuple[int, float]]
"""Values by optimiser step."""

_MOST, _MOST_STEPS = 1e100, 10**15
"""Beyond which nothing is drawn; no training comes there."""


@dataclass
class Curves:
    """The figures of a training by step, as far as it has come."""

    loss: Points = field(default_factory=list)  # of training, nats a token (a text)
    valid_loss: Points = field(default_factory=list)
    score: Points = field(default_factory=list)  # by which the best checkpoint is chosen
    learning_rate: Points = field(default_factory=list)
    speed: Points = field(default_factory=list)  # tokens (texts) per second
    metric: str | None = None  # the name of that score
    step: int = 0
    epochs: float | None = None
    minutes: float | None = None  # at the last validation

    def take_in(self, entries: Iterable[Mapping[str, Any]]) -> None:
        """Add lines of ``metrics.jsonl``; figures that are no finite numbers are left out."""
        for entry in entries:
            self.step = max(self.step, entry["step"])
            self.epochs = _later(entry.get("epochs"), self.epochs)
            if entry["kind"] == "train":
                named = ((self.loss, "loss"), (self.learning_rate, "learning_rate"), (self.speed, "tokens_per_second"))
                for points, name in named:
                    _add(points, entry["step"], entry.get(name))
            elif entry["kind"] == "valid":
                self.minutes = _later(entry.get("minutes"), self.minutes)
                _add(self.valid_loss, entry["step"], entry.get("loss"))
                metric = entry.get("metric", "bleu")
                if isinstance(metric, str) and metric != "loss":  # whose curve is there already
                    self.metric = metric
                    _add(self.score, entry["step"], entry.get(metric))

    @property
    def is_empty(self) -> bool:
        """True if nothing has been logged yet."""
        return not (self.loss or self.valid_loss or self.learning_rate)


def _later(value: Any, before: float | None) -> float | None:
    found = number(value)
    return before if found is None else found


def _add(points: Points, step: int, value: Any) -> None:
    found = number(value)
    if found is not None and abs(found) <= _MOST and 0 <= step <= _MOST_STEPS:
        points.append((step, found))


class WatchedRun:
    """A run that may be training, and need not have written anything yet.

    Args:
        path: the run directory.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.run = path, RunDirectory(path)
        self.curves, self.config = Curves(), None
        self._log = GrowingLog(self.run.metrics_file)
        self.is_running = is_held(path)

    curves: Curves
    config: Config | None

    def look(self) -> bool:
        """Read what is new; true if there is anything.

        Raises:
            InputError: the log cannot be read.
        """
        self.is_running = is_held(self.path)  # before the reading, so that the last lines are read too
        anew, entries = self._log.read()
        if anew:
            self.curves = Curves()
        self.curves.take_in(entries)
        if self.config is None or anew:
            self.config = self._read_config()
        return anew or bool(entries)

    def _read_config(self) -> Config | None:
        try:
            return load_config(self.run.config_file)
        except NmtError:  # it is not there yet, or is being replaced
            return None


def run_to_watch(given: Path | None) -> Path:
    """Find the run that is meant: a path, a name below ``runs/``, or (None) the one that is training or trained last.

    Raises:
        InputError: there is no such run.
    """
    if given is None:
        return _last()
    for path in (given, RUNS / given):
        if is_held(path) or (path.is_dir() and why_no_run(path) is None):
            return path
    for path in (given, RUNS / given):
        if path.exists():
            raise InputError(f"{path}: not a run ({why_no_run(path)}); give a folder that nmt train writes")
    raise InputError(
        f"{given}: no such run, and none of that name is being trained; nmt runs lists those that there are"
    )


def _last() -> Path:
    running = [RUNS / name for name in held_beside(RUNS) if not NOT_MEANT.search(name)]
    if running:
        return max(running, key=_begun)
    folders = RUNS.iterdir() if RUNS.is_dir() else ()
    runs = [path for path in folders if not NOT_MEANT.search(path.name) and why_no_run(path) is None]
    if not runs:
        raise InputError("no run under runs/, and none is being trained; begin one with: nmt train --config FILE")
    return max(runs, key=_begun)


def _begun(path: Path) -> float:
    """Return when something was last written of a run; a training that has written nothing is the newest."""
    run = RunDirectory(path)
    times = []
    for file in (run.metrics_file, run.config_file, path / "latest"):
        try:
            times.append(file.stat().st_mtime)
        except OSError:
            continue
    return max(times, default=float("inf"))
