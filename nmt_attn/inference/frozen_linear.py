"""Linear layers whose weights no longer change, brought once into the precision of matrix products."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from nmt_attn.device import Compute
from nmt_attn.kernels.matmul import OnednnInt8, filled_up, goes_to_onednn, has_onednn_int8, linear, rows_on_grid

SMALLEST_STEP = 32
"""The smallest step between numbers of rows, see :func:`rows_on_grid`: sentences end one by one in a search."""


class FrozenLinear:
    """The map x Wᵀ + b with weights that do not change, in one precision: any (…, I) to fp32 (…, O).

    Args:
        weight: (O, I).
        bias: (O), or None.
        compute: bf16 rounds both factors; int8 rounds each row of both to 127 steps of its own largest value, so that
            no row depends on its neighbours.
        bounded: whether no input is beyond -1 and 1, as no tanh is; int8 then rounds inputs to 127 steps of 1.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None, compute: Compute, *, bounded: bool = False) -> None:
        weight, self.width = weight.detach(), len(weight)
        bias = None if bias is None else bias.detach()
        self.multiply: Callable[[Tensor], Tensor]
        if compute.precision == "int8":
            make = _int8_of_bounded if bounded and has_onednn_int8() else _int8
            self.multiply = make(weight, bias)
        else:
            make = _bf16 if compute.precision == "bf16" else _fp32
            self.multiply = make(weight, bias)

    def __call__(self, inputs: Tensor) -> Tensor:
        """Compute x Wᵀ + b."""
        rows = inputs.reshape(math.prod(inputs.shape[:-1]), inputs.shape[-1])
        return self.multiply(rows)[: len(rows)].view(*inputs.shape[:-1], self.width)


class PrecomputedEmbedding:
    """A linear layer of token embeddings, looked up once so many tokens have been read that a table pays.

    A table of more than ``MOST_BYTES`` is not made.

    Args:
        embed: ids (…) to embeddings (…, E).
        layer: the layer that reads them.
        size: the vocabulary, V.
    """

    MOST_BYTES = 1 << 28

    def __init__(self, embed: Callable[[Tensor], Tensor], layer: FrozenLinear, size: int) -> None:
        self.embed, self.layer, self.size = embed, layer, size
        self.pays = 4 * size * layer.width <= self.MOST_BYTES
        self.read = 0
        self.table: Tensor | None = None

    def __call__(self, tokens: Tensor) -> Tensor:
        """Apply the layer to the embeddings of tokens (N): (N, O)."""
        self.read += len(tokens)
        if self.read > self.size:
            self.fill(tokens.device)
        return self.layer(self.embed(tokens)) if self.table is None else self.table.index_select(0, tokens)

    def fill(self, device: torch.device) -> None:
        """Make the table now, unless it would be too large."""
        if self.table is None and self.pays:
            self.table = self.layer(self.embed(torch.arange(self.size, device=device)))


def even_slices(count: int, most: int) -> list[slice]:
    """Cut ``count`` rows into as few slices of at most ``most`` as possible, of about one size.

    A few rows left over for the last slice would cost nearly as much as a whole one: it reads all weights as well.
    """
    slices = max(1, -(-count // most))
    size = min(most, rows_on_grid(-(-count // slices), SMALLEST_STEP)) if slices > 1 else most
    return [slice(begin, begin + size) for begin in range(0, count, size)]


def _filled_up(rows: Tensor, dtype: torch.dtype) -> Tensor:
    """Cast rows (N, I), and on a CPU put rows of zeros after them, as many as :func:`rows_on_grid` says."""
    on_cpu = rows.device.type == "cpu"
    return filled_up(rows, rows_on_grid(len(rows), SMALLEST_STEP) if on_cpu else len(rows), dtype)


def _fp32(weight: Tensor, bias: Tensor | None) -> Callable[[Tensor], Tensor]:
    weight = weight.contiguous()

    def multiply(rows: Tensor) -> Tensor:
        foreign = goes_to_onednn(rows, len(weight))
        return linear(_filled_up(rows, torch.float32) if foreign else rows.float(), weight, bias)

    return multiply


def _bf16(weight: Tensor, bias: Tensor | None) -> Callable[[Tensor], Tensor]:
    rounded = weight.to(torch.bfloat16).contiguous()
    rounded_bias = None if bias is None else bias.to(torch.bfloat16)
    return lambda rows: F.linear(_filled_up(rows, torch.bfloat16), rounded, rounded_bias).float()


def _int8(weight: Tensor, bias: Tensor | None) -> Callable[[Tensor], Tensor]:
    """Make a function that multiplies 8-bit integers by the operator that torch quantises with itself."""
    rounded, steps = _rounded(weight.float())
    rounded, steps = rounded.t().contiguous(), steps.squeeze(1)  # (I, O), (O)

    def multiply(rows: Tensor) -> Tensor:
        left, left_steps = _rounded(_filled_up(rows, torch.float32))
        product = torch._int_mm(left, rounded).float().mul_(steps)
        return product.mul_(left_steps) if bias is None else torch.addcmul(bias, product, left_steps, out=product)

    return multiply


def _int8_of_bounded(weight: Tensor, bias: Tensor | None) -> Callable[[Tensor], Tensor]:
    """Do as :func:`_int8` for inputs between -1 and 1: oneDNN turns the integers into fp32 before it writes them."""
    rounded, steps = _rounded(weight.float())
    multiply, zero = OnednnInt8(rounded, steps.squeeze(1), bias), torch.tensor(128.5)

    def bounded(rows: Tensor) -> Tensor:
        # By way of int16, for from fp32 to uint8 at once takes torch three times as long.
        numbers = torch.add(zero, rows.float(), alpha=127).clamp_(0, 255).to(torch.int16)
        return multiply(_filled_up(numbers, torch.uint8))

    return bounded


def _rounded(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Round rows (N, I) to steps of a 127th of the largest value of each: the integers, and the steps (N, 1)."""
    steps = rows.abs().amax(1, keepdim=True).clamp_(min=1e-12).div_(127)
    return (rows / steps).round_().to(torch.int8), steps
