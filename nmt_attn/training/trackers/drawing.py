"""Pictures of what a model looked at, for trackers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial

from nmt_attn.errors import printable
from nmt_attn.training.tracking import Picture

PICTURES = 3
"""Samples of a validation whose attention is drawn."""

Draw = Callable[[object], bytes]
"""Draws an attention as PNG."""


class Drawing:
    """Makes pictures. Where that fails it says so once, and there are none from then on.

    Args:
        draw: draws one; it may be called from any thread, one call at a time.
        notice: says a line to people.
    """

    def __init__(self, draw: Draw, notice: Callable[[str], None]) -> None:
        self._draw, self._notice = draw, notice
        self._lock = threading.Lock()
        self._failed = False

    def of(self, attention: Callable[[int], Sequence[object]]) -> list[Picture]:
        """Make the pictures of some samples; they are drawn when somebody reads them.

        Args:
            attention: computes the attention over at most so many samples.
        """
        if self._failed:
            return []
        try:
            seen = attention(PICTURES)
        except Exception as error:
            self._fail(error)
            return []
        drawn: list[list[bytes]] = [[] for _ in seen]
        return [Picture(place + 1, partial(self._drawn, one, drawn[place])) for place, one in enumerate(seen)]

    def _drawn(self, one: object, drawn: list[bytes]) -> bytes | None:
        """Draw a picture, once for all who want it."""
        with self._lock:  # no library that draws is sure to stand two threads
            if not drawn and not self._failed:
                try:
                    drawn.append(self._draw(one))
                except Exception as error:
                    self._fail(error)
            return drawn[0] if drawn else None

    def _fail(self, error: Exception) -> None:
        self._failed = True
        reason = printable(str(error))[:200]
        self._notice(f"warning: training.track: no more pictures of the attention: {reason}")
