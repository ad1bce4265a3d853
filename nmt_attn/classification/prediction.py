"""Predictions: a text's label, and how probable each label is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Prediction:
    """The labels of one text with their probabilities; a text of nothing but spaces has none.

    >>> from nmt_attn.classification.prediction import Prediction
    >>> prediction = Prediction(("neg", "pos"), (0.25, 0.75), tokens=12)
    """

    labels: tuple[str, ...] = ()  # all that the model knows
    probabilities: tuple[float, ...] = ()  # of each; they sum to 1
    tokens: int = 0  # of the text
    left_out: int = 0  # of them, because it is longer than what is read

    @property
    def label(self) -> str:
        """The most probable label; an empty one where there is no text.

        >>> prediction.label, prediction.probability
        ('pos', 0.75)
        """
        return self.top(1)[0][0] if self.labels else ""

    @property
    def probability(self) -> float:
        """The probability of :attr:`label`."""
        return max(self.probabilities, default=0.0)

    def top(self, count: int) -> list[tuple[str, float]]:
        """Return the ``count`` most probable labels with their probabilities, best first; of equals the first.

        >>> prediction.top(2)
        [('pos', 0.75), ('neg', 0.25)]
        """
        ranked = sorted(zip(self.labels, self.probabilities, strict=True), key=lambda one: -one[1])
        return ranked[:count]

    def to_text(self, count: int = 1) -> str:
        """Return a line: the labels and their probabilities, tabs between them; an empty one where there is no text.

        >>> prediction.to_text(2)
        'pos\\t0.7500\\tneg\\t0.2500'
        """
        return "\t".join(f"{label}\t{probability:.4f}" for label, probability in self.top(count))

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values, with the probabilities of all labels, the most probable first.

        >>> prediction.to_json()["probabilities"]
        {'pos': 0.75, 'neg': 0.25}
        """
        return {
            "label": self.label if self.labels else None,
            "probability": round(self.probability, 6) if self.labels else None,
            "probabilities": {label: round(probability, 6) for label, probability in self.top(len(self.labels))},
            "tokens": self.tokens,
            "left_out": self.left_out,
        }
