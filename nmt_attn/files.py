"""Atomic and durable writing of files, so that nobody ever sees half of one."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nmt_attn.errors import InputError, NmtError

# Names that a process leaves behind if it is killed while it writes: a half-written file, or one moved aside.
_LEFTOVER = re.compile(r"\.(?P<name>.+)\.\d+\.(?P<kind>part|old)")


@contextmanager
def atomic_directory(target: Path) -> Iterator[Path]:
    """Yield a folder to fill. It becomes ``target`` as a whole, replacing what was there, or not at all.

    Raises:
        NmtError: the disk is full, read-only or not permitted; ``target`` is then unchanged.
    """
    aside, old = _aside(target, "part"), _aside(target, "old")
    with disk_errors(target):
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
    aside = _aside(path, "part")
    with disk_errors(path):
        try:
            aside.write_text(text, encoding="utf-8", newline="\n")
            _sync(aside)
            aside.replace(path)
            _sync(path.parent)
        finally:
            aside.unlink(missing_ok=True)


def expand_user(path: Path) -> Path:
    """Expand ``~`` or ``~name`` at the beginning of a path to the home folder, if there is such a user."""
    try:
        return path.expanduser()
    except RuntimeError:  # no such user: a file may be called so
        return path


def read_small(path: Path, most: int) -> bytes:
    """Read an untrusted file, which must be an ordinary one of at most ``most`` bytes.

    Raises:
        OSError: it is missing or cannot be read.
        InputError: it is not an ordinary file (a pipe would block), or it is larger.
    """
    if path.exists() and not path.is_file():
        raise InputError(f"{path}: not an ordinary file")
    with path.open("rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise InputError(f"{path}: larger than {most:,} bytes, which no such file is; refused")
    return content


def delete_directory(target: Path) -> None:
    """Delete a folder as a whole. If that fails or is interrupted, what is left has another name, never its own."""
    aside = _aside(target, "part")
    try:
        target.rename(aside)
    except OSError:
        return  # it only takes up room
    shutil.rmtree(aside, ignore_errors=True)


def recover(folder: Path, name: str | None = None) -> None:
    """Clean up after processes that were killed while they wrote into ``folder``; nobody may be writing there now.

    Files that were moved aside for a replacement that never came are moved back. Unfinished writes are deleted.

    Args:
        folder: where to look.
        name: restricts this to what belongs to the file or folder of this name.

    Raises:
        NmtError: the folder is read-only or not permitted.
    """
    if not folder.is_dir():
        return
    with disk_errors(folder):
        for entry in sorted(folder.iterdir()):
            found = _LEFTOVER.fullmatch(entry.name)
            if found is None or name not in (None, found["name"]):
                continue
            if found["kind"] == "old" and not (folder / found["name"]).exists():
                entry.rename(folder / found["name"])
            elif entry.is_dir():
                shutil.rmtree(entry)
            else:
                entry.unlink()


def sync_file(path: Path) -> None:
    """Make sure that what has been written to ``path`` survives a power cut.

    Raises:
        NmtError: the disk is full or broken.
    """
    with disk_errors(path):
        _sync(path)


def sync_directory(folder: Path) -> None:
    """Make sure that ``folder`` with all that is in it survives a power cut.

    Raises:
        NmtError: the disk is full or broken.
    """
    with disk_errors(folder):
        _sync_tree(folder)
        _sync(folder.parent)


@contextmanager
def disk_errors(path: Path, what: str = "cannot write") -> Iterator[None]:
    """Turn errors of the operating system inside the block into one line about ``path``: what cannot be done."""
    try:
        yield
    except OSError as error:
        raise NmtError(f"{path}: {what}: {error.strerror or error}") from error


def _aside(target: Path, kind: str) -> Path:
    return target.with_name(f".{target.name}.{os.getpid()}.{kind}")


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
