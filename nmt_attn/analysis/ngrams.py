"""Sequences of words that translations lack, invent or repeat."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

ORDERS = (1, 2, 3, 4)
"""Lengths of the sequences that are looked at."""

Ngram = tuple[str, ...]


@dataclass(frozen=True)
class NgramCount:
    """A sequence of words, and in how many sentences it is missed, or invented."""

    words: Ngram
    sentences: int
    of: int  # sentences whose reference (missed) or translation (invented) has it


@dataclass(frozen=True)
class NgramDifferences:
    """What translations and references have not in common."""

    missed: list[NgramCount]  # in the reference alone, the most frequent first
    invented: list[NgramCount]  # in the translation alone


def ngrams(words: Sequence[str], orders: Sequence[int] = ORDERS) -> Iterator[Ngram]:
    """Yield the sequences of words of all orders."""
    for order in orders:
        for begin in range(len(words) - order + 1):
            yield tuple(words[begin : begin + order])


def differences(
    hypotheses: Sequence[Sequence[str]], references: Sequence[Sequence[str]], most: int = 30
) -> NgramDifferences:
    """Find the sequences that most sentences miss, and those that most invent.

    A sequence counts once a sentence, and not where a longer one holds it as often: "of the house" is not said again as
    "the house".
    """
    missed, invented, wanted, written = Counter[Ngram](), Counter[Ngram](), Counter[Ngram](), Counter[Ngram]()
    for words, reference in zip(hypotheses, references, strict=True):
        ours, theirs = set(ngrams(words)), set(ngrams(reference))
        written.update(ours)
        wanted.update(theirs)
        missed.update(theirs - ours)
        invented.update(ours - theirs)
    return NgramDifferences(top_ngrams(missed, wanted, most), top_ngrams(invented, written, most))


def top_ngrams(found: Counter[Ngram], of: Counter[Ngram], most: int) -> list[NgramCount]:
    """Return the sequences that occur in most sentences, without those that a longer one holds as often.

    Args:
        found: in how many sentences each is; one alone is left out.
        of: what that is a part of.
        most: how many are wanted.
    """
    ranked = sorted(((count, words) for words, count in found.items() if count > 1), key=lambda one: (-one[0], one[1]))
    kept: list[NgramCount] = []
    # A longer sequence that is found as often stands right beside a shorter one, so a few more are enough.
    near = ranked[: 20 * most]
    longer = {(count, part) for count, words in near for part in ngrams(words, range(1, len(words)))}
    for count, words in near:
        if (count, words) not in longer:
            kept.append(NgramCount(words, count, of[words]))
    return kept[:most]


def repeats(words: Sequence[str], reference: Sequence[str]) -> bool:
    """Say whether a translation says something twice in a row that its reference does not."""
    return bool(_doubled(words) - _doubled(reference))


def _doubled(words: Sequence[str]) -> set[Ngram]:
    return {
        tuple(words[begin : begin + order])
        for order in ORDERS
        for begin in range(len(words) - 2 * order + 1)
        if words[begin : begin + order] == words[begin + order : begin + 2 * order]
        and any(word[0].isalnum() for word in words[begin : begin + order])
    }
