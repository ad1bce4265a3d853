"""The best validation so far, and the end of a training that stands still."""

from __future__ import annotations

import math
from collections.abc import Callable

from nmt_attn.config.schema import TrainingConfig
from nmt_attn.tasks.task import Standing
from nmt_attn.training.state import TrainingState


class Stopping:
    """Goes by validations; what it has seen is kept in the state of the training.

    Args:
        state: of the training.
        settings: patience of early stopping and of the ``plateau`` schedule.
    """

    def __init__(self, state: TrainingState, settings: TrainingConfig) -> None:
        self.state, self.settings = state, settings
        self.ended: str | None = None  # the reason for which somebody who looks on has ended it

    def take_in(self, standing: Standing, loss: float, rank: Callable[[Standing], tuple[float, ...]]) -> bool:
        """Take in an evaluation; true if it is the best so far.

        Args:
            standing: its figures that decide, as they are logged.
            loss: nats a token, not rounded.
            rank: orders the standings of two checkpoints.
        """
        state = self.state
        best = None if state.best_score is None else Standing(state.best_score, state.best_exact, state.best_score_loss)
        better = math.isfinite(standing.score) and (best is None or rank(standing) > rank(best))
        if better:
            state.best_score, state.best_exact = standing.score, standing.exact
            state.best_score_loss = _finite(standing.loss)
            state.best_step, state.validations_since_best = state.step, 0
        else:
            state.validations_since_best += 1
        self._take_in_loss(loss)
        return better

    def _take_in_loss(self, loss: float) -> None:
        """Count validations without a lower loss, for the ``plateau`` schedule."""
        state = self.state
        if math.isfinite(loss) and (state.best_loss is None or loss < state.best_loss):
            state.best_loss, state.validations_since_best_loss = loss, 0
            return
        state.validations_since_best_loss += 1
        if state.validations_since_best_loss > self.settings.schedule.plateau_patience:
            state.plateau_drops, state.validations_since_best_loss = state.plateau_drops + 1, 0

    def stands_still(self) -> bool:
        """Say whether so many validations have brought nothing better that the training is to end."""
        patience = self.settings.early_stopping.patience
        return self.ended is not None or (patience is not None and self.state.validations_since_best >= patience)

    def reason(self) -> str:
        """Say why it ends."""
        return self.ended or f"{self.state.validations_since_best} validations without a better one"


def _finite(loss: float | None) -> float | None:
    return loss if loss is not None and math.isfinite(loss) else None
