"""New data beside the run that goes on with it: what its tokenizer does not know, and what it has learned before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from nmt_attn.corpus.dataset import Dataset, HeldOut
from nmt_attn.corpus.digests import comparison_key
from nmt_attn.corpus.manifest import Manifest
from nmt_attn.corpus.store import TokenStore
from nmt_attn.errors import InputError
from nmt_attn.runs.origin import Origin
from nmt_attn.text.tokenizer import UNK

MUCH = 0.01
"""Share of unknown tokens from which it is a warning."""

_LOOKED_AT = 10_000  # sentences with unknown tokens, for examples
_SHOWN = 5


@dataclass(frozen=True)
class Unknown:
    """Tokens of one side of the training part that a tokenizer has no piece for."""

    side: Literal["source", "target"]
    share: float
    examples: list[str]
    """Texts that they stand for, the most frequent first."""


def remarks(data: Dataset, origin: Origin) -> list[str]:
    """Say in a few lines what of new data the old model cannot read or write, and what it may know already."""
    lines = []
    unknown = [one for one in unknown_tokens(data) if one.share]
    if unknown:
        side = {"source": "source ", "target": "target "} if data.manifest.labelled is None else {"source": ""}
        shares = " and ".join(
            f"{one.share:.2%} of the {side[one.side]}tokens (such as {' '.join(one.examples)})" for one in unknown
        )
        warning = "warning: " if any(one.share > MUCH for one in unknown) else ""
        lines.append(f"{warning}the tokenizer of {origin.name} does not know {shares} of the new training data")
    learned = learned_before(data, origin)
    for split, count in learned.items():
        if count:
            what = "sentences" if data.manifest.labelled is None else "texts"
            of_all = f"{count:,} of the {getattr(data.manifest.splits, split).sentences:,} {split} {what}"
            of = "a side of " if data.manifest.labelled is None else ""
            lines.append(f"warning: {origin.name} was trained on {of}{of_all}, so scores on them flatter")
    return lines


def unknown_tokens(data: Dataset) -> list[Unknown]:
    """Count unknown tokens in the training part, by side; labelled texts have one side."""
    pairs, tokenizer = data.pairs("train"), data.tokenizer
    if data.manifest.labelled is not None:
        texts = data.labelled("train").texts
        return [_unknown("source", pairs.source, texts, tokenizer.encode_source, tokenizer.source_pieces)]
    sources, targets = data.train_text()
    return [
        _unknown("source", pairs.source, sources, tokenizer.encode_source, tokenizer.source_pieces),
        _unknown("target", pairs.target, targets, tokenizer.encode_target, tokenizer.target_pieces),
    ]


def _unknown(
    side: Literal["source", "target"],
    store: TokenStore,
    lines: Sequence[str],
    encode: Callable[[Sequence[str]], list[list[int]]],
    pieces: Callable[[Sequence[str]], list[list[str]]],
) -> Unknown:
    places = np.flatnonzero(np.asarray(store.tokens) == UNK)  # of tokens
    rows = np.unique(np.searchsorted(store.offsets, places, side="right") - 1)[:_LOOKED_AT]  # of sentences
    some = [lines[row] for row in rows]
    found: Counter[str] = Counter()
    for ids, written in zip(encode(some), pieces(some), strict=True):
        found.update(piece.strip("\u2581") for token, piece in zip(ids, written, strict=True) if token == UNK)
    return Unknown(side, len(places) / max(1, len(store.tokens)), [piece for piece, _ in found.most_common(_SHOWN)])


def learned_before(data: Dataset, origin: Origin) -> dict[Literal["valid", "test"], int]:
    """Count held-out sentences with a side that the old run was trained on; none where its data is no longer there.

    Sides are compared as the split compares them: but for case, punctuation and spaces.
    """
    try:
        old = Dataset.open(origin.config.data_directory)
        if not old.manifest.same_data_as(Manifest.load(origin.found.run.path)):
            return {}
        if data.manifest.labelled is not None:
            return _texts_learned_before(data, origin, old.labelled("train").texts)
        sources, targets = old.train_text()
    except InputError:
        return {}
    known_sources, known_targets = frozenset(_keys(origin, sources)), frozenset(_keys(origin, targets))

    def count(held_out: HeldOut) -> int:
        return sum(
            not known_sources.isdisjoint(_keys(origin, [source]))
            or not known_targets.isdisjoint(_keys(origin, references))
            for source, references in zip(held_out.sources, held_out.references, strict=True)
        )

    return {"valid": count(data.held_out("valid")), "test": count(data.held_out("test"))}


def _texts_learned_before(data: Dataset, origin: Origin, old: Sequence[str]) -> dict[Literal["valid", "test"], int]:
    """Do as :func:`learned_before` for labelled texts."""
    known = frozenset(_keys(origin, old))
    return {
        "valid": sum(key in known for key in _keys(origin, data.labelled("valid").texts)),
        "test": sum(key in known for key in _keys(origin, data.labelled("test").texts)),
    }


def _keys(origin: Origin, lines: Sequence[str]) -> Iterator[str]:
    return (comparison_key(origin.tokenizer.normaliser(line)) for line in lines)
