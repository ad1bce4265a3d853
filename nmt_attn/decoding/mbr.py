"""Minimum Bayes risk: of several translations the one that the others agree with most (Kumar and Byrne 2004)."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sacrebleu.metrics.chrf import CHRF

from nmt_attn.decoding.translation import Translation


def minimum_bayes_risk(candidates: Sequence[Translation], *, drawn: bool) -> Translation:
    """Choose the candidate of highest expected chrF, with each candidate as the reference (Eikema and Aziz 2020).

    Args:
        candidates: at least one.
        drawn: whether at random, so that all count the same; else each counts as much as it is probable.
    """
    best = max(one.log_prob for one in candidates)
    weights = [1.0 if drawn else math.exp(one.log_prob - best) for one in candidates]
    metric = CHRF()
    # A text that occurs twice is one hypothesis, and a reference of twice the weight.
    different: dict[str, Translation] = {}
    counts: dict[str, float] = {}
    for one, weight in zip(candidates, weights, strict=True):
        different.setdefault(one.text, one)
        counts[one.text] = counts.get(one.text, 0.0) + weight

    def expected(text: str) -> float:
        return sum(
            weight * (100.0 if text == reference else metric.sentence_score(text, [reference]).score)
            for reference, weight in counts.items()
        )

    return different[max(different, key=expected)]
