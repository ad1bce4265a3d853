"""Shards of a few pairs each, and splits of them; the split said a second time, in the plainest way: the oracle."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nmt_attn.corpus import split as module
from nmt_attn.corpus.clean import CleanPair
from nmt_attn.corpus.digests import comparison_key, digests_of
from nmt_attn.corpus.shards import Shards, pack_pairs, write_arrays

__all__ = ["Part", "Parts", "comparison_key", "literal_split", "sharded", "split"]


@dataclass(frozen=True)
class Part:
    pairs: list[CleanPair]
    groups: int


@dataclass(frozen=True)
class Parts:
    train: Part
    valid: Part
    test: Part


@contextmanager
def sharded(pairs: Sequence[CleanPair], size: int = 7) -> Iterator[Shards]:
    """Pairs in shards of ``size``, among them an empty one."""
    with tempfile.TemporaryDirectory() as folder:
        parts = [[], *(pairs[start : start + size] for start in range(0, len(pairs), size))]
        paths = []
        for number, part in enumerate(parts):
            paths.append(Path(folder) / f"{number}.npz")
            digests = digests_of([pair.normalised for pair in part])
            write_arrays(paths[-1], {"size": np.array([len(part)]), "digests": digests, "text": pack_pairs(part)})
        yield Shards(paths)


def split(pairs: Sequence[CleanPair], *, valid: int, test: int) -> Parts:
    """Split pairs that lie in shards."""
    with sharded(pairs) as shards:
        parts = module.split(shards, np.arange(len(pairs)), valid=valid, test=test)
    return Parts(*(_part(pairs, part) for part in (parts.train, parts.valid, parts.test)))


def _part(pairs: Sequence[CleanPair], part: module.Part) -> Part:
    return Part([pairs[row] for row in part.rows.tolist()], part.groups)


def literal_split(pairs: Sequence[CleanPair], *, valid: int, test: int) -> list[list[CleanPair]]:
    """Train, valid and test, by joining sets of pairs until nothing changes, without a word about corpora too small."""
    keys = [(comparison_key(pair.normalised.source), comparison_key(pair.normalised.target)) for pair in pairs]
    groups: list[set[int]] = []
    for index, (source, target) in enumerate(keys):
        near = [group for group in groups if any(source == keys[i][0] or target == keys[i][1] for i in group)]
        groups = [group for group in groups if group not in near] + [{index}.union(*near)]
    groups.sort(key=min)
    groups.sort(key=lambda group: min(_rank(keys[index][0]) for index in group))
    parts: list[list[CleanPair]] = []
    for wanted in (test, valid):
        taken: list[CleanPair] = []
        for group in list(groups):
            members = [pairs[index] for index in sorted(group)]
            sentences = len({pair.normalised.source for pair in members})
            if sentences <= wanted:
                taken, wanted = taken + members, wanted - sentences
                groups.remove(group)
        parts.append(taken)
    return [[pairs[index] for index in sorted(set().union(*groups))], parts[1], parts[0]]


def _rank(key: str) -> int:
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), "big")
