"""A folder as it is, to see afterwards that nothing in it has changed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

REFUSED = 2
"""Exit code of a command that is refused; ``run_nmt`` and ``nmt_here`` see to it that it has changed nothing."""

LARGEST = 64 << 20  # bytes of a file that is read; of larger ones (one is a terabyte of nothing) the date counts


def snapshot(folder: Path) -> dict[str, str]:
    """By name, what each file, folder and link below ``folder`` is and holds. Links are not followed."""
    found = {}
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(place, name)
            found[path.relative_to(folder).as_posix()] = _content(path)
    return found


def _content(path: Path) -> str:
    if path.is_symlink():
        return f"link to {path.readlink()}"
    if path.is_dir():
        return "folder"
    if not path.is_file():
        return "neither file nor folder"
    status = path.stat()
    if status.st_size > LARGEST:
        return f"{status.st_size} bytes of {status.st_mtime_ns}"
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except PermissionError:
        return f"{status.st_size} unreadable bytes of {status.st_mtime_ns}"


def assert_unchanged(folder: Path, before: dict[str, str]) -> None:
    """Fail where something is new, gone or different, and say what."""
    after = snapshot(folder)
    changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    assert not changed, changed


@contextmanager
def unchanged(folder: Path) -> Iterator[None]:
    """Within the block nothing may be written, deleted or left behind (a lock, half a file) below ``folder``."""
    before = snapshot(folder)
    yield
    assert_unchanged(folder, before)
