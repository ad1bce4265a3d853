"""Translations of a line from those of its parts."""

from __future__ import annotations

import heapq
import random
from collections.abc import Sequence
from itertools import product
from typing import Protocol, TypeVar


class Scored(Protocol):
    """What an n-best list holds."""

    @property
    def score(self) -> float:
        """What it is ordered by."""


One = TypeVar("One", bound=Scored)


def likeliest(parts: Sequence[Sequence[One]], count: int) -> list[tuple[One, ...]]:
    """Choose one of each part, in the ``count`` ways with the highest sums of scores, best first.

    Args:
        parts: for each its translations, best first, at least one.
        count: at least 1.
    """
    best: list[tuple[One, ...]] = [()]
    for nbest in parts:
        # A way that is not among the best for the first parts is not among the best for more of them.
        ways = ((*way, one) for way, one in product(best, nbest[:count]))
        best = heapq.nlargest(count, ways, key=_score)
    return best


def _score(way: Sequence[Scored]) -> float:
    return sum(one.score for one in way)


def drawn(parts: Sequence[Sequence[One]], seed: int) -> list[tuple[One, ...]]:
    """Choose one of each part at random, as often as there are most: draws of a line are draws of its parts.

    Args:
        parts: for each what was drawn, in any order, at least one.
        seed: the same one gives the same.
    """
    most = max(map(len, parts))
    columns = []
    for place, draws in enumerate(parts):
        column = [draws[row % len(draws)] for row in range(most)]
        random.Random(f"{seed} {place}").shuffle(column)  # they come sorted, and the best would meet the best
        columns.append(column)
    return list(zip(*columns, strict=True))
