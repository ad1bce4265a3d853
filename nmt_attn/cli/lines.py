"""Lines of text from a pipe or a file, and the destination of the results."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import BinaryIO

from nmt_attn.errors import UserError
from nmt_attn.progress import Progress, Stages, Unseen
from nmt_attn.text.reading import TextLines
from nmt_attn.text.streams import STANDARD, Bytes
from nmt_attn.text.unpacking import is_packed

# A line that is read to be translated is cut up, so it may be long; there is an end to it all the same.
MAX_LINE_BYTES = 64 << 20


_BEGINNING, _CHUNK = 64, 1 << 20

LARGE_BYTES = 64 << 10
"""The size from which a file has so many sentences that several processes are worth while, at about 50 bytes each."""


def is_large(path: Path) -> bool:
    """Say whether a file, or standard input where that is one, is known to be large; a pipe is not."""
    try:
        status = os.fstat(sys.stdin.fileno()) if path == STANDARD else path.stat()
    except (OSError, ValueError):
        return False
    return stat.S_ISREG(status.st_mode) and status.st_size >= LARGE_BYTES


def count_lines(path: Path) -> int | None:
    """Count the lines of a file, or of what is left of standard input where that is one; None: packed, or no file."""
    if not hasattr(os, "pread"):  # as on Windows
        return None
    try:
        with _opened(path) as file:
            number, place = file.fileno(), file.tell()
            if is_packed(os.pread(number, _BEGINNING, place)):
                return None
            count, last = 0, b"\n"
            while chunk := os.pread(number, _CHUNK, place):  # which leaves standard input where it is
                count, last, place = count + chunk.count(b"\n"), chunk[-1:], place + len(chunk)
            return count + (last != b"\n")
    except (OSError, ValueError):
        return None


def _opened(path: Path) -> BinaryIO:
    return open(os.dup(sys.stdin.fileno()), "rb", buffering=0) if path == STANDARD else path.open("rb", buffering=0)  # noqa: PTH123


def check_output(output: Path | None, *inputs: Path | None) -> None:
    """Refuse, before the work begins, an output that cannot be written or that is one of the inputs.

    Args:
        output: the file to write; None and ``-`` are standard output, which is always accepted.
        inputs: what will be read; ``-`` is standard input, which a shell may have opened from a file.

    Raises:
        UserError: ``output`` is a folder or one of ``inputs``, or the folder that it is to lie in is not there.
    """
    if output is None or output == STANDARD:
        return
    if output.is_dir():
        raise UserError(f"--output {output}: a folder; give a file in it")
    if output.suffix.lower() in (".zip", ".7z", ".rar"):
        raise UserError(f"--output {output}: archives are not written; end the name in .gz, .bz2, .xz or .zst")
    if not output.parent.is_dir():
        raise UserError(f"--output {output}: there is no folder {output.parent}; make it first")
    for path in inputs:
        if path is not None and output.is_file() and _is_same(output, path):
            raise UserError(f"--output {output}: that is the file to be read, which would be lost; give another name")
    writable = output if output.exists() else output.parent
    if not os.access(writable, os.W_OK):
        raise UserError(f"--output {output}: {writable} cannot be written by you; give another name")


def _is_same(output: Path, path: Path) -> bool:
    if path != STANDARD:
        return path.exists() and output.samefile(path)
    try:
        return os.path.samestat(output.stat(), os.fstat(sys.stdin.fileno()))
    except OSError:  # no file of the system's, where the program is called from Python
        return False


def check_standard_input(options: Sequence[tuple[str, Path | None]]) -> None:
    """Refuse to read standard input twice.

    Args:
        options: names of options with what they say.

    Raises:
        UserError: several of them say ``-``.
    """
    reading = [name for name, path in options if path == STANDARD]
    if len(reading) > 1:
        both = f"{reading[0]} and {reading[1]}" if reading[0] != reading[1] else f"{reading[0]} twice"
        raise UserError(f"{both}: standard input (-) can be read only once; give a file for one of them")


def text_of(path: Path, *, strict: bool = False) -> TextLines:
    """Open a file of lines, or standard input for ``-``.

    Raises:
        InputError: it cannot be read; while it is read: it is damaged or no text, or ``strict``, and a line is not
            UTF-8.
    """
    return TextLines(
        Bytes.of(path),
        strict=strict,
        advice="--on-error replace goes on with a mark in its place",
        max_line_bytes=MAX_LINE_BYTES,
        max_unpacked=None,
    )


def stages_beside(output: Path | None) -> Stages:
    """Return what shows how far it is: nothing where the results themselves come to a terminal."""
    return Unseen if output in (None, STANDARD) and sys.stdout.isatty() else Progress


def say_remarks(texts: Iterable[TextLines]) -> None:
    """Report on standard error the number of lines that were not UTF-8, if there were any."""
    for text in texts:
        if remark := text.remark():
            print(remark, file=sys.stderr)
