"""Curves drawn with characters, by plotext (the optional extra ``watch``)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import plotext

from nmt_attn.runs.curves import Curves, Points
from nmt_attn.runs.metrics import METRIC_NAMES

LEAST_WIDTH, LEAST_HEIGHT = 30, 8
"""Of a panel, in characters."""

_TWO_BESIDE = 100  # columns from which on two panels stand beside each other
_MOST_HEIGHT = 18
_GAP = 2
_TICKS_X, _TICKS_Y = 5, 4

_LINE, _DOTS = "braille", "dot"


@dataclass(frozen=True)
class _Series:
    label: str
    points: Points
    color: str
    marker: str = _LINE


@dataclass(frozen=True)
class _Panel:
    title: str
    series: list[_Series]


def draw(curves: Curves, unit: str, width: int, height: int | None, *, color: bool) -> list[str]:
    """Draw the curves of a training, those that matter most first, as many as there is room for.

    Args:
        curves: of the training; there may be none yet.
        unit: what is learned from each second, such as target tokens.
        width: columns.
        height: lines; None: as many as all panels take.
        color: use colours, by escape sequences.
    """
    panels = [panel for panel in _panels(curves, unit) if panel.series]
    if width < LEAST_WIDTH or not panels or (height is not None and height < LEAST_HEIGHT):
        return []
    beside = 2 if width >= _TWO_BESIDE and len(panels) > 1 else 1
    rows = math.ceil(len(panels) / beside)
    if height is not None:
        rows = min(rows, height // LEAST_HEIGHT)
    each = _MOST_HEIGHT if height is None else min(_MOST_HEIGHT, height // rows)
    of_panel = (width - _GAP * (beside - 1)) // beside
    lines: list[str] = []
    for row in range(rows):
        drawn = [_drawn(panel, of_panel, each, color=color) for panel in panels[row * beside : (row + 1) * beside]]
        lines += [(" " * _GAP).join(parts).rstrip() for parts in zip(*drawn, strict=True)]
    return lines


def _panels(curves: Curves, unit: str) -> list[_Panel]:
    score = METRIC_NAMES.get(curves.metric or "", curves.metric or "score")
    loss = [_Series("training", curves.loss, "blue"), _Series("validation", curves.valid_loss, "orange", _DOTS)]
    every = [
        _Panel("loss", loss),
        _Panel(f"validation: {score}", [_Series(score, curves.score, "orange", _DOTS)]),
        _Panel("learning rate", [_Series("rate", curves.learning_rate, "green")]),
        _Panel(f"{unit}/s", [_Series("speed", curves.speed, "magenta")]),
    ]
    return [_Panel(panel.title, [series for series in panel.series if series.points]) for panel in every]


def _drawn(panel: _Panel, width: int, height: int, *, color: bool) -> list[str]:
    """Draw one panel as lines of that width."""
    plotext.terminal.limit(False, False)
    figure = plotext.figure
    figure.clear()
    figure.theme("colorless")
    figure.plot_size(width, height)
    figure.title(panel.title if len(panel.series) == 1 else _legend(panel.series))
    points = [point for series in panel.series for point in series.points]
    for axis, values, most in (("x", [x for x, _ in points], _TICKS_X), ("y", [y for _, y in points], _TICKS_Y)):
        low, high = _limits(min(values), max(values))
        ticks = nice_ticks(low, high, most)
        figure.ruler(axis).lim(low, high)
        figure.ruler(axis).ticks(ticks, [_tick_text(tick) for tick in ticks])
    for series in panel.series:
        thinned = thin(series.points, 2 * width)
        marker = plotext.marker(series.marker, plotext.pixel(series.color))
        signal = figure.signal([x for x, _ in thinned], [y for _, y in thinned], marker=marker)
        if series.marker == _LINE and len(thinned) > 1:
            signal.lines()
        figure.draw(signal)
    text: str = figure.build().string(colorless=not color)
    return text.strip("\n").split("\n")


def _legend(series: Sequence[_Series]) -> str:
    """Name the curves of a panel with what they are drawn with, so that it needs no colour."""
    return "loss: " + ", ".join(f"{one.label} {'•' if one.marker == _DOTS else '─'}" for one in series)


def _limits(low: float, high: float) -> tuple[float, float]:
    """Widen limits between which there is nothing."""
    if high > low:
        return low, high
    room = abs(low) / 10 or 1.0
    return low - room, high + room


def nice_ticks(low: float, high: float, most: int) -> list[float]:
    """Return at most ``most`` round numbers between two limits, in steps of 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10((high - low) / most))
    for factor in (1, 2, 5, 10, 20, 50):
        step = factor * power
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first + 1 <= most:
            return [number * step for number in range(first, last + 1)]
    return [low, high]


def _tick_text(tick: float) -> str:
    if tick and (abs(tick) >= 1e7 or abs(tick) < 1e-3):
        return f"{tick:.0e}".replace("e-0", "e-").replace("e+0", "e")
    return f"{tick:,.6g}" if abs(tick) < 1000 else f"{tick:,.0f}"


def thin(points: Points, most: int) -> Points:
    """Return at most ``most`` points: each the mean of its neighbours, the last one as it is."""
    if len(points) <= most:
        return points
    size = math.ceil(len(points) / (most - 1))
    groups = [points[place : place + size] for place in range(0, len(points) - 1, size)]
    means = [(round(sum(x for x, _ in some) / len(some)), sum(y for _, y in some) / len(some)) for some in groups]
    return [*means, points[-1]]
