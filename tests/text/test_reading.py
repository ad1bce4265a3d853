"""Bytes to lines, whatever packs them, encodes them and ends them."""

import bz2
import gzip
import lzma
import os
import random
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nmt_attn.errors import InputError
from nmt_attn.text import reading
from nmt_attn.text.reading import Bytes, TextLines

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

TEXT = "Héllo.\nB\n\nGood evening, 猫!\n"
LINES = ["Héllo.", "B", "", "Good evening, 猫!"]
PACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstd.compress,
}


def put(folder: Path, content: bytes, name: str = "text") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def lines(path: Path, **options: bool) -> list[str]:
    return list(TextLines(Bytes.of(path), **options))


def of_pieces(pieces: list[bytes], **options: bool) -> list[str]:
    """The lines of what comes through a pipe in these pieces."""
    return list(TextLines(Bytes("a pipe", iter(pieces)), **options))


# --- packed -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", PACK)
@pytest.mark.parametrize("name", ["text", "text.gz", "text.zst", "text.txt"])
def test_content_decides_not_the_name(tmp_path: Path, kind: str, name: str) -> None:
    assert lines(put(tmp_path, PACK[kind](TEXT.encode()), name)) == LINES


@pytest.mark.parametrize("kind", PACK)
def test_several_members_are_one_text(tmp_path: Path, kind: str) -> None:
    pack = PACK[kind]
    assert lines(put(tmp_path, pack(b"a\nb") + pack(b"") + pack(b"c\nd\n"))) == ["a", "bc", "d"]
    assert lines(put(tmp_path, pack(b"a\n") + bytes(1024))) == ["a"]  # padding


def test_frames_of_zstd_that_are_to_be_skipped(tmp_path: Path) -> None:
    skipped = struct.pack("<II", 0x184D2A53, 5) + b"notes"
    assert lines(put(tmp_path, skipped + zstd.compress(b"a\n") + skipped + zstd.compress(b"b\n"))) == ["a", "b"]


@pytest.mark.parametrize("kind", PACK)
def test_packed_twice_is_unpacked_twice(tmp_path: Path, kind: str) -> None:
    assert lines(put(tmp_path, PACK[kind](gzip.compress(TEXT.encode())))) == LINES


def test_packed_without_end_is_refused(tmp_path: Path) -> None:
    content = TEXT.encode()
    for _ in range(5):
        content = gzip.compress(content)
    with pytest.raises(InputError, match="text: packed more than 3 times"):
        lines(put(tmp_path, content))


@pytest.mark.parametrize("kind", PACK)
@pytest.mark.parametrize("damage", ["cut off", "cut off early", "a byte", "rubbish behind it"])
def test_what_is_damaged_is_one_line(tmp_path: Path, kind: str, damage: str) -> None:
    # Checked against a sum at the end only (gzip), or at the end of each block.
    packed = bytearray(PACK[kind](random.Random(1).randbytes(3000).hex().encode() + b"\n"))
    if kind == "zstd":
        compressor = zstd.ZstdCompressor(options={zstd.CompressionParameter.checksum_flag: 1})
        packed = bytearray(compressor.compress(random.Random(1).randbytes(3000).hex().encode() + b"\n"))
        packed += compressor.flush()
    if damage == "a byte":
        packed[len(packed) // 2] ^= 4
    elif damage == "rubbish behind it":
        packed += b"rubbish"
    else:
        del packed[-3 if damage == "cut off" else len(packed) // 3 :]
    with pytest.raises(InputError, match=rf"text: damaged or cut off \({kind}\)"):
        lines(put(tmp_path, bytes(packed)))


@pytest.mark.parametrize("kind", PACK)
def test_a_bomb_is_refused_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setattr(reading, "_SUSPECT_BYTES", 1_000_000)
    packed = PACK[kind](b"a\n" * 2_000_000)
    with pytest.raises(InputError, match=r"text: unpacks to more than \d MiB.*refused"):
        lines(put(tmp_path, packed))
    with pytest.raises(InputError, match=r"a pipe: unpacks to more than \d MiB.*refused"):
        of_pieces([packed[start : start + 100] for start in range(0, len(packed), 100)])


def test_a_file_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    text = TextLines(Bytes.of(put(tmp_path, gzip.compress(random.Random(1).randbytes(5000)))), max_unpacked=4000)
    with pytest.raises(InputError, match="refused"):
        list(text)


FOREIGN = {
    b"PK\x03\x04\x14\x00rest": "zip archive",
    b"7z\xbc\xaf\x27\x1crest": "7z archive",
    b"Rar!\x1a\x07\x00rest": "rar archive",
    b"\x1f\x9d\x90rest": "packed by compress",
    b"\x04\x22\x4d\x18rest": "packed by lz4",
    b"%PDF-1.7\n": "PDF",
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR": "picture",
    bytes(257) + b"ustar\x0000" + bytes(248): "tar archive",
    bytes(range(256)) * 4: "NUL bytes",
    TEXT.encode("utf-16-le"): "UTF-16 without a byte-order mark",
}


@pytest.mark.parametrize("content", FOREIGN)
@pytest.mark.parametrize("packed", [False, True])
def test_what_is_no_text_is_said_to_be_none(tmp_path: Path, content: bytes, packed: bool) -> None:
    with pytest.raises(InputError, match=f"text: this is no text.*{FOREIGN[content]}"):
        lines(put(tmp_path, gzip.compress(content) if packed else content))


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


# --- encodings and line ends --------------------------------------------------------------------------------------


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


# --- pipes ------------------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("kind", PACK)
def test_what_is_packed_comes_as_soon_as_it_can_be_unpacked(kind: str) -> None:
    def slowly() -> Iterator[bytes]:
        yield PACK[kind](b"first\n")
        yield b""  # nothing yet
        raise AssertionError("waited for more than it needed")

    assert next(iter(TextLines(Bytes("a pipe", slowly())))) == "first"


# --- files that cannot be read --------------------------------------------------------------------------------------


def test_a_file_that_is_not_there_or_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere: no such file$"):
        Bytes.of(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"text/below: no such file$"):
        Bytes.of(put(tmp_path, b"") / "below")
    with pytest.raises(InputError, match=r"is a folder; expected a file$"):
        Bytes.of(tmp_path)
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(InputError, match=r"loop: cannot be read: "):
        Bytes.of(tmp_path / "loop")
    with pytest.raises(InputError, match=r"cannot be read: "):
        Bytes.of(tmp_path / ("x" * 1000))


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    put(tmp_path, b"").chmod(0)
    with pytest.raises(InputError, match=r"text: cannot be read: Permission denied"):
        Bytes.of(tmp_path / "text")
