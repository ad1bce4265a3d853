"""The schedules of a training: its length, the learning rate, and the share of teacher forcing."""

from __future__ import annotations

import math
from dataclasses import dataclass

from nmt_attn.config.schema import ScheduleConfig, TeacherForcingConfig, TrainingConfig


@dataclass(frozen=True)
class Budget:
    """The limits of a training; the first one that is reached ends it."""

    max_epochs: int | None
    max_steps: int | None
    max_minutes: float | None

    @classmethod
    def of(cls, config: TrainingConfig) -> Budget:
        """Return the limits that a configuration sets."""
        return cls(config.max_epochs, config.max_steps, config.max_minutes)

    def progress(self, *, epochs: float, steps: int, minutes: float) -> float:
        """Return the used share of the nearest limit, from 0 to 1.

        Args:
            epochs: passes over the data so far, including the share of a running one.
            steps: optimiser steps so far.
            minutes: training time so far.
        """
        used = [(epochs, self.max_epochs), (steps, self.max_steps), (minutes, self.max_minutes)]
        return min(1.0, max(done / limit for done, limit in used if limit is not None))


def learning_rate(config: ScheduleConfig, peak: float, *, step: int, progress: float, plateau_drops: int) -> float:
    """Compute the learning rate of one step.

    Args:
        config: the schedule.
        peak: the highest learning rate.
        step: steps done before this one.
        progress: used share of the budget, 0 to 1; linear and cosine end with the budget.
        plateau_drops: how often validation has not improved (plateau only).
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


def teacher_forcing(config: TeacherForcingConfig, progress: float) -> float:
    """Compute the share of target tokens that one step reads from the reference (Bengio et al. 2015).

    The paper's curves run over steps and have hand-tuned constants. Here they run over the budget, from ``ratio`` at
    its beginning to ``final_ratio`` at its end.

    Args:
        config: the schedule.
        progress: used share of the budget, 0 to 1.
    """
    if config.final_ratio is None:
        return config.ratio
    match config.decay:
        case "linear":
            left = 1.0 - progress
        case "exponential":
            return config.ratio * math.pow(config.final_ratio / config.ratio, progress)
        case "inverse_sigmoid":
            left = (_falling_sigmoid(progress) - _falling_sigmoid(1.0)) / (
                _falling_sigmoid(0.0) - _falling_sigmoid(1.0)
            )
    return config.final_ratio + (config.ratio - config.final_ratio) * left


def _falling_sigmoid(progress: float, steepness: float = 10.0) -> float:
    return 1.0 / (1.0 + math.exp(steepness * (progress - 0.5)))
