"""Progress of a long step, on standard error: a bar on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self

from tqdm import tqdm

_SECONDS_BETWEEN_LINES = 10.0


def note(text: str) -> None:
    """Print one line about what is being done."""
    tqdm.write(text, file=sys.stderr)


class Progress:
    """Counter up to ``total`` (None: unknown), for use in a ``with`` block."""

    def __init__(self, label: str, total: int | None, unit: str, start: int = 0) -> None:
        self._label, self._total, self._unit, self._done = label, total, unit, start
        self._terminal = sys.stderr.isatty()
        self._next_line = time.monotonic() + _SECONDS_BETWEEN_LINES
        self._bar = tqdm(
            total=total,
            initial=start,
            desc=label,
            unit=unit,
            unit_scale=True,
            file=sys.stderr,
            disable=not self._terminal,
            leave=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.close()

    def update(self, count: int) -> None:
        """Count another ``count`` units as done."""
        self._done += count
        self._bar.update(count)
        if not self._terminal and time.monotonic() >= self._next_line:
            self._next_line = time.monotonic() + _SECONDS_BETWEEN_LINES
            of = f" of {self._total:,}" if self._total is not None else ""
            note(f"{self._label}: {self._done:,}{of} {self._unit}")
