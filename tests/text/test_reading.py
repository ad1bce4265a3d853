"""Bytes to lines, whatever packs them, encodes them and ends them."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nmt_attn.errors import InputError
from nmt_attn.text.reading import TextLines
from nmt_attn.text.streams import Bytes
from tests.text.packed_text import PACK, lines, of_pieces, put

DAMAGED = {
    "a byte": (b"good\nbad \xff\nB\n", ["good", "bad \ufffd", "B"]),
    "latin-1": ("good\ncafé\nB\n".encode("latin-1"), ["good", "caf\ufffd", "B"]),
    "half a pair": ("good\n".encode("utf-16") + b"\x00\xd8\n\x00B\x00\n\x00", ["good", "\ufffd", "B"]),
    "half a character": ("good\nB\n".encode("utf-16") + b"x", ["good", "B", "\ufffd"]),
    "beyond Unicode": (
        "good\n".encode("utf-32") + b"\xff\xff\xff\x7f" + "\nB\n".encode("utf-32-le"), ["good", "\ufffd", "B"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGED)
def test_what_is_not_valid_is_counted_or_refused(tmp_path: Path, name: str) -> None:
    raw, expected = DAMAGED[name]
    text = TextLines(Bytes.of(put(tmp_path, raw)))
    assert list(text) == expected
    number = next(number for number, line in enumerate(expected, start=1) if "\ufffd" in line)
    assert (text.count, text.replaced, text.first_replaced) == (len(expected), 1, number)
    assert f"1 line was not UTF-8 (line {number})" in str(text.remark())
    with pytest.raises(InputError, match=rf"text, line {number}: not .*UTF-\d"):
        lines(tmp_path / "text", strict=True)


def test_several_lines_that_are_not_valid(tmp_path: Path) -> None:
    text = TextLines(Bytes.of(put(tmp_path, b"a\n\xff\nb\n\xfe\n\xfd\n")))
    assert len(list(text)) == 5
    assert "3 lines were not UTF-8 (the first is line 2)" in str(text.remark())
    assert TextLines(Bytes.of(tmp_path / "text")).remark() is None


def test_a_line_without_end_takes_no_memory(tmp_path: Path) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(1000):
            yield bytes(b"x" * 65536)
        raise AssertionError("read on after a line that is too long")

    with pytest.raises(InputError, match="line 1: longer than 1,000,000 bytes"):
        list(TextLines(Bytes("a pipe", endless())))


@given(st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=30).map(str),
       st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]), st.sampled_from([None, *PACK]),
       st.sampled_from(["\n", "\r\n"]), st.integers(1, 50))  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_any_text_comes_back(word: str, encoding: str, kind: str | None, end: str, size: int) -> None:
    expected = ["First.", word, "", f"{word} {word}", "Last."]
    raw = "".join(line + end for line in expected).encode(encoding)
    packed = PACK[kind](raw) if kind else raw
    pieces = [packed[start : start + size] for start in range(0, len(packed), size)]
    assert of_pieces(pieces, strict=True) == expected


@given(st.binary(max_size=300), st.booleans())
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_lines_or_one_error(raw: bytes, whole: bool) -> None:
    pieces = [raw] if whole else [raw[place : place + 1] for place in range(len(raw))]
    refused = ""
    found: list[str] = []
    try:
        found = of_pieces(pieces)
    except InputError as error:
        refused = str(error)
    assert refused.isprintable()
    assert not any("\n" in line for line in found)


@pytest.mark.parametrize(
    "first", [b"B\n", b"\n", b"BZ\n", b"\x1f\n", b"\xef\xbb\xbfB\n", b"\xfd\n", b"PK\n", b"(\xb5\n"]
)
def test_a_line_is_there_before_the_next_one_comes(first: bytes) -> None:
    """Also where it is shorter than what tells that something is packed, or begins like it."""
    ours, theirs = os.pipe()
    came = threading.Event()
    found: list[str] = []

    def read() -> None:
        for line in TextLines(Bytes.of(Path(f"/dev/fd/{ours}"))):
            found.append(line)
            came.set()

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    os.write(theirs, first)
    assert came.wait(10)
    os.write(theirs, b"second\n")
    os.close(theirs)
    reader.join(10)
    os.close(ours)
    assert found[1:] == ["second"]
