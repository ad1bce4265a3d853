"""Encodings, ends of lines, and what tells a text from what is none."""

from pathlib import Path

import pytest

from nmt_attn.errors import InputError
from nmt_attn.text.reading import TextLines
from nmt_attn.text.streams import Bytes
from tests.text.packed_text import lines, of_pieces, put


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be", "utf-32", "utf-32-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_a_byte_order_mark_says_the_encoding(encoding: str, end: str, size: int) -> None:
    mark = "\ufeff" if encoding.endswith("be") else ""
    raw = (mark + "Héllo.\nB 😀\n\nGood.\n".replace("\n", end)).encode(encoding)
    pieces = [raw[start : start + size] for start in range(0, len(raw), size)]
    assert of_pieces(pieces, strict=True) == ["Héllo.", "B 😀", "", "Good."]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"a\rb\rc", ["a", "b", "c"]),
        (b"a\rb\r\r", ["a", "b", ""]),
        (b"a\r\nb\r\n", ["a", "b"]),
        (b"a\rx\nb\n", ["a\rx", "b"]),  # in a file with LF a CR is white space
        (b"a\nb\rx\n", ["a", "b\rx"]),
        (b"a\r\r\nb", ["a", "b"]),
        (b"a\x85b\x0cc\x0bd\x1ce\n", None),  # no ends of lines; the first is no UTF-8
        ("a\u2028b\u2029c\u0085d\n".encode(), ["a\u2028b\u2029c\u0085d"]),
        (b"", []),
        (b"\n", [""]),
        (b"\r", [""]),
        (b"\xef\xbb\xbf", []),
    ],
)
def test_line_ends(raw: bytes, expected: list[str] | None) -> None:
    for pieces in ([raw], [raw[place : place + 1] for place in range(len(raw))]):
        found = of_pieces(pieces)
        assert found == expected if expected is not None else len(found) == 1


def test_an_old_mac_file_is_no_single_line_however_long(tmp_path: Path) -> None:
    raw = b"".join(b"line %d\r" % number for number in range(50_000))
    assert lines(put(tmp_path, raw)) == [f"line {number}" for number in range(50_000)]


def test_a_stray_nul_makes_no_binary_file(tmp_path: Path) -> None:
    assert lines(put(tmp_path, b"A line of text.\nAnother\0one.\n")) == ["A line of text.", "Another\0one."]


def test_nul_bytes_in_a_text_are_counted(tmp_path: Path) -> None:
    text = TextLines(Bytes.of(put(tmp_path, b"A line of text.\nAnother\0one.\n")))
    list(text)
    assert str(text.remark()).endswith("text: 1 line holds NUL bytes, as text does not")


def test_through_a_pipe_what_is_no_text_is_said_too() -> None:
    zeros = TextLines(Bytes("pipe", iter([bytes(100), bytes(100) + b"\n", b"good\n", b"\xff\0\n"])))
    assert len(list(zeros)) == 3
    assert zeros.remark() == (
        "warning: pipe: 1 line was not UTF-8 (line 3); a mark \ufffd stands for what could not be read; "
        "2 lines hold NUL bytes, as text does not"
    )
    tape = bytes(257) + b"ustar\x0000" + bytes(248)
    with pytest.raises(InputError, match="pipe: this is no text but a tar archive"):
        of_pieces([tape, tape])
