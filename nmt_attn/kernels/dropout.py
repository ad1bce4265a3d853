"""Dropout whose masks are cheap on a CPU too."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

BITS = 16
"""Random bits spent on an element: its probability is right to 1 / 2^16."""


class Dropout(nn.Module):
    """A layer that zeroes elements with a probability while training and scales up the others (Srivastava et al. 2014).

    :class:`torch.nn.Dropout` draws a number for every element, on one core; that alone was 3 % of a training.
    Here each 64 random bits decide on four elements. On a GPU it is torch's own.

    Args:
        probability: of an element's being dropped, 0 ≤ p < 1.
    """

    def __init__(self, probability: float) -> None:
        super().__init__()
        self.probability = probability

    def forward(self, inputs: Tensor) -> Tensor:
        """Apply dropout to inputs of any shape; return them as they are outside training."""
        if not self.training or not self.probability:
            return inputs
        if inputs.device.type != "cpu":
            return F.dropout(inputs, self.probability)  # makes and applies the mask in one kernel
        return inputs * dropout_mask(inputs, self.probability)

    def extra_repr(self) -> str:
        """Return the probability, for ``print``."""
        return f"p={self.probability}"


class WordDropout(nn.Module):
    """A layer that drops whole vectors: the embeddings of some tokens (as Sennrich et al. 2016 for small corpora).

    Args:
        probability: of a token's being dropped, 0 ≤ p < 1.
    """

    def __init__(self, probability: float) -> None:
        super().__init__()
        self.dropout = Dropout(probability)

    def forward(self, vectors: Tensor) -> Tensor:
        """Zero some of the vectors (…, E) and scale the others up; return them as they are outside training."""
        if not self.training or not self.dropout.probability:
            return vectors
        scales: Tensor = self.dropout(torch.ones_like(vectors[..., :1]))
        return vectors * scales


def dropout_mask(like: Tensor, probability: float) -> Tensor:
    """Draw 0 with the probability and 1 / (1 - probability) else, of the shape, dtype and device of ``like``."""
    if like.device.type != "cpu":
        return F.dropout(torch.ones_like(like), probability)
    dropped = min(round(probability * 2**BITS), 2**BITS - 1)  # of the values that 16 bits can have
    words = torch.empty(-(-like.numel() // 4), dtype=torch.int64).random_(-(2**63), None)
    values = words.view(torch.int16)[: like.numel()].view(like.shape)  # from -2^15
    kept: Tensor = values >= dropped - 2 ** (BITS - 1)
    return kept.to(like.dtype).mul_(2**BITS / (2**BITS - dropped))
