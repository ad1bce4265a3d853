"""The learning rate: warm-up, then one of several ways down."""

from __future__ import annotations

import math
from dataclasses import dataclass

from nmt_attn.config import ScheduleConfig, TrainingConfig


@dataclass(frozen=True)
class Budget:
    """How long a training may last: the first limit that is reached ends it."""

    max_epochs: int | None
    max_steps: int | None
    max_minutes: float | None

    @classmethod
    def of(cls, config: TrainingConfig) -> Budget:
        """The limits of a configuration."""
        return cls(config.max_epochs, config.max_steps, config.max_minutes)

    def progress(self, *, epochs: float, steps: int, minutes: float) -> float:
        """The used share of whichever limit is nearest, from 0 to 1.

        Args:
            epochs: passes over the data so far, a running one by its share.
            steps: optimiser steps so far.
            minutes: training time so far.
        """
        used = [(epochs, self.max_epochs), (steps, self.max_steps), (minutes, self.max_minutes)]
        return min(1.0, max(done / limit for done, limit in used if limit is not None))


def learning_rate(config: ScheduleConfig, peak: float, *, step: int, progress: float, plateau_drops: int) -> float:
    """The learning rate of one step.

    Args:
        config: the schedule.
        peak: the highest learning rate.
        step: steps done before this one.
        progress: used share of the budget, 0 to 1; linear and cosine end with it.
        plateau_drops: how often validation has stood still (plateau only).
    """
    warmup = min(1.0, (step + 1) / config.warmup_steps) if config.warmup_steps else 1.0
    match config.kind:
        case "constant":
            share = 1.0
        case "linear":
            share = 1.0 - (1.0 - config.final_share) * progress
        case "cosine":
            share = config.final_share + (1.0 - config.final_share) * (1 + math.cos(math.pi * progress)) / 2
        case "inverse_sqrt":
            share = math.sqrt(max(1, config.warmup_steps) / max(step + 1, config.warmup_steps, 1))
        case "plateau":
            share = config.plateau_factor**plateau_drops
    return peak * warmup * share
