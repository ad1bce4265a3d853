"""The three parts of the corpus, made from files: read, cleaned and split, or split already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from nmt_attn.config.schema import DataConfig, ParallelConfig, ParallelFiles
from nmt_attn.corpus.clean import REASONS, Cleaner, CleanPair, Reason
from nmt_attn.corpus.cleaning import CleanCorpus, Filters, clean_into_shards
from nmt_attn.corpus.corpus_files import read_all_parallel, read_corpus
from nmt_attn.corpus.duplicates import without_duplicates
from nmt_attn.corpus.languages import Languages
from nmt_attn.corpus.manifest import Known
from nmt_attn.corpus.pairs import ExtraColumns, Line, Pair
from nmt_attn.corpus.read import ParallelLine
from nmt_attn.corpus.shards import KeptPairs, Rows
from nmt_attn.corpus.split import known_from, split
from nmt_attn.corpus.synthetic import generate
from nmt_attn.corpus.workplace import Workplace
from nmt_attn.errors import InputError
from nmt_attn.progress import note
from nmt_attn.text.tokenizer import normaliser_for


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

    train: KeptPairs
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


def gather(config: DataConfig, work: Workplace) -> CorpusSplits:
    """Read, clean and split what the configuration names.

    Args:
        config: names the files, and says what to drop.
        work: where the clean pairs lie until all is done, and the processes that share the work.

    Raises:
        InputError: a file is missing, damaged or no text, or nothing usable is in it.
        UserError: the corpus is too small for the split.
    """
    normalisers = (normaliser_for(config.normalise, code) for code in (config.source_lang, config.target_lang))
    filters = Filters(config.filter, *normalisers)
    if config.parallel is not None:
        return _from_files(config.parallel, filters, work)
    if config.synthetic is not None:
        name = f"the synthetic corpus {config.synthetic.kind}"
        return _from_one_source(generate(config.synthetic), name, config, filters, work)
    corpus = config.corpus
    if corpus.path is None:
        raise ValueError("data.corpus.path is not set")  # inputs.input_paths has refused this configuration
    lines = read_corpus(
        corpus.path,
        max_pairs=corpus.max_pairs,
        reverse=corpus.reverse,
        columns=corpus.columns,
        languages=Languages(config.source_lang, config.target_lang),
    )
    return _from_one_source(lines, str(corpus.path), config, filters, work)


def _from_one_source(
    lines: Iterable[Line], name: str, config: DataConfig, filters: Filters, work: Workplace
) -> CorpusSplits:
    """Clean and split pairs that come all together."""
    clean = clean_into_shards(lines, name, filters, work.crew, work.clean)
    rows = _kept(clean, filters, name)
    parts = split(clean.shards, rows, valid=config.split.valid, test=config.split.test)
    valid, test = _sentences(clean, parts.valid.rows, parts.test.rows)
    return CorpusSplits(
        train=KeptPairs(clean.shards, parts.train.rows),
        valid=valid,
        test=test,
        groups={"train": parts.train.groups, "valid": parts.valid.groups, "test": parts.test.groups},
        pairs_read=clean.lines,
        dropped=_dropped(clean.drops),
        known=Known(valid=0, test=0),
        html_entities=clean.with_entities,
        notes=_notes(clean.first_extra, clean.drops["columns"]),
    )


def _kept(clean: CleanCorpus, filters: Filters, name: str) -> Rows:
    """Return the rows that are no duplicates, and count those that are.

    Raises:
        InputError: there are none.
    """
    count = len(clean.shards)
    rows = without_duplicates(clean.shards) if filters.config.duplicates else np.arange(count)
    clean.drops["duplicate"] += count - len(rows)
    if not len(rows):
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in clean.drops.items() if count)
        raise InputError(f"{name}: no usable pair: all {clean.lines:,} were dropped ({reasons}); check data.filter")
    return rows


def _sentences(clean: CleanCorpus, *parts: Rows) -> list[list[Sentence]]:
    """Return held-out parts, which are small, in one pass over the shards; pairs with the same source are together.

    Args:
        clean: all pairs.
        parts: the rows of each part, in the order in which its pairs are to come.
    """
    rising = np.sort(np.concatenate(parts))
    pairs = dict(zip(rising.tolist(), KeptPairs(clean.shards, rising), strict=True))
    held_out = []
    for rows in parts:
        by_source: dict[str, list[CleanPair]] = {}
        for row in rows.tolist():
            by_source.setdefault(pairs[row].normalised.source, []).append(pairs[row])
        held_out.append([Sentence(some) for some in by_source.values()])
    return held_out


def _from_files(files: ParallelConfig, filters: Filters, work: Workplace) -> CorpusSplits:
    clean = clean_into_shards(_parallel_pairs(files.train), "the training files", filters, work.crew, work.clean)
    train = KeptPairs(clean.shards, _kept(clean, filters, str(files.train.source[0])))
    cleaner = filters.cleaner()
    valid = _given_sentences(files.valid, cleaner) if files.valid is not None else []
    test = _given_sentences(files.test, cleaner) if files.test is not None else []
    return CorpusSplits(
        train=train,
        valid=valid,
        test=test,
        groups=None,
        pairs_read=clean.lines + sum(cleaner.drops.values()) + sum(len(one.pairs) for one in (*valid, *test)),
        dropped=_dropped(clean.drops + cleaner.drops),
        known=_known(train, valid, test),
        html_entities=clean.with_entities + cleaner.with_entities,
        notes=_notes(clean.first_extra, clean.drops["columns"]),
    )


def _given_sentences(files: ParallelFiles, cleaner: Cleaner) -> list[Sentence]:
    """Read each line with a source and at least one reference; only the others are dropped from a given test set."""
    sentences = []
    for line in read_all_parallel(files):
        pairs = list(cleaner.present(_pairs_of(line)))
        if pairs:
            sentences.append(Sentence(pairs))
    if not sentences:
        raise InputError(f"{files.source[0]}: no sentence in it has a translation")
    return sentences


def _parallel_pairs(files: ParallelFiles) -> Iterator[Pair | None]:
    for line in read_all_parallel(files):
        yield from _pairs_of(line)


def _pairs_of(line: ParallelLine) -> list[Pair | None]:
    """Return one pair per target; all are None for a line that is blank in every file."""
    if not any(text.strip() for text in (line.source, *line.targets)):
        return [None] * len(line.targets)
    return [Pair(line.source, target) for target in line.targets]


def _known(train: KeptPairs, valid: Sequence[Sentence], test: Sequence[Sentence]) -> Known:
    """Count the held-out sentences with a side that is a training sentence but for case, punctuation and spaces."""
    flags = iter(known_from(train, [pair.normalised for one in (*valid, *test) for pair in one.pairs]).tolist())
    counts = [sum(any([next(flags) for _ in one.pairs]) for one in part) for part in (valid, test)]
    return Known(valid=counts[0], test=counts[1])


def _dropped(drops: Counter[Reason]) -> dict[str, int]:
    return {str(reason): drops[reason] for reason in REASONS}


def _notes(first: ExtraColumns | None, count: int) -> list[str]:
    """Note the first line dropped for its columns, and return the note: a tab in a sentence is easily mended."""
    if first is None:
        return []
    others = f", as {count - 1:,} more" if count > 1 else ""
    text = f"{first.place}: {first.fault}: dropped{others}"
    note(text)
    return [text]
