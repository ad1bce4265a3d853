"""Search: from an encoded batch to the most probable token sequences."""

from __future__ import annotations

import torch
from torch import Tensor

from nmt_attn.decoding.beams import Beams
from nmt_attn.decoding.continuations import LOOKS, best_continuations
from nmt_attn.decoding.hypothesis import Hypothesis, SearchOptions, finished
from nmt_attn.model.network import Searchable, Start
from nmt_attn.text.tokenizer import BOS, EOS


@torch.inference_mode()
def search(model: Searchable, source: Tensor, lengths: Tensor, options: SearchOptions) -> list[list[Hypothesis]]:
    """Translate a batch of source ids (B, S), on the device, with their lengths (B), on the CPU.

    Returns:
        The n best of each sentence, best first.
    """
    start = model.encode(source, lengths)
    limits = options.max_lengths(lengths)
    if options.beam_size == 1 and options.plain:
        return greedy_search(model, start, limits, options)
    return beam_search(model, start, limits, options, options.min_lengths(lengths).minimum(limits))


def greedy_search(model: Searchable, start: Start, limits: Tensor, options: SearchOptions) -> list[list[Hypothesis]]:
    """Take the most probable token at each step; at its limit a translation ends.

    Args:
        model: in evaluation mode.
        start: the encoded batch.
        limits: most tokens of each translation, EOS included, (B), on the CPU.
        options: ``beam_size`` is taken as 1; only ``plain`` ones, others are for :func:`beam_search`.
    """
    memory, state = start.memory, start.state
    longest, limits = int(limits.max()), limits.to(memory.mask.device, non_blocking=True)
    tokens = torch.full((len(limits), longest), EOS, device=limits.device)  # (B, T)
    totals = torch.zeros(len(limits), device=limits.device)
    sentences = torch.arange(len(limits), device=limits.device)  # the b that are computed, by their place in the batch
    running = torch.ones_like(sentences, dtype=torch.bool)  # which of these have not ended, (b)
    last = torch.full((len(limits), 1), BOS, device=limits.device)
    for position in range(longest):
        step = model.step(last, state, memory)
        following = best_continuations(model, step.readout.squeeze(1), 1)
        best, word = following.log_probs.squeeze(1), following.tokens.squeeze(1)  # (b)
        done = ~(best > following.ends) | (position + 1 >= limits[sentences])  # also where there are no numbers
        totals[sentences] += torch.where(done, following.ends, best).masked_fill(~running, 0.0)
        tokens[sentences, position] = word.masked_fill(done | ~running, EOS)
        running &= ~done
        state, last = step.state, word.unsqueeze(1)
        if (position + 1) % LOOKS[limits.device.type]:
            continue
        kept = running.nonzero().flatten()
        if not len(kept):
            break
        if len(kept) < len(running):
            memory, state, last = memory.select(kept), state.select(kept), last[kept]
            sentences, running = sentences[kept], running[kept]
    rows = zip(tokens.tolist(), totals.tolist(), strict=True)
    return [[finished(ids[: ids.index(EOS) + 1], total, options)] for ids, total in rows]


def beam_search(
    model: Searchable, start: Start, limits: Tensor, options: SearchOptions, minima: Tensor | None = None
) -> list[list[Hypothesis]]:
    """Follow the ``beam_size`` most probable hypotheses of each sentence, step by step, for all sentences at once.

    Each hypothesis is a candidate at each step, as if it ended there; of its continuations the most probable of a
    sentence go on. A sentence is done when nothing that is followed can get among the n best of its candidates any
    more, or at its limit, where all ends. The candidate of the highest score wins, and none that greedy search finds,
    or a beam of half, a quarter, … of the size, is better: see :mod:`nmt_attn.decoding.beams`, also for what is given
    up.

    Args:
        model: in evaluation mode.
        start: the encoded batch.
        limits: most tokens of each translation, EOS included, (B), on the CPU.
        options: see :class:`SearchOptions`.
        minima: fewest tokens of each translation, EOS included, (B), on the CPU; None: no such thing.

    Returns:
        The n best of each sentence, best first; of a network that gives no numbers perhaps none.
    """
    beams = Beams.begin(start, limits, torch.zeros_like(limits) if minima is None else minima, options)
    looks = LOOKS[beams.totals.device.type]
    for position in range(int(limits.max())):
        beams.advance(model, beams.step(model))
        if (position + 1) % looks == 0 and beams.done():
            break
        beams.go_on()
    return beams.finished.hypotheses()
