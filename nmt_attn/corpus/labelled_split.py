"""Train, valid and test of labelled texts, so that no text of one is known from another.

Texts that are equal but for case, punctuation and spaces form a group, and a group lies whole in one part. Of each
label the same share is held out: groups are taken in the order of a hash of their text, so the choice depends neither
on the order of the file nor on a seed, and a text that was held out once is not trained on when the corpus grows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nmt_attn.corpus.digests import comparison_key, stable_hash
from nmt_attn.corpus.labelled_cleaning import CleanText
from nmt_attn.errors import UserError


@dataclass(frozen=True)
class LabelledParts:
    """The parts of a corpus. Held-out texts come in the order of the hash."""

    train: list[CleanText]
    valid: list[CleanText]
    test: list[CleanText]


@dataclass(frozen=True)
class _Group:
    rank: int
    members: list[int]  # places of texts


def split_labelled(texts: Sequence[CleanText], *, valid: int, test: int) -> LabelledParts:
    """Hold out about ``test`` and ``valid`` texts, of each label its share, and of no label all.

    Raises:
        UserError: training would not have more texts than are held out.
    """
    if len(texts) <= 2 * (valid + test):
        raise UserError(
            f"the corpus is too small: of {len(texts):,} usable texts, {max(0, len(texts) - valid - test):,} are left "
            f"for training when {test:,} test and {valid:,} validation texts are held out; lower data.split.test and "
            "data.split.valid (0: none), or take a larger corpus"
        )
    chosen: dict[str, list[_Group]] = {"valid": [], "test": []}
    by_label = _groups(texts)
    sizes = [sum(len(group.members) for group in groups) for groups in by_label.values()]
    for part, wanted in (("test", test), ("valid", valid)):
        for groups, quota in zip(by_label.values(), _quotas(sizes, wanted), strict=True):
            chosen[part] += _taken(groups, quota)
    held_out = {part: sorted(groups, key=lambda group: group.rank) for part, groups in chosen.items()}
    train = sorted(place for groups in by_label.values() for group in groups for place in group.members)
    return LabelledParts(
        [texts[place] for place in train],
        *([texts[place] for group in held_out[part] for place in group.members] for part in ("valid", "test")),
    )


def _quotas(sizes: Sequence[int], wanted: int) -> list[int]:
    """Divide ``wanted`` texts among labels in proportion to their sizes; the largest rests are rounded up."""
    exact = [wanted * size / sum(sizes) for size in sizes]
    quotas = [int(share) for share in exact]
    by_rest = sorted(range(len(sizes)), key=lambda place: (quotas[place] - exact[place], place))
    for place in by_rest[: wanted - sum(quotas)]:
        quotas[place] += 1
    return quotas


def _taken(groups: list[_Group], wanted: int) -> list[_Group]:
    """Take groups with so many texts, or somewhat fewer, out of a list in the order of the hash; one is always left."""
    taken: list[_Group] = []
    passed_over: list[_Group] = []
    while groups and wanted and len(groups) + len(passed_over) > 1:
        group = groups.pop(0)
        if len(group.members) > wanted:
            passed_over.append(group)
        else:
            taken.append(group)
            wanted -= len(group.members)
    groups[:0] = passed_over
    return taken


def _groups(texts: Sequence[CleanText]) -> dict[str, list[_Group]]:
    """Return the groups of equal texts, each with the label of its first text, in the order of their hash."""
    members: dict[str, list[int]] = {}
    for place, text in enumerate(texts):
        members.setdefault(comparison_key(text.normalised), []).append(place)
    groups = sorted((_Group(stable_hash(key), places) for key, places in members.items()), key=lambda group: group.rank)
    by_label: dict[str, list[_Group]] = {}
    for group in groups:
        by_label.setdefault(texts[group.members[0]].label, []).append(group)
    return {label: by_label[label] for label in sorted(by_label)}
