"""The trials of a sweep as a table for a terminal."""

from __future__ import annotations

import shutil
import sys
from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Column, Table
from rich.text import Text

from nmt_attn.errors import printable
from nmt_attn.sweeping.record import SweepRecord, TrialRecord

_REASON = 60  # characters


def sweep_table(record: SweepRecord) -> RenderableType:
    """Show the trials, the best first, what the keys were worth, and how to train the best again."""
    keys = list(dict.fromkeys(key for trial in record.trials for key in trial.parameters))
    names = (*_short_names(keys), record.metric or "score", "state", "minutes", "")
    right = (0, len(keys) + 1, len(keys) + 3)
    columns = [
        Column(escape(printable(name)), justify="right" if place in right else "left")
        for place, name in enumerate(("trial", *names))
    ]
    table = Table(*columns, box=None, pad_edge=False)
    for trial in record.ranked:
        table.add_row(*_row(trial, keys, best=trial.number == record.best))
    parts: list[RenderableType] = [table]
    if record.importances:
        parts += [Text(), Text("what the differences in score come from (PED-ANOVA):")]
        width = max(map(len, record.importances))
        parts += [_bar(key.ljust(width), share) for key, share in record.importances.items()]
    if record.command is not None:
        parts += [Text(), Text("the best again:"), Text(f"  {printable(record.command)}")]
    return Group(*parts)


def width() -> int:
    """Return the width for a table: that of the terminal, or as wide as it is in a pipe."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else 10_000


def _row(trial: TrialRecord, keys: list[str], *, best: bool) -> list[Text]:
    cells = [str(trial.number), *(_value(trial.parameters.get(key)) for key in keys)]
    cells += ["" if trial.score is None else f"{trial.score:.3f}", trial.state]
    cells += ["" if trial.minutes is None else f"{trial.minutes:.1f}", (trial.reason or "")[:_REASON]]
    return [Text(printable(cell), style="bold" if best else "") for cell in cells]


def _short_names(keys: list[str]) -> list[str]:
    """Leave out the sections of keys where the last words tell them apart."""
    lasts = [key.rpartition(".")[2] for key in keys]
    return [last if lasts.count(last) == 1 else key for key, last in zip(keys, lasts, strict=True)]


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return "" if value is None else str(value)


def _bar(name: str, share: float) -> Text:
    return Text(f"  {printable(name)}  {share:4.0%} {'█' * round(30 * share)}")
