"""The mean loss and the speed since the last look."""

from __future__ import annotations

import time
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Reading:
    """What a meter shows."""

    loss: float  # cross-entropy, nats a target token
    tokens_per_second: float  # target tokens


class Meter:
    """Adds up losses on the device, so that nothing waits for it until it is read."""

    def __init__(self) -> None:
        self._sum: Tensor | float = 0.0
        self._tokens = 0
        self._seconds = 0.0
        self._running_since: float | None = None

    def start(self) -> None:
        """Training goes on; its time counts from here."""
        self._running_since = time.monotonic()

    def stop(self) -> None:
        """Something else (validation, saving) is about to take time."""
        if self._running_since is not None:
            self._seconds += time.monotonic() - self._running_since
            self._running_since = None

    def add(self, loss_sum: Tensor, tokens: int) -> None:
        """Count a step: the loss summed over its tokens."""
        self._sum = self._sum + loss_sum.detach()
        self._tokens += tokens

    def read(self) -> Reading:
        """The figures since the last reading; starts over."""
        loss = float(self._sum) / max(1, self._tokens)  # waits for the device, so the time below is all of it
        self.stop()
        reading = Reading(loss, self._tokens / max(self._seconds, 1e-9))
        self._sum, self._tokens, self._seconds = 0.0, 0, 0.0
        self.start()
        return reading
