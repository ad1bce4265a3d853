"""A watch for other processes that want the processors; while there are any, waiting threads sleep at once.

Threads of one process wait for each other thousands of times per second. Those that keep their processor busy meanwhile
(GNU's OpenMP, which torch uses on Linux, spins for 300,000 turns of a loop) are fastest alone and slowest beside
another process: the one that all wait for may have no processor, because those that wait hold it.

GNU's OpenMP lets them sleep after 100 turns as soon as the process has more OpenMP threads than it may use processors
(``gomp_throttled_spin_count_var``). It checks this each time that a thread begins to wait. So a Python thread that has
made OpenMP threads of its own, and only sleeps, is enough to switch at any time. The results of the computation stay
the same.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from nmt_attn.threads import GNU_CHOICES

SECONDS = 1.0
"""Seconds between two looks."""

DISTURBED = 0.1
"""Seconds per second in which threads could run but had no processor; more means a neighbour. Alone it is 0.01. Beside
a process that keeps one of two processors busy it is 0.7, and 0.4 when threads sleep at once."""

CALM_LOOKS = 3
"""Consecutive looks without a neighbour after which threads wait as before."""

TASKS = Path("/proc/self/task")


def seconds_without_processor() -> float | None:
    """Return the seconds for which threads of this process could run but had no processor; None where it is unknown."""
    total, found = 0, False
    try:
        for task in TASKS.iterdir():
            try:
                _, waited, _ = (task / "schedstat").read_text(encoding="ascii").split()
            except (OSError, ValueError):  # it has just ended
                continue
            total, found = total + int(waited), True
    except OSError:
        return None
    return total / 1e9 if found else None


class _Sleepiness:
    """A switch that makes waiting threads sleep at once while it is on."""

    def __init__(self) -> None:
        self._end: threading.Event | None = None

    @property
    def is_on(self) -> bool:
        return self._end is not None

    def switch(self, *, on: bool) -> None:
        if self._end is not None and not on:
            self._end.set()
            self._end = None
        elif self._end is None and on:
            self._end = threading.Event()
            threading.Thread(target=_hold_threads, args=(self._end,), daemon=True).start()


def _hold_threads(end: threading.Event) -> None:
    """Make OpenMP threads, which live until this one ends."""
    torch.ones(1 << 17).exp_()  # large enough for torch to share it
    end.wait()


class Watch:
    """A watch that looks for a neighbour and switches accordingly.

    Args:
        waited: returns the seconds for which threads have had no processor.
        switch: called with whether threads are to sleep at once.
        clock: returns the time in seconds.
    """

    def __init__(
        self,
        waited: Callable[[], float | None],
        switch: Callable[[bool], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._waited, self._switch, self._clock = waited, switch, clock
        self._before, self._at = waited() or 0.0, clock()
        self._disturbed, self._calm = False, 0

    def look(self) -> None:
        """Compare the time without a processor with that of the last look, and switch if needed."""
        waited, now = self._waited() or 0.0, self._clock()
        share = max(0.0, waited - self._before) / max(now - self._at, 1e-9)
        self._before, self._at = waited, now
        self._calm = 0 if share > DISTURBED else self._calm + 1
        disturbed = share > DISTURBED or (self._disturbed and self._calm < CALM_LOOKS)
        if disturbed != self._disturbed:
            self._disturbed = disturbed
            self._switch(disturbed)


@contextmanager
def watching_neighbours() -> Iterator[None]:
    """Watch for neighbours if there are several threads, the user has not set how they wait, and it can be measured."""
    said = any(name in os.environ for name in GNU_CHOICES)
    if said or torch.get_num_threads() < 2 or seconds_without_processor() is None:
        yield
        return
    sleepiness, end = _Sleepiness(), threading.Event()
    watch = Watch(seconds_without_processor, lambda on: sleepiness.switch(on=on))

    def looking() -> None:
        while not end.wait(SECONDS):
            watch.look()
        sleepiness.switch(on=False)

    thread = threading.Thread(target=looking, daemon=True)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()
