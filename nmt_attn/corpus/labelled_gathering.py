"""The three parts of a corpus of labelled texts, made from files: read, cleaned and split, or split already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import cast

from nmt_attn.config.schema import Config, DataConfig
from nmt_attn.corpus.inputs import labelled_paths
from nmt_attn.corpus.labelled_cleaning import CleanText, TextCleaner
from nmt_attn.corpus.labelled_split import LabelledParts, split_labelled
from nmt_attn.corpus.labelled_text import LabelledLine, PartName
from nmt_attn.corpus.manifest import Known
from nmt_attn.corpus.read_labelled import read_labelled
from nmt_attn.corpus.split import comparison_key
from nmt_attn.errors import InputError, UserError
from nmt_attn.progress import Progress
from nmt_attn.text.tokenizer import normaliser_for

PARTS = ("train", "valid", "test")


@dataclass(frozen=True)
class LabelledSplits:
    """All that goes into the tokenizer and the store of a classifier."""

    parts: LabelledParts
    labels: list[str]
    texts_read: int
    dropped: dict[str, int]
    known: Known
    """Held-out texts that are also in train."""
    contradictions: int
    """Training texts that occur with several labels."""
    notes: list[str]
    """Remarks about the files, one line each."""


def gather_labelled(config: DataConfig) -> LabelledSplits:
    """Read, clean and split what the configuration names.

    Raises:
        InputError: a file is missing, damaged or no text, a label is on a single text, or only in test.
        UserError: the corpus is too small for the split.
    """
    cleaner = TextCleaner(config.filter, normaliser_for(config.normalise, config.source_lang))
    counter = _Counter()
    given: dict[str, list[CleanText]] = {part: [] for part in PARTS}
    for text in cleaner.clean(counter.count(_lines(config))):
        given[text.part or "train"].append(text)
    name = str(config.corpus.path if config.labelled is None else config.labelled.train)
    if not given["train"]:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in cleaner.drops.items() if count)
        raise InputError(
            f"{name}: no text to train on among {counter.count_so_far:,} ({reasons or 'all are held out'})"
        )
    labels = _checked_labels(given["train"], name)
    parts = _parted(given, cleaner, config)
    _check_parts(parts, labels, name)
    known = {comparison_key(text.normalised) for text in parts.train} if not config.filter.overlap else set()
    return LabelledSplits(
        parts,
        labels,
        counter.count_so_far,
        dict(cleaner.drops),
        Known(valid=_count(parts.valid, known), test=_count(parts.test, known)),
        cleaner.contradictions,
        _notes(given),
    )


def check_class_weights(config: Config, labels: Sequence[str]) -> None:
    """Make sure that ``training.class_weights`` has all labels and no other ones.

    Raises:
        UserError: it is not so.
    """
    wished = config.training.class_weights
    if wished is None or wished == "balanced":
        return
    for label in sorted(wished.keys() ^ set(labels)):
        which = "no label of the data" if label in wished else "not in it, but a label of the data"
        raise UserError(f"training.class_weights: {label} is {which}; its labels are {', '.join(labels[:20])}")


def _lines(config: DataConfig) -> Iterator[LabelledLine]:
    """Yield the texts of all files, each with its part where that is given."""
    corpus = config.corpus
    for role, path in labelled_paths(config).items():
        lines = read_labelled(
            path,
            columns=corpus.columns,
            fields=corpus.fields,
            max_texts=corpus.max_pairs,
            ignore_labels=corpus.ignore_labels,
        )
        for line in lines:
            yield line if role == "corpus" or line is None else replace(line, part=cast(PartName, role))


def _checked_labels(texts: Sequence[CleanText], name: str) -> list[str]:
    """Return the labels in order; refuse a single label, and one that is seen once."""
    counts = Counter(text.label for text in texts)
    if len(counts) == 1:
        (label,) = counts
        raise InputError(f"{name}: all {len(texts):,} texts have the label {label!r}; a classifier needs two or more")
    for label, count in sorted(counts.items()):
        if count == 1:
            place = next(text.place for text in texts if text.label == label)
            raise InputError(
                f"{place}: the only text with the label {label!r}; give it more texts, or leave it out with "
                f"data.corpus.ignore_labels: [{label}]"
            )
    return sorted(counts)


def _parted(given: dict[str, list[CleanText]], cleaner: TextCleaner, config: DataConfig) -> LabelledParts:
    """Take held-out texts out of the training part; split off the parts that are not given."""
    train = given["train"]
    if config.filter.overlap:
        held_out = {comparison_key(text.normalised) for part in ("valid", "test") for text in given[part]}
        kept = [text for text in train if comparison_key(text.normalised) not in held_out] if held_out else train
        cleaner.drops["held_out"], train = len(train) - len(kept), kept
    wanted = {part: 0 if given[part] else getattr(config.split, part) for part in ("valid", "test")}
    if not any(wanted.values()):
        return LabelledParts(train, given["valid"], given["test"])
    split = split_labelled(train, valid=wanted["valid"], test=wanted["test"])
    return LabelledParts(split.train, given["valid"] or split.valid, given["test"] or split.test)


def _check_parts(parts: LabelledParts, labels: Sequence[str], name: str) -> None:
    """Make sure that each label is trained on, and that no other one is held out.

    Raises:
        InputError: it is not so.
    """
    trained = {text.label for text in parts.train}
    for label in labels:
        if label not in trained:
            raise InputError(
                f"{name}: every text with the label {label!r} is also among the validation or test texts, so none is "
                "left to train on; give it more texts, or set data.filter.overlap to false"
            )
    for which, texts in (("validation", parts.valid), ("test", parts.test)):
        for text in texts:
            if text.label not in trained:
                count = sum(other.label == text.label for other in texts)
                raise InputError(
                    f"{text.place}: the label {text.label!r} is on {count:,} {which} texts, but on none to train on; "
                    "correct it, or leave it out with data.corpus.ignore_labels"
                )


def _notes(given: dict[str, list[CleanText]]) -> list[str]:
    """Say which parts are not split off."""
    as_given = [part for part in ("valid", "test") if given[part]]
    return [f"{' and '.join(as_given)}: as in the files"] if as_given else []


def _count(texts: Sequence[CleanText], known: set[str]) -> int:
    return sum(comparison_key(text.normalised) in known for text in texts) if known else 0


class _Counter:
    """Counter of the lines that pass through it."""

    def __init__(self) -> None:
        self.count_so_far = 0

    def count(self, lines: Iterable[LabelledLine]) -> Iterator[LabelledLine]:
        with Progress("reading", None, "texts") as progress:
            for line in lines:
                self.count_so_far += 1
                progress.update(1)
                yield line
