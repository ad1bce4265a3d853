"""What a training says: ``metrics.jsonl`` for programs, a progress bar or plain lines for people."""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from nmt_attn.files import disk_errors, sync_file, write_text

PLAIN_LINE_SECONDS = 30.0
"""Where no bar can be shown, a line this often."""


@dataclass(frozen=True)
class Pace:
    """How training goes at one moment."""

    step: int
    epoch: int
    loss: float  # cross-entropy, nats a target token
    tokens_per_second: float
    progress: float  # used share of the budget


class MetricsLog:
    """``metrics.jsonl``: one JSON object a line, each with its ``step`` and ``kind``.

    Args:
        path: the file.
        after_step: lines of later steps are dropped first: a resumed run goes through those steps again.

    Raises:
        NmtError: the disk is full, read-only or not permitted.
    """

    def __init__(self, path: Path, after_step: int) -> None:
        self.path = path
        lines = _lines(path)
        kept = [line for line in lines if _step_of(line) <= after_step]
        if kept != lines or not path.exists():
            write_text(path, "".join(kept))

    def write(self, kind: str, step: int, values: Mapping[str, Any]) -> None:
        """Add a line; what is not a number becomes null.

        Raises:
            NmtError: the disk is full, read-only or not permitted.
        """
        finite = {
            key: None if isinstance(value, float) and not math.isfinite(value) else value
            for key, value in values.items()
        }
        line = json.dumps({"kind": kind, "step": step, **finite}, ensure_ascii=False, allow_nan=False) + "\n"
        with disk_errors(self.path), self.path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(line)

    def sync(self) -> None:
        """Make sure that the lines so far survive a power cut.

        Raises:
            NmtError: the disk is full or broken.
        """
        sync_file(self.path)


def _lines(path: Path) -> list[str]:
    if not path.exists():
        return []
    with disk_errors(path), path.open(encoding="utf-8", errors="replace", newline="\n") as file:
        return list(file)


def _step_of(line: str) -> float:
    try:
        if line.endswith("\n"):
            return float(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        pass
    return float("inf")  # a line cut off by a crash, or not ours, goes


class Display:
    """The progress of a training on standard error: a bar in a terminal, a plain line now and then elsewhere."""

    def __init__(self) -> None:
        self._began = self._last_line = time.monotonic()
        self._first_progress: float | None = None
        layout = "{desc} {percentage:3.0f}% |{bar}| {elapsed} < {remaining}{postfix}"
        self._bar = tqdm(total=1.0, bar_format=layout, leave=False, dynamic_ncols=True, file=sys.stderr, disable=None)

    def update(self, pace: Pace) -> None:
        """Show the pace."""
        figures = f"loss {pace.loss:.3f}, {pace.tokens_per_second:,.0f} tokens/s"
        if not self._bar.disable:
            self._bar.set_description_str(f"epoch {pace.epoch}, step {pace.step}", refresh=False)
            self._bar.set_postfix_str(figures, refresh=False)
            self._bar.update(max(0.0, pace.progress - self._bar.n))
            return
        now = time.monotonic()
        if self._first_progress is None:
            self._first_progress = pace.progress
        if now - self._last_line >= PLAIN_LINE_SECONDS:
            self._last_line = now
            left = self._minutes_left(now, pace.progress)
            self.say(f"epoch {pace.epoch}, step {pace.step}: {figures}, {pace.progress:.0%} done{left}")

    def say(self, line: str) -> None:
        """A line that stays, above the bar."""
        tqdm.write(line, file=sys.stderr)

    def close(self) -> None:
        """Take the bar away."""
        self._bar.close()

    def _minutes_left(self, now: float, progress: float) -> str:
        done = progress - (self._first_progress or 0.0)
        if done <= 0:
            return ""
        return f", {(1 - progress) * (now - self._began) / done / 60:.0f} min left"
