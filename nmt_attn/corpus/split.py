"""Train, valid and test, so that no sentence of one is known from another.

Pairs that share a source or a target, directly or through others, form a group, and a group lies whole in one part.
Shared means equal but for case, punctuation and spaces. Groups are taken in the order of a hash of their text, so the
choice depends neither on the order of the file nor on a seed, and a sentence that was held out once is not trained on
when the corpus grows (one that leaves the test part goes to valid first).

Nothing but digests of the sentences is looked at, in arrays: about 60 bytes a pair.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nmt_attn.corpus.digests import SOURCE, SOURCE_KEY, TARGET_KEY, digests_of
from nmt_attn.corpus.duplicates import first_with_same
from nmt_attn.corpus.pairs import Pair
from nmt_attn.corpus.shards import KeptPairs, Rows, Shards
from nmt_attn.errors import UserError


@dataclass(frozen=True)
class Part:
    """One part of the corpus."""

    rows: Rows
    groups: int


@dataclass(frozen=True)
class Split:
    """The three parts. Held-out pairs come in the order of the hash, so any first few of them are a fair sample."""

    train: Part
    valid: Part
    test: Part


@dataclass(frozen=True)
class _Groups:
    """Groups of pairs, in the order of the first member of each."""

    of_pair: Rows
    """The group of each pair."""
    ranks: NDArray[np.uint64]
    sentences: Rows
    """Distinct normalised sources of each."""

    def sizes(self) -> Rows:
        """Count the pairs of each."""
        return np.bincount(self.of_pair, minlength=len(self.ranks))


def split(shards: Shards, rows: Rows, *, valid: int, test: int) -> Split:
    """Hold out ``test`` and ``valid`` distinct source sentences with all their translations.

    A group with more sentences than a part still lacks is passed over, so a part has exactly as many sentences as
    asked for, or fewer only if no group is small enough to fill it up. Of either part 0 may be asked for.

    Args:
        shards: the clean pairs.
        rows: those to split, rising.
        valid: sentences to hold out for validation.
        test: sentences to hold out for the test.

    Raises:
        UserError: the corpus is too small, as training would not have more pairs than are held out sentences; or its
            sentences hang together so much that nothing can be held out.
    """
    groups = _groups(shards, rows)
    sizes = groups.sizes()
    order = np.argsort(groups.ranks, kind="stable")
    test_groups, others = _take(order, groups.sentences, test)
    valid_groups, train_groups = _take(others, groups.sentences, valid)
    for name, wanted, taken, offered in (("test", test, test_groups, order), ("valid", valid, valid_groups, others)):
        if wanted and not len(taken) and len(offered):
            raise UserError(_all_too_large(name, wanted, groups.sentences[offered], sizes[offered], len(rows)))
    left = int(sizes[train_groups].sum())
    if left <= test + valid or (valid and not len(valid_groups)):
        raise UserError(
            f"the corpus is too small: of {len(rows):,} usable pairs, {left:,} are left for training when "
            f"{test:,} test and {valid:,} validation sentences are held out; "
            "lower data.split.test and data.split.valid (0: none), or take a larger corpus"
        )
    held_out = np.zeros(len(groups.ranks), dtype=bool)
    held_out[test_groups] = held_out[valid_groups] = True
    return Split(
        train=Part(rows[~held_out[groups.of_pair]], len(train_groups)),
        valid=Part(rows[_members(groups, valid_groups)], len(valid_groups)),
        test=Part(rows[_members(groups, test_groups)], len(test_groups)),
    )


def known_from(train: KeptPairs, pairs: Sequence[Pair]) -> NDArray[np.bool_]:
    """Say of each of some normalised pairs whether a side of it is a training sentence, as the split compares them."""
    digests = digests_of(pairs)
    known = np.zeros(len(pairs), dtype=bool)
    for number, local in train.shards.local(train.rows):
        trained = train.shards.digests(number)[local]
        for column in (SOURCE_KEY, TARGET_KEY):
            known |= np.isin(digests[:, column], trained[:, column])
    return known


def _take(offered: Rows, sentences: Rows, wanted: int) -> tuple[Rows, Rows]:
    """Return groups with ``wanted`` sentences, and the other groups, both in order."""
    taken: list[int] = []
    for place, count in enumerate(sentences[offered].tolist() if wanted else []):
        if count <= wanted:
            taken.append(place)
            wanted -= count
            if not wanted:
                break
    is_taken = np.zeros(len(offered), dtype=bool)
    is_taken[taken] = True
    return offered[is_taken], offered[~is_taken]


def _all_too_large(name: str, wanted: int, sentences: Rows, sizes: Rows, pairs: int) -> str:
    """Say what keeps a part empty: every group has more sentences than it may have."""
    smallest, largest = int(sentences.min()), int(sizes.max())
    together = (
        f"data.split.{name}: {wanted:,} cannot be held out: pairs that share a source or a target, directly or through "
        "others, must stay together, or a sentence would be known from training;"
    )
    own = "give files of your own as data.parallel"
    if len(sentences) == 1:
        return (
            f"{together} here {largest:,} of the {pairs:,} usable pairs hang together in a single group. Set "
            f"data.split.valid and data.split.test to 0, take a corpus with more different sentences, or {own}"
        )
    return (
        f"{together} the smallest of the {len(sentences):,} groups has {smallest:,} sentences, the largest {largest:,} "
        f"of the {pairs:,} usable pairs. Set data.split.{name} to at least {smallest:,}, or to 0 for none, or {own}"
    )


def _members(groups: _Groups, some: Rows) -> Rows:
    """Return the pairs of some groups, group by group."""
    turn = np.full(len(groups.ranks), -1, dtype=np.int64)
    turn[some] = np.arange(len(some))
    found = np.flatnonzero(turn[groups.of_pair] >= 0)
    return found[np.argsort(turn[groups.of_pair[found]], kind="stable")]


def _groups(shards: Shards, rows: Rows) -> _Groups:
    """Join pairs over equal sources and equal targets."""
    links = _UnionFind(len(rows))
    for column in (SOURCE_KEY, TARGET_KEY):
        first = first_with_same(shards, column, rows)
        later = np.flatnonzero(first != np.arange(len(rows)))
        for one, other in zip(later.tolist(), first[later].tolist(), strict=True):
            links.join(one, other)
    roots = links.roots()
    is_root = roots == np.arange(len(rows))
    of_pair = (np.cumsum(is_root) - 1)[roots]
    ranks = np.full(int(is_root.sum()), np.iinfo(np.uint64).max, dtype=np.uint64)
    np.minimum.at(ranks, of_pair, shards.column(SOURCE_KEY, rows))
    return _Groups(of_pair, ranks, _sentences(of_pair, len(ranks), shards.column(SOURCE, rows)))


def _sentences(of_pair: Rows, count: int, sources: NDArray[np.uint64]) -> Rows:
    """Count the distinct sources of each group; of nearly all groups there is but one pair to look at."""
    sentences = np.bincount(of_pair, minlength=count)
    several = np.flatnonzero(sentences[of_pair] > 1)
    order = several[np.lexsort((sources[several], of_pair[several]))]
    again = (of_pair[order[1:]] == of_pair[order[:-1]]) & (sources[order[1:]] == sources[order[:-1]])
    return sentences - np.bincount(of_pair[order[1:][again]], minlength=count)


class _UnionFind:
    """Disjoint sets of ``size`` things, each of things that hang together."""

    def __init__(self, size: int) -> None:
        self._parents = array("q", range(size))

    def root(self, index: int) -> int:
        parents = self._parents
        while parents[index] != index:
            parents[index] = parents[parents[index]]  # halve the path, so that the next search is short
            index = parents[index]
        return index

    def join(self, one: int, other: int) -> None:
        one, other = self.root(one), self.root(other)
        self._parents[max(one, other)] = min(one, other)

    def roots(self) -> Rows:
        """Return the root of each: the first thing of its set."""
        parents = np.array(self._parents, dtype=np.int64)
        while not np.array_equal(above := parents[parents], parents):
            parents = above
        return parents
