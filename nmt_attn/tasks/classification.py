"""Classification, joined to the training loop: its network, batches, loss and evaluation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

from nmt_attn.config.schema import Config
from nmt_attn.corpus.batches import Batcher, Ids, pad_sources
from nmt_attn.corpus.dataset import Dataset
from nmt_attn.device import Compute
from nmt_attn.model.classifier import ClassificationModel
from nmt_attn.tasks.classification_loss import ClassificationLoss, LabelledBatch
from nmt_attn.tasks.classification_validation import Validator
from nmt_attn.tasks.task import Decided

REFERENCE_TEXTS = 32
"""Texts of mean length in the batch for which learning rates are given."""

LEAST_TOKENS = 1024
"""Fewest tokens in that batch: short texts keep a CPU busy only if they are many."""


class ClassificationBatches:
    """The batches of labelled texts; with ``training.subword_sampling`` each epoch cuts its texts anew.

    Args:
        config: seeds, and what a batch holds.
        data: the prepared data.
        batch_tokens: tokens of texts in a batch.
    """

    def __init__(self, config: Config, data: Dataset, batch_tokens: int) -> None:
        self.config, self.data = config, data
        self.batcher = Batcher(data.pairs("train"), batch_tokens, config.training.batch_sentences, config.seed)

    @property
    def batch_tokens(self) -> int:
        """Tokens of texts in a batch."""
        return self.batcher.batch_tokens

    def __len__(self) -> int:
        """Return the number of texts."""
        return len(self.batcher.pairs)

    def epoch(self, epoch: int) -> list[Ids]:
        """Return the batches of an epoch; those of the epochs before are no longer there after it."""
        alpha = self.config.training.subword_sampling
        if alpha is not None:
            seed = int(np.random.default_rng([self.config.seed, epoch]).integers(2**32 - 1))
            pairs = self.data.sampled_texts(alpha, seed, self.config.data.filter)
            self.batcher = replace(self.batcher, pairs=pairs)
        return self.batcher.epoch(epoch)

    def in_order(self) -> list[Ids]:
        """Return all texts once."""
        return self.batcher.in_order()

    def largest(self) -> Ids:
        """Return the batch of the most tokens, padding included."""
        lengths = self.batcher.pairs.source.lengths + 1
        return max(self.in_order(), key=lambda ids: len(ids) * int(lengths[ids].max()))

    def batch(self, ids: Ids) -> LabelledBatch:
        """Return the arrays of one batch."""
        pairs = self.batcher.pairs
        source, lengths = pad_sources([pairs.source[int(index)] for index in ids])
        return LabelledBatch(source, lengths, labels_of(pairs.target.tokens, ids))


def labels_of(tokens: NDArray[np.generic], ids: Ids) -> Ids:
    """Return the labels of texts: each has one token on its target side, which is its label."""
    return np.asarray(tokens[ids], dtype=np.int64)


@dataclass(frozen=True)
class ClassificationTask:
    """The task of classification; see :class:`nmt_attn.tasks.task.Task`."""

    config: Config
    data: Dataset

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
        return ClassificationBatches(self.config, self.data, batch_tokens)

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
        return Validator(self.config, self.data, model, batch_tokens, decided)
