"""CUDA graphs: a function of tensors is recorded once for each combination of shapes, and replayed from then on.

A decoder that goes step by step gives a GPU hundreds of small kernels per batch, each of which takes the CPU longer to
start than the GPU to run. A replay starts all of them at once. Recording costs memory and time, so it is done for
shapes that come a second time; batches of near-equal length repeat theirs in every epoch. Inputs and outputs of each
combination stay where they are; what a function needs in between lies in memory that all recordings share.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

TensorFunction = Callable[..., tuple[Tensor, ...]]
"""A function of tensors and hashable values. Its results depend on nothing else, and it never waits for the GPU."""


SHARE = 0.25
"""The part of a GPU's memory that is for inputs and outputs of recordings."""


class Recording(Protocol):
    """A function reduced to its recorded kernels."""

    def replay(self) -> None:
        """Run the kernels again, on what the recorded inputs hold now."""
        ...


@dataclass(frozen=True)
class _Recorded:
    inputs: list[Tensor]
    outputs: tuple[Tensor, ...]
    recording: Recording


class GraphCache:
    """The recordings of one training.

    Args:
        budget: bytes that inputs and outputs of recordings may take; what no longer fits is computed as if there were
            no cache. None: :data:`SHARE` of the memory of the GPU.
        record: runs a function while its kernels are recorded; replaced in tests, which have no GPU.
    """

    def __init__(
        self,
        budget: int | None = None,
        record: Callable[[Callable[[], tuple[Tensor, ...]]], tuple[tuple[Tensor, ...], Recording]] | None = None,
    ) -> None:
        self.budget = _share_of_memory() if budget is None else budget
        self.used = 0  # bytes
        self.record = record or _Recorder()
        self.seen: set[Hashable] = set()
        self.recorded: dict[Hashable, _Recorded] = {}

    def call(self, function: TensorFunction, *arguments: Tensor | Hashable) -> tuple[Tensor, ...]:
        """Return ``function(*arguments)``, from a recording where there is one."""
        key = (function, *(_kind(argument) for argument in arguments))
        if key not in self.recorded:
            # The outputs are not known yet; they are about as large as the inputs.
            if key not in self.seen or self.used + 2 * _bytes(arguments) > self.budget:
                self.seen.add(key)
                return function(*arguments)
            made = self.recorded[key] = self._recorded(function, arguments)
            self.used += _bytes(made.inputs) + _bytes(made.outputs)
        found = self.recorded[key]
        tensors = [argument for argument in arguments if isinstance(argument, Tensor)]
        for kept, new in zip(found.inputs, tensors, strict=True):
            kept.copy_(new)
        found.recording.replay()
        return tuple(output.clone() for output in found.outputs)  # the next replay overwrites its own

    def clear(self) -> None:
        """Release all recordings, and make no more."""
        self.recorded.clear()
        self.budget = self.used = 0

    def _recorded(self, function: TensorFunction, arguments: tuple[Tensor | Hashable, ...]) -> _Recorded:
        kept = [argument.clone() if isinstance(argument, Tensor) else argument for argument in arguments]
        outputs, recording = self.record(lambda: function(*kept))
        return _Recorded([argument for argument in kept if isinstance(argument, Tensor)], outputs, recording)


_active: ContextVar[GraphCache | None] = ContextVar("graph_cache", default=None)


@contextmanager
def replaying(cache: GraphCache | None) -> Iterator[None]:
    """Let :func:`active_cache` be ``cache`` inside; None: nothing is recorded."""
    token = _active.set(cache)
    try:
        yield
    finally:
        _active.reset(token)


def active_cache() -> GraphCache | None:
    """Return the cache that a forward pass uses and hands on to its backward pass, which runs in another thread."""
    return _active.get()


def call(cache: GraphCache | None, function: TensorFunction, *arguments: Tensor | Hashable) -> tuple[Tensor, ...]:
    """Return ``function(*arguments)``, through the cache if there is one."""
    return function(*arguments) if cache is None else cache.call(function, *arguments)


def _kind(argument: Tensor | Hashable) -> Hashable:
    return (argument.shape, argument.dtype) if isinstance(argument, Tensor) else argument


def _bytes(arguments: Iterable[Tensor | Hashable]) -> int:
    return sum(argument.nbytes for argument in arguments if isinstance(argument, Tensor))


def _share_of_memory() -> int:
    return int(SHARE * torch.cuda.get_device_properties(torch.cuda.current_device()).total_memory)


class _Recorder:
    """CUDA's recorder. Recordings share the memory for intermediate tensors, as no two run at the same time."""

    def __init__(self) -> None:
        self.pool = torch.cuda.graph_pool_handle()

    def __call__(self, run: Callable[[], tuple[Tensor, ...]]) -> tuple[tuple[Tensor, ...], Recording]:
        """Record a function after a run on a stream of its own, in which libraries set up what must not be recorded."""
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            run()
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self.pool):
            outputs = run()
        return outputs, graph
