"""Batches: sentences of near-equal length together, so that hardly any work goes into padding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
        """Number of real target tokens, EOS included."""
        return len(self.labels)


@dataclass(frozen=True)
class Batcher:
    """Batches of a store of pairs, cut differently in each epoch.

    Sentences are sorted by target length and, within it, by source length, ties at random: rising for odd target
    lengths, falling for even ones, so that a batch with two target lengths has near-equal sources too. Then they are
    cut where the budget is full, and the batches are shuffled. Nearly all padding that is left is in the sources:
    a padded target position costs more than a padded source position.

    Args:
        pairs: the tokenised pairs.
        batch_tokens: target tokens (with EOS) in a batch; the source is held to the same number.
        batch_sentences: pairs in a batch, instead.
        seed: seed of the shuffling.
    """

    pairs: PairStore
    batch_tokens: int
    batch_sentences: int | None = None
    seed: int = 1

    def epoch(self, epoch: int) -> list[Ids]:
        """Return the batches of an epoch, each as the indices of its pairs; the same for the same seed and epoch."""
        generator = np.random.default_rng([self.seed, epoch])
        batches = self._batches(generator.random(len(self.pairs)))
        return [batches[index] for index in generator.permutation(len(batches))]

    def in_order(self) -> list[Ids]:
        """Return all pairs once, in batches that do not depend on any seed: for validation."""
        return self._batches(np.arange(len(self.pairs)))

    def batch(self, indices: Ids) -> Batch:
        """Return the arrays of one batch."""
        return _padded_batch(_from_store(self.pairs.source, indices), _from_store(self.pairs.target, indices))

    def sources(self, indices: Ids) -> tuple[Ids, Ids]:
        """Return the sources of one batch with EOS, padded to (B, S), and their lengths (B)."""
        return _with_end(_from_store(self.pairs.source, indices))

    def _batches(self, ties: NDArray[np.generic]) -> list[Ids]:
        source, target = self.pairs.source.lengths + 1, self.pairs.target.lengths + 1
        order = np.lexsort((ties, np.where(target % 2, source, -source), target))
        return [part for part in np.split(order, self._cuts(np.maximum(source, target)[order])) if len(part)]

    def _cuts(self, lengths: Ids) -> list[int]:
        """Return where to cut the sorted sentences; a sentence longer than the budget is a batch of its own."""
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


def make_batch(sources: Sequence[Sequence[int] | Ids], targets: Sequence[Sequence[int] | Ids]) -> Batch:
    """Pad token ids (without BOS and EOS) to a batch."""
    return _padded_batch(_joined(sources), _joined(targets))


def pad_sources(sources: Sequence[Sequence[int] | Ids]) -> tuple[Ids, Ids]:
    """Return source ids with EOS, padded to (B, S), and their lengths (B)."""
    return _with_end(_joined(sources))


@dataclass(frozen=True)
class _Joined:
    """Sentences one behind the other. All that follows is done for a whole batch at once: a GPU does not wait long."""

    tokens: Ids
    lengths: Ids  # (B)


def _joined(sentences: Sequence[Sequence[int] | Ids]) -> _Joined:
    lengths = np.array([len(sentence) for sentence in sentences], dtype=np.int64)
    return _Joined(np.concatenate([np.asarray(sentence, dtype=np.int64) for sentence in sentences]), lengths)


def _from_store(store: TokenStore, indices: Ids) -> _Joined:
    lengths = store.lengths[indices]
    ends = np.cumsum(lengths)
    # Where each token stands in the store: its place in the batch, moved by as much as its sentence has been moved.
    places = np.arange(ends[-1]) + np.repeat(store.offsets[indices] - (ends - lengths), lengths)
    return _Joined(store.tokens[places].astype(np.int64), lengths)


def _padded_batch(source: _Joined, target: _Joined) -> Batch:
    with_end, _ = _with_end(target)
    real = np.arange(with_end.shape[1]) < target.lengths[:, None] + 1  # (B, T)
    inputs = np.full(real.shape, PAD, dtype=np.int64)
    inputs[:, 0] = BOS
    inputs[:, 1:] = np.where(real[:, 1:], with_end[:, :-1], PAD)
    return Batch(*_with_end(source), inputs, np.flatnonzero(real), with_end[real])


def _with_end(joined: _Joined) -> tuple[Ids, Ids]:
    """Return sentences padded to (B, longest + 1), with an EOS behind each, and the lengths with it, (B)."""
    lengths = joined.lengths + 1
    places = np.arange(lengths.max())
    padded = np.full((len(lengths), len(places)), PAD, dtype=np.int64)
    padded[places < joined.lengths[:, None]] = joined.tokens
    padded[places == joined.lengths[:, None]] = EOS
    return padded, lengths


def part_of(lengths: Ids, rank: int, size: int) -> NDArray[np.bool_]:
    """Say which sentences of a batch one of several processes takes: neighbours, and nearly as many tokens for each.

    A sentence goes to the process in whose equal share of all tokens its middle lies.

    Args:
        lengths: of the sentences, (B).
        rank: the number of the process, from 0.
        size: the number of processes.
    """
    middles = 2 * np.cumsum(lengths) - lengths  # in half tokens
    owners: Ids = middles * size // max(1, 2 * int(lengths.sum()))
    own: NDArray[np.bool_] = owners == rank
    return own


def batches_of(lengths: Ids, budget: int) -> Iterator[Ids]:
    """Yield indices of sentences, longest first, in groups whose size times longest length is within ``budget``."""
    order = np.argsort(-lengths, kind="stable")
    start = 0
    while start < len(order):
        stop = start + max(1, budget // max(1, int(lengths[order[start]])))
        yield order[start:stop]
        start = stop
