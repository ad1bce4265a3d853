"""The choice of device and precision, the memory of the process, and tensors of the meta device, which have none."""

from __future__ import annotations

import ctypes
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

try:
    import resource
except ImportError:  # Windows has none
    resource = None  # type: ignore[assignment]

from nmt_attn.device_names import known_device
from nmt_attn.errors import UserError

Precision = Literal["fp32", "bf16", "int8"]


@dataclass(frozen=True)
class Compute:
    """A device and the number format of matrix products on it; weights are always fp32."""

    device: torch.device
    precision: Precision

    def autocast(self) -> AbstractContextManager[object]:
        """Return the context in which to run a network with fp32 weights; int8 is for prepared networks only."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.precision == "bf16")


@contextmanager
def denormals_as_zero() -> Iterator[None]:
    """Let a CPU take denormal numbers for zero, in this thread and in those that it starts.

    Gradients through a long text fade to such numbers, with which a processor computes many times as slowly.
    """
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


def choose_compute(device: str = "auto", precision: str = "auto") -> Compute:
    """Choose a device and a precision, resolving ``auto`` to what this machine has.

    Args:
        device: auto, cpu, cuda, or cuda:N for GPU number N (from 0), which then becomes torch's current one.
        precision: auto, fp32, bf16 or int8; auto is bf16 where matrix products are much faster in it, else fp32. With
            int8, the device ``auto`` is the CPU.

    Raises:
        UserError: the device does not exist or is not on this machine, or int8 is not available.
    """
    chosen = _choose_device("cpu" if (device, precision) == ("auto", "int8") else device)
    if chosen.type == "cuda":
        torch.set_float32_matmul_precision("high")  # TF32 where a product is left in fp32
    else:
        keep_freed_memory()
    if precision == "int8":
        if chosen.type == "cuda":
            raise UserError("precision int8 is for a CPU; use bf16 on a GPU")
        if not _multiplies_int8():
            raise UserError("precision int8: this torch has no product of 8-bit integers for this processor; use bf16")
        return Compute(chosen, "int8")
    if precision == "bf16" or (precision == "auto" and _bf16_pays(chosen)):
        return Compute(chosen, "bf16")
    return Compute(chosen, "fp32")


def _choose_device(name: str) -> torch.device:
    try:
        known_device(name)
    except ValueError as error:
        raise UserError(f"device: {error}") from None
    has_gpu = torch.cuda.is_available()
    if name == "auto":
        return torch.device("cuda" if has_gpu else "cpu")
    kind, _, number = name.partition(":")
    if kind == "cuda" and not has_gpu:
        raise UserError(f"device {name} is asked for, and torch finds no CUDA GPU here; use auto or cpu")
    if not number:
        return torch.device(kind)
    count = torch.cuda.device_count()
    if int(number) >= count:  # torch itself takes a number modulo 256
        known = "cuda:0" if count == 1 else f"cuda:0 to cuda:{count - 1}"
        raise UserError(f"device {name} is asked for, and torch finds {count} here: {known}")
    device = torch.device(name)
    torch.cuda.set_device(device)  # what names no number is there too: streams, graphs, memory
    return device


def keep_freed_memory() -> None:
    """Tell the C library (glibc) to keep freed memory for the next tensor instead of giving it back to the system.

    By default a tensor of some megabytes is mapped anew each time, and the system clears each of its pages when it is
    first touched. This takes 10 to 20 % of the time of a bf16 training on two cores. The process holds what it has
    freed until :func:`give_back_freed_memory`. On systems other than Linux with glibc this does nothing.
    """
    mallopt = _of_glibc("mallopt")
    if mallopt is not None:
        trim_threshold, mmap_threshold = -1, -3  # their numbers in malloc.h
        mallopt(trim_threshold, 2**31 - 1)
        mallopt(mmap_threshold, 2**30)


def give_back_freed_memory() -> None:
    """Return to the system the memory that :func:`keep_freed_memory` has kept.

    Tensors whose sizes change from batch to batch fragment the memory: they leave gaps that nothing fits into. Memory
    that is needed again is mapped again, which takes some hundredths of a second.
    """
    trim = _of_glibc("malloc_trim")
    if trim is not None:
        trim(ctypes.c_size_t(0))


def _of_glibc(name: str) -> Callable[..., object] | None:
    """Return a function of the C library on Linux; None where there is none, as these are in glibc only."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform.startswith("linux") else None


def peak_memory() -> dict[str, int]:
    """Return the peak memory of this process in bytes: of the machine (``main``), and of the GPU that it uses.

    That of the machine is known on Linux and macOS only; what a system does not report is left out.
    """
    found = {}
    if resource is not None:
        unit = 1 if sys.platform == "darwin" else 1024
        found["main"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    if torch.cuda.is_initialized():
        found["GPU"] = torch.cuda.max_memory_allocated()
    return found


def _bf16_pays(device: torch.device) -> bool:
    """Say whether the device multiplies bf16 matrices natively: looked up for a GPU, timed on a CPU.

    That takes some 20 ms, or half a second where it emulates them.
    """
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    return _cpu_bf16_speedup() >= 1.5


@cache
def _multiplies_int8() -> bool:
    """Say whether torch multiplies 8-bit integers on a CPU; the operator is a private one of torch."""
    left, right = torch.full((2, 3), -7, dtype=torch.int8), torch.full((3, 4), 5, dtype=torch.int8)
    try:
        return bool((torch._int_mm(left, right) == -105).all())
    except (AttributeError, RuntimeError):
        return False


_HOPELESS = 4
"""How many times as long as in fp32 a product takes in bf16 that is not timed again."""


@cache
def _cpu_bf16_speedup() -> float:
    """Return the speed of bf16 matrix products on a CPU relative to fp32; far below 1 where bf16 is emulated."""
    fastest: list[float] = []
    for dtype in (torch.float32, torch.bfloat16):
        left, right = torch.ones(256, 512, dtype=dtype), torch.ones(512, 1024, dtype=dtype)
        times = []
        for _ in range(5):
            began = time.perf_counter()
            torch.mm(left, right)
            times.append(time.perf_counter() - began)
            if len(times) > 1 and fastest and min(times) > _HOPELESS * fastest[0]:
                break  # each emulated product takes a quarter of a second
        fastest.append(min(times))
    return fastest[0] / fastest[1]


class Undrawn(TorchFunctionMode):
    """A mode that leaves out the functions that fill weights.

    On tensors without storage they would do nothing but have torch load its compiler, which takes as long as the rest
    of torch.
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if getattr(func, "__module__", None) == nn.init.__name__ or getattr(func, "__name__", "") in _FILLING:
            return args[0] if args else kwargs["tensor"]
        return func(*args, **(kwargs or {}))


_FILLING = frozenset(("normal_", "uniform_", "fill_", "zero_"))
