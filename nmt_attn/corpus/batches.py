"""Batches: sentences of near-equal length together, so that hardly any work goes into padding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nmt_attn.corpus.store import PairStore, TokenStore
from nmt_attn.text.tokenizer import BOS, EOS, PAD

Ids = NDArray[np.int64]

ROWS = 8
"""Batches have a multiple of so many sentences, so that there are few shapes to compile kernels for."""


@dataclass(frozen=True)
class Batch:
    """Sentence pairs as padded arrays. The real target tokens are also named one by one, for the loss."""

    source: Ids  # (B, S): tokens and EOS
    source_lengths: Ids  # (B)
    targets: Ids  # (B, T): BOS and tokens, what the decoder reads
    positions: Ids  # (N): where in the flattened (B·T) the real target tokens are
    labels: Ids  # (N): what is to be predicted there: tokens and EOS

    @property
    def tokens(self) -> int:
        """Real target tokens, EOS included."""
        return len(self.labels)


@dataclass(frozen=True)
class Batcher:
    """Cuts a store of pairs into batches, differently in each epoch.

    Sentences are sorted by target length and, within it, by source length, ties at random: rising for odd target
    lengths, falling for even ones, so that a batch with two target lengths has near-equal sources too. Then they are
    cut where the budget is full, and the batches are shuffled. What padding is left is nearly all in the sources:
    a padded target position costs more than a padded source position.

    Args:
        pairs: the tokenised pairs.
        batch_tokens: target tokens (with EOS) in a batch; the source is held to the same number.
        batch_sentences: pairs in a batch, instead.
        seed: of the shuffling.
    """

    pairs: PairStore
    batch_tokens: int
    batch_sentences: int | None = None
    seed: int = 1

    def epoch(self, epoch: int) -> list[Ids]:
        """The batches of an epoch, each as the indices of its pairs; the same for the same seed and epoch."""
        generator = np.random.default_rng([self.seed, epoch])
        batches = self._batches(generator.random(len(self.pairs)))
        return [batches[index] for index in generator.permutation(len(batches))]

    def in_order(self) -> list[Ids]:
        """All pairs once, in batches that do not depend on any seed: for validation."""
        return self._batches(np.arange(len(self.pairs)))

    def batch(self, indices: Ids) -> Batch:
        """The arrays of one batch."""
        return make_batch(_sequences(self.pairs.source, indices), _sequences(self.pairs.target, indices))

    def _batches(self, ties: NDArray[np.generic]) -> list[Ids]:
        source, target = self.pairs.source.lengths + 1, self.pairs.target.lengths + 1
        order = np.lexsort((ties, np.where(target % 2, source, -source), target))
        return [part for part in np.split(order, self._cuts(np.maximum(source, target)[order])) if len(part)]

    def _cuts(self, lengths: Ids) -> list[int]:
        """Where to cut the sorted sentences; a sentence longer than the budget is a batch of its own."""
        if self.batch_sentences is not None:
            return list(range(self.batch_sentences, len(lengths), self.batch_sentences))
        ends = np.cumsum(lengths)
        cuts: list[int] = []
        start, done = 0, 0
        while start < len(lengths):
            count = int(np.searchsorted(ends, done + self.batch_tokens, side="right")) - start
            if count > ROWS and start + count < len(lengths):
                count -= count % ROWS
            start += max(count, 1)
            cuts.append(start)
            done = int(ends[start - 1])
        return cuts


def make_batch(sources: list[Ids], targets: list[Ids]) -> Batch:
    """Pad token ids (without BOS and EOS) to a batch."""
    source, source_lengths = pad_sources(sources)
    lengths = np.array([len(target) + 1 for target in targets], dtype=np.int64)
    real = np.arange(lengths.max()) < lengths[:, None]  # (B, T)
    flat = np.concatenate([np.append(target, EOS) for target in targets]).astype(np.int64)
    inputs = np.full(real.shape, PAD, dtype=np.int64)
    inputs[real] = np.concatenate([np.append(BOS, target) for target in targets])
    return Batch(source, source_lengths, inputs, np.flatnonzero(real), flat)


def pad_sources(sources: list[Ids]) -> tuple[Ids, Ids]:
    """Source ids with EOS, padded to (B, S), and their lengths (B)."""
    lengths = np.array([len(source) + 1 for source in sources], dtype=np.int64)
    real = np.arange(lengths.max()) < lengths[:, None]
    padded = np.full(real.shape, PAD, dtype=np.int64)
    padded[real] = np.concatenate([np.append(source, EOS) for source in sources])
    return padded, lengths


def _sequences(store: TokenStore, indices: Ids) -> list[Ids]:
    return [store[int(index)] for index in indices]


def batches_of(lengths: Ids, budget: int) -> Iterator[Ids]:
    """Indices of sentences, longest first, in groups whose size times their longest length is within ``budget``."""
    order = np.argsort(-lengths, kind="stable")
    start = 0
    while start < len(order):
        stop = start + max(1, budget // max(1, int(lengths[order[start]])))
        yield order[start:stop]
        start = stop
