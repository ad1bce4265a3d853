"""A tracker at work beside a training, which neither waits for it nor stops with it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from queue import SimpleQueue
from typing import Any

from nmt_attn.errors import printable
from nmt_attn.tasks.task import Sample
from nmt_attn.training.tracking import MetricLogger, Picture

MOST_WAITING = 5_000
"""Messages that may wait for a tracker; one that is that far behind is left out."""

CLOSE_SECONDS = 20.0
"""Seconds that a training at its end waits for a tracker to be done."""

Message = Callable[[MetricLogger], None]


class Background:
    """A logger that passes everything on to another one, which works in a thread of its own.

    If the other one fails, or falls too far behind, that is said in one line, and it is left out for the rest.

    Args:
        name: of the tracker, for messages.
        make: makes the other one, in its thread, when the first message comes.
        notice: says a line to people.
    """

    def __init__(self, name: str, make: Callable[[], MetricLogger], notice: Callable[[str], None]) -> None:
        self.name, self._make, self._notice = name, make, notice
        self._messages: SimpleQueue[Message | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._over = False

    def log(self, kind: str, step: int, values: Mapping[str, Any]) -> None:
        """Pass it on."""
        values = dict(values)
        self._put(lambda logger: logger.log(kind, step, values))

    def samples(self, step: int, samples: Sequence[Sample]) -> None:
        """Pass it on."""
        self._put(lambda logger: logger.samples(step, samples))

    def pictures(self, step: int, pictures: Sequence[Picture]) -> None:
        """Pass it on."""
        self._put(lambda logger: logger.pictures(step, pictures))

    def finish(self, scores: Mapping[str, float], *, done: bool) -> None:
        """Pass it on."""
        self._put(lambda logger: logger.finish(scores, done=done))

    def sync(self) -> None:
        """Pass it on, without waiting."""
        if self._thread is not None:
            self._put(lambda logger: logger.sync())

    def close(self) -> None:
        """Wait until everything is passed on, but not for ever."""
        if self._thread is None:
            return
        self._messages.put(None)
        self._thread.join(CLOSE_SECONDS)
        if self._thread.is_alive() and not self._over:
            self._over = True
            self._notice(
                f"warning: training.track: {self.name} was still busy {CLOSE_SECONDS:g} s after the end; what it has "
                "not written by now is missing there"
            )

    def _put(self, message: Message) -> None:
        if self._over:
            return
        if self._messages.qsize() >= MOST_WAITING:
            self._leave_out("is too slow")
            return
        self._messages.put(message)
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name=f"tracker {self.name}", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        logger: MetricLogger | None = None
        try:
            logger = self._make()
            while (message := self._messages.get()) is not None:
                if not self._over:
                    message(logger)
            logger.close()
        except BaseException as error:  # whatever a library may think of: it concerns this thread alone
            if not self._over:
                self._leave_out(f"has failed: {_line(error)}")
            if logger is not None:
                with suppress(BaseException):
                    logger.close()

    def _leave_out(self, why: str) -> None:
        self._over = True
        self._notice(f"warning: training.track: {self.name} {why}; it is left out from here, the training goes on")


def _line(error: BaseException) -> str:
    """Describe an error in one short line that a terminal can show."""
    lines = str(error).strip().splitlines()
    text = " ".join([type(error).__name__, *lines[:1]])
    return printable(text)[:200]
