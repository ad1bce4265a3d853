"""Translation, joined to the training loop: its network, batches, loss and evaluation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from nmt_attn.config.schema import Config
from nmt_attn.corpus.batches import Batch, Batcher, Ids
from nmt_attn.corpus.dataset import Dataset
from nmt_attn.device import Compute
from nmt_attn.model.network import TranslationModel
from nmt_attn.tasks.task import Decided
from nmt_attn.tasks.translation_loss import TranslationLoss
from nmt_attn.tasks.translation_validation import Validator


class TranslationBatches:
    """The batches of sentence pairs; with ``training.subword_sampling`` each epoch cuts its sentences anew.

    Args:
        config: seeds, and what a batch holds.
        data: the prepared data.
        batch_tokens: target tokens in a batch.
    """

    def __init__(self, config: Config, data: Dataset, batch_tokens: int) -> None:
        self.config, self.data = config, data
        self.batcher = Batcher(data.pairs("train"), batch_tokens, config.training.batch_sentences, config.seed)

    @property
    def batch_tokens(self) -> int:
        """Target tokens in a batch."""
        return self.batcher.batch_tokens

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.batcher.pairs)

    def epoch(self, epoch: int) -> list[Ids]:
        """Return the batches of an epoch; those of the epochs before are no longer there after it."""
        alpha = self.config.training.subword_sampling
        if alpha is not None:
            seed = int(np.random.default_rng([self.config.seed, epoch]).integers(2**32 - 1))
            self.batcher = replace(self.batcher, pairs=self.data.sampled_pairs(alpha, seed))
        return self.batcher.epoch(epoch)

    def in_order(self) -> list[Ids]:
        """Return all pairs once."""
        return self.batcher.in_order()

    def largest(self) -> Ids:
        """Return the batch of the most sentences times source length times target length, as attention takes them."""
        source, target = self.batcher.pairs.source.lengths + 1, self.batcher.pairs.target.lengths + 1
        sizes = {len(ids) * int(source[ids].max()) * int(target[ids].max()): ids for ids in self.in_order()}
        return sizes[max(sizes)]

    def batch(self, ids: Ids) -> Batch:
        """Return the arrays of one batch."""
        return self.batcher.batch(ids)


@dataclass(frozen=True)
class TranslationTask:
    """The task of translation; see :class:`nmt_attn.tasks.task.Task`."""

    config: Config
    data: Dataset

    example = "sentence pair"
    examples = "pairs"

    unit = "target tokens"
    reference_tokens = 1024

    @cached_property
    def training_tokens(self) -> int:
        """The target tokens of an epoch, EOS included."""
        pairs = self.data.pairs("train")
        return int(pairs.target.lengths.sum()) + len(pairs)

    def make_model(self) -> TranslationModel:
        """Make the configured network for the vocabularies of the data."""
        tokenizer = self.data.tokenizer
        return TranslationModel(self.config.model, tokenizer.source_size, tokenizer.target_size)

    def batches(self, batch_tokens: int) -> TranslationBatches:
        """Make the batches of the training pairs."""
        return TranslationBatches(self.config, self.data, batch_tokens)

    def loss(self, model: TranslationModel, compute: Compute) -> TranslationLoss:
        """Return the loss of a network."""
        return TranslationLoss(model, compute, self.config.training.label_smoothing)

    def evaluator(self, model: TranslationModel, batch_tokens: int, decided: Decided) -> Validator | None:
        """Make the look at the validation sentences."""
        if not self.data.manifest.splits.valid.sentences:
            return None
        return Validator(self.config, self.data, model, batch_tokens, decided)
