"""Long short-term memory (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000)."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor, nn


def lstm_step(
    gates: Tensor, cell_state: Tensor, normalise: Callable[[Tensor], Tensor] | None = None
) -> tuple[Tensor, Tensor]:
    """Compute c' = f c + i g and h' = o tanh(c').

    Args:
        gates: pre-activations, (B, 4H), in torch's order: i, f, g, o.
        cell_state: c, (B, H).
        normalise: applied to c' on its way to h'.

    Returns:
        h' and c'.
    """
    i, f, g, o = gates.chunk(4, dim=-1)
    cell_state = torch.addcmul(torch.sigmoid(f) * cell_state, torch.sigmoid(i), torch.tanh(g))
    shown = cell_state if normalise is None else normalise(cell_state)
    return torch.sigmoid(o) * torch.tanh(shown), cell_state


@cache
def has_bf16_lstm() -> bool:
    """Say whether oneDNN has an LSTM in bf16 for this processor; without AVX-512 it has none, and raises an error."""
    with torch.random.fork_rng([]):  # what is drawn here must not be missing from what a training draws
        layer = nn.LSTM(2, 2)
    try:
        with torch.inference_mode(False), torch.enable_grad(), torch.autocast("cpu", torch.bfloat16):
            layer(torch.zeros(1, 1, 2))
    except RuntimeError:
        return False
    return True
