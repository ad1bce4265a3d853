"""A report or a comparison in a terminal: its cards and tables; plots and sentences are for the page."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table as RichTable
from rich.text import Text

from nmt_attn.errors import printable
from nmt_attn.reporting.page_contents import Cell, Column, PageContents, Table

MOST_ROWS = 12
"""Rows of a table that a terminal shows; the page and JSON have all."""


def to_text(contents: PageContents) -> RenderableType:
    """Show title, notes and the tables of all sections."""
    parts: list[RenderableType] = [Text(printable(contents.title), style="bold"), Text(printable(contents.subtitle))]
    parts += [Text(f"note: {printable(note)}", style="yellow") for note in contents.notes]
    for section in contents.sections:
        for item in section.items:
            if item.kind == "table" and (item.rows or item.note):
                parts += [Text(), _table(item)]
    return Group(*parts)


def _table(table: Table) -> RenderableType:
    if not table.rows:
        return Group(Text(printable(table.title), style="bold"), Text(printable(table.note)))
    found = RichTable(title=Text(printable(table.title), style="bold"), title_justify="left", box=None, pad_edge=False)
    for place, column in enumerate(table.columns):
        found.add_column(Text(printable(column.name)), justify="right" if is_number(table, place) else "left")
    for row in table.rows[:MOST_ROWS]:
        found.add_row(*(Text(shown(cell, column)) for cell, column in zip(row, table.columns, strict=True)))
    more = len(table.rows) - MOST_ROWS
    notes = [Text(f"… and {more:,} more")] if more > 0 else []
    notes += [Text(printable(table.note), style="italic")] if table.note else []
    return Group(found, *notes)


def is_number(table: Table, place: int) -> bool:
    """Say whether a column of a table holds numbers."""
    cells = [row[place] for row in table.rows]
    return all(isinstance(cell, (int, float, type(None))) for cell in cells) and any(cell is not None for cell in cells)


def shown(cell: Cell, column: Column) -> str:
    """Write a cell as its column wants it; nothing in it may control a terminal."""
    if cell is None:
        return "–"
    if isinstance(cell, str):
        return printable(cell)
    return f"{cell:,.{column.digits}f}" if column.digits is not None else f"{cell:,}"
