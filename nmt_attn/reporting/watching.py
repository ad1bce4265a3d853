"""Watching a training in a terminal: its curves, drawn again whenever there is something new."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from typing import TextIO

from nmt_attn.config.keys import printable
from nmt_attn.reporting.runs_table import best_text
from nmt_attn.runs.curves import WatchedRun
from nmt_attn.runs.metrics import METRIC_NAMES
from nmt_attn.runs.summary import summarise

LOOK_SECONDS = 0.2
"""Seconds between two looks at the size of the terminal."""

_PLAIN_WIDTH = 80
_UNITS = {"classification": "texts"}
_HINT = "Ctrl-C ends the watching; the training goes on"


class Screen:
    """A terminal on which each drawing takes the place of the one before it, without a screen of its own.

    Args:
        stream: the terminal.
        color: use colours.
        moves: the cursor can be moved; otherwise a drawing stands below the one before it.
    """

    def __init__(self, stream: TextIO, *, color: bool, moves: bool) -> None:
        self.stream, self.color, self.moves = stream, color, moves
        self._shown, self._size = 0, self.size

    @property
    def size(self) -> os.terminal_size:
        """Columns and lines."""
        return shutil.get_terminal_size()

    @property
    def was_resized(self) -> bool:
        """True if it has another size than at the last drawing."""
        return self.size != self._size

    def show(self, lines: list[str], size: os.terminal_size) -> None:
        """Show lines in place of those shown before; ``size`` is the one that they were made for."""
        before = ""
        if self.moves and size != self._size:
            before = "\x1b[2J\x1b[H"  # long lines have been broken, so nobody knows where the last drawing begins
        elif self.moves and self._shown:
            before = f"\r\x1b[{self._shown}A\x1b[J"
        self.stream.write(before + "".join(f"{line}\n" for line in lines))
        self.stream.flush()
        self._shown, self._size = len(lines), size  # it may have changed meanwhile


def screen_of(stream: TextIO) -> Screen:
    """Say what a terminal can do by ``$TERM`` and ``$NO_COLOR``."""
    dumb = os.environ.get("TERM", "") in ("", "dumb")
    return Screen(stream, color=not dumb and not os.environ.get("NO_COLOR"), moves=not dumb)


def draw_once(watched: WatchedRun) -> list[str]:
    """Draw the curves as they are, in plain text, as wide as ``$COLUMNS`` says (80).

    Raises:
        InputError: the log cannot be read.
    """
    watched.look()
    width = shutil.get_terminal_size((_PLAIN_WIDTH, 24)).columns
    return frame(watched, width, None, color=False)


def watch(watched: WatchedRun, screen: Screen, every: float, sleep: Callable[[float], None] = time.sleep) -> None:
    """Draw the curves again every few seconds, and when the terminal is resized, until the training ends.

    Args:
        watched: the run.
        screen: where to draw.
        every: seconds.
        sleep: waits for so many seconds.

    Raises:
        InputError: the log cannot be read.
    """
    first = True
    while True:
        new = watched.look()
        if first or new or screen.moves or not watched.is_running:
            _show(watched, screen)
        first = False
        if not watched.is_running:
            return
        until = time.monotonic() + every
        while (left := until - time.monotonic()) > 0:
            sleep(min(LOOK_SECONDS, left))
            if screen.moves and screen.was_resized:
                _show(watched, screen)


def _show(watched: WatchedRun, screen: Screen) -> None:
    size = screen.size
    columns, lines = size
    hint = [_HINT] if watched.is_running else []
    room = lines - 1 - len(hint)  # the cursor stands below it
    drawn = frame(watched, columns - 1, room, color=screen.color)
    screen.show([*drawn, *(line[: columns - 1] for line in hint)], size)


def frame(watched: WatchedRun, width: int, height: int | None, *, color: bool) -> list[str]:
    """Return a line about the run, and its curves below.

    Args:
        watched: the run, after a look.
        width: columns.
        height: lines there is room for; None: as many as it takes.
        color: use colours.
    """
    from nmt_attn.reporting.curve_panels import draw

    unit = _UNITS.get(watched.config.task if watched.config is not None else "", "target tokens")
    about = printable(about_line(watched))
    if height is not None and len(about) > width:  # the end of the line says more than a long path
        about = about.replace(printable(str(watched.path)), printable(watched.path.name), 1)
    panels = draw(watched.curves, unit, width, None if height is None else height - 1, color=color)
    return [about if height is None else about[:width], *panels]


def about_line(watched: WatchedRun) -> str:
    """Say how far a training is, or how it ended."""
    curves, path = watched.curves, watched.path
    if watched.is_running:
        if curves.is_empty:
            return f"{path}: running; nothing logged yet, waiting for its first steps"
        return f"{path}: running, {_place(watched)}{_figures(watched)}"
    known = summarise(path)
    reason = f" ({known.reason})" if known.reason else ""
    if curves.is_empty:
        return f"{path}: {known.state}{reason}; no curves in its metrics.jsonl"
    best = (
        ""
        if known.best is None or known.best_checkpoint is None
        else (f"; best checkpoint: {best_text(known)} at step {int(known.best_checkpoint.name):,}")
    )
    return f"{path}: {known.state}{reason}, {_place(watched)}{best}"


def _place(watched: WatchedRun) -> str:
    """Say at which step and epoch it is, of how many."""
    curves, training = watched.curves, None if watched.config is None else watched.config.training
    steps, epochs = (None, None) if training is None else (training.max_steps, training.max_epochs)
    text = f"step {curves.step:,}" + ("" if steps is None else f" of {steps:,}")
    if curves.epochs is not None:
        text += f", epoch {curves.epochs:.1f}" + ("" if epochs is None else f" of {epochs}")
    return text + ("" if curves.minutes is None else f", {curves.minutes:.1f} min")


def _figures(watched: WatchedRun) -> str:
    curves = watched.curves
    text = f"; loss {curves.loss[-1][1]:.3f}" if curves.loss else ""
    if curves.score and curves.metric is not None:
        step, best = max(curves.score, key=lambda point: point[1])
        name = METRIC_NAMES.get(curves.metric, curves.metric)
        text += f"; {name} {curves.score[-1][1]:.1f} (highest {best:.1f} at step {step:,})"
    return text
