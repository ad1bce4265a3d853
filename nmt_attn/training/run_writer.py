"""The one door through which a training writes to its run directory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nmt_attn.distributed.group import ProcessGroup
from nmt_attn.runs.metrics import best_figures
from nmt_attn.tasks.task import Sample
from nmt_attn.training.checkpoints import CheckpointManager
from nmt_attn.training.state import TrainingState
from nmt_attn.training.trackers.drawing import Drawing
from nmt_attn.training.tracking import MetricLogger


class RunWriter:
    """Writes figures and checkpoints, of several processes only those of the main one.

    Args:
        group: the processes that train.
        checkpoints: writes checkpoints.
        loggers: keep the figures.
        drawing: makes pictures for them; None: there are none.
    """

    def __init__(
        self,
        group: ProcessGroup,
        checkpoints: CheckpointManager,
        loggers: Sequence[MetricLogger],
        drawing: Drawing | None = None,
    ) -> None:
        self.group, self.checkpoints, self.loggers, self.drawing = group, checkpoints, loggers, drawing

    def log(self, kind: str, step: int, values: Mapping[str, Any]) -> None:
        """Keep the figures of one kind (``train`` or ``valid``) after one step.

        Raises:
            NmtError: the disk is full, read-only or not permitted.
        """
        if self.group.is_main:
            for logger in self.loggers:
                logger.log(kind, step, values)

    def samples(self, step: int, samples: Sequence[Sample]) -> None:
        """Keep what the model made of some validation examples."""
        if self.group.is_main:
            for logger in self.loggers:
                logger.samples(step, samples)

    def pictures(self, step: int, attention: Callable[[int], Sequence[object]]) -> None:
        """Keep pictures of what the model looked at, where somebody draws them.

        Args:
            step: after which it looked so.
            attention: computes the attention over at most so many samples.
        """
        if self.group.is_main and self.drawing is not None:
            pictures = self.drawing.of(attention)
            for logger in self.loggers:
                logger.pictures(step, pictures)

    def finish(self, state: TrainingState, *, done: bool) -> None:
        """Keep the figures of the best checkpoint; ``done``: the training came to its end."""
        if self.group.is_main:
            scores = best_figures(self.checkpoints.run.metrics_file, state.best_step)
            for logger in self.loggers:
                logger.finish(scores, done=done)

    def save(self, state: TrainingState, *, best: bool) -> None:
        """Write a checkpoint, the figures before it: a resumed run cuts its log at its checkpoint.

        Raises:
            NmtError: the disk is full, read-only or not permitted; earlier checkpoints are untouched.
        """
        if self.group.is_main:
            for logger in self.loggers:
                logger.sync()
            self.checkpoints.save(state, best=best)
        self.group.barrier()
        self.checkpoints.saved_step = state.step

    def close(self) -> None:
        """Close the loggers."""
        for logger in self.loggers:
            logger.close()
