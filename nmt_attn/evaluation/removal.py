"""A test of attention weights: the words of highest weight are removed, and the text is classified again.

Where attention points at the words that matter, removing them lowers the probability of the predicted label more than
removing as many random words does. That is erasure (Li et al. 2016, "Understanding neural networks through
representation erasure"), and the comprehensiveness of ERASER (DeYoung et al. 2020), with random words to compare to.

It says that the words matter to this classifier, not that the weights explain its decision: other weights may lead to
the same one (Jain and Wallace 2019; against reading too much into that: Wiegreffe and Pinter 2019). And a text that
lacks words is unlike those that the classifier has learnt from, which alone may change what it says; the random words
show by how much.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from nmt_attn.errors import InputError
from nmt_attn.evaluation.intervals import NORMAL_95

if TYPE_CHECKING:
    from nmt_attn.classification.weighed_text import WeighedText

Classify = Callable[[Sequence[str]], NDArray[np.floating[Any]]]
"""Gives the probabilities (N, L) of the labels of N texts."""

FEWEST_WORDS = 2
"""Words that a text must have, so that one can be removed and one stays."""

_ROUNDING = 1e-9
"""Excess over a whole number of words that comes of rounding: 0.07 · 100 is 7.000000000000001."""


@dataclass(frozen=True)
class MeanChange:
    """A mean over texts of changes of a probability, with its 95 % interval."""

    mean: float  # -1 to 1; below 0 where the probability falls
    interval: tuple[float, float] | None  # None: a single text has none

    @classmethod
    def of(cls, changes: NDArray[np.float64]) -> Self:
        """Compute mean and interval of changes (N,), the interval by the normal approximation over texts."""
        mean = float(changes.mean())
        if len(changes) == 1:
            return cls(mean, None)
        half = NORMAL_95 * float(changes.std(ddof=1)) / math.sqrt(len(changes))
        return cls(mean, (mean - half, mean + half))

    def to_json(self) -> dict[str, Any]:
        """Return the change as plain values with 4 digits; the interval of a single text is null."""
        interval = self.interval and [round(end, 4) + 0.0 for end in self.interval]
        return {"change": round(self.mean, 4) + 0.0, "interval": interval}


@dataclass(frozen=True)
class WordsRemoved:
    """The consequences of removing words that are chosen in one way."""

    change: MeanChange  # of the probability of the label that was predicted before
    relabelled: float  # texts whose label changes, in percent

    @classmethod
    def of(cls, before: NDArray[np.float64], after: NDArray[np.float64]) -> Self:
        """Compare probabilities (N, L) of texts before and after a removal."""
        predicted = before.argmax(axis=1)
        change = _of_labels(after, predicted) - _of_labels(before, predicted)
        return cls(MeanChange.of(change), 100 * float((after.argmax(axis=1) != predicted).mean()))

    def to_json(self) -> dict[str, Any]:
        """Return them as plain values: the change with 4 digits, percent with 2."""
        return {**self.change.to_json(), "relabelled": round(self.relabelled, 2)}


@dataclass(frozen=True)
class RemovalReport:
    """The results of removing words of highest weight, of lowest weight and random ones."""

    share: float  # of the words of a text that are removed
    texts: int
    left_out: int  # further texts, with fewer than 2 words
    words_removed: float  # a text, mean
    rebuilt_otherwise: int  # texts that get another label when they are put together from all their words
    highest: WordsRemoved
    lowest: WordsRemoved
    random: WordsRemoved
    beyond_random: MeanChange  # the change by words of highest weight less that by random ones, text by text

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain values."""
        return {
            "share": self.share,
            "texts": self.texts,
            "left_out": self.left_out,
            "words_removed": round(self.words_removed, 2),
            "rebuilt_otherwise": self.rebuilt_otherwise,
            "highest": self.highest.to_json(),
            "lowest": self.lowest.to_json(),
            "random": self.random.to_json(),
            "beyond_random": self.beyond_random.to_json(),
        }

    def to_text(self) -> str:
        """Return the report as lines for people to read."""
        left_out = f"; {self.left_out:,} with fewer than {FEWEST_WORDS} words left out" if self.left_out else ""
        named = (("highest weight", self.highest), ("lowest weight", self.lowest), ("random", self.random))
        lines = [
            f"{100 * self.share:.3g} % of the words removed ({self.words_removed:,.1f} a text), "
            f"{self.texts:,} texts{left_out}",
            f"{'words removed':19}  {'change of probability':>21}  {'95 % interval':>18}  {'another label':>13}",
            *(f"{_line(name, way.change)}  {way.relabelled:11.2f} %" for name, way in named),
            _line("highest less random", self.beyond_random),
        ]
        if self.rebuilt_otherwise:
            lines.append(
                f"note: {self.rebuilt_otherwise:,} texts get another label when they are put together from all their "
                "words; changes are counted from that one"
            )
        return "\n".join(lines)


def _line(name: str, change: MeanChange) -> str:
    ends = "n/a" if change.interval is None else "{:+z.4f} to {:+z.4f}".format(*change.interval)
    return f"{name:19}  {change.mean:+z21.4f}  {ends:>18}"


def removal_test(
    weighed: Sequence[WeighedText], classify: Classify, labels: Sequence[str], *, share: float = 0.1, seed: int = 1
) -> RemovalReport:
    """Remove words from texts by their weights and at random, and see what that does to their labels.

    Of each text, the share is rounded up to whole words; at least one word is removed, and one stays. Words of equal
    weight are taken in random order, so weights that say nothing are as good as random words. Changes are counted from
    the texts put together from all their words, classified by the same call: what that alone does counts for nothing.

    Args:
        weighed: texts whose units are words, see ``WeighedText.in_words``.
        classify: the classifier whose weights they are.
        labels: its L labels, in the order of its probabilities.
        share: share of the words of a text to remove, above 0 and at most 1.
        seed: for the random words, one draw a text.

    Raises:
        InputError: no text has two words.
        ValueError: the share is out of range, a label is not in the table, or the probabilities have another shape.
    """
    if not 0 < share <= 1:
        raise ValueError(f"share is {share}; must be above 0 and at most 1")
    places = {label: place for place, label in enumerate(labels)}
    if unknown := {text.label for text in weighed} - set(places):
        raise ValueError(f"label {min(unknown)!r} is not among the {len(places)} of the classifier")
    texts = [text for text in weighed if len(text.units) >= FEWEST_WORDS]
    if not texts:
        raise InputError(
            f"none of the {len(weighed):,} texts has {FEWEST_WORDS} words, so none can be removed; give longer texts"
        )
    generator = np.random.default_rng(seed)
    choices = [_Choice.of(text.weights, _count(share, len(text.units)), generator) for text in texts]
    before, highest, lowest, random = _probabilities(texts, choices, classify, len(labels))
    given = np.array([places[text.label] for text in texts])
    predicted = before.argmax(axis=1)
    return RemovalReport(
        share=share,
        texts=len(texts),
        left_out=len(weighed) - len(texts),
        words_removed=sum(len(choice.random) for choice in choices) / len(texts),
        rebuilt_otherwise=int((predicted != given).sum()),
        highest=WordsRemoved.of(before, highest),
        lowest=WordsRemoved.of(before, lowest),
        random=WordsRemoved.of(before, random),
        beyond_random=MeanChange.of(_of_labels(highest, predicted) - _of_labels(random, predicted)),
    )


@dataclass(frozen=True)
class _Choice:
    """Places of the words of a text to remove, chosen in each of the three ways."""

    highest: frozenset[int]
    lowest: frozenset[int]
    random: frozenset[int]

    @classmethod
    def of(cls, weights: Sequence[float], count: int, generator: np.random.Generator) -> Self:
        """Choose ``count`` words of a text; one random order gives the random ones, and decides between equal weights.

        If the first of equals were taken, weights that are all equal would choose the beginning of the text.
        """
        order = generator.permutation(len(weights))
        drawn = np.asarray(weights)[order]
        highest, lowest = np.argsort(-drawn, kind="stable"), np.argsort(drawn, kind="stable")
        return cls(*(frozenset(places[:count].tolist()) for places in (order[highest], order[lowest], order)))


def _probabilities(
    texts: Sequence[WeighedText], choices: Sequence[_Choice], classify: Classify, labels: int
) -> NDArray[np.float64]:
    """Classify the texts in one call, whole and with words removed: (4, N, L), in the order of the report."""
    pairs = list(zip(texts, choices, strict=True))
    versions = [
        *(_without(text, frozenset()) for text in texts),
        *(_without(text, choice.highest) for text, choice in pairs),
        *(_without(text, choice.lowest) for text, choice in pairs),
        *(_without(text, choice.random) for text, choice in pairs),
    ]
    found = np.asarray(classify(versions), dtype=np.float64)
    if found.shape != (len(versions), labels):
        raise ValueError(f"probabilities have shape {found.shape}; expected {(len(versions), labels)}")
    return found.reshape(4, len(texts), labels)


def _count(share: float, words: int) -> int:
    """Return how many words of a text to remove."""
    return max(1, min(words - 1, math.ceil(share * words - _ROUNDING)))


def _without(text: WeighedText, removed: frozenset[int]) -> str:
    """Put a text together without some of its words.

    A space that stands before a removed word stays, one at most in a row and none at the beginning: its neighbours must
    not grow together to a word that nobody has written.
    """
    parts: list[str] = []
    space = False
    for place, (unit, spaced) in enumerate(zip(text.units, text.spaced, strict=True)):
        space = space or spaced
        if place not in removed:
            parts += [" ", unit] if space and parts else [unit]
            space = False
    return "".join(parts)


def _of_labels(probabilities: NDArray[np.float64], labels: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the probability (N,) of one label of each text."""
    found: NDArray[np.float64] = probabilities[np.arange(len(labels)), labels]
    return found
