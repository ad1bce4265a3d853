"""The table of the runs, one a line."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from nmt_attn.reporting.plain_table import columns, count_text, size_text, time_text
from nmt_attn.runs.metrics import METRIC_NAMES
from nmt_attn.runs.record import FINISHED, STOPPED
from nmt_attn.runs.summary import AVERAGED, RUNNING, RunSummary

_HEADINGS = ("name", "task", "state", "steps", "epochs", "best", "at step", "weights", "size", "written", "minutes")
_FLUSH_RIGHT = (3, 4, 6, 7, 8, 10)
_AS_MEANT = (RUNNING, FINISHED, STOPPED, AVERAGED)
"""States in which the command says more than the reason."""


def runs_table(runs: Sequence[RunSummary], width: int | None = None) -> list[str]:
    """Show runs as lines of a table.

    Args:
        runs: in their order.
        width: of the terminal, to which the commands are cut; None: nothing is cut.
    """
    return columns([(*_HEADINGS, "command, or what is wrong"), *map(_row, runs)], _FLUSH_RIGHT, width)


def _row(run: RunSummary) -> tuple[str, ...]:
    return (
        run.name if run.link is None else f"{run.name} → {run.link}",
        run.task or "-",
        run.state,
        "-" if run.steps is None else f"{run.steps:,}",
        "-" if run.epochs is None else f"{run.epochs:.1f}",
        best_text(run),
        "-" if run.best_checkpoint is None else str(int(run.best_checkpoint.name)),
        count_text(run.weights),
        size_text(run.bytes),
        time_text(run.written),
        "-" if run.minutes is None else f"{run.minutes:.1f}",
        _origin(run),
    )


def best_text(run: RunSummary) -> str:
    """Say which figure the best checkpoint has."""
    if run.best is None or run.metric is None:
        return "-"
    digits = 3 if run.metric == "loss" else 2
    return f"{METRIC_NAMES.get(run.metric, run.metric)} {run.best:.{digits}f}"


def _origin(run: RunSummary) -> str:
    command = "-" if run.command is None else shlex.join(run.command)
    if run.reason is not None and (run.state not in _AS_MEANT or run.command is None):
        return run.reason
    return (
        f"{command} (resumed {run.resumed} times)"
        if run.resumed > 1
        else (f"{command} (resumed once)" if run.resumed else command)
    )
