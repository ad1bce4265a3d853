"""Shards: the parts, of some thousand pairs, in which a corpus lies on disk while it is prepared.

A shard is a file of numpy arrays (``.npz``), which carries check sums: one that was not written to its end, or is
damaged, counts as missing.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nmt_attn.corpus.clean import CleanPair
from nmt_attn.corpus.digests import Digests
from nmt_attn.corpus.pairs import Pair
from nmt_attn.files import disk_errors

Rows = NDArray[np.int64]

ROWS_AT_ONCE = 2_000_000
"""Most digests of a kind that are held in memory and sorted at once."""

_DAMAGED = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile)


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write a file of arrays as a whole.

    Raises:
        NmtError: the disk is full or not writable.
    """
    aside = path.with_suffix(".part")
    with disk_errors(path):
        with aside.open("wb") as file:
            np.savez(file, allow_pickle=False, **dict(arrays))
        aside.replace(path)


def is_whole(path: Path) -> bool:
    """Say whether a file of arrays is there and undamaged."""
    if not path.exists():
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    except _DAMAGED:
        return False


def packed(texts: Sequence[str]) -> NDArray[np.uint8]:
    """Return texts without line breaks as bytes, a line each."""
    return np.frombuffer("".join(f"{text}\n" for text in texts).encode(), dtype=np.uint8)


def pack_pairs(pairs: Sequence[CleanPair]) -> NDArray[np.uint8]:
    """Return pairs as bytes: a line each of raw source, raw target, and the normalised sides where they differ."""
    lines = []
    for pair in pairs:
        raw, normalised = pair.raw, pair.normalised
        same = normalised is raw
        lines.append("\t".join((raw.source, raw.target, *(() if same else (normalised.source, normalised.target)))))
    return packed(lines)


def _unpacked(content: NDArray[np.uint8], rows: Rows) -> Iterator[CleanPair]:
    lines = content.tobytes().decode().split("\n")
    for row in rows.tolist():
        cells = lines[row].split("\t")
        raw = Pair(cells[0], cells[1])
        yield CleanPair(raw, Pair(cells[2], cells[3]) if len(cells) == 4 else raw)


@dataclass(frozen=True)
class Shards:
    """The clean pairs of a corpus in the order of its lines, before duplicates are taken out."""

    paths: Sequence[Path]

    @cached_property
    def starts(self) -> Rows:
        """The row at which each shard begins, and behind the last one the number of all rows."""
        sizes = [int(self._array(number, "size")[0]) for number in range(len(self.paths))]
        return np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]).astype(np.int64)

    def __len__(self) -> int:
        return int(self.starts[-1])

    def _array(self, number: int, name: str) -> NDArray[Any]:
        with np.load(self.paths[number], allow_pickle=False) as arrays:
            return np.asarray(arrays[name])

    def digests(self, number: int) -> Digests:
        """Return the digests of a shard, (N, 5)."""
        return self._array(number, "digests")

    def counts(self, number: int) -> NDArray[np.int64]:
        """Return what was counted while a shard was cleaned."""
        return self._array(number, "counts")

    def pairs(self, number: int, rows: Rows) -> list[CleanPair]:
        """Return some pairs of a shard."""
        return list(_unpacked(self._array(number, "text"), rows))

    def raw_lines(self, number: int, rows: Rows) -> tuple[list[bytes], list[bytes]]:
        """Return the raw sources and the raw targets of some pairs of a shard."""
        lines = self._array(number, "text").tobytes().split(b"\n")
        cells = [lines[row].split(b"\t", 2) for row in rows.tolist()]
        return [one[0] for one in cells], [one[1] for one in cells]

    def local(self, rows: Rows) -> Iterator[tuple[int, Rows]]:
        """Yield for each shard that has some of ``rows``, which rise, its number and the rows within it."""
        cuts = np.searchsorted(rows, self.starts)
        for number in range(len(self.paths)):
            some = rows[cuts[number] : cuts[number + 1]]
            if len(some):
                yield number, some - self.starts[number]

    def column(self, column: int, rows: Rows) -> Digests:
        """Return one digest of each of ``rows``, which rise."""
        found = np.empty(len(rows), dtype=np.uint64)
        start = 0
        for number, local in self.local(rows):
            found[start : start + len(local)] = self.digests(number)[local, column]
            start += len(local)
        return found

    def by_value(self, columns: Sequence[int], rows: Rows | None = None) -> Iterator[tuple[Digests, Rows]]:
        """Yield digests so that equal ones come together, as many as memory has room for.

        Args:
            columns: which digests; by the first of them the corpus is divided, with a pass over it for each part.
            rows: of which rows, rising; None: of all.

        Yields:
            digests: (some, columns)
            places: (some), places in ``rows``, rising
        """
        count = len(self) if rows is None else len(rows)
        parts = max(1, -(-count // ROWS_AT_ONCE))
        for part in range(parts):
            found, places, place = [], [], 0
            for number, local in self.local(np.arange(len(self)) if rows is None else rows):
                digests = self.digests(number)[local][:, list(columns)]
                here = np.flatnonzero(digests[:, 0] % np.uint64(parts) == part)
                found.append(digests[here])
                places.append(here + place)
                place += len(local)
            if found:
                yield np.concatenate(found), np.concatenate(places)


@dataclass(frozen=True)
class KeptPairs:
    """Some of the pairs in shards. They are read anew each time that one goes through them."""

    shards: Shards
    rows: Rows
    """Rising."""

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[CleanPair]:
        for number, local in self.shards.local(self.rows):
            yield from self.shards.pairs(number, local)

    def sampled(self, most: int | None) -> KeptPairs:
        """Return an even share of ``most`` of them; None: all."""
        places = even_places(len(self), most)
        return KeptPairs(self.shards, self.rows[places]) if len(places) < len(self) else self


def even_places(count: int, most: int | None) -> Rows:
    """Return ``most`` places among ``count``, evenly far from each other; None, or not so many: all."""
    return np.arange(count) if most is None or count <= most else np.arange(most) * count // most
