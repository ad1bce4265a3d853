"""Sequences of a padded batch, reversed within their lengths."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def reversed_positions(lengths: Tensor, steps: int) -> Tensor:
    """Return for each position the one it swaps with when sentences are reversed within their lengths, (S, B)."""
    positions = torch.arange(steps, device=lengths.device).unsqueeze(1)  # (S, 1)
    return torch.where(positions < lengths, lengths - 1 - positions, positions)


def reverse(vectors: Tensor, reversal: Tensor) -> Tensor:
    """Swap positions: vectors (S, B, F), reversal (S, B) from :func:`reversed_positions`."""
    swapped: Tensor = _Swap.apply(vectors, reversal)  # type: ignore[no-untyped-call]
    return swapped


class _Swap(torch.autograd.Function):
    """A gather whose backward is itself, since swapping twice changes nothing; much cheaper than scatter_add."""

    @staticmethod
    def forward(ctx: Any, vectors: Tensor, reversal: Tensor) -> Tensor:
        ctx.save_for_backward(reversal)
        return vectors[reversal, torch.arange(vectors.shape[1], device=vectors.device)]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (reversal,) = ctx.saved_tensors
        (grad,) = gradients
        return grad[reversal, torch.arange(grad.shape[1], device=grad.device)], None
