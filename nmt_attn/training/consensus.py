"""What all processes of a training have to agree on at each step: time, signals, and whether memory was enough."""

from __future__ import annotations

from collections.abc import Callable

from nmt_attn.distributed.group import ProcessGroup
from nmt_attn.training.signals import Interruption


class Consensus:
    """The common clock and the common wish to stop. With one process they are its own, and cost nothing.

    With several, the main one's clocks are exchanged at each step, and so is a signal that any of them has got: they
    stop at the same step, with the same learning rate until then.

    Args:
        group: the processes.
        seconds: gives the time that the training has taken.
        unsaved: gives the time since the last checkpoint, seconds.
    """

    def __init__(
        self, group: ProcessGroup, seconds: Callable[[], float] = float, unsaved: Callable[[], float] = float
    ) -> None:
        self.group, self._clocks = group, (seconds, unsaved)
        self._agreed = [0.0, 0.0]
        self._own = Interruption()
        self._signal: int | None = None

    def watch(self, interruption: Interruption) -> None:
        """Take signals of this process from here on from ``interruption``."""
        self._own = interruption

    def seconds(self) -> float:
        """Return the time that the training has taken."""
        return self._clocks[0]() if self.group.size == 1 else self._agreed[0]

    def unsaved(self) -> float:
        """Return the time since the last checkpoint, in seconds."""
        return self._clocks[1]() if self.group.size == 1 else self._agreed[1]

    @property
    def signal(self) -> int | None:
        """The signal that asks to stop; None: there is none."""
        return self._own.signal if self.group.size == 1 else self._signal

    def is_set(self) -> bool:
        """Say whether a signal has come."""
        return self.signal is not None

    def exchange(self, *, failed: bool = False) -> bool:
        """Agree with the other processes; all of them call this.

        Args:
            failed: this process has failed at something that all have to do again.

        Returns:
            Whether any has failed.
        """
        if self.group.size == 1:
            return failed
        clocks = [clock() if self.group.is_main else 0.0 for clock in self._clocks]
        any_failed, signal, *self._agreed = self.group.highest([failed, self._own.signal or 0, *clocks])
        self._signal = int(signal) or None
        return bool(any_failed)
