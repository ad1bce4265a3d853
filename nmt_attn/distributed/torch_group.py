"""A group of processes on torch's own engine: gloo between CPUs, NCCL between GPUs."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed.distributed_c10d import Store
from torch.distributed.rendezvous import rendezvous

from nmt_attn.distributed.devices import device_of
from nmt_attn.distributed.environment import Place
from nmt_attn.distributed.group import ALONE, ProcessGroup
from nmt_attn.distributed.meeting import fresh_store
from nmt_attn.errors import Interrupted, NmtError

Value = TypeVar("Value")

FAILED, CODE, HERE, GONE = "nmt/failed", "nmt/code", "nmt/here", "nmt/gone"
"""Keys of the store that all processes see: how many have failed, and with which exit code the first; whether the main
one is there; how many have gone."""

LINGER = 5.0
"""Seconds for which the main process of a group without torchrun waits for the others, to which it keeps the store."""

GRACE = 1.0
"""Seconds in which torch's launcher, where a process was killed, ends the others and says so itself."""

LOOK = 0.1
"""Seconds between two looks at the store."""

LATER = 60.0
"""Seconds by which NCCL is more patient than gloo. Where a process has gone silent gloo's error can be told in a line;
NCCL ends the program from a thread of its own."""


class LostProcess(NmtError):
    """The end of a process that others wait for, or its silence."""


class TorchGroup:
    """Several processes joined by :mod:`torch.distributed`; see :class:`~nmt_attn.distributed.group.ProcessGroup`.

    Args:
        place: of this process among them.
        store: what all processes see.
        timeout: seconds for which to wait for the others.
        gpus: the engine's group for tensors on GPUs; None: there are none.
    """

    def __init__(self, place: Place, store: Store, timeout: float, gpus: dist.ProcessGroup | None = None) -> None:
        self.restarts = place.restarts
        self.rank, self.size = place.rank, place.size
        self.local_rank, self.local_size = place.local_rank, place.local_size
        self.is_main = place.rank == 0
        self.store, self.timeout, self._gpus = store, timeout, gpus

    def add_up(self, tensor: Tensor) -> None:
        """Replace a tensor by the sum of those of all processes."""
        with self._answered():
            dist.all_reduce(tensor, group=self._engine_of(tensor))

    def highest(self, values: Sequence[float]) -> list[float]:
        """Return, of each value, the highest among all processes."""
        tensor = torch.tensor(values, dtype=torch.float64)  # on the CPU, so that nothing waits for a GPU
        with self._answered():
            dist.all_reduce(tensor, op=dist.ReduceOp.MAX)
        return [float(value) for value in tensor]

    def gather(self, value: Value) -> list[Value]:
        """Return the values of all processes, by rank."""
        found: list[Any] = [None] * self.size
        with self._answered():
            dist.all_gather_object(found, value)
        return found

    def from_main(self, value: Value) -> Value:
        """Return the value of the main process."""
        found = [value]
        with self._answered():
            dist.broadcast_object_list(found, src=0)
        return found[0]

    def copy_from_main(self, tensors: Iterable[Tensor]) -> None:
        """Replace tensors by those of the main process."""
        with self._answered(), torch.no_grad():
            for tensor in tensors:
                dist.broadcast(tensor, src=0, group=self._engine_of(tensor))

    def barrier(self) -> None:
        """Wait until all processes have come here."""
        self.highest([0.0])

    def wait_for_main(self) -> None:
        """Wait until the main process has come here, however long that takes.

        Raises:
            LostProcess: it has failed before.
        """
        while True:
            with self._answered():
                if self.is_main:
                    self.store.set(HERE, "")
                    return
                if self.store.check([HERE]):
                    return
                failed = self.store.check([FAILED])
            if failed:
                raise LostProcess("another process has failed")
            time.sleep(LOOK)

    def speaks_of_failure(self, code: int) -> bool:
        """Say whether this process is the first to fail, and so is to say why; ``code`` is its exit code."""
        try:
            first = bool(self.store.add(FAILED, 1) == 1)
            if first:
                self.store.set(CODE, str(code))
            return first
        except RuntimeError:  # with the main process the store has gone
            return self.local_rank == min(1, self.local_size - 1)

    def code_of_failure(self) -> int:
        """Return the exit code of the process that has failed first."""
        with suppress(RuntimeError, ValueError):
            self.store.wait([CODE], timedelta(seconds=LINGER))
            return int(self.store.get(CODE))
        return 1

    def _engine_of(self, tensor: Tensor) -> dist.ProcessGroup | None:
        """Return the engine's group that exchanges such a tensor; None: its default one."""
        return self._gpus if tensor.is_cuda else None

    @contextmanager
    def _answered(self) -> Iterator[None]:
        """Turn an error of the engine into a line for people."""
        try:
            yield
        except RuntimeError as error:
            if os.environ.get("NMT_DEBUG"):
                raise
            raise LostProcess(
                f"one of the {self.size} processes has ended or has not answered for {self.timeout:g} seconds "
                f"(training.timeout); the last checkpoint is kept, and --resume goes on with it"
            ) from error


@contextmanager
def joined(place: Place, device: str, timeout: float) -> Iterator[ProcessGroup]:
    """Join the other processes for the length of the block. Of an error that leaves it, only the first is said.

    Args:
        place: of this process.
        device: what is computed on: auto, cpu, cuda or cuda:N.
        timeout: seconds for which the processes wait for each other.

    Raises:
        LostProcess: they cannot be joined.
        SystemExit: another process has failed first, and said why.
    """
    if place.size == 1:
        yield ALONE
        return
    with formed(place, device, timeout) as group:
        yield group


@contextmanager
def formed(place: Place, device: str, timeout: float) -> Iterator[TorchGroup]:
    """Do the same as :func:`joined`, but let also a single process form a group, which exchanges with itself."""
    group = _join(place, device, timeout)
    try:
        yield group
    except (NmtError, Interrupted, KeyboardInterrupt) as error:
        if isinstance(error, LostProcess) and "TORCHELASTIC_RUN_ID" in os.environ:
            time.sleep(GRACE)
        if group.speaks_of_failure(getattr(error, "exit_code", 130)):
            if isinstance(error, NmtError):
                error.alone = True
            raise
        raise SystemExit(group.code_of_failure()) from None
    except Exception:
        group.speaks_of_failure(1)
        raise
    finally:
        _part(group)


def _join(place: Place, device: str, timeout: float) -> TorchGroup:
    if place.on_one_machine:  # whose name may lead to an address that it does not have
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo0" if sys.platform == "darwin" else "lo")
    on_gpu = torch.cuda.is_available() and device_of(device, place).startswith("cuda")
    os.environ.update(MASTER_ADDR=place.address, MASTER_PORT=str(place.port))
    limit = timedelta(seconds=timeout)
    try:
        store, _, _ = next(rendezvous("env://", place.rank, place.size, timeout=limit))
        store, meeting = fresh_store(store, place, timeout)
        dist.init_process_group("gloo", store=store, rank=place.rank, world_size=place.size, timeout=limit)
        gpus = dist.new_group(backend="nccl", timeout=limit + timedelta(seconds=LATER)) if on_gpu else None
    except RuntimeError as error:
        if os.environ.get("NMT_DEBUG"):
            raise
        raise LostProcess(
            f"process {place.rank} of {place.size} cannot join the others at {place.address}, port {place.port}, "
            f"within {timeout:g} seconds: {str(error).splitlines()[0][:200]}"
        ) from error
    group = TorchGroup(place, store, timeout, gpus)
    group.restarts = int(group.highest([max(place.restarts, meeting - 1)])[0])  # torchrun counts on each machine
    return group


def _part(group: TorchGroup) -> None:
    """Leave the group; the main process stays until the others have gone, as long as it may hold their store."""
    with suppress(RuntimeError):
        gone = group.store.add(GONE, 1)
        end = time.monotonic() + LINGER
        while group.is_main and gone < group.size and time.monotonic() < end:
            if os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True":
                break
            time.sleep(LOOK)
            gone = group.store.add(GONE, 0)
    with suppress(RuntimeError):
        dist.destroy_process_group()
