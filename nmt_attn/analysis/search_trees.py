"""The searches for single sentences, token by token."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from nmt_attn.decoding.batched_search import evaluating
from nmt_attn.decoding.beam_trace import TracedNode, trace_beams
from nmt_attn.decoding.translator import Translator
from nmt_attn.text.tokenizer import EOS, SPACE, Tokenizer

MOST_NODES = 300
"""Nodes of a tree; of a longer search the first are kept."""


@dataclass(frozen=True)
class TreeToken:
    """A hypothesis of a search, as one more token on its parent."""

    parent: int  # place of the parent in the list; -1: the beginning
    text: str  # of the token; empty: the end of the sentence
    probability: float  # of the token, given those before it
    log_prob: float  # of all tokens up to here
    chosen: bool  # part of the translation that won
    ended: bool  # the end of the sentence
    last: bool  # nothing follows it


def search_trees(translator: Translator, sentences: Sequence[str]) -> list[list[TreeToken]]:
    """Search for the translations of some sentences, a single batch.

    Args:
        translator: the model.
        sentences: none of which is too long for one search.

    Returns:
        Every hypothesis that was followed, for each sentence, parents first.
    """
    sources = translator.tokenizer.encode_source(sentences)
    with evaluating(translator.model), translator.compute.autocast():
        traced = trace_beams(translator.prepared, sources, translator.options) if sources else []
    return [_tree(translator.tokenizer, nodes) for nodes in traced]


def _tree(tokenizer: Tokenizer, nodes: Sequence[TracedNode]) -> list[TreeToken]:
    before = [0.0 if node.parent < 0 else nodes[node.parent].log_prob for node in nodes]
    chosen = set()
    place = max((place for place, node in enumerate(nodes) if node.token == EOS), default=-1)
    while place >= 0:
        chosen.add(place)
        place = nodes[place].parent
    return [
        TreeToken(
            node.parent,
            "" if node.token == EOS else tokenizer.written([node.token])[0].replace(SPACE, " "),
            math.exp(min(0.0, node.log_prob - before[place])),
            node.log_prob,
            place in chosen,
            node.token == EOS,
            node.last,
        )
        for place, node in enumerate(nodes[:MOST_NODES])
    ]
