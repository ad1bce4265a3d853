"""The exchange of gradients: once for each update, in one piece."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from nmt_attn.distributed.group import ProcessGroup

FIGURES = 2
"""Sums over the tokens that are exchanged together with the gradients: the objective and the cross-entropy."""


class GradientExchange:
    """Adds up the gradients of all processes, in one piece of memory from which the optimiser then reads them.

    Each process divides by the tokens of all before, so the sum is the gradient of the mean over all tokens.

    Args:
        weights: of the network.
        group: the processes.
        compression: ``bf16`` sends the gradients in 16 bits; ``none`` as they are.
    """

    def __init__(self, weights: Iterable[nn.Parameter], group: ProcessGroup, compression: str = "none") -> None:
        self.weights, self.group, self.compression = list(weights), group, compression
        sizes = [weight.numel() for weight in self.weights]
        first = self.weights[0]
        self._all = torch.empty(sum(sizes) + FIGURES, dtype=first.dtype, device=first.device)
        *parts, self._figures = self._all.split([*sizes, FIGURES])
        self._gradients = [part.view_as(weight) for part, weight in zip(parts, self.weights, strict=True)]

    @torch.no_grad()
    def __call__(self, objective: Tensor, cross_entropy: Tensor) -> tuple[Tensor, Tensor]:
        """Replace the gradients of the weights by their sums over all processes, and return those of two figures.

        A process that had nothing to compute takes part with zeros.
        """
        there = [weight.grad is not None for weight in self.weights]
        pairs = list(zip(self._gradients, self.weights, there, strict=True))
        if any(there):
            own = [weight.grad for _, weight, has in pairs if has and weight.grad is not None]
            torch._foreach_copy_([gradient for gradient, _, has in pairs if has], own)
        for gradient, _, has in pairs:
            if not has:
                gradient.zero_()
        self._figures[0], self._figures[1] = objective, cross_entropy
        if self.compression == "bf16":
            self._add_up_compressed()
        else:
            self.group.add_up(self._all)
        for gradient, weight, _ in pairs:
            weight.grad = gradient
        objective, cross_entropy = self._figures.clone().unbind()
        return objective, cross_entropy

    def _add_up_compressed(self) -> None:
        gradients = self._all[:-FIGURES]
        compressed = gradients.to(torch.bfloat16)
        self.group.add_up(compressed)
        gradients.copy_(compressed)
        self.group.add_up(self._figures)
