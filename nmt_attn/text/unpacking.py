"""Unpacking of text: gzip, bzip2, xz and zstd, told by how the bytes begin; a name does not matter.

What is no text and does not become any here, such as an archive, is refused by name, and so is a bomb.
"""

from __future__ import annotations

import bz2
import lzma
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from nmt_attn.errors import InputError
from nmt_attn.text.streams import CHUNK, Bytes, peeked

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MAX_UNPACKED_BYTES = 8 << 30
# Text packs to a fifth or so. A large file that packs better than this by far is a trap or a fault.
MAX_PACKING = 200
_SUSPECT_BYTES = 256 << 20
_MOST_LAYERS = 3  # a file that was packed by two people is one thing, one that never ends another
_XZ_MEMORY = 256 << 20  # xz -9 needs 65 MiB

_GZIP, _BZIP2, _XZ, _ZSTD = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd"
_ZSTD_SKIPPED = tuple(bytes((0x50 + number, 0x2A, 0x4D, 0x18)) for number in range(16))

# What is no text and does not become any here, by how it begins. A text may hold NUL bytes; it does not begin so.
_FOREIGN = {
    b"PK\x03\x04": "a zip archive, or a document of an office program; unpack it, or save it as text",
    b"PK\x05\x06": "an empty zip archive",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive; unpack it first",
    b"Rar!\x1a\x07": "a rar archive; unpack it first",
    b"\x1f\x9d": "packed by compress; unpack it first",
    b"\x04\x22\x4d\x18": "packed by lz4; unpack it first",
    b"LZIP\x01": "packed by lzip; unpack it first",
    b"%PDF-": "a PDF; save it as text",
    b"\x89PNG\r\n\x1a\n": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"\x7fELF": "a program",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "a document of an office program; save it as text",
    b"PAR1\x15": "a parquet file; save it as text",
    b"SQLite format 3\x00": "a database",
}


class _Decompressor(Protocol):
    """Common interface of bz2, lzma and zstd."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    @property
    def needs_input(self) -> bool: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class _Gzip:
    """Decompressor with zlib, in the manner of the others."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(wbits=31)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._zlib.eof

    @property
    def unused_data(self) -> bytes:
        return self._zlib.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        found = self._zlib.decompress(self._zlib.unconsumed_tail + data, max_length)
        self.needs_input = not self._zlib.unconsumed_tail and len(found) < max_length
        return found


@dataclass(frozen=True)
class _Packing:
    name: str
    magics: tuple[bytes, ...]
    decompressor: Callable[[], _Decompressor]

    def begins(self, beginning: bytes) -> bool:
        return beginning.startswith(self.magics)


_PACKINGS = (
    _Packing("gzip", (_GZIP,), _Gzip),
    _Packing("bzip2", tuple(_BZIP2 + b"%d" % level + block for level in range(1, 10)
                            for block in (b"1AY&SY", b"\x17rE8P\x90")), bz2.BZ2Decompressor),
    _Packing("xz", (_XZ,), lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)),
    _Packing("zstd", (_ZSTD, *_ZSTD_SKIPPED), zstd.ZstdDecompressor),
)  # fmt: skip
_DAMAGED = (zlib.error, OSError, lzma.LZMAError, EOFError, ValueError, zstd.ZstdError)

_LONGER_NEEDED = (*(magic for packing in _PACKINGS for magic in packing.magics), *_FOREIGN)


def unpacked(content: Bytes, *, most: int | None = MAX_UNPACKED_BYTES) -> Iterator[bytes]:
    """Unpack what is packed, also more than once; all else comes as it is.

    Args:
        content: the bytes.
        most: largest unpacked size, in bytes; None: any that honest packing comes to.

    Raises:
        InputError: it is damaged, an archive, or unpacks to far more than a text does.
    """
    chunks, size = content.chunks, content.size
    for layer in range(_MOST_LAYERS + 1):
        beginning, chunks = peeked(chunks, lambda beginning: not _may_be_magic(beginning))
        for magic, kind in _FOREIGN.items():
            if beginning.startswith(magic):
                raise InputError(f"{content.name}: this is no text but {kind}")
        packing = next((packing for packing in _PACKINGS if packing.begins(beginning)), None)
        if packing is None:
            return chunks
        if layer < _MOST_LAYERS:
            chunks = _unpack(packing, Bytes(content.name, chunks, size), most)
            size = None
    raise InputError(f"{content.name}: packed more than {_MOST_LAYERS} times; unpack it first")


def is_packed(beginning: bytes) -> bool:
    """Say whether a content that begins so is one that :func:`unpacked` unpacks."""
    return any(packing.begins(beginning) for packing in _PACKINGS)


def _may_be_magic(beginning: bytes) -> bool:
    """Say whether more bytes could make a packed file of it. A line that has ended could not be one."""
    return any(len(beginning) < len(magic) and magic.startswith(beginning) for magic in _LONGER_NEEDED)


def _unpack(packing: _Packing, content: Bytes, most: int | None) -> Iterator[bytes]:
    """Unpack one layer, of one or several members one after another."""
    guard = _Guard(content, most)
    member: _Decompressor | None = packing.decompressor()
    for chunk in content.chunks:
        guard.packed += len(chunk)
        data = chunk
        while data or (member is not None and not member.needs_input):
            if member is None:
                data = data.lstrip(b"\0")  # padding, as on tapes
                if not data:
                    break
                member = packing.decompressor()
            try:
                found = member.decompress(data, CHUNK)
            except _DAMAGED:
                raise _damaged(content.name, packing) from None
            if found:
                guard.check(len(found))
                yield found
            data = b""
            if member.eof:
                data, member = member.unused_data, None
    if member is not None:
        raise _damaged(content.name, packing)


def _damaged(name: str, packing: _Packing) -> InputError:
    return InputError(f"{name}: damaged or cut off ({packing.name}); fetch it again")


class _Guard:
    """Guard against what unpacks to more than any text."""

    def __init__(self, content: Bytes, most: int | None) -> None:
        self._name, self._size, self._most = content.name, content.size, most
        self.packed = 0  # bytes that have been read
        self._unpacked = 0

    def check(self, more: int) -> None:
        self._unpacked += more
        refuse_bomb(self._unpacked, self._size or self.packed, self._name, self._most)


def refuse_bomb(unpacked_bytes: int, packed: int, name: str, most: int | None = MAX_UNPACKED_BYTES) -> None:
    """Refuse what has unpacked to ``unpacked_bytes`` from ``packed`` bytes if no text does so.

    Raises:
        InputError: no text does so.
    """
    too_large = most is not None and unpacked_bytes > most
    if too_large or (unpacked_bytes > _SUSPECT_BYTES and unpacked_bytes > MAX_PACKING * packed):
        raise InputError(f"{name}: unpacks to more than {unpacked_bytes >> 20:,} MiB from {packed:,} bytes; refused")
