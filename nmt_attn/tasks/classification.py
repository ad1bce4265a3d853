"""Classification, joined to the training loop: its network, batches, loss and evaluation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch

from nmt_attn.config.schema import Config
from nmt_attn.corpus.batches import Ids
from nmt_attn.corpus.dataset import Dataset
from nmt_attn.corpus.store import PairStore
from nmt_attn.device import Compute
from nmt_attn.distributed.group import ALONE, ProcessGroup
from nmt_attn.model.classifier import ClassificationModel
from nmt_attn.tasks.classification_loss import ClassificationLoss, LabelledBatch
from nmt_attn.tasks.classification_validation import Validator
from nmt_attn.tasks.stored_batches import StoredBatches
from nmt_attn.tasks.task import Decided

REFERENCE_TEXTS = 32
"""Texts of mean length in the batch for which learning rates are given."""

LEAST_TOKENS = 1024
"""Fewest tokens in that batch: short texts keep a CPU busy only if they are many."""


class ClassificationBatches(StoredBatches):
    """The batches of labelled texts, which are measured in tokens of the texts."""

    def sampled(self, alpha: float, seed: int) -> PairStore:
        """See :meth:`StoredBatches.sampled`."""
        return self.data.sampled_texts(alpha, seed, self.config.data.filter)

    def largest(self) -> Ids:
        """Return the batch of the most tokens, padding included."""
        lengths = self.batcher.pairs.source.lengths + 1
        return max(self.in_order(), key=lambda ids: len(ids) * int(lengths[ids].max()))

    def sizes(self, ids: Ids) -> Ids:
        """Return the tokens of each text, EOS included."""
        return self.batcher.pairs.source.lengths[ids] + 1

    def tokens(self, ids: Ids) -> int:
        """Return the number of labels of a batch, over which the loss is a mean."""
        return len(ids)

    def batch(self, ids: Ids) -> LabelledBatch:
        """Return the arrays of one batch."""
        labels = self.batcher.pairs.target.tokens[ids]  # each text has one token on its target side, which is its label
        return LabelledBatch(*self.batcher.sources(ids), np.asarray(labels, dtype=np.int64))


@dataclass(frozen=True)
class ClassificationTask:
    """The task of classification; see :class:`nmt_attn.tasks.task.Task`."""

    config: Config
    data: Dataset
    group: ProcessGroup = ALONE

    example = "text"
    examples = "texts"
    unit = "texts"

    @cached_property
    def training_tokens(self) -> int:
        """The tokens of the texts of an epoch, EOS included."""
        texts = self.data.pairs("train").source
        return int(texts.lengths.sum()) + len(texts)

    @property
    def reference_tokens(self) -> int:
        """The tokens of :data:`REFERENCE_TEXTS` texts, at least :data:`LEAST_TOKENS`."""
        mean = self.training_tokens / len(self.data.pairs("train"))
        return max(LEAST_TOKENS, round(REFERENCE_TEXTS * mean))

    def make_model(self) -> ClassificationModel:
        """Make the configured network for the vocabulary and the labels of the data."""
        tokenizer = self.data.tokenizer
        return ClassificationModel(self.config.model, tokenizer.source_size, tokenizer.target_size)

    def batches(self, batch_tokens: int) -> ClassificationBatches:
        """Make the batches of the training texts."""
        return ClassificationBatches(self.config, self.data, batch_tokens, self.group)

    def loss(self, model: ClassificationModel, compute: Compute) -> ClassificationLoss:
        """Return the loss of a network."""
        smoothing, weights = self.config.training.label_smoothing, self.class_weights()
        on_device = None if weights is None else torch.tensor(weights, dtype=torch.float32, device=compute.device)
        return ClassificationLoss(model, compute, smoothing, on_device)

    def class_weights(self) -> list[float] | None:
        """Return the weight of each label in the loss; over the training texts their mean is 1."""
        wished, labels = self.config.training.class_weights, self.data.tokenizer.labels
        if wished is None:
            return None
        counts = np.bincount(np.asarray(self.data.pairs("train").target.tokens), minlength=len(labels))
        usual = 1 / np.maximum(counts, 1)
        weights = usual if wished == "balanced" else np.array([wished[label] for label in labels])
        mean = float(weights @ counts / counts.sum())
        return [float(weight / mean) for weight in weights]

    def evaluator(self, model: ClassificationModel, batch_tokens: int, decided: Decided) -> Validator | None:
        """Make the look at the validation texts."""
        if not self.data.manifest.splits.valid.sentences:
            return None
        return Validator(self.config, self.data, model, batch_tokens, decided, self.group)
