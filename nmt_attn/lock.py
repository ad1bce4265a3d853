"""A lock on a folder that is about to be written, which one process at a time can hold.

The lock is the operating system's (``flock``; on Windows a locked byte), held on a small file beside the folder. The
system releases it when its process ends, however it ends, so there are no stale locks: a file that a crash has left
behind is simply taken over. The content of the file (process, host, since) is for the message to the second process.
The file lies beside the folder and not in it, because the folder itself is moved and replaced as a whole.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from nmt_attn.errors import NmtError
from nmt_attn.files import disk_errors

if sys.platform == "win32":
    import msvcrt

    def _take(descriptor: int) -> None:
        os.lseek(descriptor, 1 << 30, os.SEEK_SET)  # far behind the text, which others are to read
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _take(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


_SUFFIX = ".lock"

_TRIES, _PAUSE = 5, 0.02
"""Somebody who only looks (:func:`is_held`) holds the lock for a moment, which is waited out."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock on ``folder``, which need not exist yet.

    Raises:
        NmtError: another process holds it (the message says which), or its file cannot be written.
    """
    path = _file_of(folder)
    missing = [parent for parent in path.parents if not parent.exists()]
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = _open(path, folder)
    try:
        yield
    finally:
        with suppress(OSError):
            path.unlink()  # while it is held: whoever waits for it sees that it is no longer the one
        os.close(descriptor)
        with suppress(OSError):
            for parent in missing:  # if nothing has been written there after all
                parent.rmdir()


def is_held(folder: Path) -> bool:
    """Say whether another process holds the lock on ``folder``, or this one does; false where there are no locks."""
    path = _file_of(folder)
    try:
        if not path.is_file():  # opening a pipe would wait
            return False
        descriptor = os.open(path, os.O_RDWR if os.access(path, os.W_OK) else os.O_RDONLY)
    except OSError:
        return False
    try:
        _take(descriptor)
    except (BlockingIOError, PermissionError):
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return False


def held_beside(folder: Path) -> list[str]:
    """Name the folders in ``folder`` on which a lock is held; they need not exist yet."""
    names = [path.name[1 : -len(_SUFFIX)] for path in folder.glob(f".?*{_SUFFIX}")]
    return sorted(name for name in names if is_held(folder / name))


def _file_of(folder: Path) -> Path:
    place = folder.resolve()  # the same folder by another name has the same lock
    return place.parent / f".{place.name}{_SUFFIX}"


def _open(path: Path, folder: Path) -> int:
    """Open and lock the file at ``path``, and write our process into it."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            if _lock(descriptor, path, folder):
                os.ftruncate(descriptor, 0)
                os.lseek(descriptor, 0, os.SEEK_SET)
                os.write(descriptor, _holder().encode("utf-8"))
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _lock(descriptor: int, path: Path, folder: Path) -> bool:
    """Lock an open file; return False if it is meanwhile no longer the one at ``path``."""
    try:
        _take_patiently(descriptor)
    except (BlockingIOError, PermissionError):
        raise NmtError(f"{folder}: in use by {_describe(path)}; wait until it has ended, or stop it") from None
    except OSError as error:  # some network file systems have no locks
        print(f"warning: {path}: cannot be locked ({error.strerror}); take care of it yourself", file=sys.stderr)
        return True
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _take_patiently(descriptor: int) -> None:
    for _ in range(_TRIES - 1):
        with suppress(BlockingIOError, PermissionError):
            return _take(descriptor)
        time.sleep(_PAUSE)
    return _take(descriptor)


def _holder() -> str:
    since = datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
    return json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": since}) + "\n"


def _describe(path: Path) -> str:
    """Describe the holder of the lock from the content of the file."""
    try:
        holder = json.loads(path.read_text(encoding="utf-8"))
        return f"process {holder['pid']} on {holder['host']} since {holder['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"  # which has not come to writing its name yet
