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
    """The most probable token at each step.

    Args:
        model: in evaluation mode.
        start: the encoded batch.
        limits: most tokens of each translation, (B).
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
        best, token = (one.squeeze(1) for one in best_continuations(model, step.readout.squeeze(1), 1))  # (b)
        totals = totals + best
        tokens[sentences, position] = token
        done = (token == EOS) | (position + 1 >= limits[sentences])
        state, last = step.state, token.unsqueeze(1)
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
    """The ``beam_size`` most probable hypotheses, step by step, for all sentences at once.

    At each step the 2K best continuations of a sentence's K hypotheses are looked at: those among the first K that
    end are finished, the first K that do not end go on. A sentence is done when K hypotheses are finished, when
    nothing that still runs can beat the n best that are, or at its limit, where what runs is taken as it is.

    Args:
        model: in evaluation mode.
        start: the encoded batch.
        limits: most tokens of each translation, (B).
        options: see :class:`SearchOptions`.
        minima: fewest tokens of each translation, EOS included, (B); None: no such thing.

    Returns:
        The n best of each sentence, best first; of a network that gives no numbers perhaps none.
    """
    beams = Beams.begin(start, limits, torch.zeros_like(limits) if minima is None else minima, options)
    for position in range(int(limits.max())):
        step = model.step(beams.last.unsqueeze(1), beams.state, beams.memory, beams.owners)
        ended = beams.advance(model, step)
        if beams.finish(ended, position + 1):
            break
        beams.go_on(step.state)
    return [sorted(found, key=lambda one: -one.score)[: options.nbest] for found in beams.found]
