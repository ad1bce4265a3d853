"""The loss: cross-entropy per target token, computed without ever holding the scores of a whole batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from nmt_attn.kernels.matmul import autocast_dtype, matmul

CHUNKS = {"cpu": 512, "cuda": 8192}
"""Rows of the output layer computed at once: large enough for fast products, small enough to stay in a CPU's cache."""


@dataclass(frozen=True)
class TokenLoss:
    """Sums over target tokens, in nats."""

    objective: Tensor  # what is minimised, label smoothing included; carries the gradient
    cross_entropy: Tensor  # without smoothing, for perplexity; no gradient


def output_loss(
    readouts: Tensor,
    weight: Tensor,
    bias: Tensor,
    labels: Tensor,
    label_smoothing: float = 0.0,
    chunk: int | None = None,
) -> TokenLoss:
    """Compute the cross-entropy of ``softmax(readouts weightᵀ + bias)``, summed over tokens.

    With smoothing ε the reference distribution is 1 - ε on the label plus ε spread evenly over the vocabulary
    (Szegedy et al. 2016). Gradients are made on the way forwards, chunk by chunk, while the scores are at hand.

    Args:
        readouts: (N, R), real tokens only.
        weight: (V, R).
        bias: (V).
        labels: ids, (N).
        label_smoothing: ε.
        chunk: tokens whose scores exist at the same time; None: what is good for the device.
    """
    chunk = chunk or CHUNKS.get(readouts.device.type, CHUNKS["cpu"])
    objective, cross_entropy = _OutputLoss.apply(  # type: ignore[no-untyped-call]
        readouts, weight, bias, labels, label_smoothing, chunk
    )
    return TokenLoss(objective, cross_entropy)


def output_loss_plain(
    readouts: Tensor, weight: Tensor, bias: Tensor, labels: Tensor, label_smoothing: float = 0.0
) -> TokenLoss:
    """Compute the loss with torch's own functions, the whole batch at once: the reference of the tests."""
    scores = F.linear(readouts, weight, bias)
    objective = F.cross_entropy(scores, labels, reduction="sum", label_smoothing=label_smoothing)
    return TokenLoss(objective, F.cross_entropy(scores.detach(), labels, reduction="sum"))


class _OutputLoss(torch.autograd.Function):
    """The output layer, softmax and cross-entropy in one, chunk by chunk.

    The largest probability p of a row is at least 1 / V, so log Σ exp(score) = max(score) - log p is safe where
    the logarithm of the label's own probability would underflow.
    """

    @staticmethod
    def forward(
        ctx: Any, readouts: Tensor, weight: Tensor, bias: Tensor, labels: Tensor, smoothing: float, chunk: int
    ) -> tuple[Tensor, Tensor]:
        """See :func:`output_loss`."""
        rows, cast_weight, cast_bias = (tensor.to(autocast_dtype(weight)) for tensor in (readouts, weight, bias))
        gradients = _Gradients(rows, weight, cast_weight) if any(ctx.needs_input_grad[:3]) else None
        sum_log, sum_label = weight.new_zeros(()), weight.new_zeros(())
        for start in range(0, len(labels), chunk):
            part = slice(start, start + chunk)
            targets = labels[part].unsqueeze(1)
            scores = matmul(rows[part], cast_weight.t(), cast_bias)  # (n, V)
            sum_label += scores.gather(1, targets).sum(dtype=weight.dtype)
            highest = scores.amax(1).to(weight.dtype)
            probabilities = _softmax(scores, weight.dtype)
            sum_log += (highest - probabilities.amax(1).log()).sum()
            if gradients is not None:
                gradients.add(part, probabilities, targets, smoothing)
        # Σ over tokens of the mean score of the vocabulary, from the means of the weights.
        sum_mean = (readouts.to(weight.dtype).sum(0) * weight.mean(0)).sum() + len(labels) * bias.mean()
        cross_entropy = sum_log - sum_label
        objective = sum_log - (1 - smoothing) * sum_label - smoothing * sum_mean
        if gradients is not None:
            ctx.save_for_backward(*gradients.finish(readouts, smoothing))
        ctx.mark_non_differentiable(cross_entropy)
        return objective, cross_entropy

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Multiply the gradients, which are there already, by the factor in front of the loss."""
        scaled = [saved.mul_(gradients[0]) for saved in ctx.saved_tensors]
        return (*scaled, None, None, None)


def _softmax(scores: Tensor, dtype: torch.dtype) -> Tensor:
    """Compute probabilities in ``dtype``, (n, V); overwrite scores that have that dtype, to stay in cache."""
    return torch.softmax(scores, dim=-1, dtype=dtype, out=scores if scores.dtype == dtype else None)


class _Gradients:
    """The gradients of the objective, growing chunk by chunk.

    Smoothing takes ε / V from every score. That is the same for every token, so it is brought in once, at the end.
    """

    def __init__(self, rows: Tensor, weight: Tensor, cast_weight: Tensor) -> None:
        self.rows, self.cast_weight = rows, cast_weight  # (N, R) and (V, R), both in the dtype of the products
        self.readouts = torch.empty_like(rows)
        self.weight = torch.zeros_like(weight)
        self.bias = weight.new_zeros(len(weight))

    def add(self, part: slice, probabilities: Tensor, targets: Tensor, smoothing: float) -> None:
        """Take in one chunk; ``probabilities`` (n, V) turns into the gradient of its scores."""
        ones = probabilities.new_full((len(targets), 1), smoothing - 1)
        gradient = probabilities.scatter_add_(1, targets, ones)
        self.bias += gradient.sum(0)
        gradient = gradient.to(self.rows.dtype)
        self.readouts[part] = matmul(gradient, self.cast_weight)
        if self.rows.dtype == self.weight.dtype:
            self.weight.addmm_(gradient.t(), self.rows[part])
        else:
            self.weight += gradient.t() @ self.rows[part]

    def finish(self, readouts: Tensor, smoothing: float) -> tuple[Tensor, Tensor, Tensor]:
        """Return the gradients of readouts, weight and bias."""
        share = smoothing / len(self.weight)
        rows = readouts.to(self.weight.dtype)
        self.weight -= share * rows.sum(0)
        self.bias -= share * len(rows)
        mean_pull = share * self.cast_weight.sum(0, dtype=self.weight.dtype)
        return (self.readouts.to(self.weight.dtype) - mean_pull).to(readouts.dtype), self.weight, self.bias
