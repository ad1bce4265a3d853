"""The prompt of ``nmt translate`` when it is run in a terminal without input."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

from nmt_attn.errors import InputError

PROMPT = "> "
MOST_LINES = 1000
"""The number of lines that the history keeps."""


def is_interactive() -> bool:
    """Say whether standard input and standard output are both a terminal."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def prompted_lines(*, strict: bool = False) -> Iterator[str]:
    """Yield the lines typed until Ctrl-D, with line editing and a history that the next call continues.

    Args:
        strict: stop at a line that is not UTF-8, as in a pipe; else a replacement character stands for each wrong byte.

    Raises:
        InputError: ``strict``, and a line is not UTF-8.
    """
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="strict" if strict else "replace")
    history = history_file()
    readline = _readline(history)
    print("Type a sentence; Ctrl-D ends.", file=sys.stderr)
    try:
        for number in count(1):
            try:
                line = input(PROMPT)
            except EOFError:
                print(file=sys.stderr)
                return
            except UnicodeDecodeError:
                raise InputError(f"line {number}: not UTF-8 text") from None
            yield line.removesuffix("\r")
    finally:
        if readline is not None:
            with suppress(OSError):  # a history is not worth an error
                history.parent.mkdir(parents=True, exist_ok=True)
                readline.set_history_length(MOST_LINES)
                readline.write_history_file(str(history))


def history_file() -> Path:
    """Return the path of the history: in ``$XDG_STATE_HOME``, else in ``~/.local/state``."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "nmt" / "history"


def _readline(history: Path):  # type: ignore[no-untyped-def]
    """Return Python's line editor with the history read in, or None where the system has none (Windows)."""
    try:
        import readline  # importing it is what gives input() its editing
    except ImportError:
        return None
    with suppress(OSError):
        readline.read_history_file(str(history))
    return readline
