"""``run.json``: the command that a run came from, and how its training ended. Runs of earlier versions have none."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nmt_attn.errors import Diverged, InputError, Interrupted, NmtError
from nmt_attn.files import read_small, write_text
from nmt_attn.version import __version__

RECORD_FILE = "run.json"
_MAX_BYTES = 1 << 20

FINISHED, STOPPED, DIVERGED, FAILED = "finished", "stopped", "diverged", "failed"
OUTCOMES = (FINISHED, STOPPED, DIVERGED, FAILED)


@dataclass(frozen=True)
class RunRecord:
    """What is known about the trainings of a run; times are in UTC, ISO 8601."""

    command: list[str] | None = None
    """The words with which it began; None: from Python, or unknown."""
    began: str | None = None
    last_command: list[str] | None = None
    """The words with which it was resumed last."""
    last_began: str | None = None
    resumed: int = 0
    """How often it was resumed."""
    nmt_version: str | None = None
    """That trained last."""
    launch: str | None = None
    """The launch of several processes that trained last (see ``Place.launch``); None: there was one alone."""
    ended: str | None = None
    """When the last training ended; None: it runs, or its process was killed."""
    outcome: str | None = None
    """One of :data:`OUTCOMES`."""
    reason: str | None = None


def read_record(run: Path) -> RunRecord | None:
    """Read the record of a run; None where there is none, or none that can be read."""
    try:
        values = json.loads(read_small(run / RECORD_FILE, _MAX_BYTES))
    except (OSError, InputError, ValueError, RecursionError):
        return None
    if not isinstance(values, dict):
        return None
    known: dict[str, Any] = {field.name: values.get(field.name) for field in fields(RunRecord)}
    record = RunRecord(**{name: value for name, value in known.items() if _fits(name, value)})
    return record if record.outcome in (None, *OUTCOMES) else None


def _fits(name: str, value: Any) -> bool:
    if name in ("command", "last_command"):
        return isinstance(value, list) and all(isinstance(word, str) for word in value)
    if name == "resumed":
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, str)


class Recording:
    """The record of a training that runs.

    Args:
        run: the run directory.
        command: the words of the command; None: it has none.
        resumed: the training goes on from a checkpoint.
        launch: names the launch of several processes; None: there is one alone.

    Raises:
        NmtError: the disk is full, read-only or not permitted.
    """

    def __init__(self, run: Path, command: Sequence[str] | None, *, resumed: bool, launch: str | None = None) -> None:
        self.run, now = run, _now()
        words = None if command is None else list(command)
        if resumed:
            before = read_record(run) or RunRecord()
            self.record = replace(
                before, last_command=words, last_began=now, resumed=before.resumed + 1, nmt_version=__version__,
                launch=launch, ended=None, outcome=None, reason=None,
            )  # fmt: skip
        else:
            self.record = RunRecord(words, now, nmt_version=__version__, launch=launch)
        self._write()

    def end(self, outcome: str, reason: str) -> None:
        """Write down how it ended.

        Raises:
            NmtError: the disk is full, read-only or not permitted.
        """
        self.record = replace(self.record, ended=_now(), outcome=outcome, reason=reason)
        self._write()

    def _write(self) -> None:
        write_text(self.run / RECORD_FILE, json.dumps(asdict(self.record), indent=2, ensure_ascii=False) + "\n")


@contextmanager
def recorded(
    run: Path, command: Sequence[str] | None, *, resumed: bool, launch: str | None = None
) -> Iterator[Recording]:
    """Keep the record of a training that runs inside the block; an error that leaves it is how it ended.

    Raises:
        NmtError: the disk is full, read-only or not permitted.
    """
    recording = Recording(run, command, resumed=resumed, launch=launch)
    try:
        yield recording
    except BaseException as error:
        outcome, reason = _end_by(error)
        with suppress(NmtError):  # the error itself says more
            recording.end(outcome, reason)
        raise


def _end_by(error: BaseException) -> tuple[str, str]:
    if isinstance(error, (Interrupted, KeyboardInterrupt)):
        return STOPPED, "interrupted"
    return DIVERGED if isinstance(error, Diverged) else FAILED, str(error) or type(error).__name__


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
