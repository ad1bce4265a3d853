"""The tree of a beam search: every hypothesis that was followed, for those who want to see how a search goes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from nmt_attn.corpus.batches import pad_sources
from nmt_attn.decoding.beams import Beams
from nmt_attn.decoding.hypothesis import SearchOptions
from nmt_attn.model.decodable import DecodableModel
from nmt_attn.text.tokenizer import EOS


@dataclass(frozen=True)
class TracedNode:
    """A hypothesis, as one more token on its parent."""

    parent: int  # place of the parent among the nodes; -1: none
    token: int
    log_prob: float  # of all its tokens
    last: bool  # nothing follows it


@torch.inference_mode()
def trace_beams(
    model: DecodableModel, sources: Sequence[Sequence[int]], options: SearchOptions
) -> list[list[TracedNode]]:
    """Search for a batch as :func:`~nmt_attn.decoding.search.beam_search` does, and keep what was followed.

    Args:
        model: in evaluation mode.
        sources: ids of each sentence, without EOS.
        options: those of the search.

    Returns:
        The nodes of each sentence, parents first; ends of sentences are nodes of their own where their hypothesis was
        the best yet.
    """
    source, lengths = (torch.from_numpy(array) for array in pad_sources(sources))
    start = model.encode(source.to(model.device), lengths)
    most = options.max_lengths(lengths)
    beams = Beams.begin(start, most, options.min_lengths(lengths).minimum(most), options)
    known: list[dict[tuple[int, ...], float]] = [{} for _ in sources]
    for _ in range(int(most.max())):
        beams.advance(model, beams.step(model))
        # A sentence is done when nothing runs; then it is no longer among the beams.
        for place, tokens, totals in zip(
            beams.sentences.tolist(), beams.tokens.tolist(), beams.totals.tolist(), strict=True
        ):
            known[place].update(
                (tuple(some), total) for some, total in zip(tokens, totals, strict=True) if total > -math.inf
            )
        if beams.done():
            break
        beams.go_on()
    for of_sentence, nbest in zip(known, beams.finished.hypotheses(), strict=True):
        for found in nbest:
            ended = found.tokens if found.tokens and found.tokens[-1] == EOS else (*found.tokens, EOS)
            of_sentence[tuple(ended)] = found.log_prob
    return [_tree(one) for one in known]


def _tree(known: dict[tuple[int, ...], float]) -> list[TracedNode]:
    ordered = sorted(known, key=lambda tokens: (len(tokens), -known[tokens]))
    places = {tokens: place for place, tokens in enumerate(ordered)}
    parents = {tokens[:-1] for tokens in ordered}
    return [
        TracedNode(places.get(tokens[:-1], -1), tokens[-1], known[tokens], tokens not in parents) for tokens in ordered
    ]
