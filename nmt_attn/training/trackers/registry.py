"""The trackers of ``training.track`` by their names, and whether they are installed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from importlib.util import find_spec

from nmt_attn.config.schema import Config
from nmt_attn.errors import UserError
from nmt_attn.runs.directory import RunDirectory
from nmt_attn.runs.metrics import MetricsLog
from nmt_attn.training.trackers.background import Background
from nmt_attn.training.trackers.drawing import Draw, Drawing
from nmt_attn.training.trackers.tracked import Tracked
from nmt_attn.training.tracking import MetricLogger


def check_trackers(config: Config) -> None:
    """Refuse a tracker whose library is not installed.

    Raises:
        UserError: there is one.
    """
    for name in config.training.track:
        if not _installed(name):
            raise UserError(f"training.track: {name} is not installed; pip install 'nmt-attn[{name}]'")


def open_trackers(tracked: Tracked) -> list[MetricLogger]:
    """Return a logger for each tracker of a training; they begin when the first figures come."""
    return [Background(name, partial(_make, name, tracked), tracked.notice) for name in tracked.config.training.track]


def make_drawing(config: Config, draw: Draw | None, notice: Callable[[str], None]) -> Drawing | None:
    """Return what makes pictures for the trackers; None if there is no tracker, or nobody who can draw."""
    if draw is None or not config.training.track:
        return None
    if not _installed("matplotlib"):
        names = ", ".join(config.training.track)
        notice(f"no pictures of the attention for {names}: they need matplotlib; pip install 'nmt-attn[plots]'")
        return None
    return Drawing(draw, notice)


def _make(name: str, tracked: Tracked) -> MetricLogger:
    module = import_module(f"nmt_attn.training.trackers.to_{name}")
    tracker: MetricLogger = module.open_tracker(tracked)
    return tracker


def _installed(library: str) -> bool:
    """Say whether a library is there; a mere folder of its name, as wandb makes one for its files, is none."""
    spec = find_spec(library)
    return spec is not None and spec.origin is not None


def loggers_of(config: Config, run: RunDirectory, step: int, notice: Callable[[str], None]) -> list[MetricLogger]:
    """Open the log of a run, and the trackers of its configuration.

    Args:
        config: the experiment.
        run: where it is written.
        step: the last one that has been done.
        notice: is told what people should know.

    Raises:
        NmtError: the log cannot be written.
    """
    return [MetricsLog(run.metrics_file, step), *open_trackers(Tracked(config, run, step, notice))]
