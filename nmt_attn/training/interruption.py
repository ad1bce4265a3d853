"""Leaving in good order on Ctrl-C and SIGTERM."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from nmt_attn.errors import Interrupted


class Interruption:
    """Whether somebody has asked us to go, and by which signal."""

    def __init__(self) -> None:
        self.signal: int | None = None

    def is_set(self) -> bool:
        """Whether a signal has come."""
        return self.signal is not None


@contextmanager
def interruptible() -> Iterator[Interruption]:
    """Note the first Ctrl-C or SIGTERM for the loop to look at; a second one ends the program at once.

    What is being written then is left out whole. Outside the main thread signals cannot be caught; nothing is noted.

    Raises:
        Interrupted: by the second signal, wherever the program is.
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
