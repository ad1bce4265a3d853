"""A pool of processes that share work; a process that has threads is never copied for it.

A process, the *starter*, makes ready to work, with one thread, and then copies itself. So what takes time and memory,
such as importing torch or preparing weights, is done once for all workers, while the caller goes on. The starter is a
copy of the caller where that has no other thread, which takes milliseconds, and else a new interpreter. The main module
of the caller is not run again, as it is by :mod:`multiprocessing`, so scripts need no guard.

No worker outlives its caller, however that ends: a connection that is closed ends the starter, and with it all workers.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, Pipe, wait
from queue import SimpleQueue
from typing import IO, Any, Generic, NoReturn, TypeVar

from nmt_attn.starter import WATCH_SECONDS, PoolError, can_be_copied, serve_all

Task = TypeVar("Task")
Result = TypeVar("Result")


ENDED = "a process that shared the work was ended from outside, perhaps for lack of memory"

BOOT = (
    "import sys; numbers, sys.path[:] = sys.argv[1], sys.argv[2:]; from nmt_attn.starter import start; start(numbers)"
)


class Pool(Generic[Task, Result]):
    """Processes that are started at once, without waiting for them; any thread may give them tasks.

    Tasks, results and errors are pickled, and so is ``setup``: it is a function of a module, not of ``__main__``, or a
    :func:`functools.partial` of one. Its arguments are copied once, and all workers share the copy.

    Args:
        setup: gives the function that answers a task; called once, before the workers are there. It must leave no
            thread behind.
        count: how many processes work.
        environment: variables that these processes have in addition, where they begin as a new interpreter.
        copied: used instead of ``setup``, and not pickled, where the starter is a copy of this process; None: it never
            is.

    Raises:
        PoolError: no process can be started.
    """

    def __init__(
        self,
        setup: Callable[[], Callable[[Task], Result]],
        count: int,
        environment: Mapping[str, str] | None = None,
        copied: Callable[[], Callable[[Task], Result]] | None = None,
    ) -> None:
        self.count = count
        self._process: _Copy | subprocess.Popen[bytes]
        pipes = [Pipe() for _ in range(count + 1)]
        (self._control, *connections), theirs = zip(*pipes, strict=True)
        if copied is not None and can_be_copied():
            self._process = _Copy(copied, theirs, [self._control, *connections])
        else:
            with _pickled(setup) as file:
                self._process = _start_interpreter([file, *theirs], environment or {})
        for connection in theirs:
            connection.close()
        self._idle: SimpleQueue[Connection] = SimpleQueue()
        for connection in connections:
            self._idle.put(connection)
        self._starting = threading.Lock()
        self._start: bytes | None = None  # the starter's word that all is ready, or why it is not
        # One for each worker, to wait for its answer; between them and the caller the standard library keeps order.
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="pool", initializer=_leave_signals)
        self._end = weakref.finalize(self, _end, os.getpid(), self._process, self._threads)

    @property
    def ready(self) -> bool:
        """True if a task would be worked on at once, or if none ever will: then :meth:`map` says why."""
        return not self._end.alive or self._start is not None or self._control.poll()

    @property
    def copied(self) -> bool:
        """True if its processes are copies of this one, which are ready almost at once."""
        return isinstance(self._process, _Copy)

    @property
    def alive(self) -> bool:
        """True unless the pool is closed or its processes have ended; false in a copy of the process that owns it."""
        return self._end.alive and self._process.poll() is None

    def map(self, tasks: Iterable[Task], ahead: int | None = None) -> Iterator[Result]:
        """Yield the result of each task, in order.

        Args:
            tasks: taken from as results are taken.
            ahead: most tasks whose results are not yielded yet; None: two for each process.

        Raises:
            PoolError: a process was ended from outside.
            Exception: whatever the work or the setup raises; after an error of the work the pool goes on.
        """
        most = 2 * self.count if ahead is None else ahead
        waiting: deque[Future[Result]] = deque()
        try:
            for task in tasks:
                if len(waiting) >= most:
                    yield waiting.popleft().result()
                waiting.append(self._submit(task))
            while waiting:
                yield waiting.popleft().result()
        except CancelledError:  # another thread has seen the end first
            raise PoolError(ENDED) from None
        except (Exception, GeneratorExit):
            raise
        except BaseException:  # an interruption: nobody waits for the rest
            self.close()
            raise
        finally:
            for future in waiting:
                future.cancel()

    def close(self) -> None:
        """End the processes at once."""
        self._end()

    def __enter__(self) -> Pool[Task, Result]:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _submit(self, task: Task) -> Future[Result]:
        try:
            return self._threads.submit(self._ask, task)
        except RuntimeError:  # it takes no more
            raise PoolError(ENDED) from None

    def _ask(self, task: Task) -> Result:
        """Give a task to an idle worker, and wait for the answer. There are as many threads as workers."""
        connection = self._idle.get()
        try:
            self._wait_for_start()
            connection.send_bytes(pickle.dumps(task))
            answer = self._receive(connection)
        except (EOFError, ConnectionError):
            self.close()  # where one has ended, the others end too
            raise PoolError(ENDED) from None
        finally:
            self._idle.put(connection)
        return _unpacked(answer)  # type: ignore[no-any-return]

    def _wait_for_start(self) -> None:
        with self._starting:
            if self._start is None:
                self._start = self._receive(self._control)
        _unpacked(self._start)

    def _receive(self, connection: Connection) -> bytes:
        """Wait for a message; nothing else is ever said on the control connection, so then it has ended."""
        while True:
            ready = wait({connection, self._control}, WATCH_SECONDS)
            if connection in ready:
                return connection.recv_bytes()
            if ready or self._process.poll() is not None:
                raise EOFError


def _end(owner: int, process: _Copy | subprocess.Popen[bytes], threads: ThreadPoolExecutor) -> None:
    """End the processes of a pool; a copy of the process that owns it leaves them alone.

    Connections are closed where nobody holds them any more: threads that wait on them see the end first.
    """
    if os.getpid() == owner:
        if process.poll() is None:  # else the number may be another one's
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        threads.shutdown(wait=False, cancel_futures=True)


def _leave_signals() -> None:
    """Leave signals to the main thread, which alone can answer them: it would not wake up if another one got them."""
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())


class _Copy:
    """A starter that is a copy of this process, in a group of its own, which Ctrl-C does not reach."""

    def __init__(self, setup: Callable[[], Any], theirs: Sequence[Connection], ours: Sequence[Connection]) -> None:
        caller, self._ended = os.getpid(), False
        # An interruption in the middle of it would leave locked what Python unlocks after it.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        try:
            self.pid = os.fork()
            if self.pid == 0:
                _be_starter(setup, caller, theirs, ours, before)
        except OSError as error:
            raise PoolError(f"no process to share the work can be started: {error.strerror or error}") from None
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        with suppress(OSError):  # whoever comes first
            os.setpgid(self.pid, self.pid)

    def poll(self) -> int | None:
        """Return a number once it has ended."""
        if not self._ended:
            with suppress(ChildProcessError):
                if os.waitpid(self.pid, os.WNOHANG) == (0, 0):
                    return None
            self._ended = True
        return 0

    def wait(self) -> None:
        """Wait for its end."""
        if not self._ended:
            with suppress(ChildProcessError):
                os.waitpid(self.pid, 0)
            self._ended = True


def _be_starter(
    setup: Callable[[], Any],
    caller: int,
    theirs: Sequence[Connection],
    ours: Sequence[Connection],
    signals: set[int],
) -> NoReturn:
    """Be the copy that makes ready and copies itself; it never goes on with what this process was doing."""
    try:
        os.setpgid(0, 0)
        for connection in ours:
            connection.close()
        nothing = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1):
            os.dup2(nothing, standard)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_SETMASK, signals)
        serve_all(setup, caller, *theirs)
    finally:
        os._exit(1)


@contextmanager
def _pickled(setup: Callable[[], Any]) -> Iterator[IO[bytes]]:
    """Write the setup into memory that another process can read whenever it comes to it."""
    in_memory = hasattr(os, "memfd_create")
    with os.fdopen(os.memfd_create("setup"), "w+b") if in_memory else tempfile.TemporaryFile() as file:
        pickle.dump(setup, file, pickle.HIGHEST_PROTOCOL)
        file.seek(0)
        yield file


def _start_interpreter(
    files: Sequence[IO[bytes] | Connection], environment: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    """Start the starter in a group of processes of its own, which Ctrl-C does not reach."""
    numbers = [file.fileno() for file in files]
    command = [sys.executable, "-P", "-c", BOOT, ",".join(map(str, [os.getpid(), *numbers]))]
    paths = [path for path in sys.path if isinstance(path, str)]
    try:
        return subprocess.Popen(
            command + paths,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # results come by the connections; nothing else belongs among the caller's
            env={**os.environ, "PYTHONUTF8": str(sys.flags.utf8_mode), **environment},
            pass_fds=numbers,
            process_group=0,
        )
    except OSError as error:
        raise PoolError(f"no process to share the work can be started: {error.strerror or error}") from None


def _unpacked(answer: bytes) -> Any:
    done, value = pickle.loads(answer)
    if not done:
        raise value
    return value
