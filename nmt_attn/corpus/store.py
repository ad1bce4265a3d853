"""Token ids on disk: one flat memory-mapped array per side, and where each sentence begins in it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from nmt_attn.errors import InputError

_TYPES = ("|u1", "<u2", "<u4")


@dataclass(frozen=True, eq=False)
class TokenStore:
    """The sentences of one side of one split, as ids without ``BOS`` and ``EOS``.

    On disk: ``<stem>.tokens.bin`` (uint8 for a vocabulary of up to 256 tokens, uint16 for one of up to
    65,536, else uint32; little-endian),
    ``<stem>.offsets.npy`` and ``<stem>.json``.
    """

    tokens: npt.NDArray[Any]  # (all tokens,), memory-mapped
    offsets: npt.NDArray[np.int64]  # (sentences + 1,)

    @classmethod
    def write(cls, stem: Path, sequences: Iterable[Sequence[int]], vocab_size: int) -> None:
        """Write ``sequences`` as they come; only their lengths are held in memory.

        Raises:
            ValueError: an id is not below ``vocab_size``, or negative.
        """
        ids = (np.asarray(sequence, dtype=np.int64) for sequence in sequences)
        cls.write_arrays(stem, ((one, np.array([one.size])) for one in ids), vocab_size)

    @classmethod
    def write_arrays(
        cls, stem: Path, parts: Iterable[tuple[npt.NDArray[Any], npt.NDArray[np.int64]]], vocab_size: int
    ) -> None:
        """Write parts of the sentences as they come: the ids one behind the other, and the length of each sentence.

        Raises:
            ValueError: an id is not below ``vocab_size``, or negative.
        """
        dtype = next(one for one in map(np.dtype, _TYPES) if vocab_size <= np.iinfo(one).max + 1)
        lengths = [np.empty(0, dtype=np.int64)]
        with _part(stem, ".tokens.bin").open("wb") as file:
            for ids, some in parts:
                if ids.size and not 0 <= ids.min() <= ids.max() < vocab_size:
                    number = sum(map(len, lengths))
                    raise ValueError(
                        f"sequence {number} or a later one holds ids outside the vocabulary of {vocab_size}"
                    )
                file.write(ids.astype(dtype).tobytes())
                lengths.append(some)
        sentences = np.concatenate(lengths)
        offsets = np.zeros(len(sentences) + 1, dtype="<i8")
        np.cumsum(sentences, out=offsets[1:])
        np.save(_part(stem, ".offsets.npy"), offsets, allow_pickle=False)
        info = {
            "dtype": dtype.str,
            "sentences": len(sentences),
            "tokens": int(offsets[-1]),
            "vocab_size": vocab_size,
        }
        _part(stem, ".json").write_text(json.dumps(info) + "\n", encoding="utf-8")

    @classmethod
    def open(cls, stem: Path) -> Self:
        """Map what :meth:`write` has written.

        Raises:
            InputError: a part is missing, or the parts do not fit together.
        """
        try:
            info = json.loads(_part(stem, ".json").read_bytes())
            offsets = np.load(_part(stem, ".offsets.npy"), allow_pickle=False)
            size = _part(stem, ".tokens.bin").stat().st_size
            dtype, sentences, tokens = np.dtype(info["dtype"]), info["sentences"], info["tokens"]
        except OSError as error:
            raise InputError(f"{error.filename or stem}: cannot read the token store: {error.strerror}") from None
        except (ValueError, TypeError, KeyError, EOFError):
            raise InputError(f"{stem}: damaged token store; run nmt prepare --force") from None
        fits = (
            dtype.str in _TYPES
            and offsets.dtype == np.int64
            and offsets.shape == (sentences + 1,)
            and offsets[0] == 0
            and bool(np.all(np.diff(offsets) >= 0))
            and int(offsets[-1]) == tokens
            and size == tokens * dtype.itemsize
        )
        if not fits:
            raise InputError(f"{stem}: damaged token store: its parts do not fit together; run nmt prepare --force")
        if tokens == 0:  # an empty file cannot be mapped
            return cls(np.empty(0, dtype=dtype), offsets)
        return cls(np.memmap(_part(stem, ".tokens.bin"), dtype=dtype, mode="r"), offsets)

    @classmethod
    def of(cls, sequences: Sequence[Sequence[int]]) -> Self:
        """Make a store in memory from ``sequences``."""
        offsets = np.zeros(len(sequences) + 1, dtype=np.int64)
        np.cumsum([len(sequence) for sequence in sequences], out=offsets[1:])
        tokens = np.fromiter(chain.from_iterable(sequences), dtype=np.uint32, count=int(offsets[-1]))
        return cls(tokens, offsets)

    @cached_property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Number of tokens of each sentence."""
        return np.diff(self.offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, index: int) -> npt.NDArray[Any]:
        """Return the ids of one sentence: a view of the mapped file, not a copy."""
        if not -len(self) <= index < len(self):
            raise IndexError(f"sentence {index} of {len(self)}")
        index %= len(self)
        return np.asarray(self.tokens[self.offsets[index] : self.offsets[index + 1]])


@dataclass(frozen=True)
class PairStore:
    """Both sides of a split; sentence ``i`` of one belongs to sentence ``i`` of the other."""

    source: TokenStore
    target: TokenStore

    def __post_init__(self) -> None:
        if len(self.source) != len(self.target):
            raise InputError(
                f"damaged token store: {len(self.source):,} source but {len(self.target):,} target sentences; "
                "run nmt prepare --force"
            )

    @classmethod
    def open(cls, folder: Path, split: str) -> Self:
        """Open the two stores ``<split>.source`` and ``<split>.target`` in ``folder``.

        Raises:
            InputError: a store is missing or damaged, or they differ in length.
        """
        return cls(TokenStore.open(folder / f"{split}.source"), TokenStore.open(folder / f"{split}.target"))

    def __len__(self) -> int:
        return len(self.source)


def _part(stem: Path, suffix: str) -> Path:
    return stem.with_name(stem.name + suffix)
