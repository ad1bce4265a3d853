"""A sweep on standard error while it runs."""

from __future__ import annotations

import sys

from tqdm import tqdm

from nmt_attn.errors import printable
from nmt_attn.reporting.training_display import TrainingDisplay
from nmt_attn.training.tracking import Opening, Validated


def notice(line: str) -> None:
    """Write a line that stays, above the bar of a trial."""
    tqdm.write(printable(line), file=sys.stderr)


class TrialDisplay(TrainingDisplay):
    """Shows one trial: its bar and its warnings; its scores are said at its end."""

    def opening(self, opening: Opening) -> None:
        """Say nothing: the trial has been announced."""

    def validated(self, validated: Validated) -> None:
        """Say nothing of a single validation but that it is over."""
        self._resume_bar()
