"""Lines of text as they come in through a pipe or a file."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from nmt_attn.errors import InputError, UserError


def check_output(output: Path, *inputs: Path | None) -> None:
    """Say before the work that its results could not be written, or would be written over what is to be read.

    Raises:
        UserError: ``output`` is a folder or one of ``inputs``, or the folder that it is to lie in is not there.
    """
    if output.is_dir():
        raise UserError(f"--output {output}: a folder; give a file in it")
    if not output.parent.is_dir():
        raise UserError(f"--output {output}: there is no folder {output.parent}; make it first")
    for path in inputs:
        if path is not None and output.exists() and path.exists() and output.samefile(path) and output.is_file():
            raise UserError(f"--output {output}: that is the file to be read, which would be lost; give another name")
    writable = output if output.exists() else output.parent
    if not os.access(writable, os.W_OK):
        raise UserError(f"--output {output}: {writable} cannot be written by you; give another name")


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
