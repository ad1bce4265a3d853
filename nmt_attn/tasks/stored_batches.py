"""Batches out of the store of prepared data, for any task that learns from it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace

import numpy as np

from nmt_attn.config.schema import Config
from nmt_attn.corpus.batches import Batcher, Ids, part_of
from nmt_attn.corpus.dataset import Dataset
from nmt_attn.corpus.store import PairStore
from nmt_attn.distributed.group import ALONE, ProcessGroup


class StoredBatches(ABC):
    """The batches of the training part; with ``training.subword_sampling`` each epoch cuts its texts anew.

    Args:
        config: seeds, and what a batch holds.
        data: the prepared data.
        batch_tokens: tokens in a batch.
        group: the processes that share each batch.
    """

    def __init__(self, config: Config, data: Dataset, batch_tokens: int, group: ProcessGroup = ALONE) -> None:
        self.config, self.data, self.group = config, data, group
        self.batcher = Batcher(data.pairs("train"), batch_tokens, config.training.batch_sentences, config.seed)

    @abstractmethod
    def sampled(self, alpha: float, seed: int) -> PairStore:
        """Return the training part, cut into subwords anew and at random."""

    @abstractmethod
    def sizes(self, ids: Ids) -> Ids:
        """Return the tokens of each example of a batch, by which it is shared out."""

    @property
    def batch_tokens(self) -> int:
        """Tokens in a batch."""
        return self.batcher.batch_tokens

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self.batcher.pairs)

    def epoch(self, epoch: int) -> list[Ids]:
        """Return the batches of an epoch; those of the epochs before are no longer there after it."""
        alpha = self.config.training.subword_sampling
        if alpha is not None:
            seed = int(np.random.default_rng([self.config.seed, epoch]).integers(2**32 - 1))
            self.batcher = replace(self.batcher, pairs=self._sampled_once(alpha, seed))
        return self.batcher.epoch(epoch)

    def own_part(self, ids: Ids) -> Ids:
        """Return what of a batch this process learns from; it may be nothing."""
        return ids[part_of(self.sizes(ids), self.group.rank, self.group.size)]

    def _sampled_once(self, alpha: float, seed: int) -> PairStore:
        """Let the main process cut the texts for all: not every version of sentencepiece does it alike twice."""
        return self.group.from_main(self.sampled(alpha, seed) if self.group.is_main else self.batcher.pairs)

    def in_order(self) -> list[Ids]:
        """Return all examples once."""
        return self.batcher.in_order()
