"""CUDA graphs: a function of tensors is recorded once for each combination of shapes, and replayed from then on.

A decoder that goes step by step gives a GPU hundreds of small kernels a batch, each of which takes the CPU longer to
start than the GPU to run. A replay starts all of them at once. Recording costs memory and time, so it is done for
shapes that come a second time; batches of near-equal length repeat theirs in every epoch.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

TensorFunction = Callable[..., tuple[Tensor, ...]]
"""Of tensors and hashable values, whose results depend on nothing else, and which never waits for the GPU."""


class Recording(Protocol):
    """What is left of a function once its kernels are recorded."""

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
        most: combinations of shapes that are recorded; further ones are computed as if there were no cache.
        record: runs a function while its kernels are recorded; replaced in tests, which have no GPU.
    """

    def __init__(
        self,
        most: int = 200,
        record: Callable[[Callable[[], tuple[Tensor, ...]]], tuple[tuple[Tensor, ...], Recording]] | None = None,
    ) -> None:
        self.most = most
        self.record = record or _record
        self.seen: set[Hashable] = set()
        self.recorded: dict[Hashable, _Recorded] = {}

    def call(self, function: TensorFunction, *arguments: Tensor | Hashable) -> tuple[Tensor, ...]:
        """``function(*arguments)``, from a recording where there is one."""
        key = (function, *(_kind(argument) for argument in arguments))
        if key not in self.recorded:
            if key not in self.seen or len(self.recorded) >= self.most:
                self.seen.add(key)
                return function(*arguments)
            self.recorded[key] = self._recorded(function, arguments)
        found = self.recorded[key]
        tensors = [argument for argument in arguments if isinstance(argument, Tensor)]
        for kept, new in zip(found.inputs, tensors, strict=True):
            kept.copy_(new)
        found.recording.replay()
        return tuple(output.clone() for output in found.outputs)  # the next replay overwrites its own

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
    """What a forward pass is to use, and to hand on to its backward pass, which runs in another thread."""
    return _active.get()


def call(cache: GraphCache | None, function: TensorFunction, *arguments: Tensor | Hashable) -> tuple[Tensor, ...]:
    """``function(*arguments)``, through the cache if there is one."""
    return function(*arguments) if cache is None else cache.call(function, *arguments)


def _kind(argument: Tensor | Hashable) -> Hashable:
    return (argument.shape, argument.dtype) if isinstance(argument, Tensor) else argument


def _record(run: Callable[[], tuple[Tensor, ...]]) -> tuple[tuple[Tensor, ...], Recording]:
    """By CUDA, after a run on a stream of its own, in which libraries set up what must not be recorded."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        run()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        outputs = run()
    return outputs, graph
