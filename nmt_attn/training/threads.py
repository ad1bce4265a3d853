"""How many threads a training computes with: as many as pay, found by trying where that is not obvious."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

from nmt_attn.threads import usable_processors, wished_threads

OBVIOUS = 2
"""Up to so many threads there is nothing to try: the second one pays, by less where a model is small."""

WORTH = 1.05
"""More threads are taken where a step then is so many times as fast."""

HOPELESS = 1.3
"""Fewer are not tried any more once a step takes so many times as long as the fastest."""


def choose_threads(
    wished: int | None, step: Callable[[], object], *, clock: Callable[[], float] = time.perf_counter
) -> int:
    """How many threads to compute with.

    Args:
        wished: by the configuration; None: what the user's environment says (``OMP_NUM_THREADS``), else what pays.
        step: does one step of what is to be done; tried with most threads, half of them, a quarter, …
        clock: tells the seconds.
    """
    if wished is not None:
        return wished
    if wished_threads() is not None:
        return torch.get_num_threads()
    most = min(torch.get_num_threads(), usable_processors())
    if most <= OBVIOUS:
        return most
    return _fastest(most, step, clock)


def _fastest(most: int, step: Callable[[], object], clock: Callable[[], float]) -> int:
    times: dict[int, float] = {}
    threads = most
    while threads and (not times or min(times.values()) * HOPELESS > times[min(times)]):
        with computing_with(threads):
            step()  # makes its threads, and kernels
            times[threads] = min(_seconds(step, clock) for _ in range(2))
        threads //= 2
    best = min(times.values())
    return min(threads for threads, seconds in times.items() if seconds <= WORTH * best)


def _seconds(step: Callable[[], object], clock: Callable[[], float]) -> float:
    began = clock()
    step()
    return clock() - began


@contextmanager
def computing_with(threads: int) -> Iterator[None]:
    """Let torch have so many threads inside, and as many as before afterwards."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
