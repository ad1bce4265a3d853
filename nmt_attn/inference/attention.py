"""Frozen attention: keys once per sentence, and queries with less to compute at each step."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from nmt_attn.device import Compute
from nmt_attn.inference.frozen_linear import FrozenLinear
from nmt_attn.model.attention import AdditiveScore, Attention, AttentionOutput, EncodedSource, Score
from nmt_attn.model.step import Attended

ATTENDING = 128
"""Sentences, or hypotheses, that attend at once on a CPU."""


@dataclass(frozen=True)
class SourceOfRows:
    """An encoded batch, and the sentence of each row that attends to it."""

    encoded: EncodedSource
    sentence_of_row: Tensor | None  # (N); None: as many rows for each sentence, one after the other

    def select(self) -> EncodedSource:
        """Return the source of each row, or of each sentence."""
        return self.encoded if self.sentence_of_row is None else self.encoded.select(self.sentence_of_row)

    def part(self, rows: slice) -> SourceOfRows:
        """Return that of some rows, or of some sentences."""
        if self.sentence_of_row is None:
            return SourceOfRows(_part(self.encoded, rows), None)
        return SourceOfRows(self.encoded, self.sentence_of_row[rows])

    def shortened(self) -> EncodedSource:
        """Select as :meth:`select`, without the positions that are padding in all of them."""
        rows, mask = self.sentence_of_row, self.encoded.mask
        if rows is None:
            return _cut(self.encoded, int(mask.sum(1).max()))
        return _cut(self.encoded, int(mask.index_select(0, rows).sum(1).max())).select(rows)

    def __len__(self) -> int:
        return len(self.encoded.states) if self.sentence_of_row is None else len(self.sentence_of_row)


def _part(encoded: EncodedSource, rows: slice) -> EncodedSource:
    """Return the sentences ``rows`` of a batch without coverage, without a copy."""
    return EncodedSource(encoded.states[rows], encoded.keys[rows], encoded.mask[rows])


def _cut(encoded: EncodedSource, longest: int) -> EncodedSource:
    """Cut a batch without coverage to so many positions, without a copy."""
    return EncodedSource(encoded.states[:, :longest], encoded.keys[:, :longest], encoded.mask[:, :longest])


class FrozenAttention:
    """The attention of any score without coverage, its key layer frozen.

    Args:
        attention: of the network.
        encoding: device, and the precision of what is computed once per sentence.
        bounded: whether no source state is beyond -1 and 1.
    """

    def __init__(self, attention: Attention, encoding: Compute, *, bounded: bool) -> None:
        self.attention = attention
        self.key: FrozenLinear | None = None
        score = attention.score
        linear = score is None or type(score).keys is Score.keys  # a score may compute keys otherwise
        self.states_are_keys = linear and (score is None or score.key_layer is None)
        if linear and score is not None and score.key_layer is not None:
            self.key = FrozenLinear(score.key_layer.weight, score.key_layer.bias, encoding, bounded=bounded)

    def keys(self, states: Tensor) -> Tensor:
        """Compute the keys of source states, (…, A) to (…, K), in the form that is compared with queries."""
        if self.key is not None:
            return self.compared(self.key(states))
        score = self.attention.score
        return self.compared(states if score is None else score.keys(states))

    def compared(self, keys: Tensor) -> Tensor:
        """Bring keys into the form that is compared with queries."""
        return keys.float()

    def asking(self, queries: Tensor) -> Tensor:
        """Bring queries (B, K, H) into the form that is compared with keys."""
        return queries

    def look(self, queries: Tensor, encoded: EncodedSource) -> AttentionOutput:
        """Attend with what :meth:`asking` returns."""
        attended: AttentionOutput = self.attention(queries, encoded)
        return attended

    def attend(self, hidden: Tensor, source: SourceOfRows) -> Attended[Tensor]:
        """Attend with one query per row, (N, H).

        A CPU takes a few sentences at a time: what is compared stays in the cache, and where sentences are ordered by
        length little of it is padding.
        """
        sentences = len(source)
        queries = self.asking(hidden.view(sentences, -1, hidden.shape[-1]))  # (B, K, ·)
        if hidden.device.type != "cpu":
            found = self.look(queries, source.select())
            return Attended(found.context.flatten(0, 1), found.weights, None)
        parts = [slice(begin, begin + ATTENDING) for begin in range(0, sentences, ATTENDING)]
        looks = [self.look(queries[some], source.part(some).shortened()) for some in parts]
        steps = source.encoded.mask.shape[1]
        weights = [F.pad(one.weights, (0, steps - one.weights.shape[2])) for one in looks]
        return Attended(torch.cat([one.context for one in looks]).flatten(0, 1), torch.cat(weights), None)


class FrozenAdditiveAttention(FrozenAttention):
    """Additive attention with a step that takes no exponential for each position.

    The score is vᵀ tanh(q + k) = 2vᵀ 1/(1 + e⁻²ᵏ e⁻²ᑫ) - Σ v, where the exponentials of keys are made once per
    sentence; what all scores have in common is nothing to a softmax.

    Args:
        attention: of the network.
        score: its score.
        encoding: device, and the precision of what is computed once per sentence.
        compute: device, and the precision of a step.
        states_bounded: whether no source state is beyond -1 and 1.
        hidden_bounded: whether no query is.
    """

    def __init__(
        self,
        attention: Attention,
        score: AdditiveScore,
        encoding: Compute,
        compute: Compute,
        *,
        states_bounded: bool,
        hidden_bounded: bool,
    ) -> None:
        super().__init__(attention, encoding, bounded=states_bounded)
        self.query = FrozenLinear(score.query_layer.weight, None, compute, bounded=hidden_bounded)
        self.vector = 2 * score.vector.detach()
        self.one = torch.ones((), device=self.vector.device)

    def compared(self, keys: Tensor) -> Tensor:
        """Compute e⁻²ᵏ."""
        return _decay(keys.float())

    def asking(self, queries: Tensor) -> Tensor:
        """Compute e⁻²ᑫ of the projected queries."""
        return _decay(self.query(queries))

    def look(self, queries: Tensor, encoded: EncodedSource) -> AttentionOutput:
        """Attend with what :meth:`asking` returns."""
        scores = [
            torch.matmul(torch.addcmul(self.one, encoded.keys, query.unsqueeze(1)).reciprocal_(), self.vector)
            for query in queries.unbind(1)
        ]
        return self.attention.attend_with_scores(torch.stack(scores, dim=1), encoded)


def _decay(values: Tensor) -> Tensor:
    """Compute e⁻²ˣ in place, so that tanh(q + k) of many k and q takes no exponential.

    Each takes a product and a quotient, which is half the time on a CPU. Beyond 21, where tanh has long been 1, x is
    cut, so that products are numbers.
    """
    return values.clamp_(-21, 21).mul_(-2).exp_()


def freeze_attention(
    attention: Attention, encoding: Compute, compute: Compute, *, states_bounded: bool, hidden_bounded: bool
) -> FrozenAttention:
    """Freeze the attention of a network, in the fastest form that its score has."""
    if type(attention.score) is not AdditiveScore:  # a subclass may compute something else
        return FrozenAttention(attention, encoding, bounded=states_bounded)
    return FrozenAdditiveAttention(
        attention, attention.score, encoding, compute, states_bounded=states_bounded, hidden_bounded=hidden_bounded
    )
