"""Processes that share the work of preparing a corpus."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from typing import TypeVar

from nmt_attn.parallel import Pool
from nmt_attn.starter import PoolError
from nmt_attn.threads import usable_processors

Task = TypeVar("Task")
Result = TypeVar("Result")

FEWEST = 4
"""Tasks from which it is worth while to start processes: each takes about a second."""

# A process that has threads cannot be copied, and numpy starts some for matrix products, which are not made here.
_NO_THREADS = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Crew:
    """Processes, started where there is work enough for them."""

    processes: int

    @classmethod
    def of(cls, wished: int | None) -> Crew:
        """Take as many as wished for; None: one for each processor that this process may use."""
        return cls(wished if wished is not None else usable_processors())

    @contextmanager
    def beside(self, task: Callable[[], Result]) -> Iterator[Future[Result]]:
        """Do a task in a thread during the block, which lets other threads run; before it, where one process is to do.

        Yields:
            what will hold the result, or the error, at the end of the block.
        """
        if self.processes == 1:
            done: Future[Result] = Future()
            done.set_result(task())
            yield done
            return
        with ThreadPoolExecutor(1) as thread:
            yield thread.submit(task)

    def map(self, setup: Callable[[], Callable[[Task], Result]], tasks: Iterable[Task]) -> Iterator[Result]:
        """Yield the result of each task, in order. Of fewer tasks than :data:`FEWEST` this process does all itself.

        Args:
            setup: gives the function that answers a task. It is pickled.
            tasks: taken from as results are taken.

        Raises:
            PoolError: a process was ended from outside, or cannot be started.
            Exception: whatever the work raises.
        """
        coming = iter(tasks)
        first = list(islice(coming, FEWEST))
        if self.processes == 1 or len(first) < FEWEST:
            work = setup()
            yield from map(work, chain(first, coming))
            return
        try:
            with Pool(setup, self.processes, _NO_THREADS, copied=setup) as pool:
                yield from pool.map(chain(first, coming))
        except PoolError as error:
            raise PoolError(f"{error}; data.processes=1 needs the least memory, and no other process") from None
