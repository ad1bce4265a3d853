"""One way in for text: the bytes of a file or of a pipe to lines, whatever packs them, encodes them and ends them.

Packed (gzip, bzip2, xz, zstd) is what begins as such a file begins; its name does not matter. A byte-order mark says
UTF-16 or UTF-32, all else is UTF-8. Lines end with LF or CRLF; with CR alone in a file that has no LF.
"""

from __future__ import annotations

import bz2
import codecs
import lzma
import os
import stat
import sys
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from io import FileIO
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Protocol, Self

from nmt_attn.errors import InputError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

STANDARD = Path("-")
"""Stands for standard input or output where a command asks for a file."""

STANDARD_INPUT = "standard input"

MAX_LINE_BYTES = 1_000_000
MAX_UNPACKED_BYTES = 8 << 30
# Text packs to a fifth or so. A large file that packs better than this by far is a trap or a fault.
MAX_PACKING = 200
_SUSPECT_BYTES = 256 << 20
_MOST_LAYERS = 3  # a file that was packed by two people is one thing, one that never ends another
_XZ_MEMORY = 256 << 20  # xz -9 needs 65 MiB

_CHUNK = 1 << 16
_BEGINNING = 8192  # bytes that are looked at to tell text from what is none
_MOST_NULS = 0.1  # of the beginning of a text

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

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark begins like it
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


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


# --- bytes ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bytes:
    """Content as it comes: chunks that are there, without waiting for more."""

    name: str
    chunks: Iterator[bytes]
    size: int | None = None
    """Size of a regular file, in bytes; None for what comes through a pipe."""

    @classmethod
    def of(cls, path: Path, *, regular: bool = False) -> Self:
        """Open a file, or standard input where ``path`` is ``-``.

        Args:
            path: the file; pipes and the like are taken too.
            regular: take neither them nor standard input.

        Raises:
            InputError: there is no such file, or it cannot be read.
        """
        if path == STANDARD and not regular:
            return cls._of_stream(STANDARD_INPUT, standard_input())
        try:
            status = path.stat()
            if stat.S_ISDIR(status.st_mode):
                raise InputError(f"{path}: is a folder; expected a file")
            if regular and not stat.S_ISREG(status.st_mode):
                raise InputError(f"{path}: not a regular file")
            return cls._of_stream(str(path), path.open("rb", buffering=0))
        except (FileNotFoundError, NotADirectoryError):
            raise InputError(f"{path}: no such file") from None
        except OSError as error:
            raise InputError(f"{path}: cannot be read: {error.strerror or error}") from None

    @classmethod
    def _of_stream(cls, name: str, stream: FileIO | BinaryIO) -> Self:
        try:
            status = os.fstat(stream.fileno())
            size = status.st_size if stat.S_ISREG(status.st_mode) else None
        except OSError:  # no file of the system's
            size = None
        return cls(name, _chunks(stream, name), size)


def standard_input() -> FileIO | BinaryIO:
    """Open standard input for a thread that reads ahead.

    A reader of its own: Python locks its own one when it ends, and aborts where a thread still waits in it.
    """
    try:
        return os.fdopen(os.dup(sys.stdin.fileno()), "rb", buffering=0)
    except OSError:  # no file of the system's, where the program is called from Python
        return sys.stdin.buffer


def _chunks(stream: FileIO | BinaryIO, name: str) -> Iterator[bytes]:
    """Yield what a stream has, as it comes."""
    read = getattr(stream, "read1", stream.read)
    try:
        with stream:
            while chunk := read(_CHUNK):
                yield chunk
    except OSError as error:
        raise InputError(f"{name}: cannot be read: {error.strerror or error}") from None


def peeked(chunks: Iterator[bytes], enough: Callable[[bytes], bool]) -> tuple[bytes, Iterator[bytes]]:
    """Read until ``enough`` accepts the beginning, or to the end; return the beginning, and all chunks with it."""
    read: list[bytes] = []
    beginning = b""
    for chunk in chunks:
        read.append(chunk)
        beginning += chunk
        if enough(beginning):
            break
    return beginning, chain(read, chunks)


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
                found = member.decompress(data, _CHUNK)
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


# --- lines ----------------------------------------------------------------------------------------------------


class TextLines:
    """The lines of a text without their ends, and a count of those that were not what their encoding allows.

    Iterating (once) gives each line as soon as it has come in.
    """

    def __init__(
        self,
        content: Bytes,
        *,
        strict: bool = False,
        advice: str = "convert the file to UTF-8",
        max_line_bytes: int = MAX_LINE_BYTES,
        max_unpacked: int | None = MAX_UNPACKED_BYTES,
    ) -> None:
        """Prepare to read.

        Args:
            content: where the bytes come from.
            strict: refuse a line that is not valid text, instead of putting a mark (U+FFFD) for each wrong byte.
            advice: what to do about such a line.
            max_line_bytes: longest line taken.
            max_unpacked: see :func:`unpacked`.
        """
        self.name = content.name
        self.count = 0
        """Lines so far."""
        self.replaced = 0
        """Lines so far in which bytes were replaced by marks."""
        self.first_replaced: int | None = None
        """Number of the first of them, counted from 1."""
        self.with_nul = 0
        """Lines so far that hold NUL bytes."""
        self._content = content
        self._strict, self._advice = strict, advice
        self._max_line_bytes, self._max_unpacked = max_line_bytes, max_unpacked

    def __iter__(self) -> Generator[str, None, None]:
        """Yield the lines.

        Raises:
            InputError: the content is damaged, packed in a way that is not known here, no text, or (``strict``) a line
                is not valid.
        """
        chunks = unpacked(self._content, most=self._max_unpacked)
        if self._content.size is not None:
            beginning, chunks = peeked(chunks, lambda beginning: len(beginning) >= _BEGINNING)
            _refuse_binary(beginning, self.name)
        else:  # a pipe is not waited for: what comes first tells enough of an archive
            beginning, chunks = peeked(chunks, lambda _: True)
            _refuse_tape(beginning, self.name)
        encoding, chunks = _in_utf8(chunks)
        for raw in _split(_with_line_feeds(chunks), self._max_line_bytes + 1):
            self.count += 1
            if len(raw) > self._max_line_bytes:
                raise InputError(
                    f"{self._place()}: longer than {self._max_line_bytes:,} bytes; this is no file of sentences"
                )
            self.with_nul += b"\0" in raw
            yield self._decoded(raw.rstrip(b"\r"), encoding)

    def _decoded(self, raw: bytes, encoding: str) -> str:
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError as error:
            if self._strict:
                kind = "UTF-8 text" if encoding == "utf-8" else f"valid {encoding.upper()[:6]} text"
                raise InputError(f"{self._place()}: not {kind} (byte {error.start + 1}); {self._advice}") from None
            self.replaced += 1
            self.first_replaced = self.first_replaced or self.count
            return raw.decode("utf-8", errors="replace")

    def _place(self) -> str:
        return f"{'' if self.name == STANDARD_INPUT else f'{self.name}, '}line {self.count}"

    def remark(self) -> str | None:
        """Say in one line how many lines were no proper text; None where all were."""
        found = []
        if self.replaced:
            lines = "1 line was" if self.replaced == 1 else f"{self.replaced:,} lines were"
            first = "" if self.replaced == 1 else "the first is "
            mark = "a mark \ufffd stands for what could not be read"
            found.append(f"{lines} not UTF-8 ({first}line {self.first_replaced}); {mark}")
        if self.with_nul:
            lines = "1 line holds" if self.with_nul == 1 else f"{self.with_nul:,} lines hold"
            found.append(f"{lines} NUL bytes, as text does not")
        return f"warning: {self.name}: {'; '.join(found)}" if found else None


def _refuse_binary(beginning: bytes, name: str) -> None:
    """Refuse what has NUL bytes as pictures and programs have them. A stray one in a text is none of that."""
    if b"\0" not in beginning or beginning.startswith(tuple(mark for mark, _ in _MARKS)):
        return
    _refuse_tape(beginning, name)
    try:
        codecs.getincrementaldecoder("utf-8")().decode(beginning)
        is_text = beginning.count(b"\0") <= _MOST_NULS * len(beginning)
    except UnicodeDecodeError:
        is_text = False
    if not is_text:
        raise InputError(
            f"{name}: this is no text, it has NUL bytes (a binary file, or UTF-16 without a byte-order mark; "
            "if it is text, save it as UTF-8)"
        )


def _refuse_tape(beginning: bytes, name: str) -> None:
    if beginning[257:262] == b"ustar":
        raise InputError(f"{name}: this is no text but a tar archive; unpack it first")


def _in_utf8(chunks: Iterator[bytes]) -> tuple[str, Iterator[bytes]]:
    """Return the encoding that a byte-order mark says, and the text in UTF-8 without that mark."""
    longest = max(len(mark) for mark, _ in _MARKS)
    beginning, chunks = peeked(
        chunks,
        lambda beginning: len(beginning) >= longest or not any(mark.startswith(beginning) for mark, _ in _MARKS),
    )
    for mark, encoding in _MARKS:
        if beginning.startswith(mark):
            rest = chain([_without(chunks, len(mark))], chunks)
            return encoding, rest if encoding == "utf-8" else _recoded(rest, encoding)
    return "utf-8", chunks


def _without(chunks: Iterator[bytes], count: int) -> bytes:
    """Return what is left of the first chunks without their first ``count`` bytes."""
    taken = b""
    while len(taken) < count:
        taken += next(chunks)
    return taken[count:]


def _recoded(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """Recode UTF-16 or UTF-32 as UTF-8. What is not valid comes out as a byte that is not valid there either."""
    decoder = codecs.getincrementaldecoder(encoding)(_ESCAPED)
    for chunk in chunks:
        yield decoder.decode(chunk).encode("utf-8", "surrogateescape")
    yield decoder.decode(b"", final=True).encode("utf-8", "surrogateescape")


def _escaped(error: UnicodeError) -> tuple[str, int]:
    """Let half a pair, or a number beyond Unicode, stand for a single wrong byte."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "\udcff", error.end


_ESCAPED = "nmt_attn.escaped"
codecs.register_error(_ESCAPED, _escaped)


def _with_line_feeds(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """End lines with LF where they end with CR alone, as on old Macs, and the first 64 KiB have no LF.

    A CR in a text whose lines end with LF or CRLF is left as it is: white space.
    """
    beginning, chunks = peeked(chunks, lambda beginning: b"\n" in beginning or len(beginning) >= _CHUNK)
    return chunks if b"\n" in beginning or b"\r" not in beginning else _from_returns(chunks)


def _from_returns(chunks: Iterable[bytes]) -> Iterator[bytes]:
    after_return = False
    for chunk in chunks:
        if after_return and chunk.startswith(b"\n"):  # CRLF across two chunks
            chunk = chunk[1:]
            after_return = False
        if chunk:
            after_return = chunk.endswith(b"\r")
            yield chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _split(chunks: Iterable[bytes], most: int) -> Iterator[bytes]:
    """Yield lines without LF, each as soon as it is whole; of one of more than ``most`` bytes what there is by then."""
    parts: list[bytes] = []
    size = 0
    for chunk in chunks:
        *lines, rest = chunk.split(b"\n")
        for line in lines:
            yield b"".join([*parts, line]) if parts else line
            parts, size = [], 0
        if rest:
            parts.append(rest)
            size += len(rest)
            if size > most:
                break
    if parts:
        yield b"".join(parts)
