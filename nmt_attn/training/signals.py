"""The orderly end of a training on Ctrl-C and SIGTERM."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from nmt_attn.errors import Interrupted


class Interruption:
    """A request to stop: none so far, or the signal that made it."""

    def __init__(self) -> None:
        self.signal: int | None = None

    def is_set(self) -> bool:
        """Say whether a signal has come."""
        return self.signal is not None


@contextmanager
def interruptible() -> Iterator[Interruption]:
    """Record the first Ctrl-C or SIGTERM for the loop to check; a second one ends the program at once.

    A file that is being written then is discarded as a whole. Outside the main thread signals cannot be caught, and
    nothing is recorded.

    Raises:
        Interrupted: a second signal has come, wherever the program is.
    """
    interruption = Interruption()

    def note(number: int, frame: FrameType | None) -> None:
        if interruption.is_set():
            raise Interrupted(number)
        interruption.signal = number

    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
