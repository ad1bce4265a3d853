"""Matrix products with weights, made by whichever library of torch is fast at them.

On a CPU torch gives fp32 products to MKL, which is slow where the CPU is not Intel's. oneDNN, which torch brings along
for bf16, makes the same products there about a fifth faster; torch has it behind an operator of its own compiler.
Weight gradients (both factors transposed in memory) stay with MKL, which is the better one at those.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

CPU_INFO = Path("/proc/cpuinfo")
LARGE = 1 << 26
"""Multiplications from which oneDNN pays: it compiles a kernel for every new shape, which takes about 0.6 ms."""

WIDE = 1536
"""Columns of a result from which oneDNN is the faster one on a CPU without AVX-512: by a half for a whole vocabulary,
by a tenth for 1,536. With AVX-512, which MKL leaves unused on such CPUs, it is the faster one at any width."""


class Linear(nn.Linear):
    """:class:`torch.nn.Linear` through :func:`linear`."""

    def forward(self, inputs: Tensor) -> Tensor:
        """Compute x Wᵀ + b."""
        return linear(inputs, self.weight, self.bias)


def linear(inputs: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Compute x Wᵀ + b, as :func:`torch.nn.functional.linear`: (…, I), (O, I) and (O) to (…, O)."""
    if torch.is_autocast_enabled(inputs.device.type) or not goes_to_onednn(inputs, len(weight)):
        return F.linear(inputs, weight, bias)
    if torch.is_grad_enabled() and (inputs.requires_grad or weight.requires_grad):
        result: Tensor = _Linear.apply(inputs, weight, bias)  # type: ignore[no-untyped-call]
        return result
    return _onednn(inputs, weight, bias)


def matmul(left: Tensor, right: Tensor, bias: Tensor | None = None) -> Tensor:
    """Compute left times right plus a bias, without autograd: (M, K), (K, N) and (N) to (M, N)."""
    if goes_to_onednn(left, right.shape[1]):
        return _onednn(left, right.t(), bias)
    return left @ right if bias is None else torch.addmm(bias, left, right)


def autocast_dtype(inputs: Tensor) -> torch.dtype:
    """Return the dtype that matrix products are to be made in: autocast's choice where it is on."""
    device = inputs.device.type
    return torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else inputs.dtype


class OnednnInt8:
    """The product of (x - 128) / 127 and fixed 8-bit weights by oneDNN's operator, which writes down fp32 at once.

    Args:
        weight: W in steps, (O, I), int8.
        steps: the size of a step of each row of it, (O).
        bias: b, (O), or None.
    """

    def __init__(self, weight: Tensor, steps: Tensor, bias: Tensor | None) -> None:
        self.packed = torch.ops.onednn.qlinear_prepack(weight, None)
        self.steps, self.bias = steps.contiguous(), bias
        self.zero_points = torch.zeros(len(weight), dtype=torch.int32)

    def __call__(self, inputs: Tensor) -> Tensor:
        """Multiply inputs (N, I), uint8, of which 128 stands for 0, to fp32 (N, O)."""
        of_weight, of_inputs = (self.packed, self.steps, self.zero_points), (inputs, 1 / 127, 128)
        result: Tensor = torch.ops.onednn.qlinear_pointwise(
            *of_inputs, *of_weight, self.bias, 1.0, 0, torch.float32, "none", [], ""
        )
        return result


@cache
def has_onednn_int8() -> bool:
    """Say whether :class:`OnednnInt8` is fast here and does what is expected of it.

    Where the processor has no instruction for it (VNNI), oneDNN takes a thousand times as long, or sums overflow.
    """
    try:
        if "avx512_vnni" not in CPU_INFO.read_text(encoding="utf-8", errors="replace"):
            return False
        weight, inputs = torch.full((3, 64), 127, dtype=torch.int8), torch.full((2, 64), 255, dtype=torch.uint8)
        found = OnednnInt8(weight, torch.full((3,), 2.0), torch.full((3,), -5.0))(inputs)
        return torch.allclose(found, torch.full((2, 3), 64 * 127 * 2.0 - 5.0))
    except (OSError, RuntimeError, AttributeError, TypeError):
        return False


class _Linear(torch.autograd.Function):
    """The autograd function of :func:`linear`."""

    @staticmethod
    def forward(ctx: Any, inputs: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(inputs, weight)
        ctx.has_bias = bias is not None
        return _onednn(inputs, weight, bias)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        inputs, weight = ctx.saved_tensors
        gradient = gradients[0].reshape(-1, weight.shape[0])
        for_inputs, for_weight, _ = ctx.needs_input_grad
        grad_inputs = _onednn(gradient, weight.t(), None).view_as(inputs) if for_inputs else None
        grad_weight = gradient.t() @ inputs.reshape(-1, weight.shape[1]) if for_weight else None
        return grad_inputs, grad_weight, gradient.sum(0) if ctx.has_bias else None


def _onednn(inputs: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    if not (weight.is_contiguous() or weight.t().is_contiguous()):
        weight = weight.contiguous()  # oneDNN has no fast kernel for a part of a wider matrix
    rows = inputs.reshape(-1, inputs.shape[-1])
    filled = filled_up(rows, rows_on_grid(len(rows)))
    result: Tensor = torch.ops.mkldnn._linear_pointwise(filled, weight, bias, "none", [], "")
    return result[: len(rows)].view(*inputs.shape[:-1], len(weight))


def rows_on_grid(count: int, smallest_step: int = 8) -> int:
    """Round a number of rows up to one of few, so that few different numbers occur.

    oneDNN compiles a kernel for each number that it has not met, which takes about a millisecond, and never forgets it:
    up to half a megabyte each, by which a process that sees thousands of batches grew and grew.
    """
    if count < 32:
        return count
    step = max(smallest_step, 1 << (count - 1).bit_length() - 5)  # so of 1,000 rows 24 are added, of 10,000 240
    return -(-count // step) * step


def filled_up(rows: Tensor, count: int, dtype: torch.dtype | None = None) -> Tensor:
    """Cast rows (N, I) to a type, and put rows of zeros after them, up to ``count``."""
    if count == len(rows):
        return rows if dtype is None else rows.to(dtype)
    filled = rows.new_empty(count, rows.shape[1], dtype=dtype)
    filled[: len(rows)] = rows
    filled[len(rows) :] = 0
    return filled


def goes_to_onednn(inputs: Tensor, columns: int) -> bool:
    """Say whether :func:`linear` gives a matrix product with so many columns to oneDNN."""
    large = inputs.numel() * columns >= LARGE and inputs.dtype == torch.float32 and inputs.device.type == "cpu"
    return large and _onednn_pays() and (columns >= WIDE or _has_avx512())


@cache
def _has_avx512() -> bool:
    """Say whether the processor has AVX-512; False where the system does not tell."""
    try:
        return " avx512f " in CPU_INFO.read_text(encoding="utf-8", errors="replace").replace("\n", " ")
    except OSError:
        return False


@cache
def _onednn_pays() -> bool:
    """Say whether this is a CPU on which MKL is slow, and torch's operator is there and does what is expected of it.

    The maker's name decides and not a timing, so that a training always goes the same way on the same machine.
    """
    try:
        foreign = "AuthenticAMD" in CPU_INFO.read_text(encoding="utf-8", errors="replace")
        # Not drawn: a training that goes on would draw other numbers than one that has asked this before.
        left, right, bias = (torch.linspace(0, 1, size) for size in (12, 20, 5))
        left, right = left.view(3, 4), right.view(5, 4).flip(0)
        return foreign and torch.allclose(_onednn(left, right, bias), F.linear(left, right, bias))
    except (OSError, RuntimeError, AttributeError, TypeError):
        return False
