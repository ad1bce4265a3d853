"""A made-up classifier whose labels of a few texts are known, some of which try to be code, and the page about it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from nmt_attn.analysis.label_study import label_study
from nmt_attn.classification.classifier import Classifier
from nmt_attn.classification.prediction import Prediction
from nmt_attn.classification.weighed_text import WeighedText
from nmt_attn.config.loading import load_config
from nmt_attn.corpus.dataset import LabelledTexts
from nmt_attn.evaluation.labels_run import LabelTrial
from nmt_attn.reporting.label_report import label_report_contents
from nmt_attn.reporting.page_contents import PageContents
from nmt_attn.runs.directory import RunDirectory
from tests.reporting.sample_page import HOSTILE

Row = tuple[str, str, float]
"""A text, its label, and the probability that the classifier gives to the second label."""


class KnownClassifier:
    """Gives the probabilities that it is told, and attends to the first word alone."""

    compute = SimpleNamespace(device="cpu", precision="fp32")

    def __init__(self, rows: Sequence[Row], labels: Sequence[str], *, attends: bool = True) -> None:
        self.probabilities = {text: second for text, _, second in rows}
        self.labels, self.attends = tuple(labels), attends

    def expect(self, *, many: bool) -> None:
        """Nothing is to be prepared."""

    def classify(self, texts: Sequence[str], watch: Any = None) -> list[Prediction]:
        return [self._prediction(text) for text in texts]

    def _prediction(self, text: str) -> Prediction:
        if not text.strip():
            return Prediction()
        second = self.probabilities[text]
        others = (0.0,) * (len(self.labels) - 2)
        return Prediction(self.labels, (1 - second, second, *others), len(text.split()))

    def weigh(self, texts: Sequence[str], watch: Any = None) -> list[WeighedText]:
        found = []
        for text in texts:
            units = text.split()
            weights = (1.0, *(0.0 for _ in units[1:]))
            spaced = tuple(place > 0 for place in range(len(units)))
            one = self._prediction(text)
            found.append(WeighedText(one.label, one.probability, tuple(units), spaced, weights, 0.0))
        return found


def known_trial(rows: Sequence[Row], labels: Sequence[str] = ("neg", "pos"), *, attends: bool = True) -> LabelTrial:
    """Make a trial of texts whose figures can be worked out by hand."""
    classifier = cast("Classifier", KnownClassifier(rows, labels, attends=attends))
    texts = LabelledTexts([text for text, _, _ in rows], [label for _, label, _ in rows])
    return LabelTrial(classifier, texts, load_config(None, ["task=classification"]), "runs/known", "test", None)


def label_contents(folder: Path) -> PageContents:
    """Make the page of a classifier of 60 texts, one of whose labels tries to be code."""
    rows = [
        (f"text {number} was a long one {HOSTILE}", ("neg", HOSTILE)[number % 2], number / 61) for number in range(60)
    ]
    trial = known_trial([*rows, ("", "neg", 0.5)], ("neg", HOSTILE))
    return label_report_contents(RunDirectory(folder), trial, label_study(trial))
