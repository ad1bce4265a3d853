"""The judge of a trial: tells Optuna each score, and ends a trial that is behind the others."""

from __future__ import annotations

import math

from optuna.trial import Trial

from nmt_attn.progress import Watch
from nmt_attn.training.tracking import Opening, Pace, Reporter, Validated

TOO_BAD = "behind half of the other trials"


class Judge:
    """A reporter that passes everything on to another one and, by the scores, ends a training early.

    Args:
        trial: of Optuna.
        reporter: shows the training to people.
        direction: ``minimize`` if the score is a loss, else ``maximize``.
    """

    def __init__(self, trial: Trial, reporter: Reporter, direction: str) -> None:
        self._trial, self._reporter, self._sign = trial, reporter, -1.0 if direction == "minimize" else 1.0
        self._validations = 0

    def shown(self, score: float) -> float:
        """Return a score, of which higher is better, as the metric itself: a loss is positive."""
        return self._sign * score

    def opening(self, opening: Opening) -> None:
        """Pass it on."""
        self._reporter.opening(opening)

    def pace(self, pace: Pace) -> None:
        """Pass it on."""
        self._reporter.pace(pace)

    def validating(self) -> Watch:
        """Pass it on."""
        return self._reporter.validating()

    def validated(self, validated: Validated) -> str | None:
        """Pass it on; return the reason to end the training, if there is one."""
        ended = self._reporter.validated(validated)
        self._validations += 1
        if math.isfinite(validated.score):
            self._trial.report(self.shown(validated.score), self._validations)
            if self._trial.should_prune():
                return TOO_BAD
        return ended

    def notice(self, line: str) -> None:
        """Pass it on."""
        self._reporter.notice(line)

    def close(self) -> None:
        """Pass it on."""
        self._reporter.close()
