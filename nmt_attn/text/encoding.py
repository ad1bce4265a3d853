"""Encodings and ends of lines: the bytes of any text to UTF-8 with LF, and the refusal of what is no text.

A byte-order mark says UTF-16 or UTF-32, all else is UTF-8. Lines end with LF or CRLF; with CR alone in a file that has
no LF.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from itertools import chain

from nmt_attn.errors import InputError
from nmt_attn.text.streams import CHUNK, peeked

_MOST_NULS = 0.1  # of the beginning of a text

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark begins like it
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def refuse_binary(beginning: bytes, name: str) -> None:
    """Refuse what has NUL bytes as pictures and programs have them. A stray one in a text is none of that."""
    if b"\0" not in beginning or beginning.startswith(tuple(mark for mark, _ in _MARKS)):
        return
    refuse_tape(beginning, name)
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


def refuse_tape(beginning: bytes, name: str) -> None:
    """Refuse a tar archive: it begins with the name of a file, and its mark comes later."""
    if beginning[257:262] == b"ustar":
        raise InputError(f"{name}: this is no text but a tar archive; unpack it first")


def in_utf8(chunks: Iterator[bytes]) -> tuple[str, Iterator[bytes]]:
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


def with_line_feeds(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """End lines with LF where they end with CR alone, as on old Macs, and the first 64 KiB have no LF.

    A CR in a text whose lines end with LF or CRLF is left as it is: white space.
    """
    beginning, chunks = peeked(chunks, lambda beginning: b"\n" in beginning or len(beginning) >= CHUNK)
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
