"""The number of threads that a training computes with: as many as pay, measured where that is not obvious."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

import torch

from nmt_attn.threads import usable_processors, wished_threads

if TYPE_CHECKING:
    from nmt_attn.tasks.task import Batch
    from nmt_attn.training.trainer import Trainer

OBVIOUS = 2
"""Most threads that are not worth a trial: the second thread always pays, by less where a model is small."""

WORTH = 1.05
"""The speed-up of a step above which more threads are taken."""

HOPELESS = 1.3
"""The slowdown of a step relative to the fastest above which fewer threads are not tried any more."""


def threads_of(trainer: Trainer) -> int:
    """Take as many as the configuration says, or the run began with, or pay for a batch of middling size.

    Several processes have the same number each: on one machine the processors are shared among them.
    """
    settings, source, group = trainer.settings, trainer.source, trainer.group
    wished = settings.threads
    if wished is None and group.size == 1:
        wished = trainer.state.threads
    if trainer.compute.device.type != "cpu":  # where there is little for them to do
        return wished or min(torch.get_num_threads(), usable_processors())
    if group.local_size > 1 and wished is None:
        return wished_threads() or max(1, usable_processors() // group.local_size)

    @cache
    def batch() -> Batch:  # of a large corpus that takes a while, and is not always asked for
        batches = source.in_order()
        return source.batch(batches[len(batches) // 2])

    trainer.model.train()
    with torch.random.fork_rng([]):
        threads = choose_threads(wished, lambda: trainer.training_step.gradients([batch()]))
    trainer.optimiser.zero_grad()
    return threads


def choose_threads(
    wished: int | None, step: Callable[[], object], *, clock: Callable[[], float] = time.perf_counter
) -> int:
    """Choose the number of threads to compute with.

    Args:
        wished: the number in the configuration; None means that of the environment (``OMP_NUM_THREADS``), else as many
            as pay.
        step: does one step of the work; it is tried with all threads, half of them, a quarter, …
        clock: returns the time in seconds.
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
    """Set the number of torch's threads inside the block, and restore the old number afterwards."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
