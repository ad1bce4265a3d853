"""One way out for text: to standard output or a file, packed where its name says so."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, TextIO, cast

from nmt_attn.files import sync_file
from nmt_attn.text.streams import STANDARD

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

Write = Callable[[str], None]


def _gzip(path: Path) -> BinaryIO:
    # Neither name nor time in it: the same text gives the same bytes.
    return cast(BinaryIO, gzip.GzipFile(filename="", mode="wb", fileobj=path.open("wb"), mtime=0))


_PACKERS: dict[str, Callable[[Path], Any]] = {
    ".gz": _gzip,
    ".bz2": partial(bz2.BZ2File, mode="wb"),
    ".xz": partial(lzma.LZMAFile, mode="wb"),
    ".zst": partial(zstd.ZstdFile, mode="wb"),
}


@contextmanager
def writing(output: Path | None) -> Iterator[Write]:
    """Yield a function that writes text to ``output`` (None or ``-``: standard output).

    Standard output and a plain file get each text at once, and a file that is there keeps its content until the first
    one. A file whose name says that it is packed (``.gz``, ``.bz2``, ``.xz``, ``.zst``) is written under another name
    and gets its own when it is whole; what there is of it when something ends the work early is kept beside it, as
    ``<name>.part``.

    Raises:
        OSError: it cannot be written.
    """
    if output is None or output == STANDARD:
        yield _to(sys.stdout)
    elif output.suffix.lower() in _PACKERS and (output.is_file() or not output.exists()):
        yield from _packed(output.resolve())
    else:
        yield from _streamed(output)


def _to(stream: TextIO) -> Write:
    def write(text: str) -> None:
        stream.write(text)
        stream.flush()

    return write


def _streamed(output: Path) -> Iterator[Write]:
    file: TextIO | None = None

    def write(text: str) -> None:
        nonlocal file
        if file is None:
            file = output.open("w", encoding="utf-8", errors="replace", newline="\n")
        file.write(text)
        file.flush()

    try:
        yield write
        if file is None:
            write("")  # of nothing comes an empty file
    finally:
        if file is not None:
            file.close()


def _packed(output: Path) -> Iterator[Write]:
    aside = output.with_name(f".{output.name}.{os.getpid()}.part")
    file = _PACKERS[output.suffix.lower()](aside)
    written = 0

    def write(text: str) -> None:
        nonlocal written
        written += 1
        file.write(text.encode("utf-8", errors="replace"))

    try:
        yield write
        _close(file)
        sync_file(aside)
        if output.exists():
            shutil.copymode(output, aside)
        aside.replace(output)
    except BaseException:
        with suppress(OSError):
            _close(file)
        if written:
            with suppress(OSError):
                kept = aside.rename(_free(output))
                print(f"what was written until then is in {kept}", file=sys.stderr)
        raise
    finally:
        aside.unlink(missing_ok=True)


def _close(file: BinaryIO) -> None:
    """Close a packed file and the file below it, which gzip leaves open."""
    below = getattr(file, "fileobj", None)
    file.close()
    if below is not None:
        below.close()


def _free(output: Path) -> Path:
    """Return ``<name>.part``, or the same with a number behind it where that is taken."""
    candidate, number = output.with_name(f"{output.name}.part"), 0
    while candidate.exists():
        number += 1
        candidate = output.with_name(f"{output.name}.part-{number}")
    return candidate
