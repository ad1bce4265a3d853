"""The frame of the programs beside an exported model: lines of standard input in, lines of standard output.

It lies beside them and needs nothing but Python.
"""

from __future__ import annotations

import argparse
import itertools
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path


def make_parser(description: str, done: str) -> argparse.ArgumentParser:
    """Make a parser with the options that all programs have.

    Args:
        description: of the program.
        done: what it does with lines, as a participle.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--model", type=Path, default=Path(__file__).parent, help="folder written by nmt export")
    parser.add_argument("--batch", type=int, default=32, help=f"lines {done} at once")
    parser.add_argument("--threads", type=int, default=0, help="threads; 0: as many as onnxruntime likes")
    return parser


def answer_input(answer: Callable[[list[str]], Iterable[str]], size: int) -> None:
    """Write a line for each line of standard input, in order.

    Args:
        answer: gives the lines that belong to some lines.
        size: lines that are answered at once.
    """
    lines = (line.decode("utf-8", errors="replace").rstrip("\r\n") for line in sys.stdin.buffer)
    for batch in _batches(lines, max(1, size)):
        for text in answer(batch):
            sys.stdout.buffer.write(f"{text}\n".encode())
        sys.stdout.flush()


def run(work: Callable[[], None]) -> None:
    """Do the work; report what goes wrong with files and pipes in one line, and exit."""
    try:
        work()
    except BrokenPipeError:  # whoever read our output wants no more
        code = 0
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        code = 130
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(f"error: {where}{error.strerror or error}", file=sys.stderr)
        code = 1
    else:
        return
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python would try again to write the rest
    sys.exit(code)


def _batches(lines: Iterator[str], size: int) -> Iterator[list[str]]:
    while batch := list(itertools.islice(lines, size)):
        yield batch
