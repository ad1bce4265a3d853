"""The section of a page about the sweep that a run belongs to: its trials, and which keys made the difference."""

from __future__ import annotations

from itertools import accumulate

from nmt_attn.errors import InputError
from nmt_attn.reporting.page_contents import Cell, Code, Column, Curve, Item, Plot, Section, Table, View
from nmt_attn.runs.directory import RunDirectory
from nmt_attn.sweeping.record import COMPLETE, SweepRecord, TrialRecord

_MOST_SHOWN = 200
"""Trials in the table."""


def sweep_section(run: RunDirectory) -> Section | None:
    """Show the sweep that a run is a trial of; None: it is none, or the sweep's record is gone."""
    try:
        record = SweepRecord.load(run.path.resolve().parent)
    except InputError:
        return None
    name = run.path.resolve().name
    if not any(trial.run == name for trial in record.trials):
        return None
    parts: list[Item | None] = [_history(record), _importances(record), _trials(record, name), _command(record)]
    introduction = "Trainings with values of their own for some keys; this run is one of them."
    return Section("sweep", f"Sweep {record.name}", introduction, [part for part in parts if part is not None])


def _history(record: SweepRecord) -> Plot | None:
    """Draw the score of each complete trial, and the best so far."""
    done = [
        (trial.number, trial.score) for trial in record.trials if trial.state == COMPLETE and trial.score is not None
    ]
    if len(done) < 2:
        return None
    done.sort()
    numbers, scores = [float(number) for number, _ in done], [score for _, score in done]
    best = list(accumulate(scores, min if record.direction == "minimize" else max))
    curves = [Curve("trial", numbers, scores), Curve("best so far", numbers, best)]
    return Plot("Trials", record.metric or "score", [View("by trial", "trial", curves)])


def _importances(record: SweepRecord) -> Table | None:
    if not record.importances:
        return None
    rows: list[list[Cell]] = [[key, 100 * share] for key, share in record.importances.items()]
    return Table(
        "What the differences in score come from",
        [Column("key"), Column("share, %", 0, bar=True)],
        rows,
        "PED-ANOVA (Watanabe et al. 2023). Of fewer than some twenty trials, take it for a hint.",
    )


def _trials(record: SweepRecord, name: str) -> Table:
    """List the trials, the best first."""
    keys = list(dict.fromkeys(key for trial in record.trials for key in trial.parameters))
    order = record.ranked
    columns = [Column("trial"), *map(Column, keys), Column(record.metric or "score", 3), Column("state"),
               Column("minutes", 1), Column("")]  # fmt: skip
    rows = [_row(trial, keys, this=trial.run == name) for trial in order[:_MOST_SHOWN]]
    left = len(order) - len(rows)
    note = f"The {left:,} worst are left out; nmt sweep --show has all." if left else ""
    return Table("All trials, the best first", columns, rows, note)


def _row(trial: TrialRecord, keys: list[str], *, this: bool) -> list[Cell]:
    values: list[Cell] = [_value(trial.parameters.get(key)) for key in keys]
    remark = "this run" if this else (trial.reason or "")
    return [str(trial.number), *values, trial.score, trial.state, trial.minutes, remark]


def _value(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _command(record: SweepRecord) -> Code | None:
    return None if record.command is None else Code("The best again", record.command)
