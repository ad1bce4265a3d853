"""The other processes of a pool: the starter, which makes ready and copies itself, and its copies, the workers.

See :mod:`nmt_attn.parallel`.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from nmt_attn.errors import NmtError

THREADS_OF_PROCESS = Path("/proc/self/task")
"""The threads of this process, on Linux."""

WATCH_SECONDS = 5.0
"""The time after which the other side is looked for even if its connection still seems to be open.

Another program that was started at the wrong moment may hold it open.
"""


class PoolError(NmtError):
    """The failure of a pool itself, not of the work that it does."""


def start(numbers: str) -> None:
    """Be the starter: make ready, copy this process, and end with all copies when one of them or the caller ends.

    Args:
        numbers: the caller's process and the open files that it has passed on, with commas between.
    """
    caller, setup, *others = map(int, numbers.split(","))

    def make_ready() -> Callable[[Any], Any]:
        with os.fdopen(setup, "rb") as file:
            return pickle.load(file)()  # type: ignore[no-any-return]

    serve_all(make_ready, caller, *(Connection(number) for number in others))


def serve_all(
    setup: Callable[[], Callable[[Any], Any]], caller: int, control: Connection, *connections: Connection
) -> None:
    """Make ready, copy this process for each connection, and wait for the end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the caller's to answer
    workers: list[int] = []
    try:
        work = setup()
        _refuse_threads()
        gc.collect()
        gc.freeze()  # a later collection would write to the memory that the copies share
        workers = [_copy(work, connection, control) for connection in connections]
        answer = _packed(True, None)
    except Exception as error:  # raised again by the caller
        answer = _packed(False, error)
    with suppress(OSError):
        control.send_bytes(answer)
    while workers and not wait([control, *workers], WATCH_SECONDS) and os.getppid() == caller:
        pass
    os.killpg(0, signal.SIGKILL)


def _refuse_threads() -> None:
    """Refuse to copy a process with threads: what one of them holds locked would stay locked in the copy."""
    if (count := _threads()) > 1:
        raise PoolError(f"the work cannot be shared: making ready for it has left {count - 1} threads behind")


def _copy(work: Callable[[Any], Any], connection: Connection, control: Connection) -> int:
    """Make a worker; return the number of a file that can be read once it has ended."""
    process = get_context("fork").Process(target=_serve, args=(work, connection, control), daemon=True)
    process.start()
    return process.sentinel


def _serve(work: Callable[[Any], Any], connection: Connection, control: Connection) -> None:
    """Be a worker: answer tasks until the caller closes its end or is gone."""
    control.close()
    with suppress(EOFError, OSError):
        while True:
            task = pickle.loads(connection.recv_bytes())
            try:
                answer = _packed(True, work(task))
            except Exception as error:  # raised again by the caller
                answer = _packed(False, error)
            connection.send_bytes(answer)


def _packed(done: bool, value: Any) -> bytes:
    """Pickle a result or an error, which then says where it was raised; one that cannot be pickled is described."""
    if not done:
        value.add_note(f"In a process of a pool: {''.join(traceback.format_exception(value))}")
        try:
            pickle.loads(pickle.dumps(value))
        except Exception:  # an error's own way to be made may want anything
            value = RuntimeError(f"{type(value).__name__}: {value}")
    return pickle.dumps((done, value), pickle.HIGHEST_PROTOCOL)


def can_be_copied() -> bool:
    """Say whether this process has no thread but this one: what another one holds locked would stay so in a copy."""
    return THREADS_OF_PROCESS.exists() and _threads() == 1


def _threads() -> int:
    if THREADS_OF_PROCESS.exists():
        return sum(1 for _ in THREADS_OF_PROCESS.iterdir())
    return threading.active_count()
