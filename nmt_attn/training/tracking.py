"""Listeners to a training: loggers keep its figures, a reporter shows people how it goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from nmt_attn.progress import Watch, unwatched
from nmt_attn.tasks.task import Sample


@dataclass(frozen=True)
class Picture:
    """A picture of what the model looked at in one sample; it is drawn when somebody reads it."""

    number: int  # of the sample, from 1
    draw: Callable[[], bytes | None]  # as PNG; None: it cannot be drawn


class MetricLogger(Protocol):
    """Keeps the figures of a training; ``metrics.jsonl`` is the first (:class:`~nmt_attn.runs.metrics.MetricsLog`)."""

    def log(self, kind: str, step: int, values: Mapping[str, Any]) -> None:
        """Keep the figures of one kind (``train`` or ``valid``) after one step."""
        ...

    def samples(self, step: int, samples: Sequence[Sample]) -> None:
        """Keep what the model made of some validation examples."""
        ...

    def pictures(self, step: int, pictures: Sequence[Picture]) -> None:
        """Keep pictures of what the model looked at."""
        ...

    def finish(self, scores: Mapping[str, float], *, done: bool) -> None:
        """Keep the figures of the best checkpoint.

        Args:
            scores: by name, with its ``step``; none if there is no such checkpoint yet.
            done: the training came to its end; otherwise somebody has interrupted it.
        """
        ...

    def sync(self) -> None:
        """Make sure that what was logged survives a power cut."""
        ...

    def close(self) -> None:
        """Take note that nothing more comes."""
        ...


@dataclass(frozen=True)
class Opening:
    """The facts that a training opens with."""

    resumed_step: int  # after which it goes on; 0: from the beginning
    weights: int
    examples: str  # how many of what
    place: str  # device, and of a CPU the threads
    precision: str
    run: Path
    batch_tokens: int
    learning_rate: float  # the highest
    configured_rate: float
    notes: list[str]  # of the task: which checkpoint is the best, what is validated


@dataclass(frozen=True)
class Pace:
    """The pace of a training at one moment."""

    step: int
    epoch: int  # from 1
    loss: float  # cross-entropy, nats a token
    tokens_per_second: float
    unit: str  # of those tokens
    progress: float  # used share of the budget


@dataclass(frozen=True)
class Validated:
    """A validation, and when it was."""

    step: int
    epochs: float
    minutes: float
    line: str  # its figures
    samples: Sequence[Sample]
    better: bool  # than all before
    score: float  # the figure that decides, higher is better


class Reporter(Protocol):
    """Shows people how a training goes, and may put an end to it."""

    def opening(self, opening: Opening) -> None:
        """Say what begins."""
        ...

    def pace(self, pace: Pace) -> None:
        """Show how it goes."""
        ...

    def validating(self) -> Watch:
        """Show that a validation begins; what is returned is told how far it is."""
        ...

    def validated(self, validated: Validated) -> str | None:
        """Show what a validation gave; return the reason if the training is to end here."""
        ...

    def notice(self, line: str) -> None:
        """Say something that should be noticed."""
        ...

    def close(self) -> None:
        """Take away what only makes sense while a training runs."""
        ...


class Silent:
    """A reporter that shows nothing."""

    def opening(self, opening: Opening) -> None:
        """Show nothing."""

    def pace(self, pace: Pace) -> None:
        """Show nothing."""

    def validating(self) -> Watch:
        """Show nothing."""
        return unwatched

    def validated(self, validated: Validated) -> None:
        """Show nothing."""

    def notice(self, line: str) -> None:
        """Show nothing."""

    def close(self) -> None:
        """Show nothing."""
