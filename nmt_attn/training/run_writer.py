"""The one door through which a training writes to its run directory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nmt_attn.training.checkpoints import CheckpointManager
from nmt_attn.training.process_group import ProcessGroup
from nmt_attn.training.state import TrainingState
from nmt_attn.training.tracking import MetricLogger


class RunWriter:
    """Writes figures and checkpoints, of several processes only those of the main one.

    Args:
        group: the processes that train.
        checkpoints: writes checkpoints.
        loggers: keep the figures.
    """

    def __init__(self, group: ProcessGroup, checkpoints: CheckpointManager, loggers: Sequence[MetricLogger]) -> None:
        self.group, self.checkpoints, self.loggers = group, checkpoints, loggers

    def log(self, kind: str, step: int, values: Mapping[str, Any]) -> None:
        """Keep the figures of one kind (``train`` or ``valid``) after one step.

        Raises:
            NmtError: the disk is full, read-only or not permitted.
        """
        if self.group.is_main:
            for logger in self.loggers:
                logger.log(kind, step, values)

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

    def close(self) -> None:
        """Close the loggers."""
        for logger in self.loggers:
            logger.close()
