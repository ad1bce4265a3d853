"""The log of a training, ``metrics.jsonl``, with one JSON object per line: writing and reading it."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from nmt_attn.errors import InputError
from nmt_attn.files import disk_errors, read_small, sync_file, write_text

METRIC_NAMES = {
    "bleu": "BLEU",
    "chrf": "chrF",
    "exact": "exact matches",
    "accuracy": "accuracy",
    "f1": "macro F1",
    "loss": "loss",
}
"""Metrics as the log has them, and as people call them."""


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

    def samples(self, step: int, samples: object) -> None:
        """Do nothing: the log has figures only."""

    def pictures(self, step: int, pictures: object) -> None:
        """Do nothing: the log has figures only."""

    def finish(self, scores: object, *, done: bool) -> None:
        """Do nothing: the best figures are those of a line."""

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


def best_figures(path: Path, best_step: int) -> dict[str, float]:
    """Return the numbers of the validation of the best checkpoint, with its ``step``.

    Without a validation it is the step alone; before the first checkpoint, nothing.

    Raises:
        InputError: the file cannot be read.
    """
    found: dict[str, Any] = {}
    for line in read_metrics(path, "valid"):
        if line["step"] == best_step:
            found = line
    return {**numbers(found), "step": best_step} if found or best_step else {}


def numbers(values: Mapping[str, Any]) -> dict[str, float]:
    """Return those values that are finite numbers."""
    return {
        name: value
        for name, value in values.items()
        if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    }


MAX_BYTES = 256 << 20
"""Of a log; a million steps make 10 MiB."""


def read_metrics(path: Path, kind: str | None = None) -> Iterator[dict[str, Any]]:
    """Read the lines of one kind (None: of all), each with an integer as its ``step``.

    A line that a crash has cut off, or that is not ours, is left out.

    Raises:
        InputError: the file cannot be read, or it is too large.
    """
    try:
        text = read_small(path, MAX_BYTES).decode("utf-8", "replace")
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    for line in text.splitlines():
        values = _entry(line)
        if values is not None and kind in (None, values["kind"]):
            yield values


class GrowingLog:
    """A log that is read while a training writes it; of each reading only what is new.

    A last line that is still being written is left for the next reading.

    Args:
        path: the file, which need not exist yet.
    """

    def __init__(self, path: Path) -> None:
        self.path, self._place, self._file_id, self._head = path, 0, 0, b""

    def read(self) -> tuple[bool, list[dict[str, Any]]]:
        """Return the new lines, and whether the log has begun anew, so that what was read before no longer counts.

        A resumed training cuts off the steps that it does again, and one that begins anew removes the file.

        Raises:
            InputError: the file cannot be read, or it is too large.
        """
        if self.path.exists() and not self.path.is_file():  # a pipe would be waited for
            raise InputError(f"{self.path}: not an ordinary file")
        try:
            with self.path.open("rb") as file:
                about = os.fstat(file.fileno())
                if about.st_size > MAX_BYTES:
                    raise InputError(f"{self.path}: larger than {MAX_BYTES:,} bytes, which no such file is; refused")
                anew = self._is_another(about, file)
                if anew:
                    self._place = 0
                file.seek(self._place)
                text = file.read(about.st_size - self._place)
                if not self._place:
                    self._head = text[:_HEAD]
        except FileNotFoundError:
            anew, self._place, self._file_id = self._place > 0, 0, 0
            return anew, []
        except OSError as error:
            raise InputError(f"{self.path}: cannot be read: {error.strerror}") from None
        self._file_id = about.st_ino
        whole = text[: text.rfind(b"\n") + 1]
        self._place += len(whole)
        entries = map(_entry, whole.decode("utf-8", "replace").split("\n"))
        return anew, [entry for entry in entries if entry is not None]

    def _is_another(self, about: os.stat_result, file: BinaryIO) -> bool:
        """Say whether the file is no longer the one that was read; a number of a file may be given to the next one."""
        if not self._place:
            return False
        return about.st_ino != self._file_id or about.st_size < self._place or file.read(len(self._head)) != self._head


_HEAD = 200  # bytes by which a file is recognised


def _entry(line: str) -> dict[str, Any] | None:
    """Return what a line says; None if it was cut off, or is not ours."""
    try:
        values = json.loads(line)
        return {**values, "kind": str(values["kind"]), "step": int(values["step"])}
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None
