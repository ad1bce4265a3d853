"""How near test sentences are to the training part: what is nearly known says little of what was learned."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from nmt_attn.analysis.words import WordCutter
from nmt_attn.progress import Stages, Unseen

_ORDER = 3
_EDGE = "\x00"

LEVELS = ((1.0, "the same words"), (0.7, "70 % and more"), (0.4, "40–69 %"), (0.2, "20–39 %"), (0.0, "less than 20 %"))
"""Shares of common 3-grams from which a range begins, and its name."""


@dataclass(frozen=True)
class Nearest:
    """The training sentence that shares most with a test sentence."""

    similarity: float  # 3-grams of words in common, as a share of those in either; 0 to 1
    train: int  # its place in the training part; -1: none has any in common


def nearest(tests: Sequence[str], trained: Sequence[str], cutter: WordCutter, stages: Stages = Unseen) -> list[Nearest]:
    """Find for each test sentence the training sentence with the most 3-grams of words in common.

    The beginning and the end of a sentence count as words, so that the shortest has some. Case and punctuation do not
    count. Only the 3-grams of test sentences are kept, so the training part may be large.
    """
    wanted = [_grams(cutter(text.lower())) for text in tests]
    holders: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for place, grams in enumerate(wanted):
        for gram in grams:
            holders[gram].append(place)
    best = [Nearest(0.0, -1)] * len(tests)
    with stages("looking for near training sentences", len(trained), "sentences") as stage:
        for number, text in enumerate(trained):
            grams = _grams(cutter(text.lower()))
            shared: Counter[int] = Counter()
            for gram in grams:
                shared.update(holders.get(gram, ()))
            for place, count in shared.items():
                similarity = count / (len(grams) + len(wanted[place]) - count)
                if similarity > best[place].similarity:
                    best[place] = Nearest(similarity, number)
            stage.update(1)
    return best


def _grams(words: Sequence[str]) -> set[tuple[str, ...]]:
    kept = [_EDGE, *(word for word in words if word[0].isalnum()), _EDGE]
    if len(kept) < _ORDER:
        return {tuple(kept)}
    return {tuple(kept[begin : begin + _ORDER]) for begin in range(len(kept) - _ORDER + 1)}


def level(similarity: float) -> str:
    """Name the range of a similarity."""
    return next(name for begin, name in LEVELS if similarity >= begin)
