"""The most probable next tokens: the softmax over the vocabulary and the search in it, in pieces that fit the cache."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from nmt_attn.inference.frozen_linear import even_slices
from nmt_attn.model.decodable import DecodableModel
from nmt_attn.text.tokenizer import EOS

Constraint = Callable[[Tensor, slice], Tensor]
"""Puts -inf into the log-probabilities (n, V) of the given rows where something may not come next."""

BLOCK = 64
"""Tokens that :func:`best_tokens` looks at together."""

ROWS = {"cpu": 512, "cuda": 16384}
"""Rows whose log-probabilities of all tokens are held at once."""

LOOKS = {"cpu": 1, "cuda": 2}
"""Steps between two looks at what still runs: each makes the CPU wait for a GPU, which then waits for work.

On an H100 2 and 4 translate a file alike, 1 and 8 about a tenth slower; single sentences gain from few.
"""


@dataclass(frozen=True)
class Continuations:
    """Ways in which N hypotheses can go on: with one of their W most probable words, or with their end."""

    log_probs: Tensor  # (N, W): of the words, best first
    tokens: Tensor  # (N, W): the words, none of which is EOS
    ends: Tensor  # (N): log-probability of EOS


def next_log_probs(model: DecodableModel, readouts: Tensor) -> Tensor:
    """Compute log-probabilities of the next token, (…, R) to (…, V), without the tokens that no sentence holds."""
    scores = model.next_logits(readouts)
    found: Tensor = torch.log_softmax(scores, dim=-1, out=scores)  # in the cache still: a third less time
    return found


def best_continuations(
    model: DecodableModel, readouts: Tensor, count: int, constraint: Constraint | None = None
) -> Continuations:
    """Find the ``count`` most probable next words of each row, or all where there are fewer, and its end.

    Args:
        model: in evaluation mode.
        readouts: (N, R).
        count: W.
        constraint: what may not come; the probabilities stay those of the model.
    """
    found, ends = [], []
    for rows in even_slices(len(readouts), ROWS[readouts.device.type]):
        log_probs = next_log_probs(model, readouts[rows])
        if constraint is not None:
            log_probs = constraint(log_probs, rows)
        ends.append(log_probs[:, EOS].clone())
        log_probs[:, EOS] = -torch.inf
        found.append(best_tokens(log_probs, min(count, log_probs.shape[1])))
    best, tokens = zip(*found, strict=True)
    return Continuations(torch.cat(best), torch.cat(tokens), torch.cat(ends))


def best_tokens(scores: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Find the ``count`` highest scores of each row of (N, V), best first, and where they stand: both (N, count).

    On a CPU ``topk`` copies and sorts whole rows. So the highest of each block of tokens are found first, and only the
    ``count`` blocks of the highest are searched: no other can hold one that is wanted.
    """
    size = scores.shape[1]
    blocks = size // BLOCK
    if scores.device.type != "cpu" or blocks <= 2 * count:
        return scores.topk(count, dim=1)
    whole = scores[:, : blocks * BLOCK].view(len(scores), blocks, BLOCK)
    chosen = whole.amax(2).topk(count, dim=1, sorted=False).indices  # (N, count)
    places = (chosen.unsqueeze(2) * BLOCK + torch.arange(BLOCK)).flatten(1)  # (N, count · BLOCK)
    rest = torch.arange(blocks * BLOCK, size).expand(len(scores), -1)
    places = torch.cat([places, rest], dim=1)
    best, columns = scores.gather(1, places).topk(count, dim=1)
    return best, places.gather(1, columns)
