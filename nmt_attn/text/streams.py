"""Bytes as they come: from a file, from standard input or through a pipe, without waiting for more than there is."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import FileIO
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Self

from nmt_attn.errors import InputError

STANDARD = Path("-")
"""Stands for standard input or output where a command asks for a file."""

STANDARD_INPUT = "standard input"

CHUNK = 1 << 16
"""Most bytes that are read at once."""


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
            return cls._of_stream(str(path), _File(path))
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


class _File(FileIO):
    """A file to read that closes itself as soon as nobody can read it any more.

    Lines are read when they are asked for, also by a thread that waits for the next one. So whoever has opened a file
    cannot know when to close it.
    """

    def __del__(self) -> None:
        self.close()


def standard_input() -> FileIO | BinaryIO:
    """Open standard input for a thread that reads ahead.

    A reader of its own: Python locks its own one when it ends, and aborts where a thread still waits in it.
    """
    try:
        return _File(os.dup(sys.stdin.fileno()))
    except OSError:  # no file of the system's, where the program is called from Python
        return sys.stdin.buffer


def _chunks(stream: FileIO | BinaryIO, name: str) -> Iterator[bytes]:
    """Yield what a stream has, as it comes."""
    read = getattr(stream, "read1", stream.read)
    try:
        with stream:
            while chunk := read(CHUNK):
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
