"""Search: from an encoded batch to the most probable token sequences."""

from __future__ import annotations

import torch
from torch import Tensor

from nmt_attn.decoding.beams import Beams
from nmt_attn.decoding.continuations import best_continuations
from nmt_attn.decoding.hypothesis import Hypothesis, SearchOptions, finished
from nmt_attn.model.network import Searchable, Start
from nmt_attn.text.tokenizer import BOS, EOS


@torch.inference_mode()
def search(model: Searchable, source: Tensor, lengths: Tensor, options: SearchOptions) -> list[list[Hypothesis]]:
    """Translate a batch of source ids (B, S) with their lengths (B): the n best of each sentence, best first."""
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
        limits: most tokens of each translation, EOS included, (B).
        options: ``beam_size`` is taken as 1; only ``plain`` ones, others are for :func:`beam_search`.
    """
    batch = len(limits)
    found: list[list[Hypothesis]] = [[] for _ in range(batch)]
    tokens = limits.new_empty(batch, int(limits.max()))  # (B, T)
    sentences = torch.arange(batch, device=limits.device)  # those still running, by their place in the batch
    totals = torch.zeros(batch, device=limits.device)
    memory, state = start.memory, start.state
    last = limits.new_full((batch, 1), BOS)
    for position in range(int(limits.max())):
        step = model.step(last, state, memory)
        following = best_continuations(model, step.readout.squeeze(1), 1)
        best, word = following.log_probs.squeeze(1), following.tokens.squeeze(1)  # (b)
        done = ~(best > following.ends) | (position + 1 >= limits[sentences])  # also where there are no numbers
        totals = totals + torch.where(done, following.ends, best)
        tokens[sentences, position] = torch.where(done, EOS, word)
        state, last = step.state, word.unsqueeze(1)
        if bool(done.any()):
            ended = sentences[done]
            written = tokens[ended, : position + 1].tolist()
            for sentence, ids, total in zip(ended.tolist(), written, totals[done].tolist(), strict=True):
                found[sentence].append(finished(ids, total, options))
            running = (~done).nonzero().flatten()
            if not len(running):
                break
            memory, state, last = memory.select(running), state.select(running), last[running]
            sentences, totals = sentences[running], totals[running]
    return found


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
        limits: most tokens of each translation, EOS included, (B).
        options: see :class:`SearchOptions`.
        minima: fewest tokens of each translation, EOS included, (B); None: no such thing.

    Returns:
        The n best of each sentence, best first; of a network that gives no numbers perhaps none.
    """
    beams = Beams.begin(start, limits, torch.zeros_like(limits) if minima is None else minima, options)
    while True:
        step = model.step(beams.last.unsqueeze(1), beams.state, beams.memory, beams.owners)
        beams.advance(model, step)
        if beams.done():
            return beams.finished.hypotheses()
        beams.go_on(step.state)
