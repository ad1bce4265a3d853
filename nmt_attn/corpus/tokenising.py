"""Training pairs to token ids, shard by shard, by several processes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nmt_attn.corpus.crew import Crew
from nmt_attn.corpus.shards import KeptPairs, Rows, Shards, is_whole, write_arrays
from nmt_attn.progress import Progress
from nmt_attn.text.tokenizer import Tokenizer


@dataclass(frozen=True)
class _Task:
    path: Path
    shard: Path
    rows: Rows
    """Rows of the shard that are trained on."""


@dataclass(frozen=True)
class TokenisedShards:
    """Training pairs as token ids, in the order of the corpus."""

    paths: list[Path]

    def _arrays(self, *names: str) -> Iterator[tuple[NDArray[Any], ...]]:
        for path in self.paths:
            with np.load(path, allow_pickle=False) as arrays:
                yield tuple(arrays[name] for name in names)

    def tokens(self, side: str) -> Iterator[tuple[NDArray[Any], Rows]]:
        """Return ids and lengths of one side, shard by shard."""
        return ((ids, lengths) for ids, lengths in self._arrays(f"{side}.ids", f"{side}.lengths"))

    def used(self, side: str) -> NDArray[np.int64]:
        """Return the ids that one side has, each once."""
        found = [np.empty(0, np.int64), *(used for (used,) in self._arrays(f"{side}.used"))]
        return np.unique(np.concatenate(found))


def tokenise(pairs: KeptPairs, tokenizer: Path, crew: Crew, folder: Path) -> TokenisedShards:
    """Tokenise training pairs; what is there already is not made again.

    Args:
        pairs: those to train on.
        tokenizer: folder of the tokenizer.
        crew: the processes that share the work.
        folder: where the tokenised shards go.

    Raises:
        NmtError: the disk is full.
    """
    folder.mkdir(exist_ok=True)
    tasks = [
        _Task(folder / f"{number:06}.npz", pairs.shards.paths[number], rows)
        for number, rows in pairs.shards.local(pairs.rows)
    ]
    open_tasks = [task for task in tasks if not is_whole(task.path)]
    left = sum(len(task.rows) for task in open_tasks)
    with Progress("tokenising train", len(pairs), "pairs", len(pairs) - left) as progress:
        for count in crew.map(partial(_encoder, tokenizer), open_tasks):
            progress.update(count)
    return TokenisedShards([task.path for task in tasks])


def _encoder(tokenizer: Path) -> Callable[[_Task], int]:
    return partial(_encode, Tokenizer.load(tokenizer))


def _encode(tokenizer: Tokenizer, task: _Task) -> int:
    kept = Shards([task.shard]).pairs(0, task.rows)
    source, target = tokenizer.encode_normalised(
        [pair.normalised.source for pair in kept], [pair.normalised.target for pair in kept]
    )
    write_arrays(task.path, _arrays_of("source", source) | _arrays_of("target", target))
    return len(kept)


def _arrays_of(side: str, sequences: list[list[int]]) -> dict[str, NDArray[Any]]:
    lengths = np.array([len(sequence) for sequence in sequences], dtype=np.int64)
    ids = np.fromiter(chain.from_iterable(sequences), np.int32, count=int(lengths.sum()))
    return {f"{side}.ids": ids, f"{side}.lengths": lengths, f"{side}.used": np.unique(ids).astype(np.int64)}


def renumbered(tokens: Iterable[tuple[NDArray[Any], Rows]], new: NDArray[Any]) -> Iterator[tuple[NDArray[Any], Rows]]:
    """Yield ids of a vocabulary as those of another one: ``new[id]``."""
    for ids, lengths in tokens:
        yield new[ids], lengths
