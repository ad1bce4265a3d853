"""Lines of text as they come in through a pipe or a file."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import BinaryIO

from nmt_attn.errors import InputError


def standard_input() -> BinaryIO:
    """Standard input for a thread that reads ahead.

    A reader of its own: Python locks its own one when it ends, and aborts where a thread still waits in it.
    """
    try:
        return os.fdopen(os.dup(sys.stdin.fileno()), "rb")
    except OSError:  # no file of the system's, where the program is called from Python
        return sys.stdin.buffer


def text_lines(stream: BinaryIO, *, strict: bool = False) -> Iterator[str]:
    """The lines of a stream without their ends; bytes that are not UTF-8 are replaced by a mark.

    Raises:
        InputError: ``strict``, and a line is not UTF-8.
    """
    for number, line in enumerate(stream, start=1):
        try:
            yield line.decode("utf-8", errors="strict" if strict else "replace").rstrip("\r\n")
        except UnicodeDecodeError:
            raise InputError(f"line {number}: not UTF-8; --on-error replace goes on with a mark in its place") from None
