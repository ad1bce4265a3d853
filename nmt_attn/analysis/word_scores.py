"""How well single words come out: by how often they were seen in training, and by how sure the model was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from nmt_attn.analysis.words import bucket, bucket_names, in_common

FREQUENCIES = (0, 1, 2, 5, 10, 100, 1000)
"""Occurrences in the training part from which a range begins."""

BINS = 10
"""Ranges of confidence, of equal width."""


@dataclass(frozen=True)
class FrequencyRow:
    """How well the target words of one range of training frequencies come out (as compare-mt, Neubig et al. 2019)."""

    name: str
    wanted: int  # words of the references
    written: int  # words of the translations
    right: int  # in both

    @property
    def precision(self) -> float | None:
        """The share of what was written that is in the reference, in percent."""
        return 100 * self.right / self.written if self.written else None

    @property
    def recall(self) -> float | None:
        """The share of what the references have that was written, in percent."""
        return 100 * self.right / self.wanted if self.wanted else None

    @property
    def f_measure(self) -> float | None:
        """The harmonic mean of both."""
        return 200 * self.right / (self.written + self.wanted) if self.written + self.wanted else None


def by_frequency(
    hypotheses: Sequence[Sequence[str]], references: Sequence[Sequence[str]], trained: Counter[str]
) -> list[FrequencyRow]:
    """Compare the words of translations with those of one reference each, by training frequency."""
    wanted, written, right = ([0] * len(FREQUENCIES) for _ in range(3))
    for words, reference in zip(hypotheses, references, strict=True):
        ours, theirs = (_by_bucket(some, trained) for some in (words, reference))
        for place in {*ours, *theirs}:
            written[place] += len(ours.get(place, ()))
            wanted[place] += len(theirs.get(place, ()))
            right[place] += in_common(ours.get(place, ()), theirs.get(place, ()))
    rows = zip(bucket_names(FREQUENCIES), wanted, written, right, strict=True)
    return [FrequencyRow(*row) for row in rows if row[1] or row[2]]


def _by_bucket(words: Sequence[str], trained: Counter[str]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for word in words:
        found.setdefault(bucket(trained[word], FREQUENCIES), []).append(word)
    return found


@dataclass(frozen=True)
class ConfidenceBin:
    """Words that the model was about equally sure of."""

    words: int
    confidence: float  # mean probability, 0 to 1
    right: float  # share that is in a reference, 0 to 1


@dataclass(frozen=True)
class Calibration:
    """How the model's confidence in its words agrees with how often they are right (Guo et al. 2017)."""

    bins: list[ConfidenceBin]

    @property
    def words(self) -> int:
        """The number of words."""
        return sum(one.words for one in self.bins)

    @property
    def error(self) -> float | None:
        """The expected calibration error, 0 to 1: the mean distance of confidence and correctness."""
        if not self.words:
            return None
        return sum(one.words * abs(one.confidence - one.right) for one in self.bins) / self.words


def calibration(confidences: Sequence[float], right: Sequence[bool]) -> Calibration:
    """Sort words into bins by the model's probability of them."""
    groups: list[list[int]] = [[] for _ in range(BINS)]
    for place, confidence in enumerate(confidences):
        groups[min(BINS - 1, int(confidence * BINS))].append(place)
    bins = []
    for group in filter(None, groups):
        mean = sum(confidences[place] for place in group) / len(group)
        bins.append(ConfidenceBin(len(group), mean, sum(right[place] for place in group) / len(group)))
    return Calibration(bins)
