"""The constraints of a search: what it may not write, and what it should not leave out."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from nmt_attn.text.tokenizer import EOS


def forbid_repeats(scores: Tensor, histories: Tensor, size: int) -> Tensor:
    """Give -inf to every token that would end a sequence of ``size`` tokens that has been written before.

    Args:
        scores: of N hypotheses, (N, V); that of EOS stays as it is.
        histories: the tokens so far, (N, t).
        size: n of the n-grams, at least 1.
    """
    steps = histories.shape[1]
    if steps < size:
        return scores
    ngrams = histories.unfold(1, size, 1)  # (N, t - n + 1, n)
    again = (ngrams[..., :-1] == histories[:, None, steps - size + 1 :]).all(-1)  # begin as what stands last
    forbidden = torch.zeros_like(scores, dtype=torch.bool)
    # Where an n-gram begins otherwise, EOS is named instead, which is taken out again.
    forbidden.scatter_(1, ngrams[..., -1].where(again, EOS), True)
    forbidden[:, EOS] = False
    return scores.masked_fill(forbidden, -math.inf)


def coverage_penalties(attention: Tensor, mask: Tensor) -> Tensor:
    """Compute Σ log min(a_i, 1) over the real source positions, with a_i the coverage of each (Wu et al. 2016).

    Args:
        attention: summed over the steps, (b, J, S).
        mask: true on real positions, (b, S).
    """
    return attention.clamp(1e-9, 1.0).log().masked_fill(~mask.unsqueeze(1), 0.0).sum(2)


def only(scores: Tensor, token: int) -> Tensor:
    """Give -inf to every token but one, (N, V)."""
    allowed = torch.full_like(scores, -math.inf)
    allowed[:, token] = scores[:, token]
    return allowed


def forbid_end(scores: Tensor, too_short: Tensor) -> Tensor:
    """Give -inf to EOS where a translation would be too short, as long as anything else is possible.

    Args:
        scores: of N hypotheses, (N, V).
        too_short: those that must not end here, (N).
    """
    without_end = scores.clone()
    without_end[:, EOS] = -math.inf
    possible = without_end.amax(1) > -math.inf  # (N)
    return torch.where((too_short & possible).unsqueeze(1), without_end, scores)
