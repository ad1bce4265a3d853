"""Train, valid and test, so that no sentence of one is known from another.

Pairs that share a source or a target, directly or through others, form a group, and a group lies whole in one part.
Shared means equal but for case, punctuation and spaces. Groups are taken in the order of a hash of their text, so the
choice depends neither on the order of the file nor on a seed, and a sentence that was held out once is not trained on
when the corpus grows (one that leaves the test part goes to valid first).
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nmt_attn.corpus.clean import CleanPair
from nmt_attn.errors import UserError


@dataclass(frozen=True)
class Part:
    """One part of the corpus."""

    pairs: list[CleanPair]
    groups: int


@dataclass(frozen=True)
class Split:
    """The three parts. Held-out pairs come in the order of the hash, so any first few of them are a fair sample."""

    train: Part
    valid: Part
    test: Part


@dataclass(frozen=True)
class _Group:
    rank: int
    members: list[int]  # indices of pairs
    sentences: int  # distinct normalised sources


def comparison_key(text: str) -> str:
    """Return what two sentences have in common when they count as the same: letters, marks and digits, without case.

    A text that has none of these is its own key. I, İ, i and ı count as one letter, whatever the language.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    folded = folded.replace("ı", "i").replace("i\u0307", "i")
    # Spaces go too: "porte-monnaie" and "porte monnaie" must not lie in different parts.
    return folded.translate(_WORDLIKE) or text


class _Wordlike(dict[int, str]):
    """Table for ``str.translate`` that drops all but letters, marks and numbers."""

    def __missing__(self, code: int) -> str:
        new = chr(code) if unicodedata.category(chr(code))[0] in "LMN" else ""
        self[code] = new
        return new


_WORDLIKE = _Wordlike()


def stable_hash(text: str) -> int:
    """Return 64 bits that depend on ``text`` alone, on every machine."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8"), digest_size=8).digest(), "big")


def split(pairs: Sequence[CleanPair], *, valid: int, test: int) -> Split:
    """Hold out ``test`` and ``valid`` distinct source sentences with all their translations.

    A group with more sentences than a part still lacks is passed over, so a part has exactly as many sentences as
    asked for, or fewer only if no group is small enough to fill it up. Of either part 0 may be asked for.

    Raises:
        UserError: the corpus is too small, as training would not have more pairs than are held out sentences; or its
            sentences hang together so much that nothing can be held out.
    """
    groups = sorted(_groups(pairs), key=lambda group: group.rank)
    test_groups, others = _take(groups, test)
    valid_groups, train_groups = _take(others, valid)
    for name, wanted, taken, offered in (("test", test, test_groups, groups), ("valid", valid, valid_groups, others)):
        if wanted and not taken and offered:
            raise UserError(_all_too_large(name, wanted, offered, len(pairs)))
    left = sum(len(group.members) for group in train_groups)
    if left <= test + valid or (valid and not valid_groups):
        raise UserError(
            f"the corpus is too small: of {len(pairs):,} usable pairs, {left:,} are left for training when "
            f"{test:,} test and {valid:,} validation sentences are held out; "
            "lower data.split.test and data.split.valid (0: none), or take a larger corpus"
        )
    return Split(
        train=Part([pairs[index] for index in sorted(_members(train_groups))], len(train_groups)),
        valid=Part([pairs[index] for index in _members(valid_groups)], len(valid_groups)),
        test=Part([pairs[index] for index in _members(test_groups)], len(test_groups)),
    )


@dataclass(frozen=True)
class KnownSentences:
    """The keys of a training part, to see which sentences of given test files are in it."""

    sources: frozenset[str]
    targets: frozenset[str]

    @classmethod
    def of(cls, pairs: Iterable[CleanPair]) -> KnownSentences:
        """Collect the keys of both sides of ``pairs``."""
        normalised = [pair.normalised for pair in pairs]
        return cls(
            frozenset(comparison_key(pair.source) for pair in normalised),
            frozenset(comparison_key(pair.target) for pair in normalised),
        )

    def knows(self, pair: CleanPair) -> bool:
        """Say whether a side of ``pair`` is a training sentence."""
        source, target = pair.normalised.source, pair.normalised.target
        return comparison_key(source) in self.sources or comparison_key(target) in self.targets


def _take(groups: list[_Group], wanted: int) -> tuple[list[_Group], list[_Group]]:
    """Return groups with ``wanted`` sentences, and the other groups, both in order."""
    taken, left = [], []
    for group in groups:
        if group.sentences <= wanted:
            taken.append(group)
            wanted -= group.sentences
        else:
            left.append(group)
    return taken, left


def _all_too_large(name: str, wanted: int, groups: Sequence[_Group], pairs: int) -> str:
    """Say what keeps a part empty: every group has more sentences than it may have."""
    smallest, largest = min(group.sentences for group in groups), max(len(group.members) for group in groups)
    together = (
        f"data.split.{name}: {wanted:,} cannot be held out: pairs that share a source or a target, directly or through "
        "others, must stay together, or a sentence would be known from training;"
    )
    own = "give files of your own as data.parallel"
    if len(groups) == 1:
        return (
            f"{together} here {largest:,} of the {pairs:,} usable pairs hang together in a single group. Set "
            f"data.split.valid and data.split.test to 0, take a corpus with more different sentences, or {own}"
        )
    return (
        f"{together} the smallest of the {len(groups):,} groups has {smallest:,} sentences, the largest {largest:,} of "
        f"the {pairs:,} usable pairs. Set data.split.{name} to at least {smallest:,}, or to 0 for none, or {own}"
    )


def _members(groups: Iterable[_Group]) -> list[int]:
    return [index for group in groups for index in group.members]


def _groups(pairs: Sequence[CleanPair]) -> list[_Group]:
    """Join pairs over equal sources and equal targets."""
    links = _UnionFind(len(pairs))
    first_with_source: dict[str, int] = {}
    first_with_target: dict[str, int] = {}
    for index, pair in enumerate(pairs):
        links.join(index, first_with_source.setdefault(comparison_key(pair.normalised.source), index))
        links.join(index, first_with_target.setdefault(comparison_key(pair.normalised.target), index))

    ranks: dict[int, int] = {}
    for key, index in first_with_source.items():
        root, rank = links.root(index), stable_hash(key)
        ranks[root] = min(rank, ranks.get(root, rank))
    members: dict[int, list[int]] = {}
    for index in range(len(pairs)):
        members.setdefault(links.root(index), []).append(index)
    return [
        _Group(ranks[root], indices, len({pairs[index].normalised.source for index in indices}))
        for root, indices in members.items()
    ]


class _UnionFind:
    """Disjoint sets of ``size`` things, each of things that hang together."""

    def __init__(self, size: int) -> None:
        self._parents = list(range(size))

    def root(self, index: int) -> int:
        parents = self._parents
        while parents[index] != index:
            parents[index] = parents[parents[index]]  # halve the path, so that the next search is short
            index = parents[index]
        return index

    def join(self, one: int, other: int) -> None:
        one, other = self.root(one), self.root(other)
        self._parents[max(one, other)] = min(one, other)
