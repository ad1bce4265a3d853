"""Processes that share the work on a CPU, each with one thread.

A step of a recurrent decoder is many small operations, and several threads hardly make them faster. But no sentence
waits for another one, so several processes do.
"""

from __future__ import annotations

import multiprocessing
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Generic, TypeVar

import torch

from nmt_attn.device import give_back_freed_memory, keep_freed_memory
from nmt_attn.errors import NmtError
from nmt_attn.parallel import Pool
from nmt_attn.progress import Watch, unwatched
from nmt_attn.starter import PoolError, can_be_copied
from nmt_attn.threads import THREADS, usable_processors, wished_threads

Item = TypeVar("Item")
Result = TypeVar("Result")

MOST = 16
"""Processes where nobody asks for more; each needs memory of its own."""

LARGEST_SHARE = 1024
"""Items in a share, at most."""

PAYS_FROM = 8.0
"""Seconds of work for one process from which it pays to start others as new interpreters, which takes some three
seconds. Copies of this process pay at once, but it can be copied only as long as it has no other thread."""

ONE_THREAD = dict.fromkeys((*THREADS, "OPENBLAS_NUM_THREADS"), "1")
"""The environment of a process without other threads, whoever would start them."""


def processes_here(device: torch.device, wished: int | None, threads: int | None = None) -> int:
    """Return how many processes may share the work: 1, that is this one alone, except on the CPU of a Linux machine.

    Args:
        device: what is computed on.
        wished: as many; None: one for each thread, at most :data:`MOST`.
        threads: with which one process would compute; None: as many as torch is set to.
    """
    # Elsewhere a copy of a process, even of one thread, is not safe to go on with. A daemon, such as a worker of
    # multiprocessing.Pool, may start none.
    if device.type != "cpu" or not sys.platform.startswith("linux") or multiprocessing.current_process().daemon:
        return 1
    return min(threads or torch.get_num_threads(), MOST) if wished is None else wished


def threads_here(wished: int | None) -> int:
    """Return how many threads to compute with: as wished, or as torch has, but no more than there are processors for.

    torch has what the user's environment says (``OMP_NUM_THREADS``).
    """
    if wished is not None:
        return wished
    have = torch.get_num_threads()
    return have if wished_threads() is not None else min(have, usable_processors())


@contextmanager
def one_thread_until(threads: int) -> Iterator[None]:
    """Let torch compute with so many threads after the block, and start none in it: a process without can be copied.

    To ask torch for more than one, before it was asked for one, would start them at once.
    """
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


class Workers(Generic[Item, Result]):
    """Processes that are started once there is enough to share, and the sharing.

    Until they are ready this process works alone. They end with it, also where it is killed. Several threads may use
    them; one waits for the other.

    Args:
        here: what this process does with a share and the settings that come with it: a result per item.
        there: gives the function that does the same in the other processes; see :class:`~nmt_attn.parallel.Pool`.
        count: how many processes.
        in_copy: gives the same in a copy of this process.
    """

    def __init__(
        self,
        here: Callable[..., Sequence[Result]],
        there: Callable[[], Callable[..., Sequence[Result]]],
        count: int,
        in_copy: Callable[[], Callable[..., Sequence[Result]]] | None = None,
    ) -> None:
        self.here, self.there, self.count = here, there, count
        self.in_copy = there if in_copy is None else in_copy
        self._pool: Pool[tuple[Any, ...], Sequence[Result]] | None = None
        self._seconds, self._items = 0.0, 0  # of what was done alone
        self._holds_memory = False
        self._in_use = threading.Lock()

    @property
    def processes(self) -> int:
        """The number of processes there are now; none before they are needed."""
        return self.count if self._pool is not None and self._pool.alive else 0

    @property
    def ready(self) -> bool:
        """True if they would work on what is shared now."""
        return self._pool is not None and self._pool.alive and self._pool.ready

    def share(self, items: Sequence[Item], *settings: Any, watch: Watch = unwatched) -> list[Result]:
        """Return the results of all items, in order; neighbours go to different processes.

        Raises:
            NmtError: a process was ended from outside, or none can be started.
            Exception: whatever the work raises.
        """
        # As many shares for each process, and the same ones whoever works on them: results are to be repeatable.
        count = self.count * max(1, -(-len(items) // (self.count * LARGEST_SHARE)))
        results: list[Any] = [None] * len(items)
        shares = [items[place::count] for place in range(min(count, len(items)))]
        with self._in_use:
            for place, found in enumerate(self._results(shares, settings)):
                results[place::count] = found
                watch(len(found) / len(items))
        return results

    def _results(self, shares: list[Sequence[Item]], settings: tuple[Any, ...]) -> Iterator[Sequence[Result]]:
        try:
            for place, share in enumerate(shares):
                pool = self._pool_where_it_pays(sum(map(len, shares[place:])))
                if pool is not None and (pool.copied or pool.ready):
                    self._leave_memory()
                    yield from pool.map((share, *settings) for share in shares[place:])
                    return
                began = time.perf_counter()
                yield self.here(share, *settings)
                self._seconds += time.perf_counter() - began
                self._items += len(share)
                self._holds_memory = True
        except PoolError as error:
            raise NmtError(f"{error}; decoding.processes=1 starts none, and needs least") from None

    def _leave_memory(self) -> None:
        """Give back what this process has kept for work that others do from now on."""
        if self._holds_memory:
            give_back_freed_memory()
            self._holds_memory = False

    def _pool_where_it_pays(self, items: int) -> Pool[tuple[Any, ...], Sequence[Result]] | None:
        """Return the processes, started if need be; None if so many items are no reason to start them.

        It pays where what was done alone so far and what is still to do take longer than starting them several times.
        """
        if not self.processes:
            self._pool = None  # perhaps one that has ended
        to_come = items * self._seconds / self._items if self._items else 0.0
        if self._pool is None and (self._seconds + to_come >= PAYS_FROM or can_be_copied()):
            self.start()
        return self._pool

    def start(self) -> None:
        """Start the processes, where there are none, for work that is still to come; this does not wait for them.

        Raises:
            PoolError: none can be started.
        """
        if not self.processes:
            setup, in_copy = partial(_one_thread, self.there), partial(_one_thread, self.in_copy)
            self._pool = Pool(setup, self.count, ONE_THREAD, in_copy)

    def close(self) -> None:
        """End the processes; they are started again when they are needed."""
        if self._pool is not None:
            self._pool.close()


def _one_thread(setup: Callable[[], Callable[..., Sequence[Any]]]) -> Callable[[tuple[Any, ...]], Sequence[Any]]:
    """Make a process ready to work as one of several."""
    torch.set_num_threads(1)
    work = setup()
    keep_freed_memory()  # from here on: what making ready has freed goes back
    return partial(_apply, work)


def _apply(work: Callable[..., Sequence[Any]], task: tuple[Any, ...]) -> Sequence[Any]:
    return work(*task)
