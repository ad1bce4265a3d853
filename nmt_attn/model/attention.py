"""Attention: how a decoder state looks at the source.

Every score compares decoder states (the queries) with source states through *keys* that are computed once a
sentence. With source states h_1…h_S and decoder state s:

    dot           sᵀ h_i                  Luong et al. 2015
    scaled_dot    sᵀ h_i / √n             Vaswani et al. 2017
    general       sᵀ W h_i                Luong et al. 2015
    additive      vᵀ tanh(W s + U h_i)    Bahdanau et al. 2015 (``concat`` in Luong et al.)
    location      (W s)_i                 Luong et al. 2015; does not look at the source at all
    none          no context              the plain encoder-decoder of Sutskever et al. 2014

With coverage (Tu et al. 2016) the additive score is vᵀ tanh(W s + U h_i + C_i k), with C_i the attention that position
i has had so far, as a share of its fertility N σ(fᵀ h_i + b): the attention that it should have in all.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nmt_attn.config import AttentionConfig
from nmt_attn.model.products import Linear


@dataclass(frozen=True)
class Memory:
    """An encoded batch of sentences, ready to be attended to."""

    states: Tensor  # (B, S, A)
    keys: Tensor  # (B, S, K): what the score makes of the states
    mask: Tensor  # (B, S): true on real positions
    fertility: Tensor | None = None  # (B, S): how much attention each position should get in all, with coverage

    def select(self, rows: Tensor) -> Memory:
        """The sentences ``rows`` of the batch, which may repeat."""
        fertility = None if self.fertility is None else self.fertility.index_select(0, rows)
        states, keys, mask = (_select(part, rows) for part in (self.states, self.keys, self.mask))
        return Memory(states, keys, mask, fertility)

    def part(self, rows: slice) -> Memory:
        """The sentences ``rows`` of the batch, without a copy."""
        fertility = None if self.fertility is None else self.fertility[rows]
        return Memory(self.states[rows], self.keys[rows], self.mask[rows], fertility)

    def shortened(self) -> Memory:
        """Without the positions that are padding in all sentences; no copy."""
        return self._to(int(self.mask.sum(1).max()))

    def shortened_to(self, rows: Tensor) -> Memory:
        """As :meth:`select`, without the positions that are padding in all of them."""
        return self._to(int(self.mask.index_select(0, rows).sum(1).max())).select(rows)

    def _to(self, longest: int) -> Memory:
        fertility = None if self.fertility is None else self.fertility[:, :longest]
        return Memory(self.states[:, :longest], self.keys[:, :longest], self.mask[:, :longest], fertility)


def _select(part: Tensor, rows: Tensor) -> Tensor:
    """As ``part[rows]``, which takes five times as long on a CPU; ``index_select`` three times if a row has gaps."""
    wide = part.stride(0) >= part[0].numel() and part[0].is_contiguous()
    if not wide:
        return part.index_select(0, rows)
    flat = part.as_strided((len(part), part[0].numel()), (part.stride(0), 1))
    return flat.index_select(0, rows).view(len(rows), *part.shape[1:])


class Score(nn.Module):
    """How well source positions fit a query. One subclass a score function."""

    def keys(self, states: Tensor) -> Tensor:
        """What is computed once a sentence: (B, S, A) to (B, S, K)."""
        return states

    def forward(self, queries: Tensor, keys: Tensor) -> Tensor:
        """Scores (B, T, S) of queries (B, T, H) against keys (B, S, K)."""
        raise NotImplementedError


class DotScore(Score):
    """sᵀ h_i, for states of equal size; ``scale`` multiplies it."""

    def __init__(self, scale: float = 1.0) -> None:
        super().__init__()
        self.scale = scale

    def forward(self, queries: Tensor, keys: Tensor) -> Tensor:
        """See :meth:`Score.forward`."""
        return torch.bmm(queries * self.scale, keys.transpose(1, 2))


class GeneralScore(Score):
    """sᵀ W h_i."""

    def __init__(self, query_size: int, state_size: int) -> None:
        super().__init__()
        self.key_layer = Linear(state_size, query_size, bias=False)

    def keys(self, states: Tensor) -> Tensor:
        """W h_i."""
        return self.key_layer(states)  # type: ignore[no-any-return]

    def forward(self, queries: Tensor, keys: Tensor) -> Tensor:
        """See :meth:`Score.forward`."""
        return torch.bmm(queries, keys.transpose(1, 2))


class LocationScore(Score):
    """(W s)_i: where to look, said by the decoder state alone.

    W has a row for each of ``positions`` source positions; what stands behind them in a longer sentence is not seen.
    """

    def __init__(self, query_size: int, positions: int) -> None:
        super().__init__()
        self.query_layer = Linear(query_size, positions, bias=False)

    def forward(self, queries: Tensor, keys: Tensor) -> Tensor:
        """See :meth:`Score.forward`; of the keys only their number counts."""
        scores: Tensor = self.query_layer(queries)[..., : keys.shape[1]]
        unseen = keys.shape[1] - scores.shape[2]
        return F.pad(scores, (0, unseen), value=-math.inf) if unseen else scores


class AdditiveScore(Score):
    """vᵀ tanh(W s + U h_i)."""

    def __init__(self, query_size: int, state_size: int, size: int) -> None:
        super().__init__()
        self.query_layer = Linear(query_size, size, bias=False)
        self.key_layer = Linear(state_size, size)
        self.vector = _vector(size)

    def keys(self, states: Tensor) -> Tensor:
        """U h_i."""
        return self.key_layer(states)  # type: ignore[no-any-return]

    def forward(self, queries: Tensor, keys: Tensor) -> Tensor:
        """See :meth:`Score.forward`."""
        return additive_scores(self.query_layer(queries), keys, self.vector)


def additive_scores(queries: Tensor, keys: Tensor, vector: Tensor) -> Tensor:
    """vᵀ tanh(q_t + k_i) for all t and i, without keeping the B·T·S·K values of the tanh.

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
    """The same, written as the formula: the reference of the tests."""
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
    """σ(k_i + q_t) for some queries (B, t, K) and all keys (B, S, K): (B, t, S, K)."""
    return (keys.unsqueeze(1) + queries.unsqueeze(2)).sigmoid_()


class _AdditiveScores(torch.autograd.Function):
    """Goes through the queries, on a CPU one by one, forwards and again backwards, where the tanh is computed anew.

    tanh(x) is computed as 2 σ(2x) - 1, which takes a sixth of the time on a CPU.
    """

    @staticmethod
    def forward(ctx: Any, queries: Tensor, keys: Tensor, vector: Tensor) -> Tensor:
        """See :func:`additive_scores`."""
        ctx.save_for_backward(queries, keys, vector)
        return _additive_scores(queries, keys, vector)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """With p = σ(2(q + k)) and g the gradient of the scores, all terms are sums of g p or of g 4 p (1 - p) v."""
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


class Coverage(nn.Module):
    """What coverage adds to :class:`AdditiveScore`: a direction for what has been seen, and fertilities.

    Args:
        size: inner size of the score, K.
        state_size: size of a source state, A.
    """

    MOST = 2.0
    """N: no source position is worth more target tokens than this (as in Tu et al. 2016)."""

    def __init__(self, size: int, state_size: int) -> None:
        super().__init__()
        self.vector = _vector(size)
        self.fertility_layer = Linear(state_size, 1)

    def fertility(self, states: Tensor) -> Tensor:
        """Of each position of (B, S, A), (B, S)."""
        return self.MOST * torch.sigmoid(self.fertility_layer(states).squeeze(-1))

    def scores(self, score: AdditiveScore, queries: Tensor, memory: Memory, seen: Tensor) -> Tensor:
        """Scores (B, K, S) of queries (B, K, H) where positions have had the attention ``seen`` (B, K, S)."""
        shares = seen / cast(Tensor, memory.fertility).unsqueeze(1)  # (B, K, S)
        keys = memory.keys.unsqueeze(1) + shares.unsqueeze(3) * self.vector  # (B, K, S, D)
        return torch.tanh(score.query_layer(queries).unsqueeze(2) + keys) @ score.vector


@dataclass(frozen=True)
class Attended:
    """What came of attending."""

    context: Tensor  # (B, T, A): Σ α_i h_i
    weights: Tensor  # (B, T, S): α, each row sums to 1 over the real positions


class Attention(nn.Module):
    """Softmax over the scores of the real positions, and the mean of the source states under it.

    With the score ``none`` the context is empty (A = 0) and all weights are 0.

    Args:
        config: which score.
        query_size: size of the decoder state.
        state_size: size of a source state, A.
    """

    def __init__(self, config: AttentionConfig, query_size: int, state_size: int) -> None:
        super().__init__()
        self.score = _make_score(config, query_size, state_size)
        self.coverage = Coverage(config.size or query_size, state_size) if config.coverage else None

    def remember(self, states: Tensor, mask: Tensor) -> Memory:
        """Compute the keys of an encoded batch: states (B, S, A), mask (B, S)."""
        keys = states if self.score is None else self.score.keys(states)
        return Memory(states, keys, mask, None if self.coverage is None else self.coverage.fertility(states))

    def forward(self, queries: Tensor, memory: Memory, seen: Tensor | None = None) -> Attended:
        """Attend.

        Args:
            queries: decoder states, (B, T, H).
            memory: the source.
            seen: with coverage, the attention that positions have had so far, (B, T, S).
        """
        if self.score is None:
            batch, steps, _ = queries.shape
            weights = memory.states.new_zeros(batch, steps, memory.states.shape[1])
            return Attended(memory.states.new_zeros(batch, steps, 0), weights)
        if self.coverage is not None:
            scores = self.coverage.scores(cast(AdditiveScore, self.score), queries, memory, cast(Tensor, seen))
        else:
            scores = self.score(queries, memory.keys)  # (B, T, S)
        return self.look(scores, memory)

    def look(self, scores: Tensor, memory: Memory) -> Attended:
        """Attend by given scores, (B, T, S)."""
        scores = scores.masked_fill(~memory.mask.unsqueeze(1), -math.inf)
        weights = F.softmax(scores, dim=-1, dtype=torch.float32 if scores.dtype == torch.bfloat16 else None)
        weights = weights.to(memory.states.dtype)
        return Attended(torch.bmm(weights, memory.states), weights)


def _vector(size: int) -> nn.Parameter:
    """A direction to begin with, of length about 1."""
    bound = 1 / math.sqrt(size)
    return nn.Parameter(nn.init.uniform_(torch.empty(size), -bound, bound))


def _make_score(config: AttentionConfig, query_size: int, state_size: int) -> Score | None:
    match config.score:
        case "dot":
            return DotScore()
        case "scaled_dot":
            return DotScore(1 / math.sqrt(state_size))
        case "general":
            return GeneralScore(query_size, state_size)
        case "additive":
            return AdditiveScore(query_size, state_size, config.size or query_size)
        case "location":
            return LocationScore(query_size, config.max_positions)
        case "none":
            return None
