"""The three parts of the corpus, made from files: read, cleaned and split, or split already."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from nmt_attn.config.schema import DataConfig, ParallelConfig, ParallelFiles
from nmt_attn.corpus.clean import Cleaner, CleanPair
from nmt_attn.corpus.languages import Languages
from nmt_attn.corpus.manifest import Known
from nmt_attn.corpus.pairs import Line, Pair
from nmt_attn.corpus.read import ParallelLine, read_pairs, read_parallel
from nmt_attn.corpus.split import KnownSentences, Part, split
from nmt_attn.corpus.synthetic import generate
from nmt_attn.errors import InputError
from nmt_attn.progress import Progress, note
from nmt_attn.text.tokenizer import normaliser_for

_Item = TypeVar("_Item")


@dataclass(frozen=True)
class Sentence:
    """A held-out source sentence with all its translations."""

    pairs: list[CleanPair]

    @property
    def source(self) -> str:
        """The raw source."""
        return self.pairs[0].raw.source

    @property
    def references(self) -> list[str]:
        """The raw translations, each once."""
        return list(dict.fromkeys(pair.raw.target for pair in self.pairs))


@dataclass(frozen=True)
class CorpusSplits:
    """All that goes into the tokenizer and the store."""

    train: list[CleanPair]
    valid: list[Sentence]
    test: list[Sentence]
    groups: dict[str, int] | None
    """Groups in each split; None where the files were split already."""
    pairs_read: int
    dropped: dict[str, int]
    known: Known
    html_entities: int
    """Pairs that hold HTML entities which normalisation leaves as they are."""
    notes: list[str]
    """Remarks about the files, one line each."""


def gather(config: DataConfig) -> CorpusSplits:
    """Read, clean and split what the configuration names.

    Raises:
        InputError: a file is missing, damaged or no text, or nothing usable is in it.
        UserError: the corpus is too small for the split.
    """
    languages = (config.source_lang, config.target_lang)
    cleaner = Cleaner(config.filter, *(normaliser_for(config.normalise, code) for code in languages))
    if config.parallel is not None:
        return _from_files(config.parallel, cleaner)
    if config.synthetic is not None:
        name = f"the synthetic corpus {config.synthetic.kind}"
        return _from_one_source(generate(config.synthetic), name, config, cleaner)
    corpus = config.corpus
    if corpus.path is None:
        raise ValueError("data.corpus.path is not set")  # inputs.input_paths has refused this configuration
    lines = read_pairs(
        corpus.path,
        max_pairs=corpus.max_pairs,
        reverse=corpus.reverse,
        columns=corpus.columns,
        languages=Languages(config.source_lang, config.target_lang),
    )
    return _from_one_source(lines, str(corpus.path), config, cleaner)


def _from_one_source(lines: Iterable[Line], name: str, config: DataConfig, cleaner: Cleaner) -> CorpusSplits:
    """Clean and split pairs that come all together."""
    counter = _Counter()
    pairs = list(cleaner.clean(counter.count(lines, name)))
    _some_left(pairs, counter.count_so_far, cleaner, name)
    parts = split(pairs, valid=config.split.valid, test=config.split.test)
    return CorpusSplits(
        train=parts.train.pairs,
        valid=_sentences(parts.valid),
        test=_sentences(parts.test),
        groups={"train": parts.train.groups, "valid": parts.valid.groups, "test": parts.test.groups},
        pairs_read=counter.count_so_far,
        dropped=_dropped(cleaner),
        known=Known(valid=0, test=0),
        html_entities=cleaner.with_entities,
        notes=_notes(cleaner),
    )


def _sentences(part: Part) -> list[Sentence]:
    by_source: dict[str, list[CleanPair]] = {}
    for pair in part.pairs:
        by_source.setdefault(pair.normalised.source, []).append(pair)
    return [Sentence(pairs) for pairs in by_source.values()]


def _from_files(files: ParallelConfig, cleaner: Cleaner) -> CorpusSplits:
    counter = _Counter()
    lines = counter.count(_parallel_pairs(files.train), "the training files")
    train = list(cleaner.clean(lines))
    _some_left(train, counter.count_so_far, cleaner, str(files.train.source))
    valid = _given_sentences(files.valid, cleaner, counter) if files.valid is not None else []
    test = _given_sentences(files.test, cleaner, counter) if files.test is not None else []
    known = KnownSentences.of(train)
    return CorpusSplits(
        train=train,
        valid=valid,
        test=test,
        groups=None,
        pairs_read=counter.count_so_far,
        dropped=_dropped(cleaner),
        known=Known(valid=_known(known, valid), test=_known(known, test)),
        html_entities=cleaner.with_entities,
        notes=_notes(cleaner),
    )


def _given_sentences(files: ParallelFiles, cleaner: Cleaner, counter: _Counter) -> list[Sentence]:
    """Read each line with a source and at least one reference; only the others are dropped from a given test set."""
    sentences = []
    for line in read_parallel(files.source, files.target):
        pairs = list(cleaner.present(counter.count(_pairs_of(line), str(files.source))))
        if pairs:
            sentences.append(Sentence(pairs))
    if not sentences:
        raise InputError(f"{files.source}: no sentence in it has a translation")
    return sentences


def _parallel_pairs(files: ParallelFiles) -> Iterator[Pair | None]:
    for line in read_parallel(files.source, files.target):
        yield from _pairs_of(line)


def _pairs_of(line: ParallelLine) -> list[Pair | None]:
    """Return one pair per target; all are None for a line that is blank in every file."""
    if not any(text.strip() for text in (line.source, *line.targets)):
        return [None] * len(line.targets)
    return [Pair(line.source, target) for target in line.targets]


def _known(train: KnownSentences, sentences: Sequence[Sentence]) -> int:
    return sum(any(train.knows(pair) for pair in sentence.pairs) for sentence in sentences)


def _dropped(cleaner: Cleaner) -> dict[str, int]:
    return {str(reason): count for reason, count in cleaner.drops.items()}


def _notes(cleaner: Cleaner) -> list[str]:
    """Note the first line dropped for its columns, and return the note: a tab in a sentence is easily mended."""
    first = cleaner.first_extra
    if first is None:
        return []
    count = cleaner.drops["columns"]
    others = f", as {count - 1:,} more" if count > 1 else ""
    text = f"{first.place}: {first.fault}: dropped{others}"
    note(text)
    return [text]


def _some_left(pairs: Sequence[CleanPair], read: int, cleaner: Cleaner, name: str) -> None:
    if not pairs:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in cleaner.drops.items() if count)
        raise InputError(f"{name}: no usable pair: all {read:,} were dropped ({reasons}); check data.filter")


class _Counter:
    """Counter of the items that pass through it."""

    def __init__(self) -> None:
        self.count_so_far = 0

    def count(self, items: Iterable[_Item], label: str) -> Iterator[_Item]:
        with Progress(f"reading {label}", None, "pairs") as progress:
            for item in items:
                self.count_so_far += 1
                progress.update(1)
                yield item
