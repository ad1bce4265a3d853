"""Lines of a corpus to shards of clean pairs, by several processes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np

from nmt_attn.config.schema import FilterConfig
from nmt_attn.corpus.clean import REASONS, Cleaner, Reason
from nmt_attn.corpus.crew import Crew
from nmt_attn.corpus.digests import digests_of
from nmt_attn.corpus.pairs import ExtraColumns, Line, Pair
from nmt_attn.corpus.shards import Shards, is_whole, pack_pairs, write_arrays
from nmt_attn.progress import Progress
from nmt_attn.text.normalise import Normaliser

LINES = 10_000
"""Lines of a shard."""


@dataclass(frozen=True)
class _Chunk:
    """Pairs as they were read, for one shard."""

    path: Path
    sources: list[str]
    targets: list[str]


@dataclass(frozen=True)
class CleanCorpus:
    """Clean pairs in shards, and what was counted on the way."""

    shards: Shards
    lines: int
    """Lines read, those that were dropped included."""
    drops: Counter[Reason]
    with_entities: int
    first_extra: ExtraColumns | None


@dataclass(frozen=True)
class Filters:
    """Settings by which pairs are cleaned."""

    config: FilterConfig
    source: Normaliser
    target: Normaliser

    def cleaner(self) -> Cleaner:
        """Return a new filter, which has counted nothing."""
        return Cleaner(self.config, self.source, self.target)


def clean_into_shards(lines: Iterable[Line], label: str, filters: Filters, crew: Crew, folder: Path) -> CleanCorpus:
    """Read lines, and clean the pairs on them; a shard that is there already is not made again.

    Raises:
        InputError: a line is no pair, or the file is damaged.
        NmtError: the disk is full.
    """
    folder.mkdir(exist_ok=True)
    reader = _Reader(label, folder)
    for _ in crew.map(partial(_shard_maker, filters), (one for one in reader.chunks(lines) if not is_whole(one.path))):
        pass
    shards = Shards(reader.paths)
    counts = sum((shards.counts(number) for number in range(len(reader.paths))), np.zeros(len(REASONS) + 1, np.int64))
    drops: Counter[Reason] = Counter(dict(zip(REASONS, counts.tolist(), strict=False)))
    drops["blank"] += reader.blank
    drops["columns"] += reader.extra
    return CleanCorpus(shards, reader.lines, drops, int(counts[-1]), reader.first_extra)


class _Reader:
    """Divides lines into chunks, and counts those that are no pairs."""

    def __init__(self, label: str, folder: Path) -> None:
        self._label, self._folder = label, folder
        self.paths: list[Path] = []
        self.lines = self.blank = self.extra = 0
        self.first_extra: ExtraColumns | None = None

    def chunks(self, lines: Iterable[Line]) -> Iterator[_Chunk]:
        coming = iter(lines)
        with Progress(f"reading {self._label}", None, "pairs") as progress:
            while some := list(islice(coming, LINES)):
                path = self._folder / f"{len(self.paths):06}.npz"
                self.paths.append(path)
                pairs = [line for line in some if isinstance(line, Pair)]
                self._count(some, len(pairs))
                yield _Chunk(path, [pair.source for pair in pairs], [pair.target for pair in pairs])
                progress.update(len(some))

    def _count(self, lines: list[Line], pairs: int) -> None:
        self.lines += len(lines)
        if pairs == len(lines):
            return
        self.blank += lines.count(None)
        extra = [line for line in lines if isinstance(line, ExtraColumns)]
        self.extra += len(extra)
        if extra and self.first_extra is None:
            self.first_extra = extra[0]


def _shard_maker(filters: Filters) -> Callable[[_Chunk], None]:
    return partial(_make_shard, filters)


def _make_shard(filters: Filters, chunk: _Chunk) -> None:
    cleaner = filters.cleaner()
    kept = list(cleaner.clean(map(Pair, chunk.sources, chunk.targets)))
    counts = [*(cleaner.drops[reason] for reason in REASONS), cleaner.with_entities]
    arrays = {
        "size": np.array([len(kept)]),
        "counts": np.array(counts, dtype=np.int64),
        "digests": digests_of([pair.normalised for pair in kept]),
        "text": pack_pairs(kept),
    }
    write_arrays(chunk.path, arrays)
