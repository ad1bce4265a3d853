"""Additive attention (Bahdanau et al. 2015), vᵀ tanh(W s + U h_i), without keeping the values of the tanh.

They would be B·T·S·K numbers. The backward computes them anew. On a CPU tanh(x) is computed as 2 σ(2x) - 1, which takes
a sixth of the time there.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def additive_scores(queries: Tensor, keys: Tensor, vector: Tensor) -> Tensor:
    """Compute vᵀ tanh(q_t + k_i) for all t and i, without keeping the B·T·S·K values of the tanh.

    Args:
        queries: W s, (B, T, K).
        keys: U h, (B, S, K).
        vector: v, (K).

    Returns:
        Scores, (B, T, S).
    """
    if torch.is_grad_enabled() and (queries.requires_grad or keys.requires_grad or vector.requires_grad):
        scores: Tensor = _AdditiveScores.apply(queries, keys, vector)  # type: ignore[no-untyped-call]
        return scores
    return _additive_scores(queries, keys, vector)


def additive_scores_plain(queries: Tensor, keys: Tensor, vector: Tensor) -> Tensor:
    """Compute the formula of :func:`additive_scores` as it is written: the reference of the tests."""
    return torch.tanh(queries.unsqueeze(2) + keys.unsqueeze(1)) @ vector


AT_ONCE = 1 << 28
"""Bytes of values of the tanh that a GPU computes at once, which is to be busy; on a CPU they are to be in its cache,
and so are those of one query."""


def _additive_scores(queries: Tensor, keys: Tensor, vector: Tensor) -> Tensor:
    doubled_keys, doubled, each = 2 * keys, 2 * vector, _queries_at_once(keys)
    scores = [torch.matmul(_sigmoid_sum(doubled_keys, some), doubled) for some in (2 * queries).split(each, dim=1)]
    return torch.cat(scores, dim=1) - vector.sum()


def _queries_at_once(keys: Tensor) -> int:
    return 1 if keys.device.type == "cpu" else max(1, AT_ONCE // max(1, keys.nbytes))


def _sigmoid_sum(keys: Tensor, queries: Tensor) -> Tensor:
    """Compute σ(k_i + q_t) for some queries (B, t, K) and all keys (B, S, K): (B, t, S, K)."""
    return (keys.unsqueeze(1) + queries.unsqueeze(2)).sigmoid_()


class _AdditiveScores(torch.autograd.Function):
    """A pass over the queries, on a CPU one by one, forwards and again backwards, where the tanh is computed anew.

    tanh(x) is computed as 2 σ(2x) - 1, which takes a sixth of the time on a CPU.
    """

    @staticmethod
    def forward(ctx: Any, queries: Tensor, keys: Tensor, vector: Tensor) -> Tensor:
        """See :func:`additive_scores`."""
        ctx.save_for_backward(queries, keys, vector)
        return _additive_scores(queries, keys, vector)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Compute the gradients of queries, keys and vector.

        With p = σ(2(q + k)) and g the gradient of the scores, all terms are sums of g p or of g 4 p (1 - p) v.
        """
        queries, keys, vector = ctx.saved_tensors
        grad_scores = gradients[0].to(keys.dtype)  # (B, T, S)
        grad_queries = torch.empty_like(queries)
        weighted_p = torch.zeros_like(vector)  # Σ g p
        slopes = torch.zeros_like(keys)  # Σ_t g p (1 - p)
        doubled_keys, doubled, each = 2 * keys, 2 * queries, _queries_at_once(keys)
        for begin in range(0, queries.shape[1], each):
            some = slice(begin, begin + each)
            grad = grad_scores[:, some]  # (B, t, S)
            p = _sigmoid_sum(doubled_keys, doubled[:, some])  # (B, t, S, K)
            weighted_p += (grad.reshape(1, -1) @ p.flatten(0, 2))[0]
            slope = torch.addcmul(p, p, p, value=-1)
            grad_queries[:, some] = torch.matmul(grad.unsqueeze(2), slope).squeeze(2) * vector
            if each == 1:
                slopes.addcmul_(slope[:, 0], grad[:, 0].unsqueeze(2))
            else:
                slopes += slope.mul_(grad.unsqueeze(3)).sum(1)
        grad_vector = 2 * weighted_p - grad_scores.sum()
        return grad_queries.mul_(4), slopes.mul_(4 * vector), grad_vector


class AdditiveAttentionSteps:
    """The steps of additive attention, forwards. With p = σ(2(q + k)), tanh(q + k) is 2p - 1.

    Queries come doubled. The constant -Σ v of the scores is left out, since it changes nothing in a softmax.
    """

    def __init__(self, states: Tensor, keys: Tensor, mask: Tensor, vector: Tensor, steps: int) -> None:
        batch, length, size = keys.shape
        self.states, self.doubled_keys, self.doubled_vector = states, 2 * keys, 2 * vector
        self.penalty = torch.zeros_like(mask, dtype=keys.dtype).masked_fill_(~mask, -torch.inf)  # (B, S)
        self.queries = keys.new_empty(steps, batch, size)
        self.weights = keys.new_empty(steps, batch, length)
        self.contexts = keys.new_empty(steps, batch, states.shape[2])
        self.activation = torch.empty_like(keys)

    def step(self, step: int, query: Tensor) -> Tensor:
        """Compute the context (B, A) for doubled queries (B, K)."""
        self.queries[step] = query
        torch.add(self.doubled_keys, self.queries[step].unsqueeze(1), out=self.activation).sigmoid_()
        scores = torch.matmul(self.activation, self.doubled_vector).add_(self.penalty)
        weights = torch.softmax(scores, dim=-1, out=self.weights[step])
        torch.bmm(weights.unsqueeze(1), self.states, out=self.contexts[step].unsqueeze(1))
        return self.contexts[step]

    def kept(self) -> tuple[Tensor, ...]:
        """Return what :class:`AdditiveAttentionBackward` is made from, except for the contexts."""
        return self.states, self.doubled_keys, self.doubled_vector, self.queries, self.weights


class AdditiveAttentionBackward:
    """The steps of additive attention, backwards."""

    def __init__(
        self,
        states: Tensor,
        doubled_keys: Tensor,
        doubled_vector: Tensor,
        queries: Tensor,
        weights: Tensor,
        contexts: Tensor,
    ) -> None:
        self.states, self.doubled_keys, self.doubled_vector = states, doubled_keys, doubled_vector
        self.queries, self.weights, self.contexts = queries, weights, contexts
        self.grad_contexts = torch.empty_like(contexts)  # to be filled step by step
        self.slopes = torch.zeros_like(doubled_keys)  # Σ_t g p (1 - p), with g the gradient of the scores
        self.weighted_p = torch.zeros_like(doubled_vector)  # Σ g p
        self.activation, self.slope = torch.empty_like(doubled_keys), torch.empty_like(doubled_keys)

    def step(self, step: int, out: Tensor) -> None:
        """Compute the gradient of the step's doubled query, (B, K), from its ``grad_contexts``; put it into ``out``."""
        # (B, S), the vector first: MKL takes up to eight times as long for (S, A) times (A, 1).
        grad_weights = torch.bmm(self.grad_contexts[step].unsqueeze(1), self.states.transpose(1, 2)).squeeze(1)
        weights = self.weights[step]
        grad_weights -= (grad_weights * weights).sum(1, keepdim=True)
        grad_scores = grad_weights.mul_(weights)
        p = torch.add(self.doubled_keys, self.queries[step].unsqueeze(1), out=self.activation).sigmoid_()
        self.weighted_p += (grad_scores.view(1, -1) @ p.view(-1, p.shape[2]))[0]
        torch.addcmul(p, p, p, value=-1, out=self.slope)
        self.slopes.addcmul_(self.slope, grad_scores.unsqueeze(2))
        torch.mul(torch.bmm(grad_scores.unsqueeze(1), self.slope).squeeze(1), self.doubled_vector, out=out)

    def gradients(self) -> tuple[Tensor, Tensor, Tensor]:
        """Return the gradients of states, keys and vector, when all steps are done."""
        grad_states = torch.bmm(self.weights.permute(1, 2, 0), self.grad_contexts.transpose(0, 1))
        # The gradients of the scores of a step add up to nothing, so the -1 of 2p - 1 adds nothing to the vector's.
        return grad_states, self.slopes.mul_(2 * self.doubled_vector), 2 * self.weighted_p
