"""Watching the training of a classifier: loss, accuracy and F1 over the validation texts, and some of its labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from nmt_attn.classification.classifier import Classifier, Member
from nmt_attn.classification.reading import read_texts
from nmt_attn.classification.weighed_text import WeighedText
from nmt_attn.config.schema import Config
from nmt_attn.corpus.dataset import Dataset
from nmt_attn.device import Compute
from nmt_attn.distributed.group import ALONE, ProcessGroup, in_order, own_part
from nmt_attn.evaluation.classification_scores import ClassificationScores, classification_scores
from nmt_attn.model.classifier import ClassificationModel
from nmt_attn.progress import Watch, unwatched
from nmt_attn.tasks.sample import evenly_spaced
from nmt_attn.tasks.selection import OF_LABELS, Figures, Selection, known_metric
from nmt_attn.tasks.task import Decided, Sample, Standing
from nmt_attn.text.text_cut import TextCut

_SHOWN = 100  # characters of a sample


@dataclass(frozen=True)
class Validation:
    """The outcome of a look at the validation texts."""

    scores: ClassificationScores
    samples: list[Sample]

    @property
    def loss(self) -> float:
        """The cross-entropy, nats a text, without label smoothing and weights of labels."""
        return self.scores.log_loss

    @property
    def figures(self) -> Figures:
        """The figures, rounded as they are logged, so that whoever reads the log ranks checkpoints as training has."""
        accuracy, f1 = round(self.scores.accuracy, 3), round(self.scores.macro_f1, 3)
        return Figures(loss=round(self.loss, 5), accuracy=accuracy, f1=f1)

    def values(self) -> dict[str, object]:
        """Return what is logged of it."""
        figures = self.figures
        return {"loss": figures.loss, "accuracy": figures.accuracy, "f1": figures.f1}


class Validator:
    """Looks at the same validation texts each time.

    Args:
        config: how many texts.
        data: prepared data, with validation texts.
        model: the one that is being trained, on its device.
        batch_tokens: tokens of texts in a batch.
        decided: what a training that goes on has decided before.
        group: the processes that share the texts; each of them then has all results.

    Raises:
        InputError: the metric that was decided is none.
    """

    compares_with_earlier = True

    def __init__(
        self,
        config: Config,
        data: Dataset,
        model: ClassificationModel,
        batch_tokens: int,
        decided: Decided,
        group: ProcessGroup = ALONE,
    ) -> None:
        self.group = group
        self.model, self.batch_tokens, self.labels = model, batch_tokens, data.tokenizer.labels
        self.tokenizer, self.decoding = data.tokenizer, config.decoding
        self.cut = TextCut(config.data.filter.max_tokens, config.data.filter.keep)
        pairs, held_out = data.pairs("valid"), data.labelled("valid")
        chosen = evenly_spaced(len(pairs), config.training.validation.max_sentences)
        self.texts = [pairs.source[index] for index in chosen]
        self.gold = np.asarray(pairs.target.tokens)[chosen].astype(np.int64)
        shown = evenly_spaced(len(chosen), config.training.validation.samples)
        self.shown = {place: held_out.texts[chosen[place]] for place in shown}
        setting = config.training.early_stopping.metric
        metric = known_metric(decided.metric, OF_LABELS) or ("accuracy" if setting == "auto" else setting)
        self.selection = Selection(metric, why="as configured" if metric == setting else "the share of right labels")

    @property
    def decided(self) -> Decided:
        """See :attr:`nmt_attn.tasks.task.Evaluator.decided`."""
        return Decided(self.selection.metric)

    @property
    def notes(self) -> list[str]:
        """See :attr:`nmt_attn.tasks.task.Evaluator.notes`."""
        return [f"{self.selection.line()}; {len(self.texts):,} validation texts are classified"]

    def standing(self, evaluation: Validation) -> Standing:
        """See :meth:`nmt_attn.tasks.task.Evaluator.standing`."""
        return self.selection.standing(evaluation.figures)

    def rank(self, standing: Standing) -> tuple[float, ...]:
        """See :meth:`nmt_attn.tasks.task.Evaluator.rank`."""
        return self.selection.rank(standing)

    def attention(self, evaluation: Validation, count: int) -> list[WeighedText]:
        """See :meth:`nmt_attn.tasks.task.Evaluator.attention`."""
        if not self.model.attends:
            return []
        was_training = self.model.training
        member = Member(self.model.eval(), self.tokenizer, self.cut)
        texts = list(self.shown.values())[:count]
        try:
            classifier = Classifier([member], Compute(self.model.device, "fp32"), self.decoding)
            return [weighed.in_words() for weighed in classifier.weigh(texts)] if texts else []
        finally:
            self.model.train(was_training)

    def line(self, evaluation: Validation) -> str:
        """Give loss, accuracy and macro F1."""
        scores = evaluation.scores
        return f"valid loss {scores.log_loss:.3f}, accuracy {scores.accuracy:.2f} %, macro F1 {scores.macro_f1:.2f}"

    def run(self, watch: Watch = unwatched) -> Validation:
        """See :meth:`nmt_attn.tasks.task.Evaluator.run`."""
        was_training = self.model.training
        self.model.eval()
        own, device = list(own_part(self.texts, self.group)), self.model.device
        found: list[Any] = []
        if own:  # in fp32
            found = list(read_texts(self.model, own, self.batch_tokens, device, attention=False, watch=watch).log_probs)
        self.model.train(was_training)
        probabilities = np.exp(np.stack(in_order(self.group.gather(found))))
        samples = [self._sample(place, text, probabilities[place]) for place, text in self.shown.items()]
        return Validation(classification_scores(self.labels, self.gold, probabilities), samples)

    def _sample(self, place: int, text: str, probabilities: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Sample:
        best = int(probabilities.argmax())
        shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
        return Sample(shown, f"{self.labels[best]} {probabilities[best]:.3f}", self.labels[self.gold[place]])
