"""Fused decoders: what :mod:`nmt_attn.kernels.bahdanau_gru` and :mod:`nmt_attn.kernels.luong_gru` share.

Teacher-forced decoders of one GRU layer with additive attention, as one autograd function each: the fast paths of the
commonest configurations. (Luong's decoder without input feeding needs none: there the recurrence runs over the whole
target in one call.) :mod:`nmt_attn.model.decoder` holds the plain versions, step by step, to which tests compare these.
They are faster because

- a step makes two or three matrix products and nothing else but elementwise work in buffers of its own;
- backwards, only what one step passes to the one before is computed in the loop; every weight's gradient is one
  matrix product over all steps at the end;
- the B·S·K values of the attention's tanh are computed anew in the backward instead of being kept for all steps.

Matrix products are made in the precision of autocast, everything else in that of the weights. On a GPU both directions
can be replayed as CUDA graphs, see :mod:`nmt_attn.kernels.cuda_graphs`.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class AttendedSource:
    """Source states as attention reads them."""

    states: Tensor  # (B, S, A)
    keys: Tensor  # (B, S, K)
    mask: Tensor  # (B, S): true on real positions


def padded_bias(bias: Tensor, size: int) -> Tensor:
    """Put zeros behind a bias, up to (size)."""
    return torch.cat([bias, bias.new_zeros(size - len(bias))])


def one_before(first: Tensor, vectors: Tensor) -> Tensor:
    """Return what each step had before it: ``first`` (B, F), then all of ``vectors`` (T, B, F) but the last."""
    return torch.cat([first.unsqueeze(0), vectors[:-1]])


def product_over_steps(gradients: Tensor, inputs: Tensor, matmul_dtype: torch.dtype) -> Tensor:
    """Compute a weight's gradient (O, I) from those of its outputs (T, B, O) and from its inputs (T, B, I)."""
    left, right = gradients.flatten(0, 1).to(matmul_dtype), inputs.flatten(0, 1).to(matmul_dtype)
    return (left.t() @ right).to(inputs.dtype)
