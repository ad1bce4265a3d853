"""Several processes that work together on this machine, started without the seconds that loading torch takes.

A process that has loaded it forks for each of them, and gives them what torchrun would.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Ended:
    """How the processes ended: exit codes (negative: killed by that signal), and what each wrote to both streams."""

    codes: list[int]
    said: list[str]

    @property
    def errors(self) -> list[str]:
        """All lines of errors, whoever said them."""
        lines = [line for text in self.said for line in text.splitlines()]
        assert not any("Traceback" in line for line in lines), self.said
        return [line for line in lines if line.startswith("error: ")]


class Groups:
    """Starts groups of processes in ``folder``; use in a ``with`` block."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> Groups:
        # Each would need a GPU of its own, where there is one.
        hidden = {"CUDA_VISIBLE_DEVICES": ""}
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **hidden}
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.distributed.groups"],
            cwd=self.folder, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        return self

    def __exit__(self, *_: object) -> None:
        self._server.communicate(timeout=60)

    def run(self, size: int, *arguments: str, fault: tuple[str, int, int] | None = None, **environment: str) -> Ended:
        """Run ``nmt`` with these arguments in so many processes.

        Args:
            size: how many; 1: not as one of a group.
            arguments: of the command.
            fault: what happens (see ``FAULTS``), to which rank, before which step.
            environment: variables that they have in addition.
        """
        request = {"size": size, "arguments": arguments, "fault": fault, "environment": environment}
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps(request) + "\n")
        self._server.stdin.flush()
        answer = json.loads(self._server.stdout.readline())
        return Ended(answer["codes"], answer["said"])


# --- on the other side ------------------------------------------------------------------------------------------


def serve() -> None:
    """Fork the processes of each request on standard input, and wait for them."""
    for line in sys.stdin:
        request = json.loads(line)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        files = [Path(f"said.{rank}") for rank in range(request["size"])]
        children = [_fork(request, rank, port, files[rank]) for rank in range(request["size"])]
        codes = _wait(children)
        said = [file.read_text(encoding="utf-8") for file in files]
        for file in files:
            file.unlink()
        print(json.dumps({"codes": codes, "said": said}), flush=True)


def _wait(children: list[int]) -> list[int]:
    """Wait for all; what was stopped and stays so is killed once the others have ended."""
    codes: dict[int, int] = {}
    while len(codes) < len(children):
        pid, status = os.waitpid(-1, os.WUNTRACED)
        if os.WIFSTOPPED(status):
            stopped = pid
            while len(codes) < len(children) - 1:
                pid, status = os.waitpid(-1, 0)
                codes[pid] = os.waitstatus_to_exitcode(status)
            os.kill(stopped, signal.SIGKILL)
        else:
            codes[pid] = os.waitstatus_to_exitcode(status)
    return [codes[pid] for pid in children]


def _fork(request: dict[str, Any], rank: int, port: int, said: Path) -> int:
    pid = os.fork()
    if pid:
        return pid
    code: object = 70
    try:
        file = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(file, 1)
        os.dup2(file, 2)
        sys.stdin = os.fdopen(os.dup(0))
        sys.stdout = os.fdopen(1, "w", buffering=1)
        sys.stderr = os.fdopen(2, "w", buffering=1)
        size = request["size"]
        if size > 1:
            place = {
                "RANK": rank,
                "LOCAL_RANK": rank,
                "WORLD_SIZE": size,
                "LOCAL_WORLD_SIZE": size,
                "MASTER_PORT": port,
            }
            os.environ.update({name: str(value) for name, value in place.items()} | {"MASTER_ADDR": "127.0.0.1"})
        os.environ.update(request["environment"])
        sys.argv = ["nmt", *request["arguments"]]
        code = _main(request["fault"], rank)
    except SystemExit as left:
        code = left.code
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else int(code is not None))


def _main(fault: list[Any] | None, rank: int) -> int:
    from nmt_attn.cli.app import main

    with _fault(fault[0], fault[2]) if fault is not None and fault[1] == rank else nullcontext():
        main()
    return 0


@contextmanager
def _fault(kind: str, at: int) -> Iterator[None]:
    from nmt_attn.kernels.output_loss import TokenLoss
    from nmt_attn.tasks.translation_loss import TranslationLoss
    from nmt_attn.training.trainer import Trainer

    real_step, real_loss, left, due = Trainer.step, TranslationLoss.__call__, [1], [False]

    def step(self: Trainer, *arguments: Any, **options: Any) -> Any:
        due[0] = self.state.step == at
        if due[0] and kind in SIGNALS:
            os.kill(os.getpid(), SIGNALS[kind])
        return real_step(self, *arguments, **options)

    def loss(self: TranslationLoss, *arguments: Any, **options: Any) -> TokenLoss:
        found = real_loss(self, *arguments, **options)
        if due[0] and kind == "nan":
            return TokenLoss(found.objective * float("nan"), found.cross_entropy)
        if due[0] and kind == "memory" and left:
            left.clear()
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        if due[0] and kind == "error":
            from nmt_attn.errors import NmtError

            raise NmtError("the disk of this machine alone is full")
        return found

    with mock.patch.object(Trainer, "step", step), mock.patch.object(TranslationLoss, "__call__", loss):
        yield


SIGNALS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP, "end": signal.SIGTERM}
FAULTS = (*SIGNALS, "nan", "memory", "error")
"""What can happen to a process: killed, stopped, asked to end, a loss that is no number, no memory, another error."""


if __name__ == "__main__":
    # Once, for all that are forked; the first of them is what the first step of an optimiser imports, in seconds.
    import torch
    import torch._dynamo
    import torch.distributed

    import nmt_attn.decoding.translator
    import nmt_attn.distributed.torch_group
    import nmt_attn.evaluation.run
    import nmt_attn.reporting.tracked_pictures
    import nmt_attn.training.train  # noqa: F401

    torch.set_num_threads(1)
    serve()
