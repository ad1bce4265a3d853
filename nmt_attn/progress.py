"""Progress of the stages of a work, on standard error: a bar on a terminal, a plain line now and then elsewhere.

A bar goes when its stage is over; in a log, what is done within two seconds is not mentioned.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Protocol, Self

from tqdm import tqdm

QUIET_SECONDS = 2.0
"""What is done sooner needs no words."""

SECONDS_BETWEEN_LINES = 10.0

Watch = Callable[[float], object]
"""Told now and then which share of a work has been done since the last time; all together they make 1."""


def unwatched(share: float) -> None:
    """Tell nobody."""


class Counted(Protocol):
    """A stage that is going on."""

    def update(self, count: int) -> None:
        """Count another ``count`` units as done."""
        ...

    def share(self, share: float) -> None:
        """Count another share of all units as done: a :data:`Watch`."""
        ...


class Stages(Protocol):
    """Whatever shows the stages of a work: :class:`Progress`, or :class:`Unseen`."""

    def __call__(self, label: str, total: int | None = None, unit: str = "") -> AbstractContextManager[Counted]:
        """Begin a stage, which ends with the ``with`` block.

        Args:
            label: what is being done, such as ``translating``.
            total: units of it; None: nobody knows.
            unit: name of many of them; empty: nothing is counted.
        """
        ...


class Unseen:
    """A stage that is not shown."""

    def __init__(self, label: str, total: int | None = None, unit: str = "") -> None:
        """Begin it; see :class:`Stages`."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def update(self, count: int) -> None:
        """Tell nobody."""

    def share(self, share: float) -> None:
        """Tell nobody."""


class _Bar(tqdm):  # type: ignore[type-arg]
    """A bar without the thread that tqdm starts to look after bars: a process with threads cannot be copied."""

    monitor_interval = 0


def note(text: str) -> None:
    """Print one line about what is being done, above the bar if there is one."""
    tqdm.write(text, file=sys.stderr)


class Progress:
    """Counter of a stage up to ``total`` (None: unknown), for use in a ``with`` block; see :class:`Stages`."""

    def __init__(self, label: str, total: int | None = None, unit: str = "", start: int = 0) -> None:
        self._label, self._total, self._unit, self._start, self._done = label, total, unit, start, start
        self._shares = 0.0
        self._terminal = sys.stderr.isatty()
        self._began = time.monotonic()
        self._next_line = self._began + SECONDS_BETWEEN_LINES
        counts = "{n_fmt}/{total_fmt} [{elapsed}<{remaining}, {rate_noinv_fmt}]"
        self._bar = _Bar(
            total=total,
            initial=start,
            desc=label,
            unit="B" if unit == "B" else f" {unit}",
            unit_scale=unit == "B",
            bar_format=(None if total is None else "{l_bar}{bar}| " + counts) if unit else "{desc} …",
            dynamic_ncols=True,
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
        seconds = time.monotonic() - self._began
        if kind is None and not self._terminal and seconds >= QUIET_SECONDS:
            counted = f"{self._done:,} {self._unit} " if self._unit else ""
            note(f"{self._label}: {counted}in {seconds:.1f} s{self._rate(seconds)}")

    def update(self, count: int) -> None:
        """Count another ``count`` units as done."""
        self._done += count
        self._bar.update(count)
        now = time.monotonic()
        if not self._terminal and now >= self._next_line:
            self._next_line = now + SECONDS_BETWEEN_LINES
            of = f" of {self._total:,}" if self._total is not None else ""
            rate, left = self._rate(now - self._began), self._left(now - self._began)
            note(f"{self._label}: {self._done:,}{of} {self._unit}{rate}{left}")

    def share(self, share: float) -> None:
        """Count another share of ``total`` as done: a :data:`Watch`."""
        if self._total is not None:
            self._shares += share
            self.update(round(self._shares * self._total) - self._done + self._start)

    def _rate(self, seconds: float) -> str:
        done = self._done - self._start
        if not self._unit or done <= 0 or seconds <= 0:
            return ""
        rate = tqdm.format_sizeof(done / seconds) if done >= 1000 * seconds else f"{done / seconds:.3g}"
        return f", {rate}{self._unit if self._unit == 'B' else ''}/s"

    def _left(self, seconds: float) -> str:
        done = self._done - self._start
        if self._total is None or done <= 0:
            return ""
        return f", {tqdm.format_interval(max(0.0, self._total - self._done) * seconds / done)} left"
