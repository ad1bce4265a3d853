"""The stages of a longer work, on standard error."""

from __future__ import annotations

import sys
import time

QUIET_SECONDS = 2.0
"""What is done sooner needs no words."""


class Stages:
    """Says what is done next, and how long it has been going on; nothing in the first two seconds."""

    def __init__(self) -> None:
        self.began = time.monotonic()

    def __call__(self, stage: str) -> None:
        """Say it."""
        seconds = time.monotonic() - self.began
        if seconds >= QUIET_SECONDS:
            print(f"{seconds:5.1f} s: {stage}", file=sys.stderr)
