"""Writing files so that nobody ever sees half of one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nmt_attn.errors import InputError, NmtError


@contextmanager
def atomic_directory(target: Path) -> Iterator[Path]:
    """Yield a folder to fill; it becomes ``target`` whole, replacing what was there, or not at all.

    Raises:
        NmtError: the disk is full, read-only or not permitted; ``target`` is then as it was.
    """
    aside = target.with_name(f".{target.name}.{os.getpid()}.part")
    old = target.with_name(f".{target.name}.{os.getpid()}.old")
    with _one_line_for_disk_errors(target):
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(aside, ignore_errors=True)
            aside.mkdir()
            yield aside
            _sync_tree(aside)
            if target.exists():
                target.rename(old)
            aside.rename(target)
            _sync(target.parent)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
            if old.exists() and not target.exists():
                old.rename(target)
            shutil.rmtree(old, ignore_errors=True)


def write_text(path: Path, text: str) -> None:
    """Write ``text`` to ``path`` as a whole: an interrupted write leaves the old content.

    Raises:
        NmtError: the disk is full, read-only or not permitted.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    with _one_line_for_disk_errors(path):
        try:
            aside.write_text(text, encoding="utf-8", newline="\n")
            _sync(aside)
            aside.rename(path)
            _sync(path.parent)
        finally:
            aside.unlink(missing_ok=True)


def read_small(path: Path, most: int) -> bytes:
    """The content of a file that may have come from anywhere: an ordinary one of at most ``most`` bytes.

    Raises:
        OSError: it is missing or cannot be read.
        InputError: it is no ordinary file (a pipe would be waited for), or larger.
    """
    if path.exists() and not path.is_file():
        raise InputError(f"{path}: not an ordinary file")
    with path.open("rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise InputError(f"{path}: larger than {most:,} bytes, which no such file is; refused")
    return content


@contextmanager
def _one_line_for_disk_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise NmtError(f"{path}: cannot write: {error.strerror or error}") from error


def _sync_tree(folder: Path) -> None:
    for path in [*folder.rglob("*"), folder]:
        _sync(path)


def _sync(path: Path) -> None:
    """Make sure that ``path`` survives a power cut (a no-op where folders cannot be opened)."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except PermissionError:  # Windows does not open folders
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
