"""A text with each word shaded by its attention: in the terminal, as JSON, a web page or a picture."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache

from rich.style import Style
from rich.text import Text

from nmt_attn.classification.weighed_text import WeighedText
from nmt_attn.reporting.shaded_page import to_html
from nmt_attn.reporting.shaded_picture import SPACE_WIDTH, Tile, draw_paragraphs
from nmt_attn.reporting.shading import (
    LIGHT,
    Colour,
    ShadedUnit,
    headline,
    legend,
    mark,
    most_attention,
    shaded_units,
)

__all__ = ["WRITERS", "to_html", "to_json", "to_picture", "to_text"]

# What some terminals obey or turn around, and half surrogate pairs: JSON has escapes for them.
_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

_HEAD_SIZE, _BODY_SIZE, _NOTE_SIZE, _FIGURE_SIZE = 15.0, 11.0, 9.0, 7.5
"""Points of the letters in a picture."""


def to_json(weighed: WeighedText) -> str:
    """Write all of it: ``{"label": …, "probability": …, "text": …, "units": […], "weights": […], …}``."""
    values = {
        "label": weighed.label,
        "probability": round(weighed.probability, 6),
        "text": weighed.text,
        "units": weighed.units,
        "spaced": weighed.spaced,
        "weights": [round(weight, 6) for weight in weighed.weights],
        "end_weight": round(weighed.end_weight, 6),
        "left_out": weighed.left_out,
        "cut_at": weighed.cut_at,
    }
    written = json.dumps(values, ensure_ascii=False)
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", written) + "\n"


def to_text(weighed: WeighedText) -> Text:
    """Write for a terminal: the label, the text on shades from white to dark, and the words with the most attention.

    Shades are relative to the largest weight. Words that stand out are followed by their percent, as in ``awful[12]``,
    so that it can be read without colours. Lines are broken by the console that prints it.
    """
    text = Text()
    label, probability = headline(weighed)
    text.append(label, style="bold")
    text.append(f"  {probability}\n")
    cut, said = mark(weighed) or (None, "")
    for place, unit in enumerate(shaded_units(weighed)):
        if place == cut:
            text.append(f" {said} " if place else f"{said} ", style="italic")
        elif unit.spaced:
            text.append(" ", style=_style(0))
        _append(text, unit)
    if cut == len(weighed.units):
        text.append(f" {said}" if cut else said, style="italic")
    text.append(f"\n{most_attention(weighed)}\n")
    return text


def _append(text: Text, unit: ShadedUnit) -> None:
    style = _style(unit.level)
    if not unit.stands_out:
        text.append(unit.text, style=style)
        return
    word, tail = unit.divided()
    text.append(word, style=style + Style(bold=True))
    text.append(f"[{unit.percent}]{tail}", style=style)


@cache
def _style(level: int) -> Style:
    return Style(color=_rgb(LIGHT.ink(level)), bgcolor=_rgb(LIGHT.background(level)))


def _rgb(colour: Colour) -> str:
    red, green, blue = colour
    return f"rgb({red},{green},{blue})"


def to_picture(weighed: WeighedText, kind: str) -> bytes:
    """Draw a picture, ``png`` or ``svg``: the label, the text with shaded boxes, a legend, the heaviest words.

    Raises:
        UserError: matplotlib is not installed.
    """
    label, probability = headline(weighed)
    steps = [Tile(name, _NOTE_SIZE, gap=0.8, level=level) for level, name in legend(weighed)]
    paragraphs = [
        _sentence(f"{label} {probability}", _HEAD_SIZE),
        _body(weighed),
        _sentence(most_attention(weighed), _NOTE_SIZE),
        [*_sentence("Share of the attention:", _NOTE_SIZE), *steps] if steps else [],
    ]
    return draw_paragraphs([paragraph for paragraph in paragraphs if paragraph], kind, title=f"{label} {probability}")


def _body(weighed: WeighedText) -> list[Tile]:
    tiles: list[Tile] = []
    cut, said = mark(weighed) or (None, "")
    for place, unit in enumerate(shaded_units(weighed)):
        if place == cut:
            tiles += _sentence(said, _NOTE_SIZE)
        gap = SPACE_WIDTH if unit.spaced else 0.0
        tiles.append(Tile(unit.text, _BODY_SIZE, gap, unit.breaks, unit.level))
        if unit.stands_out:
            tiles.append(Tile(unit.percent, _FIGURE_SIZE, gap=0.15, breaks=False))
    return tiles + (_sentence(said, _NOTE_SIZE) if cut == len(weighed.units) else [])


def _sentence(text: str, size: float) -> list[Tile]:
    return [Tile(word, size, breaks=not word.startswith("%")) for word in text.split()]


WRITERS: dict[str, Callable[[WeighedText], bytes]] = {
    "png": lambda weighed: to_picture(weighed, "png"),
    "svg": lambda weighed: to_picture(weighed, "svg"),
    "html": lambda weighed: to_html(weighed).encode("utf-8"),
    "json": lambda weighed: to_json(weighed).encode("utf-8"),
}
"""By the ending of a file's name."""
