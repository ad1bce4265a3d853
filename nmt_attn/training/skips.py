"""A count of the steps that were skipped because a loss or a gradient was not finite."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from nmt_attn.errors import Diverged
from nmt_attn.training.meter import Meter
from nmt_attn.training.state import TrainingState


@dataclass(frozen=True)
class _Step:
    skipped: Tensor
    tokens: int
    place: str


class SkipCounter:
    """A counter of skipped steps, read at once on a CPU, where that is free, and on a GPU when something waits anyway.

    Args:
        state: the state in which they are counted.
        meter: the meter that has counted their tokens.
        most: the number of consecutive skipped steps that ends the training.
    """

    def __init__(self, state: TrainingState, meter: Meter, most: int) -> None:
        self.state, self.meter, self.most = state, meter, most
        self._unread: list[_Step] = []

    def note(self, skipped: Tensor, tokens: int, place: str) -> None:
        """Record a step that has begun.

        Args:
            skipped: true if the step was skipped; not read yet where that would mean waiting.
            tokens: the number of its target tokens.
            place: the name of its batch, for messages.

        Raises:
            Diverged: see :meth:`read`.
        """
        self._unread.append(_Step(skipped, tokens, place))
        if skipped.device.type == "cpu":
            self.read()

    def read(self) -> None:
        """Count the recorded steps that have not been counted yet.

        Raises:
            Diverged: too many consecutive steps were skipped.
        """
        unread, self._unread = self._unread, []
        for step in unread:
            if not bool(step.skipped):
                self.state.skipped_in_a_row = 0
                continue
            self.state.skipped += 1
            self.state.skipped_in_a_row += 1
            self.state.target_tokens -= step.tokens
            self.meter.discount(step.tokens)
            if self.state.skipped_in_a_row >= self.most:
                raise Diverged(
                    f"the loss or its gradient was no longer a number at {self.most} steps in a row, the last of them "
                    f"{step.place}; the last checkpoint is kept. Try a lower training.learning_rate or "
                    "training.clip_norm"
                )
