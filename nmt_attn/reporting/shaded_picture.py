"""Running text with shaded boxes behind words, laid out in lines and drawn by matplotlib."""

from __future__ import annotations

import io
import math
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from nmt_attn.errors import UserError
from nmt_attn.reporting.attention_maps import Fonts
from nmt_attn.reporting.shading import LIGHT, Colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH, MARGIN, LEADING = 8.0, 0.3, 1.75
"""Inches of the picture's width and of its margin; height of a line, in sizes of its letters."""

_REST = ("[…", "the", "rest", "is", "not", "drawn", "…]")

MOST_LINES = 150
"""Lines of a paragraph that are drawn, about 2,000 words; a picture of more would be too high to look at."""

DPI = 150

SPACE_WIDTH, PADDING = 0.32, 0.12
"""Of a space, and of a box on either side of its word; in sizes of their letters."""

_MARKS = str.maketrans("", "", "\u200e\u200f\u061c")
"""Marks of a direction, which are not seen, but for which many fonts have no letter."""


@dataclass(frozen=True)
class Tile:
    """A word or piece to be drawn, in a box of its shade or in none."""

    text: str
    size: float  # points
    gap: float = SPACE_WIDTH  # before it on a line, in sizes of its letters
    breaks: bool = True  # a line may begin with it
    level: int | None = None  # the shade of its box; None: no box


@dataclass(frozen=True)
class PlacedTile:
    """A tile in its place on a line; in points, from the left end of the line."""

    tile: Tile
    left: float
    width: float
    room: tuple[float, float]  # on either side up to the next tile


class Layout:
    """Breaks paragraphs into lines and finds the place of each tile; all lengths are points."""

    def __init__(self, fonts: Fonts) -> None:
        from matplotlib.font_manager import FontProperties
        from matplotlib.textpath import TextToPath

        self._fonts = fonts
        self.families = fonts.families
        self._paths = TextToPath()
        self._properties = cache(lambda size: FontProperties(family=fonts.families, size=size))
        self._width = cache(self._measured)
        self.line_width = (WIDTH - 2 * MARGIN) * 72

    def fit(self, text: str) -> str:
        """Leave out of a text, or replace, what no font has."""
        return self._fonts.fit(text.translate(_MARKS))

    def lines(self, paragraph: Sequence[Tile]) -> list[list[PlacedTile]]:
        """Place the tiles of a paragraph: from left to right, or from right to left if its first letter is read so."""
        to_left = next((ways[0] == "R" for ways in map(_directions, paragraph) if ways), False)
        lines: list[list[PlacedTile]] = []
        for line in self._broken(paragraph):
            if len(lines) == MOST_LINES:
                note = [Tile(word, line[0].size) for word in _REST]
                return [*lines, self._placed(note, to_left=False)]
            lines.append(self._placed(line, to_left=to_left))
        return lines

    def _broken(self, tiles: Sequence[Tile]) -> Iterator[list[Tile]]:
        """Divide tiles into lines; only what is wider than a line is broken elsewhere than it may."""
        line: list[Tile] = []
        used = 0.0
        for group in _groups(tiles):
            fits = self._extent(group) <= self.line_width
            for part in [group] if fits else [[piece] for tile in group for piece in self._cut(tile)]:
                gap, extent = part[0].gap * part[0].size, self._extent(part)
                if line and used + gap + extent > self.line_width:
                    yield line
                    line, used = [], 0.0
                used += extent + (gap if line else 0.0)
                line += part
        if line:
            yield line

    def _cut(self, tile: Tile) -> Iterator[Tile]:
        """Cut a tile that is wider than a line into some that are not; marks stay with their letter."""
        if self._extent([tile]) <= self.line_width:
            yield tile
            return
        begin, width, gap = 0, 0.0, tile.gap
        for place, letter in enumerate(tile.text):
            width += self._width(letter, tile.size)
            if width > 0.9 * self.line_width and unicodedata.category(letter)[0] != "M":
                yield replace(tile, text=tile.text[begin:place], gap=gap)
                begin, width, gap = place, self._width(letter, tile.size), 0.0
        yield replace(tile, text=tile.text[begin:], gap=gap)

    def _extent(self, group: Sequence[Tile]) -> float:
        """Measure tiles that stand side by side, without the gap before them."""
        widths = sum(self._width(tile.text, tile.size) for tile in group)
        return widths + sum(tile.gap * tile.size for tile in group[1:])

    def _placed(self, line: Sequence[Tile], *, to_left: bool) -> list[PlacedTile]:
        order = _visual_order(line, to_left=to_left)
        # The gap between two neighbours is that of the one that is read later.
        gaps = [line[max(pair)].gap * line[max(pair)].size for pair in pairwise(order)]
        widths = [self._width(line[place].text, line[place].size) for place in order]
        left = self.line_width - sum(widths) - sum(gaps) if to_left else 0.0
        rooms = [math.inf, *gaps, math.inf]
        placed = []
        for number, (place, width) in enumerate(zip(order, widths, strict=True)):
            placed.append(PlacedTile(line[place], left, width, (rooms[number], rooms[number + 1])))
            left += width + (gaps[number] if number < len(gaps) else 0.0)
        return placed

    def _measured(self, text: str, size: float) -> float:
        width, _, _ = self._paths.get_text_width_height_descent(self.fit(text), self._properties(size), ismath=False)
        return float(width)


def _groups(tiles: Sequence[Tile]) -> Iterator[list[Tile]]:
    """Divide tiles where a line may begin."""
    group: list[Tile] = []
    for tile in tiles:
        if group and tile.breaks:
            yield group
            group = []
        group.append(tile)
    if group:
        yield group


def _directions(tile: Tile) -> list[str]:
    """Return for each letter of a tile whether it is read to the right, ``L``, or left, ``R``; figures are neither."""
    ways = ("R" if way == "AL" else way for way in map(unicodedata.bidirectional, tile.text))
    return [way for way in ways if way in ("L", "R")]


def _visual_order(line: Sequence[Tile], *, to_left: bool) -> list[int]:
    """Return the places of tiles from left to right: words of the other direction are a run that is turned around.

    A tile without letters goes with the letter before it.
    """
    runs: list[tuple[str, list[int]]] = []
    last = "R" if to_left else "L"
    for place, tile in enumerate(line):
        ways = _directions(tile) or [last]
        if not runs or runs[-1][0] != ways[0]:
            runs.append((ways[0], []))
        runs[-1][1].append(place)
        last = ways[-1]
    ordered = [places[::-1] if way == "R" else places for way, places in runs]
    return [place for places in (reversed(ordered) if to_left else ordered) for place in places]


def draw_paragraphs(paragraphs: Sequence[Sequence[Tile]], kind: str, *, title: str) -> bytes:
    """Draw paragraphs below one another, as ``png`` or ``svg``.

    Raises:
        UserError: matplotlib is not installed.
    """
    try:
        from matplotlib import rc_context
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise UserError("pictures need matplotlib; install it with: pip install matplotlib") from None
    layout = Layout(Fonts())
    rows: list[tuple[float, list[PlacedTile]]] = []  # the base line of each, in points from the top
    top = MARGIN * 72
    for paragraph in paragraphs:
        height = max(tile.size for tile in paragraph) * LEADING
        for line in layout.lines(paragraph):
            rows.append((top + 0.68 * height, line))
            top += height
        top += 6
    height = top + MARGIN * 72
    figure = Figure(figsize=(WIDTH, height / 72))
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_axis_off()
    axes.set_xlim(0, WIDTH * 72)
    axes.set_ylim(height, 0)
    for base, line in rows:
        for placed in line:
            _draw(axes, placed, base, layout)
    buffer = io.BytesIO()
    with rc_context({"text.hinting": "no_hinting"}):  # letters as wide as they were measured
        figure.savefig(buffer, format=kind, dpi=DPI, metadata={"Title": layout.fit(title)})
    return buffer.getvalue()


def _draw(axes: Axes, placed: PlacedTile, base: float, layout: Layout) -> None:
    from matplotlib.patches import Rectangle

    tile, left = placed.tile, placed.left + MARGIN * 72
    if tile.level:
        # A box reaches over its word, but not into the word beside it.
        before, after = (min(PADDING * tile.size, 0.4 * room) for room in placed.room)
        place, width = (left - before, base - 1.08 * tile.size), placed.width + before + after
        colour = _fraction(LIGHT.background(tile.level))
        axes.add_patch(Rectangle(place, width, 1.42 * tile.size, facecolor=colour, linewidth=0))
    axes.text(
        *(left, base, layout.fit(tile.text)),
        color=_fraction(LIGHT.ink(tile.level or 0)),
        fontfamily=layout.families,
        fontsize=tile.size,
        parse_math=False,  # a dollar sign is a dollar sign
    )


def _fraction(colour: Colour) -> tuple[float, float, float]:
    red, green, blue = colour
    return red / 255, green / 255, blue / 255
