"""Small variation of wording that a reader of everyday English expects."""

from __future__ import annotations

import random
import re

from .template import Pair

CONTRACTIONS = (
    (r"\bI am\b", "I'm"),
    (r"\b([Hh]e|[Ss]he|[Ii]t) is\b", r"\1's"),
    (r"\b([Ww]e|[Yy]ou|[Tt]hey) are\b", r"\1're"),
    (r"\b(I|[Ww]e|[Yy]ou|[Tt]hey) have (?=never|already|just|lost|finished)", r"\1've "),
    (r"\b(I|[Hh]e|[Ss]he|[Ww]e|[Yy]ou|[Tt]hey) will\b", r"\1'll"),
)
SHARE = 0.12


def vary(pair: Pair, rng: random.Random) -> Pair:
    """Contract the English of some pairs ("I am" to "I'm"), and spell "don't" out in a few."""
    english, french = pair
    draw = rng.random()
    if draw < SHARE:
        for pattern, short in CONTRACTIONS:
            english = re.sub(pattern, short, english)
    elif draw > 1 - SHARE / 2:
        english = re.sub(r"\b(do|does|did|is|are|was|were)n't(?= \w)", r"\1 not", english)
        english = re.sub(r"^(Why )?([Dd](?:o|oes|id)) not (I|you|he|she|we|they)\b", r"\1\2n't \3", english)
        english = re.sub(r"\b(did|does|do) not (I|you|he|she|we|they)\b", r"\1n't \2", english)
    return english, french
