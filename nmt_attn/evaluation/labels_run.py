"""The work of ``nmt eval`` for a classifier: find the model and the texts, evaluate, report."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nmt_attn.classification.classifier import DECODING_KEYS, Classifier
from nmt_attn.classification.prediction import Prediction
from nmt_attn.config.loading import refuse_other_keys
from nmt_attn.config.schema import Config
from nmt_attn.corpus.dataset import LabelledTexts
from nmt_attn.corpus.manifest import Manifest
from nmt_attn.corpus.read_labelled import read_labelled
from nmt_attn.errors import InputError, UserError
from nmt_attn.evaluation.classification_scores import ClassificationScores, classification_scores
from nmt_attn.evaluation.removal import RemovalReport, removal_test
from nmt_attn.evaluation.request import EvaluationRequest
from nmt_attn.evaluation.splits import SPLIT_KEYS, data_of, nothing_to_score, split_name
from nmt_attn.progress import Stages, Unseen
from nmt_attn.runs.directory import ModelPath
from nmt_attn.runs.task import refuse_other_task

FILE_KEYS = (*DECODING_KEYS, "data.corpus.columns", "data.corpus.fields", "data.corpus.ignore_labels")
"""Keys that can be set for an evaluation: those of the search, and where labels and texts stand in a file."""

_NO_TEXTS = "labels are not searched, and scored as what they are"


@dataclass(frozen=True)
class LabelsReport:
    """The results of an evaluation, with the model and the texts that they belong to."""

    scores: ClassificationScores
    predictions: list[Prediction]
    seconds: float  # of classifying
    model: str
    name: str  # of the texts
    left_out: int  # texts of nothing but spaces
    removal: RemovalReport | None

    @property
    def output_lines(self) -> list[str]:
        """A line for each text: its label and the probability of that."""
        return [prediction.to_text() for prediction in self.predictions]

    @property
    def texts_per_second(self) -> float:
        """The speed."""
        return len(self.predictions) / self.seconds if self.seconds else 0.0

    @property
    def cut(self) -> int:
        """The number of texts that were not read as a whole."""
        return sum(prediction.left_out > 0 for prediction in self.predictions)

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain values."""
        return {
            **self.scores.to_json(),
            "cut": self.cut,
            "left_out": self.left_out,
            "seconds": round(self.seconds, 3),
            "texts_per_second": round(self.texts_per_second, 1),
            "model": self.model,
            "split": self.name,
            **({} if self.removal is None else {"removal": self.removal.to_json()}),
        }

    def to_text(self) -> str:
        """Return the report as lines for people to read."""
        cut = f", {self.cut:,} of them cut" if self.cut else ""
        left_out = f", {self.left_out:,} left out" if self.left_out else ""
        lines = [
            f"{self.model} on {self.name}: {len(self.predictions):,} texts{cut}{left_out}",
            self.scores.to_text(),
            *([] if self.removal is None else [self.removal.to_text()]),
            f"{self.seconds:.1f} s, {self.texts_per_second:,.0f} texts/s",
        ]
        return "\n".join(lines)


@dataclass(frozen=True)
class LabelTrial:
    """Everything that an evaluation of labels needs."""

    classifier: Classifier
    texts: LabelledTexts
    config: Config
    model: str  # its checkpoints
    name: str  # of the texts
    manifest: Manifest | None  # of the data that the texts are a split of; None: they are the user's file


def prepare_labels(request: EvaluationRequest, config: Config, runs: Sequence[ModelPath]) -> LabelTrial:
    """Load the classifier and the texts of a request.

    Raises:
        InputError: a model, a split or a file is missing, or a text has a label that the model does not know.
        UserError: the split is empty, or a wish has no effect on labels.
    """
    given = (("--reference", request.references), ("--beam", request.beam_size), ("--metric", request.comet))
    for name, value in given:
        if value:
            advice = "the labels stand in the file of --source" if name == "--reference" else _NO_TEXTS
            raise UserError(f"{name} is for translations, and this run classifies: {advice}; leave it out")
    for found in runs:
        refuse_other_task(found, config, "classification")
    keys = FILE_KEYS if request.source is not None else (*FILE_KEYS, *SPLIT_KEYS)
    refuse_other_keys(request.overrides, keys, "the evaluation of a trained classifier")
    manifest = None
    if request.source is None:
        texts, name, manifest = _of_split(request, config, runs)
    else:
        texts, name = _of_file(request.source, config)
    of_decoding = [override for override in request.overrides if override.startswith("decoding.")]
    checkpoints = [found.checkpoint for found in runs]
    classifier = Classifier.load(checkpoints, device=request.device, overrides=of_decoding)
    for label in texts.labels:
        if label not in classifier.labels:
            known = ", ".join(classifier.labels[:20])
            raise InputError(f"{name}: the label {label!r} is none of the model's ({known})")
    return LabelTrial(classifier, texts, config, " + ".join(map(str, checkpoints)), name, manifest)


def report_labels(
    request: EvaluationRequest, config: Config, runs: Sequence[ModelPath], stages: Stages = Unseen
) -> LabelsReport:
    """Evaluate a classifier on the texts of a request; ``stages`` shows how far it is.

    Raises:
        InputError: a model, a split or a file is missing, or a text has a label that the model does not know.
        UserError: the split is empty, or a wish has no effect on labels.
    """
    return evaluate_labels(prepare_labels(request, config, runs), request.remove_words, stages)


def evaluate_labels(trial: LabelTrial, remove_words: float | None = None, stages: Stages = Unseen) -> LabelsReport:
    """Classify the texts and score their labels.

    Args:
        trial: classifier and texts.
        remove_words: share of words for the removal test; None: none.
        stages: shows how far it is.

    Raises:
        InputError: every text is empty.
        UserError: words are to be removed by the attention of a model without it.
    """
    classifier, texts = trial.classifier, trial.texts
    places = {label: place for place, label in enumerate(classifier.labels)}
    classifier.expect(many=True)
    began = time.perf_counter()
    with stages("classifying", len(texts.texts), "texts") as stage:
        found = classifier.classify(texts.texts, watch=stage.share)
    seconds = time.perf_counter() - began
    kept = [place for place, prediction in enumerate(found) if prediction.labels]
    if not kept:
        raise InputError(f"{trial.name}: nothing to score, as every text is empty")
    gold = np.array([places[texts.labels[place]] for place in kept], dtype=np.int64)
    probabilities = np.array([found[place].probabilities for place in kept])
    scores = classification_scores(classifier.labels, gold, probabilities)
    removal = None
    if remove_words is not None:
        removal = _removal(classifier, [texts.texts[place] for place in kept], remove_words, stages)
    return LabelsReport(scores, found, seconds, trial.model, trial.name, len(found) - len(kept), removal)


def _removal(classifier: Classifier, texts: Sequence[str], share: float, stages: Stages) -> RemovalReport:
    with stages("reading the attention", len(texts), "texts") as stage:
        weighed = [one.in_words() for one in classifier.weigh(texts, watch=stage.share)]
    with stages("removing words"):
        return removal_test(weighed, classifier.probabilities, classifier.labels, share=share)


def _of_split(
    request: EvaluationRequest, config: Config, runs: Sequence[ModelPath]
) -> tuple[LabelledTexts, str, Manifest]:
    """Return the texts of a split of the data that all runs were trained on."""
    split = split_name(request.split)
    data = data_of(split, config, runs, "--source FILE")
    texts = data.labelled(split)
    if not texts.texts:
        raise UserError(nothing_to_score(split, config, data, "texts", "--source FILE"))
    return texts, split, data.manifest


def _of_file(path: Path, config: Config) -> tuple[LabelledTexts, str]:
    """Return the texts of a file of labelled texts, of any kind that ``nmt prepare`` reads."""
    corpus = config.data.corpus
    lines = read_labelled(path, columns=corpus.columns, fields=corpus.fields, ignore_labels=corpus.ignore_labels)
    found = [line for line in lines if line is not None]
    return LabelledTexts([line.text for line in found], [line.label for line in found]), str(path)
