"""Plots as inline SVG, by matplotlib; their colours are those of the page, light or dark, and their text stays text."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from nmt_attn.reporting.page_contents import Curve, Plot, View

MOST_POINTS = 300
"""Points of a curve; of longer ones means of neighbours are drawn."""

# Placeholders, which become variables of the page's style sheet.
_INK, _LINE, _COLOURS = "#010203", "#010204", ("#0a0b01", "#0a0b02", "#0a0b03", "#0a0b04")
_VARIABLES = {_INK: "var(--soft)", _LINE: "var(--line)"} | {
    colour: f"var(--c{place})" for place, colour in enumerate(_COLOURS, start=1)
}
_DASHES = ("solid", (0, (5, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)))  # so that colour is not all that tells curves apart
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "nmt",
    "font.size": 9,
    "text.color": _INK,
    "axes.labelcolor": _INK,
    "axes.edgecolor": _LINE,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "grid.color": _LINE,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
}


def draw(plot: Plot, view: View, name: str) -> str:
    """Draw one view of a plot.

    Args:
        plot: what to draw.
        view: along which axis.
        name: of the drawing, which no other on the page has.
    """
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(4.6, 2.6), layout="constrained")
        axes = figure.add_subplot()
        if plot.style == "calibration":
            axes.plot([0, 1], [0, 1], color=_LINE, linewidth=1)
        for place, curve in enumerate(view.curves):
            _draw_curve(axes, plot, curve, place)
        axes.set_xlabel(_plain(view.x_label))
        axes.set_ylabel(_plain(plot.y_label))
        axes.grid(True, linewidth=0.5)
        if plot.log_y:
            axes.set_yscale("log")
        if len(view.curves) > 1:
            axes.legend()
        written = io.StringIO()
        figure.savefig(written, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return _inline(written.getvalue(), name, f"{plot.title}: {view.name}. {_summary(view.curves)}")


def _draw_curve(axes: mpl.axes.Axes, plot: Plot, curve: Curve, place: int) -> None:
    colour, label = _COLOURS[place % len(_COLOURS)], _plain(curve.name)
    x, y = thinned(curve.x), thinned(curve.y)
    if plot.style == "bars":
        axes.bar(x, y, color=colour, label=label)
        return
    marker = "o" if plot.style == "calibration" or len(x) < 40 else ""
    dashes = _DASHES[place // len(_COLOURS) % len(_DASHES)] if place >= len(_COLOURS) else _DASHES[place]
    axes.plot(x, y, color=colour, label=label, linestyle=dashes, linewidth=1.5, marker=marker, markersize=3)


def _plain(text: str) -> str:
    """Keep matplotlib from reading a formula into a name."""
    return text.replace("$", r"\$")


def thinned(values: Sequence[float]) -> list[float]:
    """Return at most ``MOST_POINTS`` means of neighbouring values, which keep their order."""
    size = -(-len(values) // MOST_POINTS)
    parts = [values[begin : begin + size] for begin in range(0, len(values), max(1, size))]
    return [sum(part) / len(part) for part in parts]


def _summary(curves: Sequence[Curve]) -> str:
    """Say in words where each curve begins and ends."""
    return " ".join(f"{one.name} from {one.y[0]:.3g} to {one.y[-1]:.3g}." for one in curves if len(one.y))


def _inline(svg: str, name: str, description: str) -> str:
    """Make a drawing part of a page: no names that another one has, no colours and sizes of its own."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<svg [^>]*?viewBox=\"([^\"]+)\"[^>]*>", _opening(description), svg, count=1)
    used = set(re.findall(r"url\(#([^)]+)\)", svg)) | set(re.findall(r'href="#([^"]+)"', svg))
    svg = re.sub(r' id="([^"]+)"', lambda found: f' id="{name}-{found[1]}"' if found[1] in used else "", svg)
    svg = re.sub(r"url\(#", f"url(#{name}-", svg)
    svg = re.sub(r'href="#', f'href="#{name}-', svg)
    svg = re.sub(r"font: ([0-9.]+)px [^;\"]*", r"font-size: \1px", svg)
    for colour, variable in _VARIABLES.items():
        svg = svg.replace(colour, variable)
    return re.sub(r">\s+<", "><", svg).replace("xlink:href", "href")


def _opening(description: str) -> str:
    label = description.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace("\\", "\\\\")
    return rf'<svg viewBox="\1" role="img" aria-label="{label}">'
