"""The mean loss and the speed since the last reading."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Reading:
    """The figures of one reading of a meter."""

    loss: float  # cross-entropy, nats a target token; not a number where nothing has been learned
    tokens_per_second: float  # target tokens


@dataclass(frozen=True)
class Totals:
    """The sums that a meter has counted since its last reading."""

    loss: float  # summed over tokens
    tokens: int
    seconds: float


class Meter:
    """A meter that sums losses on the device, so that nothing waits for the device until it is read.

    Args:
        totals: the sums to continue from.
    """

    def __init__(self, totals: Totals | None = None) -> None:
        self._sum: Tensor = torch.tensor(totals.loss if totals else 0.0)
        self._tokens = totals.tokens if totals else 0
        self._seconds = totals.seconds if totals else 0.0
        self._running_since: float | None = None

    def start(self) -> None:
        """Start the clock: training goes on, and its time counts from here."""
        self._running_since = time.monotonic()

    def stop(self) -> None:
        """Stop the clock, because something else (validation, saving) is about to take time."""
        if self._running_since is not None:
            self._seconds += time.monotonic() - self._running_since
            self._running_since = None

    def add(self, loss_sum: Tensor, tokens: int) -> None:
        """Count a step: the loss summed over its tokens."""
        self._sum = self._sum + loss_sum.detach()
        self._tokens += tokens

    def discount(self, tokens: int) -> None:
        """Subtract tokens that were counted but turned out to have no loss."""
        self._tokens -= tokens

    def totals(self) -> Totals:
        """Return the sums counted so far; this waits for the device."""
        running = time.monotonic() - self._running_since if self._running_since is not None else 0.0
        return Totals(float(self._sum), self._tokens, self._seconds + running)

    def read(self) -> Reading:
        """Return the figures since the last reading, and start over."""
        total = float(self._sum)  # waits for the device, so the time below is all of it
        self.stop()
        loss = total / self._tokens if self._tokens > 0 else math.nan
        reading = Reading(loss, self._tokens / max(self._seconds, 1e-9))
        self._sum, self._tokens, self._seconds = torch.tensor(0.0), 0, 0.0
        self.start()
        return reading
