"""Choice of pairs: every word of the corpus should turn up in several sentences."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from .template import Pair

MOST = 2.5  # how far rare words may take a group beyond its quota
_WORD = re.compile(r"\w+")


def words(pair: Pair) -> set[str]:
    """Return the word forms of both sides, marked with their language."""
    english, french = pair
    found = {"en:" + word for word in _WORD.findall(english.lower())}
    return found | {"fr:" + word for word in _WORD.findall(french.lower())}


def count_words(pairs: Iterable[Pair]) -> Counter[str]:
    """Count the pairs in which each word form occurs."""
    counts: Counter[str] = Counter()
    for pair in pairs:
        counts.update(words(pair))
    return counts


def without_rare_words(groups: list[list[Pair]], kept: Sequence[Pair], least: int) -> list[list[Pair]]:
    """Drop pairs with a word form found in fewer than ``least`` pairs, until none is left."""
    while True:
        counts = count_words([*kept, *(pair for group in groups for pair in group)])
        smaller = [[pair for pair in group if min(counts[word] for word in words(pair)) >= least] for group in groups]
        if sum(map(len, smaller)) == sum(map(len, groups)):
            return groups
        groups = smaller


def thin(groups: list[list[Pair]], kept: Sequence[Pair], quotas: list[int], wanted: int) -> list[list[Pair]]:
    """Keep what gives every word form ``wanted`` pairs, then fill each group up to its quota."""
    pool = count_words([*kept, *(pair for group in groups for pair in group)])
    chosen = count_words(kept)
    urgent: list[list[Pair]] = [[] for _ in groups]
    numbered = [(pair, number) for number, group in enumerate(groups) for pair in group]
    for pair, number in sorted(numbered, key=lambda item: (min(pool[word] for word in words(item[0])), item)):
        if len(urgent[number]) < quotas[number] * MOST and any(chosen[word] < wanted for word in words(pair)):
            urgent[number].append(pair)
            chosen.update(words(pair))
    result = []
    for group, first, quota in zip(groups, urgent, quotas, strict=True):
        taken = set(first)
        others = [pair for pair in group if pair not in taken]
        result.append(first + others[: max(0, quota - len(first))])
    return result
