"""What a search may not write, and what it should not leave out."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from nmt_attn.text.tokenizer import EOS


def forbid_repeats(log_probs: Tensor, histories: Tensor, size: int) -> Tensor:
    """-inf for every token that would end a sequence of ``size`` tokens that has been written before.

    Args:
        log_probs: (b, K, V); EOS stays as it is.
        histories: the tokens so far, (b, K, t).
        size: n of the n-grams, at least 1.
    """
    steps = histories.shape[2]
    if steps < size:
        return log_probs
    ngrams = histories.unfold(2, size, 1)  # (b, K, t - n + 1, n)
    again = (ngrams[..., :-1] == histories[:, :, None, steps - size + 1 :]).all(-1)  # begin as what stands last
    forbidden = torch.zeros_like(log_probs, dtype=torch.bool)
    # Where an n-gram begins otherwise, EOS is named instead, which is taken out again.
    forbidden.scatter_(2, ngrams[..., -1].where(again, EOS), True)
    forbidden[..., EOS] = False
    return log_probs.masked_fill(forbidden, -math.inf)


def coverage_penalties(attention: Tensor, mask: Tensor) -> Tensor:
    """Σ log min(a_i, 1) over the real source positions, with a_i all the attention that one has had (Wu et al. 2016).

    Args:
        attention: summed over the steps, (b, J, S).
        mask: true on real positions, (b, S).
    """
    return attention.clamp(1e-9, 1.0).log().masked_fill(~mask.unsqueeze(1), 0.0).sum(2)


def only(log_probs: Tensor, token: int) -> Tensor:
    """-inf for every token but one, (b, K, V)."""
    allowed = torch.full_like(log_probs, -math.inf)
    allowed[..., token] = log_probs[..., token]
    return allowed


def forbid_end(log_probs: Tensor, too_short: Tensor) -> Tensor:
    """-inf for EOS where a translation would be too short, as long as anything else is possible.

    Args:
        log_probs: (b, K, V).
        too_short: sentences that must not end here, (b).
    """
    without_end = log_probs.clone()
    without_end[..., EOS] = -math.inf
    possible = without_end.amax(2) > -math.inf  # (b, K)
    return torch.where((too_short.unsqueeze(1) & possible).unsqueeze(2), without_end, log_probs)
