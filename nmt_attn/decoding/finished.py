"""The best hypotheses that have ended so far, of many sentences at once, as tensors: nothing waits for Python."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from nmt_attn.decoding.hypothesis import Hypothesis


@dataclass
class Finished:
    """The n best of each of B sentences, best first; a score of -inf where there is none yet."""

    scores: Tensor  # (B, n)
    log_probs: Tensor  # (B, n)
    lengths: Tensor  # (B, n): tokens without EOS
    tokens: Tensor  # (B, n, T), without EOS

    @classmethod
    def none_yet(cls, like: Tensor, count: int, longest: int) -> Finished:
        """Make room for ``count`` hypotheses of up to ``longest`` tokens per sentence, that is per item of ``like``."""
        batch = len(like)
        nothing = torch.full((batch, count), -math.inf, device=like.device)
        return cls(nothing, nothing.clone(), like.new_zeros(batch, count), like.new_zeros(batch, count, longest))

    def take(self, sentences: Tensor, scores: Tensor, log_probs: Tensor, tokens: Tensor) -> None:
        """Keep those of some new hypotheses that are among the n best of their sentence.

        Args:
            sentences: places in the batch, (b).
            scores: J new ones for each, (b, J); -inf or no number where there is none.
            log_probs: (b, J).
            tokens: (b, J, t), all of one length.
        """
        count, length = self.scores.shape[1], tokens.shape[2]
        if scores.device.type == "cpu":  # to see what changes would make the CPU wait for a GPU
            worst = self.scores[sentences, -1]  # (b)
            changed = (scores > worst.unsqueeze(1)).any(1).nonzero().flatten()
            if not len(changed):
                return
            sentences, scores, log_probs, tokens = (
                some.index_select(0, changed) for some in (sentences, scores, log_probs, tokens)
            )
        rows, new = sentences, scores.masked_fill(scores.isnan(), -math.inf)
        together, places = torch.cat([self.scores[rows], new], dim=1).topk(count, dim=1)  # (c, n)
        self.scores[rows] = together
        for kept, arrived in ((self.log_probs, log_probs), (self.lengths, self._lengths(new, length))):
            kept[rows] = torch.cat([kept[rows], arrived], dim=1).gather(1, places)
        histories = torch.cat([self.tokens[rows, :, :length], tokens], dim=1)  # (c, n + J, t)
        # Nothing longer than the new ones is cut off: hypotheses that ended before are shorter.
        self.tokens[rows, :, :length] = histories.gather(1, places.unsqueeze(2).expand(-1, -1, length))

    def _lengths(self, scores: Tensor, length: int) -> Tensor:
        return self.lengths.new_full(scores.shape, length)

    def hypotheses(self) -> list[list[Hypothesis]]:
        """Return the n best of each sentence as plain values, best first; none where nothing has ended."""
        columns = (self.tokens, self.lengths, self.log_probs, self.scores)
        return [
            [
                Hypothesis(ids[:length], log_prob, score)
                for ids, length, log_prob, score in zip(*sentence, strict=True)
                if score > -math.inf
            ]
            for sentence in zip(*(column.tolist() for column in columns), strict=True)
        ]
