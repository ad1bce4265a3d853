"""The record of a sweep, ``sweep.json``: its trials and what they came to."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from nmt_attn.errors import InputError
from nmt_attn.files import read_small, write_text

RECORD = "sweep.json"
_MOST_BYTES = 100_000_000

COMPLETE, PRUNED, FAILED, INTERRUPTED, RUNNING = "complete", "pruned", "failed", "interrupted", "running"
STATES = (COMPLETE, PRUNED, FAILED, INTERRUPTED, RUNNING)


@dataclass(frozen=True)
class TrialRecord:
    """One trial."""

    number: int  # from 1
    state: str
    parameters: dict[str, Any]  # by key
    score: float | None  # that of its best checkpoint
    minutes: float | None
    reason: str | None = None  # why it failed, or was ended early
    run: str | None = None  # its run directory, relative to the sweep's folder
    scores: list[float] = field(default_factory=list)  # of each validation


@dataclass(frozen=True)
class SweepRecord:
    """A sweep."""

    name: str
    metric: str | None  # by which trials are compared; None: no trial has got so far
    direction: str  # maximize or minimize
    ranges: list[dict[str, Any]]
    trials: list[TrialRecord]
    best: int | None  # number of the best trial
    command: str | None  # that trains the best configuration again
    importances: dict[str, float]  # of each key, they sum to 1; empty where too few trials are complete

    @property
    def ranked(self) -> list[TrialRecord]:
        """The trials, the best first; those without a score of the end last."""
        sign = 1.0 if self.direction == "minimize" else -1.0

        def order(trial: TrialRecord) -> tuple[bool, float, int]:
            complete = trial.state == COMPLETE and trial.score is not None
            return not complete, sign * (trial.score or 0.0) if complete else 0.0, trial.number

        return sorted(self.trials, key=order)

    def save(self, directory: Path) -> None:
        """Write it.

        Raises:
            NmtError: the disk is full, read-only or not permitted.
        """
        text = json.dumps(asdict(self), indent=1, ensure_ascii=False, allow_nan=False)
        write_text(directory / RECORD, text + "\n")

    @classmethod
    def load(cls, directory: Path) -> SweepRecord:
        """Read the record of a sweep.

        Raises:
            InputError: there is none, or it is damaged.
        """
        path = directory / RECORD
        try:
            values = json.loads(read_small(path, _MOST_BYTES))
            trials = [TrialRecord(**trial) for trial in values.pop("trials")]
            record = cls(**values, trials=trials)
            _check(record)
        except OSError:
            raise InputError(f"{directory}: no sweep ({RECORD} is not there, or cannot be read)") from None
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise InputError(f"{path}: damaged; nmt sweep with the same options writes it again") from None
        return record


def best_trial(directory: Path) -> Path | None:
    """Return the run of the best trial of a sweep; None where a folder is no sweep, or a run itself.

    Raises:
        InputError: the record is damaged, or no trial has come to its end.
    """
    if (directory / "config.yaml").exists() or not (directory / RECORD).is_file():
        return None
    record = SweepRecord.load(directory)
    runs = [trial.run for trial in record.trials if trial.number == record.best and trial.run is not None]
    if not runs:
        raise InputError(f"{directory}: a sweep of which no trial has come to its end; nmt sweep --show says more")
    return directory / Path(runs[0]).name


def _check(record: SweepRecord) -> None:
    """Refuse values of the wrong kind.

    Raises:
        ValueError: there is one.
    """
    number = (int, float, type(None))
    well = (
        isinstance(record.name, str)
        and isinstance(record.metric, (str, type(None)))
        and isinstance(record.command, (str, type(None)))
        and isinstance(record.best, (int, type(None)))
        and all(isinstance(value, (int, float)) for value in record.importances.values())
        and all(
            isinstance(trial.number, int)
            and trial.state in STATES
            and isinstance(trial.parameters, dict)
            and isinstance(trial.score, number)
            and isinstance(trial.minutes, number)
            and isinstance(trial.reason, (str, type(None)))
            and isinstance(trial.run, (str, type(None)))
            for trial in record.trials
        )
    )
    if not well:
        raise ValueError
