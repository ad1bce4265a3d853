"""Translations drawn at random, as probable as the model takes them to be."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from nmt_attn.decoding.continuations import LOOKS, next_log_probs
from nmt_attn.decoding.hypothesis import Hypothesis, SearchOptions, finished
from nmt_attn.errors import UserError
from nmt_attn.model.decodable import DecodableModel
from nmt_attn.text.tokenizer import BOS, EOS

COLDEST, HOTTEST = 1e-6, 1e6
"""Temperatures from one choice to none; single-precision numbers do not bear much more."""


@dataclass(frozen=True)
class SamplingOptions:
    """The options of drawing.

    Args:
        temperature: log-probabilities are divided by it first; below 1 the probable becomes more so. From
            :data:`COLDEST` to :data:`HOTTEST`.
        top_k: only the k most probable tokens can be drawn (Fan et al. 2018); 0: all.
        top_p: only the most probable tokens that together have this probability (Holtzman et al. 2020); 1: all.
        seed: the same seed draws the same translations of a sentence, whatever else is translated.
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    seed: int = 1

    def __post_init__(self) -> None:
        if not COLDEST <= self.temperature <= HOTTEST or self.top_k < 0 or not 0 < self.top_p <= 1:
            raise UserError(
                f"sampling needs a temperature from {COLDEST:g} to {HOTTEST:,.0f}, a top-k of at least 0, and a top-p "
                "above 0, at most 1"
            )


@torch.inference_mode()
def sample(
    model: DecodableModel,
    source: Tensor,
    lengths: Tensor,
    options: SearchOptions,
    sampling: SamplingOptions,
) -> list[list[Hypothesis]]:
    """Draw ``options.nbest`` translations of each sentence, independently, the most probable first.

    Args:
        model: in evaluation mode.
        source: ids, (B, S), on the device.
        lengths: (B), on the CPU.
        options: how many, and how long they may be.
        sampling: how to draw.
    """
    start, max_lengths = model.encode(source, lengths), options.max_lengths(lengths)
    batch, count, longest, device = len(max_lengths), options.nbest, int(max_lengths.max()), source.device
    draws = _draws(source, lengths, max_lengths, count, sampling.seed)  # (B, K, T)
    max_lengths = max_lengths.to(device, non_blocking=True)
    state = start.state.select(torch.arange(batch, device=device).unsqueeze(1).expand(-1, count).flatten())
    tokens = [max_lengths.new_full((batch, count), BOS)]
    totals = torch.zeros(batch, count, device=device)
    done = torch.zeros(batch, count, dtype=torch.bool, device=device)
    for position in range(longest):
        step = model.step(tokens[-1], state, start.encoded)
        log_probs = next_log_probs(model, step.readout)  # (B, K, V)
        at_limit = (position + 1 >= max_lengths).unsqueeze(1)  # where a translation ends
        drawn = _draw(log_probs, draws[..., position], sampling).masked_fill(done | at_limit, EOS)
        gained = log_probs.gather(2, drawn.unsqueeze(2)).squeeze(2)
        totals = totals + gained.masked_fill(done, 0.0)
        tokens.append(drawn)
        done |= drawn == EOS
        state = step.state
        if (position + 1) % LOOKS[device.type] == 0 and bool(done.all()):
            break
    written = torch.stack(tokens[1:], dim=2)  # (B, K, t)
    return [_sorted(*sentence, options) for sentence in zip(written.tolist(), totals.tolist(), strict=True)]


def _sorted(rows: Sequence[list[int]], totals: Sequence[float], options: SearchOptions) -> list[Hypothesis]:
    found = [finished(row[: row.index(EOS) + 1], total, options) for row, total in zip(rows, totals, strict=True)]
    return sorted(found, key=lambda one: -one.score)


def _draw(log_probs: Tensor, draws: Tensor, sampling: SamplingOptions) -> Tensor:
    """Choose tokens (B, K) by numbers ``draws`` (B, K) drawn evenly from 0 to 1."""
    scores, tokens = (log_probs / sampling.temperature).sort(dim=-1, descending=True, stable=True)
    probabilities = torch.softmax(scores.double(), dim=-1)
    if sampling.top_k:
        probabilities[..., sampling.top_k :] = 0
    if sampling.top_p < 1:
        before = probabilities.cumsum(-1) - probabilities
        probabilities = probabilities.masked_fill(before >= sampling.top_p * probabilities.sum(-1, keepdim=True), 0)
    sums = probabilities.cumsum(-1)
    places = torch.searchsorted(sums, (draws * sums[..., -1]).unsqueeze(-1), right=True)
    # Rounding may lead behind the last token that can be drawn; where there are no numbers, there is none.
    last = ((probabilities > 0).sum(-1, keepdim=True) - 1).clamp(min=0)
    return tokens.gather(2, places.minimum(last)).squeeze(2)


def _draws(source: Tensor, lengths: Tensor, max_lengths: Tensor, count: int, seed: int) -> Tensor:
    """Draw numbers from 0 to 1 (B, K, T) that depend on the seed and the sentence, and on nothing beside it."""
    numbers = np.zeros((len(max_lengths), count, int(max_lengths.max())))
    rows = zip(source.tolist(), lengths.tolist(), max_lengths.tolist(), strict=True)
    for row, (ids, length, limit) in enumerate(rows):
        sentence = zlib.crc32(np.array(ids[:length], dtype="<i8").tobytes())
        generator = np.random.default_rng([seed, sentence])
        numbers[row, :, :limit] = generator.random((count, limit))
    return torch.from_numpy(numbers).to(source.device)
