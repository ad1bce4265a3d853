"""Columns of plain text, as wide as what is in them, and sizes and times in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.cells import cell_len, set_cell_size

from nmt_attn.config.keys import printable

GAP = 2  # columns between two cells
_LEAST_LAST = 24  # columns that the last cell has at least


def columns(rows: Sequence[Sequence[str]], right: Sequence[int] = (), width: int | None = None) -> list[str]:
    """Lay rows of cells out in columns; nothing in a cell can control a terminal.

    Args:
        rows: of as many cells each; the first row holds the headings.
        right: the columns that are set flush right.
        width: of the terminal, to which the last column is cut; None: nothing is cut.
    """
    shown = [[printable(cell) for cell in row] for row in rows]
    widths = [max(cell_len(row[place]) for row in shown) for place in range(len(rows[0]))]
    if width is not None:
        widths[-1] = min(widths[-1], max(_LEAST_LAST, width - sum(widths[:-1]) - GAP * (len(widths) - 1)))
    lines = []
    for row in shown:
        cells = [_set(cell, widths[place], right=place in right) for place, cell in enumerate(row)]
        lines.append((" " * GAP).join(cells).rstrip())
    return lines


def _set(cell: str, width: int, *, right: bool) -> str:
    room = width - cell_len(cell)
    if room < 0:
        return f"{set_cell_size(cell, width - 1)}…"
    return " " * room + cell if right else cell + " " * room


def size_text(size: int | None) -> str:
    """Write a number of bytes as people read it."""
    if size is None:
        return "-"
    if size < 1000:
        return f"{size} B"
    value, units = size / 1024, ["KiB", "MiB", "GiB", "TiB"]
    while value >= 1000 and len(units) > 1:
        value, units = value / 1024, units[1:]
    return f"{value:.1f} {units[0]}" if value < 100 else f"{value:.0f} {units[0]}"


def count_text(count: int | None) -> str:
    """Write a number of weights as people read it."""
    if count is None:
        return "-"
    if count < 100_000:
        return f"{count:,}"
    return f"{count / 1e6:.1f} M" if count < 1e9 else f"{count / 1e9:.1f} G"


def time_text(seconds: float) -> str:
    """Write a time, in seconds since 1970, in local time."""
    try:
        return datetime.fromtimestamp(seconds).strftime("%Y-%m-%d %H:%M") if seconds else "-"
    except (ValueError, OverflowError, OSError):
        return "-"
