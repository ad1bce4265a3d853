"""The probability of given translations."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from nmt_attn.corpus.batches import batches_of, make_batch
from nmt_attn.decoding.batched_search import check_numbers
from nmt_attn.decoding.continuations import ROWS, next_log_probs
from nmt_attn.inference.frozen_linear import even_slices
from nmt_attn.model.decodable import DecodableModel
from nmt_attn.progress import Watch, unwatched
from nmt_attn.text.tokenizer import UNK


@dataclass(frozen=True)
class PairScore:
    """A model's score of one translation."""

    log_prob: float  # of all its tokens, the end included, in nats
    tokens: int  # the end included

    @property
    def perplexity(self) -> float:
        """The exponential of the mean negative log-probability per token."""
        return perplexity([self])


def perplexity(scores: Iterable[PairScore]) -> float:
    """Compute the perplexity of all tokens of some pairs together; at most e^700, about 1e304, which JSON can hold.

    >>> from nmt_attn.decoding.scoring import PairScore, perplexity
    >>> round(perplexity([PairScore(log_prob=-2.0, tokens=3), PairScore(log_prob=-1.0, tokens=3)]), 3)
    1.649
    """
    log_prob, tokens = 0.0, 0
    for score in scores:
        log_prob, tokens = log_prob + score.log_prob, tokens + score.tokens
    return math.exp(min(-log_prob / max(tokens, 1), 700.0))


def score_all(
    model: DecodableModel,
    pairs: Sequence[tuple[Sequence[int], Sequence[int]]],
    most_tokens: int,
    watch: Watch = unwatched,
) -> list[PairScore]:
    """Score pairs as :func:`score_pairs`, in batches of near-equal length.

    Args:
        model: in evaluation mode.
        pairs: ids of sentences and of their translations.
        most_tokens: in a batch.
        watch: told how far it is.

    Raises:
        InputError: the network computes no finite numbers.
    """
    lengths = np.array([max(len(source), len(target)) + 1 for source, target in pairs], dtype=np.int64)
    scores: dict[int, PairScore] = {}
    for rows in batches_of(lengths, most_tokens):
        found = score_pairs(model, [pairs[row][0] for row in rows], [pairs[row][1] for row in rows])
        check_numbers(one.log_prob for one in found)
        scores.update(zip(rows.tolist(), found, strict=True))
        watch(len(rows) / len(pairs))
    return [scores[row] for row in range(len(pairs))]


@torch.inference_mode()
def score_pairs(
    model: DecodableModel, sources: Sequence[Sequence[int]], targets: Sequence[Sequence[int]]
) -> list[PairScore]:
    """Score a batch, with teacher forcing, all positions at once.

    Probabilities are those of the search, which leaves out the tokens that no sentence holds; only an unknown token in
    a target has the probability that the model gives it.

    Args:
        model: in evaluation mode.
        sources: ids of each sentence, without EOS.
        targets: ids of its translation, without BOS and EOS.
    """
    batch = make_batch(sources, targets)
    source, read = (torch.from_numpy(array).to(model.device) for array in (batch.source, batch.targets))
    readouts = model(source, torch.from_numpy(batch.source_lengths), read)  # (B, T, R)
    positions, labels = (torch.from_numpy(array).to(model.device) for array in (batch.positions, batch.labels))
    real, rows = readouts.flatten(0, 1)[positions], ROWS[readouts.device.type]
    known = [_log_probs_of(model, real[some], labels[some]) for some in even_slices(len(real), rows)]
    log_probs = torch.cat(known)
    unknown = torch.from_numpy(np.flatnonzero(batch.labels == UNK))  # there are none where words are cut to letters
    if len(unknown):
        there = unknown.to(model.device)
        log_probs[there] = torch.log_softmax(model.logits(real[there]).float(), dim=-1)[:, UNK]
    log_probs = log_probs.double().cpu()
    lengths = [len(target) + 1 for target in targets]
    return [
        PairScore(float(part.sum()), length) for part, length in zip(log_probs.split(lengths), lengths, strict=True)
    ]


def _log_probs_of(model: DecodableModel, readouts: Tensor, labels: Tensor) -> Tensor:
    """Return the log-probability (N) of one token after each of N readouts."""
    return next_log_probs(model, readouts).gather(1, labels.unsqueeze(1)).squeeze(1)
