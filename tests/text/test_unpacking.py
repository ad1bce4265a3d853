"""Packed text, by what it holds and not by its name; what is no text is refused."""

import gzip
import random
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from nmt_attn.errors import InputError
from nmt_attn.text import unpacking
from nmt_attn.text.reading import TextLines
from nmt_attn.text.streams import Bytes
from tests.text.packed_text import LINES, PACK, TEXT, lines, of_pieces, put

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


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
    monkeypatch.setattr(unpacking, "_SUSPECT_BYTES", 1_000_000)
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


@pytest.mark.parametrize("kind", PACK)
def test_what_is_packed_comes_as_soon_as_it_can_be_unpacked(kind: str) -> None:
    def slowly() -> Iterator[bytes]:
        yield PACK[kind](b"first\n")
        yield b""  # nothing yet
        raise AssertionError("waited for more than it needed")

    assert next(iter(TextLines(Bytes("a pipe", slowly())))) == "first"
