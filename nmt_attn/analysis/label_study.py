"""The study of a classifier: the labels that it gives to test texts, and everything that can be told from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nmt_attn.analysis.word_scores import Calibration, calibration
from nmt_attn.classification.classifier import Classifier
from nmt_attn.classification.weighed_text import WeighedText
from nmt_attn.evaluation.intervals import wilson_interval
from nmt_attn.evaluation.labels_run import LabelsReport, LabelTrial, evaluate_labels
from nmt_attn.evaluation.removal import FEWEST_WORDS
from nmt_attn.progress import Stages, Unseen

PARTS = 5
"""Parts of about as many texts that the texts are divided into by length."""

EACH = 6
"""Texts of each kind whose attention is shown."""

MOST_WORDS = 60
"""Words of a text whose attention is shown; longer ones are shown only where there are no others."""


@dataclass(frozen=True)
class LabelledText:
    """A test text with the label that it has and the one that it was given."""

    number: int  # among the test texts, from 1
    text: str
    gold: str
    label: str
    probability: float  # of the label that it was given
    of_gold: float  # probability of the one that it has
    tokens: int
    left_out: int  # tokens that were not read, as the text is too long

    @property
    def right(self) -> bool:
        """Say whether the label is the right one."""
        return self.label == self.gold


@dataclass(frozen=True)
class LabelSlice:
    """The accuracy on a part of the texts."""

    name: str
    texts: int
    accuracy: float  # percent
    interval: tuple[float, float]  # 95 %


@dataclass(frozen=True)
class WeighedExample:
    """A text of which is shown what the classifier attended to."""

    of: LabelledText
    why: str
    weighed: WeighedText  # in words


@dataclass(frozen=True)
class LabelStudy:
    """A classifier's labels of a test set, and what was found in them."""

    report: LabelsReport
    texts: list[LabelledText]  # those that are not empty
    by_length: list[LabelSlice]
    calibration: Calibration
    examples: list[WeighedExample]  # none without attention


def label_study(trial: LabelTrial, stages: Stages = Unseen) -> LabelStudy:
    """Classify, and look at the result from all sides.

    Args:
        trial: classifier and texts.
        stages: shows how far it is.

    Raises:
        InputError: every text is empty.
    """
    report = evaluate_labels(trial, stages=stages)
    texts = _texts(trial, report)
    examples = _examples(trial.classifier, texts, stages) if trial.classifier.attends else []
    confidence = calibration([one.probability for one in texts], [one.right for one in texts])
    return LabelStudy(report, texts, by_length(texts), confidence, examples)


def _texts(trial: LabelTrial, report: LabelsReport) -> list[LabelledText]:
    found = []
    rows = zip(trial.texts.texts, trial.texts.labels, report.predictions, strict=True)
    for number, (text, gold, prediction) in enumerate(rows, start=1):
        if prediction.labels:
            of_gold = dict(zip(prediction.labels, prediction.probabilities, strict=True))[gold]
            found.append(
                LabelledText(
                    number,
                    text,
                    gold,
                    prediction.label,
                    prediction.probability,
                    of_gold,
                    prediction.tokens,
                    prediction.left_out,
                )
            )
    return found


def by_length(texts: Sequence[LabelledText]) -> list[LabelSlice]:
    """Divide texts by their number of tokens into parts of about as many texts; equal lengths stay together."""
    lengths = np.array([one.tokens for one in texts])
    edges = sorted(set(np.quantile(lengths, [part / PARTS for part in range(1, PARTS)], method="lower").tolist()))
    found = []
    begin = int(lengths.min())
    for end in [*edges, int(lengths.max())]:
        part = [one for one in texts if begin <= one.tokens <= end]
        if part:
            hits = sum(one.right for one in part)
            name = f"{begin:,}" if begin == end else f"{begin:,}–{end:,}"
            found.append(LabelSlice(name, len(part), 100 * hits / len(part), wilson_interval(hits, len(part))))
        begin = end + 1
    return found


def _examples(classifier: Classifier, texts: Sequence[LabelledText], stages: Stages) -> list[WeighedExample]:
    """Look at what was attended to in the surest mistakes, in the texts that it was least sure of, and in sure hits."""
    short = [one for one in texts if FEWEST_WORDS <= len(one.text.split()) <= MOST_WORDS] or list(texts)
    kinds = [
        ("sure and wrong", sorted((one for one in short if not one.right), key=lambda one: -one.probability)),
        ("unsure", sorted(short, key=lambda one: one.probability)),
        ("sure and right", sorted((one for one in short if one.right), key=lambda one: -one.probability)),
    ]
    chosen: dict[int, tuple[LabelledText, str]] = {}
    for why, some in kinds:
        fresh = [one for one in some if one.number not in chosen]
        chosen.update((one.number, (one, why)) for one in fresh[:EACH])
    with stages("reading the attention", len(chosen), "texts") as stage:
        weighed = classifier.weigh([one.text for one, _ in chosen.values()], watch=stage.share)
    return [
        WeighedExample(one, why, some.in_words()) for (one, why), some in zip(chosen.values(), weighed, strict=True)
    ]
