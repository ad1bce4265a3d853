"""Attention: how a decoder state looks at the source.

Every score compares decoder states (the queries) with source states through *keys* that are computed once
per sentence. With source states h_1…h_S and decoder state s:

    dot           sᵀ h_i                  Luong et al. 2015
    scaled_dot    sᵀ h_i / √n             Vaswani et al. 2017
    general       sᵀ W h_i                Luong et al. 2015
    additive      vᵀ tanh(W s + U h_i)    Bahdanau et al. 2015 (``concat`` in Luong et al.)
    location      (W s)_i                 Luong et al. 2015; does not look at the source at all
    none          no context              the plain encoder-decoder of Sutskever et al. 2014

With coverage (Tu et al. 2016) the additive score is vᵀ tanh(W s + U h_i + C_i k). C_i is the coverage of position i,
the attention that it has received so far, divided by its fertility N σ(fᵀ h_i + b), the attention that it should
receive in total.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nmt_attn.config.schema import AttentionConfig
from nmt_attn.kernels.additive_attention import additive_scores
from nmt_attn.kernels.matmul import Linear
from nmt_attn.kernels.rows import select_rows


@dataclass(frozen=True)
class EncodedSource:
    """An encoded batch of sentences, ready to be attended to."""

    states: Tensor  # (B, S, A)
    keys: Tensor  # (B, S, K): what the score makes of the states
    mask: Tensor  # (B, S): true on real positions
    fertility: Tensor | None = None  # (B, S): how much attention each position should get in all, with coverage

    def select(self, rows: Tensor) -> EncodedSource:
        """Return the sentences ``rows`` of the batch, which may repeat."""
        fertility = None if self.fertility is None else self.fertility.index_select(0, rows)
        states, keys, mask = (select_rows(part, rows) for part in (self.states, self.keys, self.mask))
        return EncodedSource(states, keys, mask, fertility)


class Score(nn.Module):
    """A measure of how well source positions fit a query. Each score function is a subclass."""

    def __init__(self) -> None:
        super().__init__()
        self.key_layer: nn.Linear | None = None  # from source states to keys, (…, A) to (…, K); None: they are the keys

    def keys(self, states: Tensor) -> Tensor:
        """Compute what depends on the source alone, once per sentence: (B, S, A) to (B, S, K)."""
        return states if self.key_layer is None else self.key_layer(states)

    def forward(self, queries: Tensor, keys: Tensor) -> Tensor:
        """Compute the scores (B, T, S) of queries (B, T, H) against keys (B, S, K)."""
        raise NotImplementedError


class DotScore(Score):
    """The score sᵀ h_i, for states of equal size; ``scale`` multiplies it."""

    def __init__(self, scale: float = 1.0) -> None:
        super().__init__()
        self.scale = scale

    def forward(self, queries: Tensor, keys: Tensor) -> Tensor:
        """See :meth:`Score.forward`."""
        return torch.bmm(queries * self.scale, keys.transpose(1, 2))


class GeneralScore(Score):
    """The score sᵀ W h_i."""

    def __init__(self, query_size: int, state_size: int) -> None:
        super().__init__()
        self.key_layer = Linear(state_size, query_size, bias=False)

    def forward(self, queries: Tensor, keys: Tensor) -> Tensor:
        """See :meth:`Score.forward`."""
        return torch.bmm(queries, keys.transpose(1, 2))


class LocationScore(Score):
    """The score (W s)_i, by which the decoder state alone decides where to look.

    W has a row for each of ``positions`` source positions. Positions behind them in a longer sentence are not seen.
    """

    def __init__(self, query_size: int, positions: int) -> None:
        super().__init__()
        self.query_layer = Linear(query_size, positions, bias=False)

    def forward(self, queries: Tensor, keys: Tensor) -> Tensor:
        """See :meth:`Score.forward`; only the number of the keys matters."""
        scores: Tensor = self.query_layer(queries)[..., : keys.shape[1]]
        unseen = keys.shape[1] - scores.shape[2]
        return F.pad(scores, (0, unseen), value=-math.inf) if unseen else scores


class AdditiveScore(Score):
    """The score vᵀ tanh(W s + U h_i)."""

    def __init__(self, query_size: int, state_size: int, size: int) -> None:
        super().__init__()
        self.query_layer = Linear(query_size, size, bias=False)
        self.key_layer = Linear(state_size, size)
        self.vector = _vector(size)

    def forward(self, queries: Tensor, keys: Tensor) -> Tensor:
        """See :meth:`Score.forward`."""
        return additive_scores(self.query_layer(queries), keys, self.vector)


class Coverage(nn.Module):
    """The part that coverage adds to :class:`AdditiveScore`: a direction for the coverage, and fertilities.

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
        """Compute the fertility (B, S) of each position of the source states (B, S, A)."""
        return self.MOST * torch.sigmoid(self.fertility_layer(states).squeeze(-1))

    def scores(self, score: AdditiveScore, queries: Tensor, encoded: EncodedSource, coverage: Tensor) -> Tensor:
        """Compute the scores (B, K, S) of queries (B, K, H), given the ``coverage`` of the positions, (B, K, S)."""
        shares = coverage / cast(Tensor, encoded.fertility).unsqueeze(1)  # (B, K, S)
        keys = encoded.keys.unsqueeze(1) + shares.unsqueeze(3) * self.vector  # (B, K, S, D)
        return torch.tanh(score.query_layer(queries).unsqueeze(2) + keys) @ score.vector


@dataclass(frozen=True)
class AttentionOutput:
    """The result of attending."""

    context: Tensor  # (B, T, A): Σ α_i h_i
    weights: Tensor  # (B, T, S): α, each row sums to 1 over the real positions


class Attention(nn.Module):
    """Softmax over the scores of the real positions, and the mean of the source states under it.

    With the score ``none`` the context is empty (A = 0) and all weights are 0.

    Args:
        config: which score to use.
        query_size: size of the decoder state.
        state_size: size of a source state, A.
    """

    def __init__(self, config: AttentionConfig, query_size: int, state_size: int) -> None:
        super().__init__()
        self.score = _make_score(config, query_size, state_size)
        self.coverage = Coverage(config.size or query_size, state_size) if config.coverage else None

    def precompute(self, states: Tensor, mask: Tensor) -> EncodedSource:
        """Compute the keys of an encoded batch: states (B, S, A), mask (B, S)."""
        keys = states if self.score is None else self.score.keys(states)
        return EncodedSource(states, keys, mask, None if self.coverage is None else self.coverage.fertility(states))

    def forward(self, queries: Tensor, encoded: EncodedSource, coverage: Tensor | None = None) -> AttentionOutput:
        """Attend to the source.

        Args:
            queries: decoder states, (B, T, H).
            encoded: the source.
            coverage: the attention that each position has received so far, (B, T, S); None without coverage.
        """
        if self.score is None:
            batch, steps, _ = queries.shape
            weights = encoded.states.new_zeros(batch, steps, encoded.states.shape[1])
            return AttentionOutput(encoded.states.new_zeros(batch, steps, 0), weights)
        if self.coverage is not None:
            scores = self.coverage.scores(cast(AdditiveScore, self.score), queries, encoded, cast(Tensor, coverage))
        else:
            scores = self.score(queries, encoded.keys)  # (B, T, S)
        return self.attend_with_scores(scores, encoded)

    def attend_with_scores(self, scores: Tensor, encoded: EncodedSource) -> AttentionOutput:
        """Attend with the given scores, (B, T, S)."""
        scores = scores.masked_fill(~encoded.mask.unsqueeze(1), -math.inf)
        weights = F.softmax(scores, dim=-1, dtype=torch.float32 if scores.dtype == torch.bfloat16 else None)
        weights = weights.to(encoded.states.dtype)
        return AttentionOutput(torch.bmm(weights, encoded.states), weights)


def _vector(size: int) -> nn.Parameter:
    """Draw a direction to begin with, of length about 1."""
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
        case "none" | "mean" | "max":
            return None
