"""What one system gets right that another does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nmt_attn.analysis.ngrams import Ngram, NgramCount, ngrams, top_ngrams
from nmt_attn.analysis.translations import AnalysedSentence, SystemAnalysis


@dataclass(frozen=True)
class NgramGains:
    """Sequences of words of the references that one of two systems has and the other has not."""

    first: list[NgramCount]  # only the first system has them
    second: list[NgramCount]


def ngram_gains(first: SystemAnalysis, second: SystemAnalysis, most: int = 20) -> NgramGains:
    """Find the sequences of words that only one of two systems gets right, those of most sentences first."""
    of_first, of_second, wanted = Counter[Ngram](), Counter[Ngram](), Counter[Ngram]()
    for ours, theirs in zip(first.sentences, second.sentences, strict=True):
        right = _right(ours), _right(theirs)
        of_first.update(right[0] - right[1])
        of_second.update(right[1] - right[0])
        wanted.update(set(ngrams(ours.reference)) | set(ngrams(theirs.reference)))
    return NgramGains(top_ngrams(of_first, wanted, most), top_ngrams(of_second, wanted, most))


def _right(sentence: AnalysedSentence) -> set[Ngram]:
    return set(ngrams([word.text for word in sentence.words])) & set(ngrams(sentence.reference))


def most_different(systems: Sequence[SystemAnalysis], most: int = 20) -> list[int]:
    """Return the places of the sentences whose chrF differs most between systems, the greatest difference first."""
    each = np.array([system.statistics.chrf_of_each for system in systems])  # (systems, N)
    spread = each.max(0) - each.min(0)
    order = np.argsort(-spread, kind="stable")[:most]
    return [int(place) for place in order if spread[place] > 0]
