"""What a model did while it wrote its translations: how sure it was of each word, and what it looked at."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from nmt_attn.analysis.words import Span
from nmt_attn.decoding.alignment import END, Alignment
from nmt_attn.text.tokenizer import SPACE

COVERAGES = ((0.0, "less than 0.2"), (0.2, "0.2–0.5"), (0.5, "0.5–1.5"), (1.5, "1.5–2.5"), (2.5, "2.5 and more"))
"""Sums of attention from which a range begins, and its name."""


def word_confidences(text: str, words: Sequence[Span], alignment: Alignment) -> list[float | None]:
    """Compute the model's probability of each word of a translation: the product of those of its pieces.

    A piece that two words share counts for both. None where the pieces do not spell the text.
    """
    pieces = [piece.replace(SPACE, " ") for piece in alignment.target[:-1]]
    spelled = "".join(pieces)
    offset = len(spelled) - len(spelled.lstrip())
    if spelled.strip() != text or not alignment.log_probs:
        return [None] * len(words)
    begins, at = [], -offset
    for piece in pieces:
        begins.append(at)
        at += len(piece)
    spans = list(zip(begins, [*begins[1:], at], alignment.log_probs, strict=False))
    return [
        math.exp(min(0.0, sum(log_prob for begin, end, log_prob in spans if begin < word.end and end > word.begin)))
        for word in words
    ]


@dataclass(frozen=True)
class Coverage:
    """How much attention the pieces of a source got in all, while its translation was written."""

    sums: list[float]  # of each source piece but the end

    @property
    def neglected(self) -> float:
        """The share of pieces that got hardly any."""
        return sum(one < 0.2 for one in self.sums) / len(self.sums) if self.sums else 0.0

    @property
    def overdone(self) -> float:
        """The share of pieces that got so much that they may have been translated more than twice."""
        return sum(one >= 2.5 for one in self.sums) / len(self.sums) if self.sums else 0.0


def coverage(alignment: Alignment) -> Coverage | None:
    """Add up the attention of a translation by source piece; None for a model without attention."""
    if not any(map(any, alignment.weights)):
        return None
    assert alignment.source[-1] == END
    rows = alignment.weights[:-1] or alignment.weights  # while the end was written it looks at the end
    return Coverage([sum(row[place] for row in rows) for place in range(len(alignment.source) - 1)])


def coverage_level(total: float) -> str:
    """Name the range of a sum of attention."""
    return next(name for begin, name in reversed(COVERAGES) if total >= begin)
