"""The header of a safetensors file: names, types and shapes of the weights, read without loading any of them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nmt_attn.errors import InputError

MAX_HEADER_BYTES = 1 << 20  # ours are of some kilobytes

_LENGTH_BYTES = 8
_ITEM_BYTES = {
    **{"F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2, "I16": 2, "U16": 2},
    **{"I8": 1, "U8": 1, "BOOL": 1, "F8_E5M2": 1, "F8_E4M3": 1},
}


@dataclass(frozen=True)
class WeightInfo:
    """A weight, without its values."""

    name: str
    dtype: str  # as the file has it, such as F32
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """The number of its values."""
        return math.prod(self.shape)

    @property
    def bytes(self) -> int:
        """The bytes that it takes in the file."""
        return self.size * _ITEM_BYTES[self.dtype]


def read_header(path: Path) -> list[WeightInfo]:
    """Read which weights a safetensors file holds, and make sure that it is as long as they need.

    Raises:
        InputError: the file is missing, truncated or damaged, or no safetensors file.
    """
    length, size = header_length(path)
    try:
        with path.open("rb") as file:
            file.seek(_LENGTH_BYTES)
            header = json.loads(file.read(length).decode("utf-8"))
        if not isinstance(header, dict):
            raise TypeError
        found = [_info(name, entry) for name, entry in header.items() if name != "__metadata__"]
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise InputError(f"{path}: damaged or not a safetensors file: its header cannot be read") from None
    needed = _LENGTH_BYTES + length + sum(weight.bytes for weight in found)
    if size != needed:
        raise InputError(f"{path}: damaged: it has {size:,} bytes, and its header asks for {needed:,}")
    return found


def header_length(path: Path) -> tuple[int, int]:
    """Return the lengths of the header and of the whole file, and refuse a pipe and a header that takes long to read.

    Raises:
        InputError: the file is missing, or no safetensors file.
    """
    try:
        if not path.is_file():
            raise InputError(f"{path}: not an ordinary file" if path.exists() else f"{path}: no such file")
        with path.open("rb") as file:
            length = int.from_bytes(file.read(_LENGTH_BYTES), "little")
        size = path.stat().st_size
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    if length > MAX_HEADER_BYTES:
        raise InputError(f"{path}: damaged or not a safetensors file: it claims a header of {length:,} bytes")
    return length, size


def _info(name: str, entry: Mapping[str, Any]) -> WeightInfo:
    shape = entry["shape"]
    if not all(type(length) is int and 0 <= length < 1 << 40 for length in shape) or len(shape) > 16:
        raise ValueError
    info = WeightInfo(name, entry["dtype"], tuple(shape))
    begin, end = entry["data_offsets"]
    if end - begin != info.bytes:
        raise ValueError
    return info


_PARTS = (
    ("embeddings", ("embedding.",)),
    ("attention", ("attention.",)),
    ("output", ("output.", "readout.", "hidden.")),
    ("encoder", ("encoder.",)),
    ("decoder", ("decoder.",)),
)
"""Parts of a network, and what stands in the names of their weights; the first that fits counts."""

OTHER = "other"


def count_by_part(weights: Sequence[WeightInfo]) -> dict[str, int]:
    """Count the weights of each part of a network: encoder, decoder, attention, embeddings, output."""
    counts = dict.fromkeys((*(part for part, _ in reversed(_PARTS)), OTHER), 0)
    for weight in weights:
        counts[_part(weight.name)] += weight.size
    return {part: count for part, count in counts.items() if count}


def _part(name: str) -> str:
    inside = f".{name}"
    return next((part for part, words in _PARTS if any(f".{word}" in inside for word in words)), OTHER)
