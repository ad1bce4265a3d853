"""The exponential moving average of the weights, which translates better than the last weights."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from nmt_attn.model.trainable import TrainableModel


class WeightAverage:
    """A copy of the network whose weights follow those being trained (Polyak and Juditsky 1992).

    After step t each is  d_t · average + (1 - d_t) · weight  with  d_t = min(decay, (1 + t) / (10 + t)).  So the
    average quickly forgets the random weights that it began with.

    Args:
        model: the network that is being trained.
        decay: the share of the average that is kept per step, once it has warmed up.
    """

    def __init__(self, model: TrainableModel, decay: float) -> None:
        self.model = copy.deepcopy(model).eval().requires_grad_(False)
        for part in self.model.modules():
            if isinstance(part, nn.RNNBase):  # cuDNN reads weights in one piece, which a copy is not
                part.flatten_parameters()
        self.decay = decay

    def decay_at(self, step: int) -> float:
        """Return the decay of the ``step``-th step, from 1."""
        return min(self.decay, (1 + step) / (10 + step))

    @torch.no_grad()
    def update(self, model: TrainableModel, step: int) -> None:
        """Update the average with the weights after the ``step``-th step, from 1."""
        averages: tuple[Tensor, ...] = tuple(self.model.parameters())
        weights: tuple[Tensor, ...] = tuple(model.parameters())
        torch._foreach_lerp_(averages, weights, 1.0 - self.decay_at(step))
