"""Trainings in processes of their own, which may be killed at any moment or whose disk may fail at any moment.

Starting Python with torch takes seconds, so one process (:class:`Trainings`) does that and forks for each training.
"""

from __future__ import annotations

import errno
import json
import os
import resource
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Ended:
    """How a training ended: its exit code (negative: the signal that killed it) and what it said."""

    code: int
    said: str

    @property
    def error(self) -> str:
        """The one line of the error that ended it."""
        (line,) = [line for line in self.said.splitlines() if line.startswith("error: ")]
        return line


class Trainings:
    """Starts trainings in ``folder``, which holds ``toy.yaml``; use in a ``with`` block.

    Args:
        folder: where they run.
        sets: over the configuration, for all of them.
    """

    def __init__(self, folder: Path, *sets: str) -> None:
        self.folder, self.sets = folder, sets

    def __enter__(self) -> Trainings:
        places = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        environment = {**os.environ, "PYTHONPATH": places, "OMP_NUM_THREADS": "1"}
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.training.faults"],
            cwd=self.folder, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.close()
        self._server.wait(timeout=60)
        self._server.stdout.close()

    def run(self, name: str, *sets: str, **how: Any) -> Ended:
        """Train to the end; see :meth:`start`."""
        self.start(name, *sets, **how)
        return self.wait()

    def start(self, name: str, *sets: str, **how: Any) -> int:
        """Begin to train the run ``name``; the process id. One at a time.

        Args:
            name: of the run.
            sets: over the configuration.
            how: ``resume``, ``force``: as for ``train``. ``fault``: which write (system call) of those that save
                checkpoints, from 1, goes wrong: with ``number`` it and all after it fail with this error (or with
                ``TWO_SIGNALS``), without the process is killed there. ``limit``: no file can be longer, bytes.
        """
        answer = self._ask({"sets": [*self.sets, f"name={name}", *sets], **how})
        return int(answer["pid"])

    def wait(self) -> Ended:
        """Wait for the training that was started."""
        answer = self._ask({"wait": True})
        return Ended(os.waitstatus_to_exitcode(answer["status"]), answer["said"])

    def kill(self, pid: int, number: int, seconds: float) -> Ended:
        """Send a signal after so many seconds, and wait."""
        time.sleep(seconds)
        os.kill(pid, number)
        return self.wait()

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps(request) + "\n")
        self._server.stdin.flush()
        answer: dict[str, Any] = json.loads(self._server.stdout.readline())
        return answer


# --- on the other side ------------------------------------------------------------------------------------------


def serve() -> None:
    """Fork a training for each request on standard input."""
    pid, said = 0, -1
    for line in sys.stdin:
        request = json.loads(line)
        if "wait" in request:
            with os.fdopen(said, encoding="utf-8", errors="replace") as file:
                text = file.read()
            answer = {"status": os.waitpid(pid, 0)[1], "said": text}
        else:
            said, write = os.pipe()
            pid = os.fork()
            if pid == 0:
                os.close(said)
                _child(request, write)
            os.close(write)
            answer = {"pid": pid}
        print(json.dumps(answer), flush=True)


def _child(request: dict[str, Any], said: int) -> None:
    sys.stderr = os.fdopen(said, "w", buffering=1, encoding="utf-8")
    code = 70
    try:
        if "limit" in request:
            resource.setrlimit(resource.RLIMIT_FSIZE, (request["limit"], request["limit"]))
        with _fault(request.get("fault"), request.get("number")):
            code = _train(request)
    except KeyboardInterrupt:
        code = 130
    except BaseException as error:
        code = getattr(error, "exit_code", 70)  # as the program has it
        if code == 70:
            traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _train(request: dict[str, Any]) -> int:
    import torch

    from nmt_attn.config.loading import load_config
    from nmt_attn.errors import NmtError
    from nmt_attn.training.train import train

    torch.set_num_threads(1)
    try:
        config = load_config(Path("toy.yaml"), request["sets"])
        outcome = train(config, resume=request.get("resume", False), force=request.get("force", False))
    except NmtError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0 if outcome.signal is None else 128 + outcome.signal


FULL = errno.ENOSPC
TWO_SIGNALS = -1  # instead of an error SIGTERM comes, and comes again
SYSTEM_CALLS = ("mkdir", "open", "fsync", "rename", "replace", "unlink", "rmdir")


@contextmanager
def _fault(at: int | None, number: int | None) -> Iterator[None]:
    """Within the block, from the ``at``-th on, writes that save checkpoints fail, or the first of them kills."""
    if at is None:
        yield
        return
    from nmt_attn.runs import checkpoint
    from nmt_attn.training.trainer import Trainer

    left, saving = at, False

    def point() -> None:
        nonlocal left
        left -= saving
        if not saving or left > 0:
            return
        if number is None:
            os.kill(os.getpid(), signal.SIGKILL)
        elif number == TWO_SIGNALS:
            if left == 0:
                os.kill(os.getpid(), signal.SIGTERM)
                os.kill(os.getpid(), signal.SIGTERM)
        else:
            raise OSError(number, os.strerror(number))

    def before(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            point()
            return real(*arguments, **options)

        return call

    def save(self: Trainer, **options: Any) -> None:
        nonlocal saving
        saving = True
        real_save(self, **options)
        saving = False

    def save_file(tensors: Any, path: Path) -> None:
        point()
        real_save_file(tensors, path)
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
        point()  # with half of it written
        path.write_bytes(whole)

    def write_text(path: Path, text: str, **options: Any) -> int:
        point()
        real_write_text(path, text[: len(text) // 2], **options)
        point()
        return real_write_text(path, text, **options)

    real_save, real_save_file, real_write_text = Trainer.save, checkpoint.save_file, Path.write_text
    with (
        mock.patch.multiple(os, **{name: before(getattr(os, name)) for name in SYSTEM_CALLS}),
        mock.patch.object(Trainer, "save", save),
        mock.patch.object(checkpoint, "save_file", save_file),
        mock.patch.object(Path, "write_text", write_text),
    ):
        yield


if __name__ == "__main__":
    # Once, for all that are forked; the first of them is what the first step of an optimiser imports, in seconds.
    import torch._dynamo  # noqa: F401

    import nmt_attn.training.train  # noqa: F401

    serve()
