"""The log of a training, ``metrics.jsonl``, with one JSON object per line: writing and reading it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from nmt_attn.errors import InputError
from nmt_attn.files import disk_errors, sync_file, write_text


class MetricsLog:
    """The log of a run; each line has its ``step`` and ``kind``.

    Args:
        path: the file of the log.
        after_step: lines of later steps are dropped first, because a resumed run does those steps again.

    Raises:
        NmtError: the disk is full, read-only or not permitted.
    """

    def __init__(self, path: Path, after_step: int) -> None:
        self.path = path
        lines = _lines(path)
        kept = [line for line in lines if _step_of(line) <= after_step]
        if kept != lines or not path.exists():
            write_text(path, "".join(kept))

    def log(self, kind: str, step: int, values: Mapping[str, Any]) -> None:
        """Add a line; values that are not a number (NaN) become null.

        Raises:
            NmtError: the disk is full, read-only or not permitted.
        """
        finite = {
            key: None if isinstance(value, float) and not math.isfinite(value) else value
            for key, value in values.items()
        }
        line = json.dumps({"kind": kind, "step": step, **finite}, ensure_ascii=False, allow_nan=False) + "\n"
        with disk_errors(self.path), self.path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(line)

    def sync(self) -> None:
        """Make sure that the lines so far survive a power cut.

        Raises:
            NmtError: the disk is full or broken.
        """
        sync_file(self.path)

    def close(self) -> None:
        """Do nothing: each line is written when it is logged."""


def _lines(path: Path) -> list[str]:
    if not path.exists():
        return []
    with disk_errors(path), path.open(encoding="utf-8", errors="replace", newline="\n") as file:
        return list(file)


def _step_of(line: str) -> float:
    try:
        if line.endswith("\n"):
            return float(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        pass
    return float("inf")  # a line cut off by a crash, or not ours, goes


def read_metrics(path: Path, kind: str) -> Iterator[dict[str, Any]]:
    """Read the lines of one kind, each with an integer as its ``step``.

    A line that a crash has cut off, or that is not ours, is left out.

    Raises:
        InputError: the file cannot be read.
    """
    if path.exists() and not path.is_file():  # a pipe would be waited for
        raise InputError(f"{path}: not an ordinary file")
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    for line in lines:
        try:
            values = json.loads(line)
            if values["kind"] == kind:
                yield {**values, "step": int(values["step"])}
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
            continue
