"""Figures of a classification: accuracy, F1, log loss, calibration and confusions of labels, from probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len

from nmt_attn.evaluation.intervals import wilson_interval

CALIBRATION_BINS = 15
"""Bins of equal width for the calibration error, as in Guo et al. 2017."""

LOWEST_PROBABILITY = 1e-15
"""A right label of probability 0 counts as one of this, so that one text cannot make the log loss infinite."""

LARGEST_MATRIX = 20
"""Most labels whose confusions are shown as a matrix."""

FREQUENT_CONFUSIONS = 10
"""Confusions that are listed where there are more labels than that."""

LONGEST_NAME = 30
"""Most characters of a label's name that are shown."""

WIDEST_MATRIX = 100
"""Most cells of a terminal for a matrix with names above its columns; in a wider one they have numbers."""

_JOINERS = "\u200c\u200d"
"""Invisible letters that spelling needs, in Persian and in the scripts of India; they move nothing on the screen."""


@dataclass(frozen=True)
class LabelScores:
    """The figures of one label, in percent."""

    label: str
    precision: float
    recall: float
    f1: float
    support: int  # texts that have this label


@dataclass(frozen=True)
class ClassificationScores:
    """The figures of a set of classified texts.

    Precision, recall and F1 are 0 where they divide by 0, and every label of the table counts in the macro mean, also
    one that no text has: scikit-learn's with ``labels`` of the whole table and ``zero_division=0``.
    """

    labels: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]  # texts by [gold label][predicted label]
    log_loss: float  # nats a text
    calibration_error: float  # ECE: 0 to 1

    @property
    def texts(self) -> int:
        """The number of texts."""
        return sum(map(sum, self.confusion))

    @property
    def accuracy(self) -> float:
        """The share of texts with the right label, in percent."""
        return 100 * self._right / self.texts

    @property
    def accuracy_interval(self) -> tuple[float, float]:
        """The 95 % interval of the accuracy, in percent, as Wilson 1927 computes it."""
        return wilson_interval(self._right, self.texts)

    @property
    def macro_f1(self) -> float:
        """The mean of the labels' F1, in percent: each label counts the same."""
        return sum(scores.f1 for scores in self.of_labels) / len(self.labels)

    @property
    def weighted_f1(self) -> float:
        """The mean of the labels' F1, in percent: each label counts as often as texts have it."""
        return sum(scores.f1 * scores.support for scores in self.of_labels) / self.texts

    @property
    def of_labels(self) -> list[LabelScores]:
        """The figures of each label, in the order of the table."""
        found = []
        for place, (label, row, column) in enumerate(
            zip(self.labels, self.confusion, zip(*self.confusion, strict=True), strict=True)
        ):
            right, support, predicted = row[place], sum(row), sum(column)
            precision, recall = _percent(right, predicted), _percent(right, support)
            found.append(LabelScores(label, precision, recall, _percent(2 * right, support + predicted), support))
        return found

    @property
    def _right(self) -> int:
        return sum(row[place] for place, row in enumerate(self.confusion))

    def to_json(self) -> dict[str, Any]:
        """Return the figures as plain values: percent with 2 digits, log loss and calibration error with 4."""
        return {
            "texts": self.texts,
            "accuracy": round(self.accuracy, 2),
            "accuracy_interval": [round(end, 2) for end in self.accuracy_interval],
            "macro_f1": round(self.macro_f1, 2),
            "weighted_f1": round(self.weighted_f1, 2),
            "log_loss": round(self.log_loss, 4),
            "calibration_error": round(self.calibration_error, 4),
            "labels": [
                {
                    "label": scores.label,
                    "precision": round(scores.precision, 2),
                    "recall": round(scores.recall, 2),
                    "f1": round(scores.f1, 2),
                    "support": scores.support,
                }
                for scores in self.of_labels
            ],
            "confusion": [list(row) for row in self.confusion],
        }

    def to_text(self) -> str:
        """Return the figures as lines for people to read."""
        low, high = self.accuracy_interval
        rows: list[tuple[str, ...]] = [("label", "precision", "recall", "F1", "texts")]
        for scores in self.of_labels:
            numbers = (f"{number:.2f}" for number in (scores.precision, scores.recall, scores.f1))
            rows.append((_shown(scores.label), *numbers, f"{scores.support:,}"))
        few = len(self.labels) <= LARGEST_MATRIX
        return "\n".join(
            [
                f"accuracy           {self.accuracy:6.2f} %  "
                f"(95 % interval {low:.2f} to {high:.2f}; {self.texts:,} texts)",
                f"macro F1           {self.macro_f1:6.2f} %",
                f"weighted F1        {self.weighted_f1:6.2f} %",
                f"log loss           {self.log_loss:8.4f}  nats a text",
                f"calibration error  {self.calibration_error:8.4f}  (ECE, {CALIBRATION_BINS} bins)",
                "",
                *_table(rows),
                "",
                *(self._matrix() if few else self._frequent_confusions()),
            ]
        )

    def _matrix(self) -> list[str]:
        """Return the lines of the confusion matrix, with numbers above its columns where names would be too wide."""
        names = [_shown(label) for label in self.labels]
        counts = [[f"{count:,}" for count in row] for row in self.confusion]
        table = _table([["", *names], *([name, *row] for name, row in zip(names, counts, strict=True))])
        if max(map(cell_len, table)) > WIDEST_MATRIX:
            numbers = [str(number) for number in range(1, len(names) + 1)]
            rows = ([number, name, *row] for number, name, row in zip(numbers, names, counts, strict=True))
            table = _table([["", "", *numbers], *rows], left=2)
        return ["confusions: a row for each right label, a column for each predicted one", *table]

    def _frequent_confusions(self) -> list[str]:
        """Return the lines of the most frequent confusions; equally frequent ones are in the order of the table."""
        counts = np.array(self.confusion)
        np.fill_diagonal(counts, 0)
        order = np.argsort(-counts, axis=None, kind="stable")[:FREQUENT_CONFUSIONS]
        rows = [("right label", "predicted", "texts")]
        for gold, predicted in zip(*np.unravel_index(order, counts.shape), strict=True):
            if count := int(counts[gold, predicted]):
                rows.append((_shown(self.labels[gold]), _shown(self.labels[predicted]), f"{count:,}"))
        if len(rows) == 1:
            return ["confusions: none"]
        return ["most frequent confusions:", *_table(rows, left=2)]


def classification_scores(
    labels: Sequence[str], gold: NDArray[np.int64], probabilities: NDArray[np.floating[Any]]
) -> ClassificationScores:
    """Compute the figures of classified texts.

    The predicted label is the most probable one; between equals, the first of the table.

    Args:
        labels: the table of labels.
        gold: (N,) right label of each text, as its place in the table.
        probabilities: (N, L) probability of each label.

    Raises:
        ValueError: there is no text, shapes do not fit, a place is not in the table, or a probability is not a number.
    """
    values = np.asarray(probabilities, dtype=np.float64)
    texts, table = len(gold), len(labels)
    if not texts:
        raise ValueError("no text to compute figures of")
    if np.shape(gold) != (texts,) or values.shape != (texts, table):
        raise ValueError(f"probabilities have shape {values.shape}; expected {(texts, table)}: texts and labels")
    if np.min(gold) < 0 or np.max(gold) >= table:
        raise ValueError(f"a gold label is not among the {table} of the table")
    if not np.isfinite(values).all():
        raise ValueError("a probability is not a number")
    predicted = values.argmax(axis=1)
    confusion = np.zeros((table, table), dtype=np.int64)
    np.add.at(confusion, (gold, predicted), 1)
    of_gold = np.clip(values[np.arange(texts), gold], LOWEST_PROBABILITY, 1.0)
    return ClassificationScores(
        labels=tuple(labels),
        confusion=tuple(tuple(row) for row in confusion.tolist()),
        log_loss=float(-np.log(of_gold).mean()) + 0.0,  # no -0.0
        calibration_error=_calibration_error(values.max(axis=1), predicted == gold),
    )


def _calibration_error(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Compute the expected calibration error (Naeini et al. 2015) with the bins of Guo et al. 2017.

    It is the mean over texts of how far, in the bin of a text's confidence, the share of right labels lies from the
    mean confidence. A bin holds its upper edge, not its lower one.

    Args:
        confidence: (N,) probability of the predicted label.
        right: (N,) whether it is the gold label.
    """
    edges = np.arange(1, CALIBRATION_BINS) / CALIBRATION_BINS
    bins = np.searchsorted(edges, confidence, side="left")
    return float(np.abs(np.bincount(bins, weights=right - confidence)).sum() / len(confidence))


def _percent(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 0.0


def _shown(label: str) -> str:
    """Shorten a label, and replace what would move the cursor, the line or the direction of writing."""
    cut = label if len(label) <= LONGEST_NAME else label[: LONGEST_NAME - 1] + "…"
    return "".join(map(_visible, cut))


def _visible(letter: str) -> str:
    if letter.isprintable() or letter in _JOINERS:
        return letter
    return " " if letter.isspace() else "\N{REPLACEMENT CHARACTER}"


def _table(rows: Sequence[Sequence[str]], *, left: int = 1) -> list[str]:
    """Align columns by the cells that they take in a terminal: the first ``left`` to the left, the others right."""
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        gaps = [" " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)]
        flush_left = [cell + gap for cell, gap in zip(row[:left], gaps[:left], strict=True)]
        flush_right = [gap + cell for cell, gap in zip(row[left:], gaps[left:], strict=True)]
        lines.append("  ".join(flush_left + flush_right).rstrip())
    return lines
