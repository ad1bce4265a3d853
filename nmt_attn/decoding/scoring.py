"""The probability of given translations."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch

from nmt_attn.corpus.batches import make_batch
from nmt_attn.decoding.continuations import next_log_probs
from nmt_attn.model.network import TranslationModel
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
    """Compute the perplexity of all tokens of some pairs together; at most e^700, about 1e304, which JSON can hold."""
    log_prob, tokens = 0.0, 0
    for score in scores:
        log_prob, tokens = log_prob + score.log_prob, tokens + score.tokens
    return math.exp(min(-log_prob / max(tokens, 1), 700.0))


@torch.inference_mode()
def score_pairs(
    model: TranslationModel, sources: Sequence[Sequence[int]], targets: Sequence[Sequence[int]]
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
    real = readouts.flatten(0, 1)[positions]
    known = next_log_probs(model, real).gather(1, labels.unsqueeze(1)).squeeze(1)  # (N)
    unknown = torch.log_softmax(model.output(real).float(), dim=-1)[:, UNK]
    log_probs = torch.where(labels == UNK, unknown, known).double().cpu()
    lengths = [len(target) + 1 for target in targets]
    return [
        PairScore(float(part.sum()), length) for part, length in zip(log_probs.split(lengths), lengths, strict=True)
    ]
