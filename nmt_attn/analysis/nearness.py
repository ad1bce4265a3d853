"""How near test sentences are to the training part: what is nearly known says little of what was learned."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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
    """Find for each test sentence the training sentence with the most 3-grams of words in common; of equals the first.

    The beginning and the end of a sentence count as words, so that the shortest has some. Case and punctuation do not
    count. Only where the 3-grams of test sentences stand is kept, so the training part may be large.
    """
    wanted = [_grams(cutter(text.lower())) for text in tests]
    holders = {gram: array("I") for grams in wanted for gram in grams}  # the training sentences that hold each
    known, sizes = set(holders), array("I")  # the number of 3-grams of each training sentence
    with stages("looking for near training sentences", len(trained), "sentences") as stage:
        for number, text in enumerate(trained):
            grams = _grams(cutter(text.lower()))
            sizes.append(len(grams))
            for gram in grams & known:
                holders[gram].append(number)
            stage.update(1)
    of_trained = np.asarray(sizes, dtype=np.int64)
    return [_nearest_of([holders[gram] for gram in grams], of_trained) for grams in wanted]


def _nearest_of(holders: Sequence[array[int]], sizes: NDArray[np.int64]) -> Nearest:
    """Return the nearest sentence, given the sentences that hold each 3-gram of a test sentence."""
    found, counts = np.unique(np.concatenate([np.asarray(one, dtype=np.int64) for one in holders]), return_counts=True)
    if not len(found):
        return Nearest(0.0, -1)
    similarity = counts / (sizes[found] + len(holders) - counts)
    best = int(similarity.argmax())
    return Nearest(float(similarity[best]), int(found[best]))


def _grams(words: Sequence[str]) -> set[tuple[str, ...]]:
    kept = [_EDGE, *[word for word in words if word[0].isalnum()], _EDGE]
    if len(kept) < _ORDER:
        return {tuple(kept)}
    return set(zip(*(kept[begin:] for begin in range(_ORDER)), strict=False))


def level(similarity: float) -> str:
    """Name the range of a similarity."""
    return next(name for begin, name in LEVELS if similarity >= begin)
