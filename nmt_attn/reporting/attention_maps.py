"""Attention maps: an alignment as a picture, a web page, JSON, or a heat map in the terminal."""

from __future__ import annotations

import html
import io
import json
import math
import unicodedata
from collections.abc import Callable
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text

from nmt_attn.errors import UserError
from nmt_attn.text.tokenizer import SPACE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from nmt_attn.decoding.alignment import Alignment

FONTS = (
    *("DejaVu Sans", "Noto Sans", "Noto Sans CJK JP", "Noto Sans CJK SC", "Noto Sans Arabic", "Noto Sans Devanagari"),
    *("Noto Emoji", "Symbola", "Arial Unicode MS", "Hiragino Sans", "Yu Gothic", "Microsoft YaHei", "Segoe UI Emoji"),
)
"""Tried in this order for each letter of a label; which of them there are depends on the machine."""

MISSING = "□"
"""Stands for a letter that none of them has."""


def to_json(alignment: Alignment) -> str:
    """``{"source": […], "target": […], "weights": [[…], …], "log_prob": …}``, a row a target label."""
    values = {
        "source": alignment.source,
        "target": alignment.target,
        "weights": [[round(weight, 6) for weight in row] for row in alignment.weights],
        "log_prob": round(alignment.log_prob, 4) if math.isfinite(alignment.log_prob) else None,
    }
    return json.dumps(values, ensure_ascii=False) + "\n"


def to_html(alignment: Alignment) -> str:
    """Write a page that needs nothing else: a table whose cells are the darker the more attention they show."""
    heads = "".join(f'<th class="s"><span>{html.escape(_shown(label))}</span></th>' for label in alignment.source)
    rows = []
    for label, weights in zip(alignment.target, alignment.weights, strict=True):
        cells = "".join(
            f'<td style="background:rgba(31,78,121,{weight:.3f})" title="{weight:.3f}"></td>' for weight in weights
        )
        rows.append(f"<tr><th>{html.escape(_shown(label))}</th>{cells}</tr>")
    return _PAGE.replace("HEADS", heads).replace("ROWS", "\n".join(rows))


_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Attention</title>
<style>
body { font: 15px sans-serif; margin: 2em }
table { border-collapse: collapse }
td { width: 2em; height: 2em; border: 1px solid #ddd }
th { font-weight: normal; text-align: right; padding: 0 .5em }
th.s { vertical-align: bottom; padding: .5em 0 }
th.s span { writing-mode: vertical-rl; transform: rotate(180deg) }
</style>
<table><thead><tr><th></th>HEADS</tr></thead>
<tbody>
ROWS
</tbody></table>
</html>
"""


def to_text(alignment: Alignment) -> Text:
    """Draw a heat map for a terminal: a line per target label, a column per source label, and what the numbers mean."""
    label_width = max(cell_len(_shown(label)) for label in alignment.target)
    cell_width = max(2, len(str(len(alignment.source))))
    text = Text()
    numbers = "".join(f" {number:>{cell_width}}" for number in range(1, len(alignment.source) + 1))
    text.append(" " * label_width + numbers + "\n", style="dim")
    for label, row in zip(alignment.target, alignment.weights, strict=True):
        text.append(" " * (label_width - cell_len(_shown(label))) + _shown(label))
        for weight in row:
            text.append(" ")
            text.append(_cell(weight).rjust(cell_width), style=_shade(weight))
        text.append("\n")
    sources = (f"{number} {_shown(label)}" for number, label in enumerate(alignment.source, start=1))
    text.append("   ".join(sources) + "\n", style="dim")
    return text


def _cell(weight: float) -> str:
    """Percent, so that the map can be read without colours too; nothing below 1."""
    percent = min(99, round(100 * weight))
    return str(percent) if percent else "·"


def _shade(weight: float) -> Style:
    """From black on white to white on dark blue."""
    red, green, blue = (round(255 - weight * (255 - dark)) for dark in (31, 78, 121))
    return Style(color="white" if weight > 0.5 else "black", bgcolor=f"rgb({red},{green},{blue})")


def _shown(label: str) -> str:
    """Strip a label of what would move the cursor or the line: marks of a space, controls, line breaks."""
    visible = label.removeprefix(SPACE) or "␣"
    return "".join(MISSING if unicodedata.category(letter) in ("Cc", "Zl", "Zp") else letter for letter in visible)


def to_picture(alignment: Alignment, kind: str) -> bytes:
    """Draw a picture, ``png`` or ``svg``.

    Raises:
        UserError: matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise UserError("pictures need matplotlib; install it with: pip install matplotlib") from None
    fonts = Fonts()
    width, height = 1.8 + 0.38 * len(alignment.source), 1.4 + 0.34 * len(alignment.target)
    figure = Figure(figsize=(max(3.0, width), max(2.2, height)), layout="constrained")
    FigureCanvasAgg(figure)
    draw(figure.add_subplot(), alignment, fonts)
    buffer = io.BytesIO()
    figure.savefig(buffer, format=kind, dpi=150)
    return buffer.getvalue()


def draw(axes: Axes, alignment: Alignment, fonts: Fonts) -> None:
    """Draw the map on axes of matplotlib: source labels on top, target labels on the left, white 0 and dark 1."""
    axes.imshow(alignment.weights, cmap="Blues", vmin=0.0, vmax=1.0, aspect="auto")
    axes.xaxis.tick_top()
    axes.set_xticks(range(len(alignment.source)), [fonts.fit(label) for label in alignment.source], rotation=90)
    axes.set_yticks(range(len(alignment.target)), [fonts.fit(label) for label in alignment.target])
    for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        label.set_fontfamily(fonts.families)
        label.set_parse_math(False)  # a dollar sign is a dollar sign
    axes.tick_params(length=0)
    axes.set_xticks([place - 0.5 for place in range(1, len(alignment.source))], minor=True)
    axes.set_yticks([place - 0.5 for place in range(1, len(alignment.target))], minor=True)
    axes.grid(which="minor", color="#dddddd", linewidth=0.5)
    axes.tick_params(which="minor", length=0)


class Fonts:
    """The fonts of this machine that labels are drawn with, and which letters they have."""

    def __init__(self) -> None:
        from matplotlib import font_manager

        installed = {entry.name: entry.fname for entry in font_manager.fontManager.ttflist}
        self.families = [name for name in FONTS if name in installed] or ["sans-serif"]
        paths = [installed[name] for name in self.families if name in installed]
        self._letters: set[int] = set()
        for path in paths:
            self._letters |= font_manager.get_font(path).get_charmap().keys()

    def fit(self, label: str) -> str:
        """Put :data:`MISSING` for letters that no font has."""
        return "".join(letter if ord(letter) in self._letters else MISSING for letter in _shown(label))


WRITERS: dict[str, Callable[[Alignment], bytes]] = {
    "png": lambda alignment: to_picture(alignment, "png"),
    "svg": lambda alignment: to_picture(alignment, "svg"),
    "html": lambda alignment: to_html(alignment).encode("utf-8"),
    "json": lambda alignment: to_json(alignment).encode("utf-8"),
}
"""By the ending of a file's name."""
