"""Values of a graph to which the network's own formulas apply, so that the equations of a cell are said once.

A function such as :func:`nmt_attn.kernels.gru.gru_step` is handed symbols instead of tensors. Each operation on them is
written down in their graph, by torch's protocol for objects that are no tensors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from nmt_attn.errors import UserError
from nmt_attn.export.graph import GraphWriter


class Symbol:
    """A value of a graph.

    Args:
        graph: where it is, and where operations on it are written.
        name: of the value.
    """

    def __init__(self, graph: GraphWriter, name: str) -> None:
        self.graph, self.name = graph, name

    def op(self, kind: str, *others: Symbol) -> Symbol:
        """Add an operator that reads this value and others."""
        return Symbol(self.graph, self.graph.op(kind, self.name, *(other.name for other in others)))

    def __add__(self, other: Symbol) -> Symbol:
        return self.op("Add", other)

    def __sub__(self, other: Symbol) -> Symbol:
        return self.op("Sub", other)

    def __mul__(self, other: Symbol) -> Symbol:
        return self.op("Mul", other)

    def chunk(self, count: int, dim: int) -> list[Symbol]:
        """Cut into equal parts, see :func:`torch.chunk`."""
        return [Symbol(self.graph, name) for name in self.graph.ops("Split", count, self.name, axis=dim)]

    @classmethod
    def __torch_function__(
        cls, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Symbol:
        """Write a function of torch down.

        Raises:
            UserError: nothing is known here about that function.
        """
        write = _WRITERS.get(func)
        if write is None:
            raise UserError(f"this network cannot be exported: nothing is known here about {func.__name__}")
        return write(*args, **(kwargs or {}))


def _layer_norm(value: Symbol, shape: tuple[int, ...], weight: nn.Parameter, bias: nn.Parameter, eps: float) -> Symbol:
    return Symbol(value.graph, value.graph.normalise(value.name, weight, bias, eps))


_WRITERS: dict[Callable[..., Any], Callable[..., Symbol]] = {
    torch.sigmoid: lambda value: value.op("Sigmoid"),
    torch.tanh: lambda value: value.op("Tanh"),
    torch.addcmul: lambda value, left, right: value + left * right,
    torch.lerp: lambda start, end, weight: start + weight * (end - start),
    F.layer_norm: _layer_norm,
}
