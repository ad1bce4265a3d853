"""Search: from an encoded batch to the most probable token sequences."""

from __future__ import annotations

import torch
from torch import Tensor

from nmt_attn.decoding.beams import Beams
from nmt_attn.decoding.continuations import LOOKS, best_continuations
from nmt_attn.decoding.hypothesis import Hypothesis, SearchOptions, finished
from nmt_attn.model.decodable import DecodableModel, DecodingStart
from nmt_attn.text.tokenizer import BOS, EOS


@torch.inference_mode()
def search(model: DecodableModel, source: Tensor, lengths: Tensor, options: SearchOptions) -> list[list[Hypothesis]]:
    """Translate a batch of source ids (B, S), on the device, with their lengths (B), on the CPU.

    Returns:
        The n best of each sentence, best first.
    """
    start = model.encode(source, lengths)
    max_lengths = options.max_lengths(lengths)
    if options.beam_size == 1 and options.plain:
        return greedy_search(model, start, max_lengths, options)
    return beam_search(model, start, max_lengths, options, options.min_lengths(lengths).minimum(max_lengths))


def greedy_search(
    model: DecodableModel, start: DecodingStart, max_lengths: Tensor, options: SearchOptions
) -> list[list[Hypothesis]]:
    """Take the most probable token at each step; at its limit a translation ends.

    Args:
        model: in evaluation mode.
        start: the encoded batch.
        max_lengths: most tokens of each translation, EOS included, (B), on the CPU.
        options: ``beam_size`` is taken as 1; only ``plain`` ones, others are for :func:`beam_search`.
    """
    encoded, state = start.encoded, start.state
    longest, max_lengths = int(max_lengths.max()), max_lengths.to(encoded.mask.device, non_blocking=True)
    tokens = torch.full((len(max_lengths), longest), EOS, device=max_lengths.device)  # (B, T)
    totals = torch.zeros(len(max_lengths), device=max_lengths.device)
    sentences = torch.arange(
        len(max_lengths), device=max_lengths.device
    )  # the b that are computed, by their place in the batch
    running = torch.ones_like(sentences, dtype=torch.bool)  # which of these have not ended, (b)
    last = torch.full((len(max_lengths), 1), BOS, device=max_lengths.device)
    for position in range(longest):
        step = model.step(last, state, encoded)
        following = best_continuations(model, step.readout.squeeze(1), 1)
        best, word = following.log_probs.squeeze(1), following.tokens.squeeze(1)  # (b)
        done = ~(best > following.ends) | (position + 1 >= max_lengths[sentences])  # also where there are no numbers
        totals[sentences] += torch.where(done, following.ends, best).masked_fill(~running, 0.0)
        tokens[sentences, position] = word.masked_fill(done | ~running, EOS)
        running &= ~done
        state, last = step.state, word.unsqueeze(1)
        if (position + 1) % LOOKS[max_lengths.device.type]:
            continue
        kept = running.nonzero().flatten()
        if not len(kept):
            break
        if len(kept) < len(running):
            encoded, state, last = encoded.select(kept), state.select(kept), last[kept]
            sentences, running = sentences[kept], running[kept]
    rows = zip(tokens.tolist(), totals.tolist(), strict=True)
    return [[finished(ids[: ids.index(EOS) + 1], total, options)] for ids, total in rows]


def beam_search(
    model: DecodableModel,
    start: DecodingStart,
    max_lengths: Tensor,
    options: SearchOptions,
    min_lengths: Tensor | None = None,
) -> list[list[Hypothesis]]:
    """Follow the ``beam_size`` most probable hypotheses of each sentence, step by step, for all sentences at once.

    Each hypothesis is a candidate at each step, as if it ended there; of its continuations the most probable of a
    sentence go on. A sentence is done when nothing that is followed can get among the n best of its candidates any
    more, or at its limit, where all ends. The candidate of the highest score wins, and none that greedy search finds,
    or a beam of half, a quarter, … of the size, is better: see :mod:`nmt_attn.decoding.nested_beams`, and
    :mod:`nmt_attn.decoding.beams` for what is given up.

    Args:
        model: in evaluation mode.
        start: the encoded batch.
        max_lengths: most tokens of each translation, EOS included, (B), on the CPU.
        options: see :class:`SearchOptions`.
        min_lengths: fewest tokens of each translation, EOS included, (B), on the CPU; None: no minimum.

    Returns:
        The n best of each sentence, best first; perhaps none if the network gives no numbers.
    """
    beams = Beams.begin(
        start, max_lengths, torch.zeros_like(max_lengths) if min_lengths is None else min_lengths, options
    )
    looks = LOOKS[beams.totals.device.type]
    for position in range(int(max_lengths.max())):
        beams.advance(model, beams.step(model))
        if (position + 1) % looks == 0 and beams.done():
            break
        beams.go_on()
    return beams.finished.hypotheses()
