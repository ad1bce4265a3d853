"""The progress of a training on standard error: a bar in a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import time

from tqdm import tqdm

from nmt_attn.progress import Watch
from nmt_attn.training.tracking import Opening, Pace, Validated

PLAIN_LINE_SECONDS = 30.0
"""Seconds between two plain lines, where no bar can be shown."""


class TrainingDisplay:
    """Shows a training on standard error; see :class:`~nmt_attn.training.tracking.Reporter`."""

    def __init__(self) -> None:
        self._began = self._last_line = time.monotonic()
        self._first_progress: float | None = None
        self._place = "training"
        layout = "{desc} {percentage:3.0f}% |{bar}| {elapsed} < {remaining}{postfix}"
        self._bar = tqdm(total=1.0, bar_format=layout, leave=False, dynamic_ncols=True, file=sys.stderr, disable=None)

    def opening(self, opening: Opening) -> None:
        """Say what is trained, where, and by what the best checkpoint goes."""
        for line in opening_lines(opening):
            self.notice(line)

    def pace(self, pace: Pace) -> None:
        """Move the bar, or add a line now and then."""
        figures = f"loss {pace.loss:.3f}, {pace.tokens_per_second:,.0f} {pace.unit}/s"
        if not self._bar.disable:
            self._place = f"epoch {pace.epoch}, step {pace.step}"
            self._bar.set_description_str(self._place, refresh=False)
            self._bar.set_postfix_str(figures, refresh=False)
            self._bar.update(max(0.0, pace.progress - self._bar.n))
            return
        now = time.monotonic()
        if self._first_progress is None:
            self._first_progress = pace.progress
        if now - self._last_line >= PLAIN_LINE_SECONDS:
            self._last_line = now
            left = self._minutes_left(now, pace.progress)
            self.notice(f"epoch {pace.epoch}, step {pace.step}: {figures}, {pace.progress:.0%} done{left}")

    def validating(self) -> Watch:
        """Say on the bar that it is no training step that is waited for, and how far it is."""
        done = 0.0

        def watch(share: float) -> None:
            nonlocal done
            done = min(1.0, done + share)
            self._bar.set_description_str(f"{self._place}, validating {done:.0%}")

        watch(0.0)
        return watch

    def validated(self, validated: Validated) -> None:
        """Show the figures of a validation, and what the model makes of some sentences."""
        self._resume_bar()
        self.notice(validation_line(validated))
        for sample in validated.samples:
            self.notice(f"    {sample.source}\n      → {sample.output}\n      ( {sample.reference} )")

    def _resume_bar(self) -> None:
        self._bar.set_description_str(self._place)

    def notice(self, line: str) -> None:
        """Write a line that stays, above the bar."""
        tqdm.write(line, file=sys.stderr)

    def close(self) -> None:
        """Take the bar away."""
        self._bar.close()

    def _minutes_left(self, now: float, progress: float) -> str:
        done = progress - (self._first_progress or 0.0)
        if done <= 0:
            return ""
        return f", {(1 - progress) * (now - self._began) / done / 60:.0f} min left"


def opening_lines(opening: Opening) -> list[str]:
    """Say in a few lines what a training is about to do."""
    doing = f"resuming at step {opening.resumed_step}" if opening.resumed_step else "training"
    first = (
        f"{doing}: {opening.weights / 1e6:.1f} million weights, {opening.examples}, "
        f"on {opening.place} in {opening.precision}, to {opening.run}"
    )
    if opening.learning_rate == opening.configured_rate:
        return [first, *opening.notes]
    chosen = (
        f"batches of {opening.batch_tokens:,} tokens suit the device (training.batch_tokens: auto), so the "
        f"learning rate is {opening.learning_rate:.2g} instead of {opening.configured_rate:.2g}"
    )
    return [first, chosen, *opening.notes]


def validation_line(validated: Validated) -> str:
    """Say when a validation was and what it gave."""
    best = "  (best so far)" if validated.better else ""
    when = f"epoch {validated.epochs:.1f}, step {validated.step}, {validated.minutes:.1f} min"
    return f"{when}: {validated.line}{best}"
