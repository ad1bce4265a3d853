"""A text, the ways to pack it, and its lines as they are read back."""

import bz2
import gzip
import lzma
import sys
from collections.abc import Callable
from pathlib import Path

from nmt_attn.text.reading import TextLines
from nmt_attn.text.streams import Bytes

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
