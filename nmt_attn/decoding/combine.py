"""Translations of a line from those of its parts."""

from __future__ import annotations

import heapq
import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Generic, Protocol, TypeVar


class Scored(Protocol):
    """An item of an n-best list."""

    @property
    def score(self) -> float:
        """The value that the list is ordered by."""


One = TypeVar("One", bound=Scored)


@dataclass(frozen=True)
class _Way(Generic[One]):
    """A choice for the first parts, as the last one and the way to it: a line may have very many parts."""

    score: float
    before: _Way[One] | None
    chosen: One

    def choices(self) -> tuple[One, ...]:
        """Return all choices, in the order of the parts."""
        found, way = [], self
        while True:
            found.append(way.chosen)
            if way.before is None:
                return tuple(reversed(found))
            way = way.before


def likeliest(parts: Sequence[Sequence[One]], count: int) -> list[tuple[One, ...]]:
    """Choose one of each part, in the ``count`` ways with the highest sums of scores, best first.

    Args:
        parts: at least one; for each its translations, best first, at least one.
        count: at least 1.
    """
    first, *others = parts
    best = [_Way(one.score, None, one) for one in first[:count]]
    for nbest in others:
        # A way that is not among the best for the first parts is not among the best for more of them.
        ways = (_Way(way.score + one.score, way, one) for way, one in product(best, nbest[:count]))
        best = heapq.nlargest(count, ways, key=lambda way: way.score)
    return [way.choices() for way in best]


def drawn(parts: Sequence[Sequence[One]], seed: int) -> list[tuple[One, ...]]:
    """Choose one of each part at random, once for each draw of the part that has most.

    Draws of a line are draws of its parts.

    Args:
        parts: for each what was drawn, in any order, at least one.
        seed: the same seed gives the same choices.
    """
    most = max(map(len, parts))
    columns = []
    for place, draws in enumerate(parts):
        column = [draws[row % len(draws)] for row in range(most)]
        random.Random(f"{seed} {place}").shuffle(column)  # they come sorted, and the best would meet the best
        columns.append(column)
    return list(zip(*columns, strict=True))
