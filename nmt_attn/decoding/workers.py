"""Processes that share the work on a CPU, each with one thread.

A step of a recurrent decoder is many small operations, and several threads hardly make them faster. But no sentence
waits for another one, so several processes do.
"""

from __future__ import annotations

import multiprocessing
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import torch

from nmt_attn.errors import NmtError
from nmt_attn.threads import usable_processors, wished_threads

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

Item = TypeVar("Item")
Result = TypeVar("Result")

MOST = 16
"""Processes where nobody asks for more; each needs memory of its own."""


def processes_here(device: torch.device, wished: int | None) -> int:
    """Return how many processes may share the work: 1, that is this one alone, except on the CPU of a Linux machine.

    Args:
        device: what is computed on.
        wished: as many; None: one for each thread that torch would use, at most :data:`MOST`.
    """
    # Elsewhere a copy of a process is not safe to go on with, and starting a new one takes as long as loading torch. A
    # daemon, such as a worker of multiprocessing.Pool, may start none.
    if device.type != "cpu" or not sys.platform.startswith("linux") or multiprocessing.current_process().daemon:
        return 1
    return min(torch.get_num_threads(), MOST) if wished is None else wished


def threads_here(wished: int | None) -> int:
    """Return how many threads to compute with: as wished, or as torch has, but no more than there are processors for.

    torch has what the user's environment says (``OMP_NUM_THREADS``).
    """
    if wished is not None:
        return wished
    have = torch.get_num_threads()
    return have if wished_threads() is not None else min(have, usable_processors())


class Workers(Generic[Item, Result]):
    """Copies of this process, made when they are first needed; what it has loaded by then they have too.

    They end with it, also where it is killed. Several threads may use them; one waits for the other.

    Args:
        work: what each of them does with its share and the settings that come with it: a result per item.
        count: how many.
    """

    def __init__(self, work: Callable[..., Sequence[Result]], count: int) -> None:
        self.work, self.count = work, count
        self._processes: list[BaseProcess] = []
        self._connections: list[Connection] = []
        self._in_use = threading.Lock()

    @property
    def processes(self) -> int:
        """The number of processes there are now; none before they are needed."""
        return len(self._processes)

    def share(self, items: Sequence[Item], *settings: Any) -> list[Result]:
        """Return the results of all items, in order; neighbours go to different processes.

        Raises:
            NmtError: a process was ended from outside.
            Exception: whatever ``work`` raises in one of them.
        """
        with self._in_use:
            try:
                return self._share(items, settings)
            except BaseException:
                self.close()  # answers that nobody waits for any more may be on their way
                raise

    def _share(self, items: Sequence[Item], settings: tuple[Any, ...]) -> list[Result]:
        if not self._processes:
            self._start()
        results: list[Any] = [None] * len(items)
        try:
            for place, connection in enumerate(self._connections):
                connection.send((items[place :: self.count], settings))
            for place, connection in enumerate(self._connections):
                results[place :: self.count] = _received(connection)
        except (EOFError, ConnectionError):
            raise NmtError(
                "a process that shared the work was ended from outside, perhaps for lack of memory; "
                "decoding.processes=1 needs least"
            ) from None
        return results

    def _start(self) -> None:
        context = multiprocessing.get_context("fork")
        for _ in range(self.count):
            ours, theirs = context.Pipe()
            self._connections.append(ours)
            # What threads of this process hold locked stays locked in a copy, so Python warns of the threads of torch;
            # with one thread a copy does not ask for them.
            with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
                process = context.Process(target=_serve, args=(self.work, theirs, self._connections), daemon=True)
                process.start()
            theirs.close()
            self._processes.append(process)

    def close(self) -> None:
        """End the processes; the next :meth:`share` starts new ones."""
        for connection in self._connections:
            connection.close()
        for process in self._processes:
            process.terminate()
            process.join()
        self._connections, self._processes = [], []


def _received(connection: Connection) -> Sequence[Any]:
    results = connection.recv()
    if isinstance(results, Exception):
        raise results
    return results  # type: ignore[no-any-return]


def _serve(work: Callable[..., Sequence[Any]], requests: Connection, of_the_parent: Sequence[Connection]) -> None:
    """Work as one of the processes: take in shares, give out results, until the parent closes its end or is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for connection in of_the_parent:  # else this process itself would keep the pipe of the parent open
        connection.close()
    torch.set_num_threads(1)
    while True:
        try:
            items, settings = requests.recv()
        except (EOFError, ConnectionError):
            return
        try:
            results: Any = work(items, *settings)
        except Exception as error:  # raised again in the parent
            results = error
        try:
            requests.send(results)
        except ConnectionError:
            return
