"""Labelled texts out of tables: lines of ``label<TAB>text``, CSV with a header, and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from nmt_attn.corpus.labelled_text import LabelledLine, LabelledText
from nmt_attn.corpus.table import Row, csv_rows, tab_rows
from nmt_attn.errors import InputError
from nmt_attn.text.normalise import tidy

LABELS = (
    "label",
    "category",
    "class",
    "sentiment",
    "target",
    "topic",
    "intent",
    "emotion",
    "stars",
    "rating",
    "polarity",
)
TEXTS = (
    "text",
    "sentence",
    "review",
    "content",
    "comment",
    "body",
    "description",
    "tweet",
    "message",
    "title",
    "question",
)
"""Usual names of the columns, in any case; of several the first of this list counts."""

_SHOWN = 5  # names in a message


@dataclass(frozen=True)
class LabelledWish:
    """Part of the configuration that says where labels and texts stand."""

    columns: tuple[int, int] | None = None
    """Column of the label and of the text, counted from 1; None: the first two, or what a header says."""
    fields: tuple[str, str] | None = None
    """Their names in a header, or in JSON; None: usual names."""


@dataclass(frozen=True)
class _Columns:
    """Places of label and text in a row, counted from 0."""

    label: int
    text: int
    cells: int | None
    """Cells that a row has; None: any number that reaches both."""


def tab_texts(lines: Iterable[str], name: str, wish: LabelledWish) -> Iterator[LabelledLine]:
    """Read lines of ``label<TAB>text``; a tab more would be a part of a text, so the number of columns is kept.

    Raises:
        InputError: a line lacks a column, or has one more, or its label is blank.
    """
    if wish.fields is not None:
        raise InputError(
            f"{name}: data.corpus.fields names the columns of a .csv header or of JSON, and this is neither; set "
            "data.corpus.columns, such as [1, 2]"
        )
    label, text = wish.columns or (1, 2)
    columns = _Columns(label - 1, text - 1, None if wish.columns else 2)
    for row in tab_rows(lines):
        yield None if row.blank else _of_row(row, columns, name)


def csv_texts(lines: Iterator[str], name: str, wish: LabelledWish) -> Iterator[LabelledLine]:
    """Read CSV, whose header says which columns are the label and the text.

    Raises:
        InputError: the header does not say it, a row lacks a column, or its label is blank.
    """
    rows = csv_rows(name, lines)
    header = next(rows, None)
    if header is None:
        raise InputError(f"{name}: the file is empty")
    label, text = _in_header(header, name, wish)
    columns = _Columns(label, text, len(header.cells))
    for row in rows:
        yield None if row.blank else _of_row(row, columns, name)


def json_texts(lines: Iterator[str], name: str, wish: LabelledWish) -> Iterator[LabelledLine]:
    """Read JSON: an object a line, or one array of objects.

    Raises:
        InputError: a line is no JSON object with a label and a text.
    """
    if wish.columns is not None:
        raise InputError(f"{name}: data.corpus.columns is for tables, and this is JSON; set data.corpus.fields")
    first = next(lines, None)
    if first is None:
        raise InputError(f"{name}: the file is empty")
    if first.lstrip().startswith("["):
        items = _parsed("\n".join(chain([first], lines)), name)
        found: Iterator[tuple[str, Any]] = ((f"{name}, item {number}", item) for number, item in enumerate(items, 1))
    else:
        numbered = enumerate(chain([first], lines), start=1)
        found = (
            (place := f"{name}, line {number}", _parsed(line, place) if line.strip() else None)
            for number, line in numbered
        )
    names: tuple[str, str] | None = wish.fields
    for place, item in found:
        if item is None:
            yield None
            continue
        if not isinstance(item, dict):
            raise InputError(f'{place}: expected a JSON object such as {{"label": "good", "text": "…"}}')
        names = names or _usual_names(list(item), place)
        yield _of_object(item, names, place)


def _parsed(text: str, place: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        detail = error.msg if isinstance(error, json.JSONDecodeError) else "nested too deeply, or a number too long"
        raise InputError(f"{place}: not JSON: {detail}") from None


def _of_object(item: dict[str, Any], names: tuple[str, str], place: str) -> LabelledText:
    for name in names:
        if name not in item:
            raise InputError(f"{place}: no {tidy(name)[:40]!r} in it, but {_listed(item)} (data.corpus.fields)")
    label, text = item[names[0]], item[names[1]]
    if isinstance(label, bool):
        label = "true" if label else "false"
    if not isinstance(label, (str, int, float)):
        raise InputError(f"{place}: the label is neither a text nor a number: {tidy(json.dumps(label))[:40]}")
    if not isinstance(text, str):
        raise InputError(f"{place}: {tidy(names[1])[:40]!r} is no text: {tidy(json.dumps(text))[:40]}")
    return LabelledText(checked_label(str(label), place), text, place)


def _of_row(row: Row, columns: _Columns, name: str) -> LabelledText:
    place, count = f"{name}, line {row.number}", len(row.cells)
    if count <= max(columns.label, columns.text):
        advice = "a line is: label TAB text" if columns.cells == 2 else "data.corpus.columns says where they are"
        raise InputError(f"{place}: no label and text in it, as it has {count} column{'s' * (count != 1)}; {advice}")
    if columns.cells is not None and count != columns.cells:
        raise InputError(
            f"{place}: {count} columns where there should be {columns.cells}; a tab or a comma has got into a text, or "
            "data.corpus.columns is to say where label and text are"
        )
    return LabelledText(checked_label(row.cells[columns.label], place), row.cells[columns.text], place)


def checked_label(label: str, place: str) -> str:
    """Return a label as one line without spaces around it.

    Raises:
        InputError: it is blank, or too long to be a label.
    """
    label = tidy(label)
    if not label:
        raise InputError(f"{place}: the label is empty")
    if len(label) > MOST_LETTERS:
        raise InputError(
            f"{place}: a label of {len(label):,} characters; are label and text the wrong way round? "
            "(data.corpus.columns: [2, 1] turns them)"
        )
    return label


MOST_LETTERS = 200
"""Characters of a label."""


def _in_header(header: Row, name: str, wish: LabelledWish) -> tuple[int, int]:
    """Find the columns of label and text."""
    cells = [tidy(cell) for cell in header.cells]
    if wish.columns is not None:
        label, text = wish.columns
        if max(label, text) > len(cells):
            raise InputError(f"{name}: data.corpus.columns asks for column {max(label, text)} of {len(cells)}")
        return label - 1, text - 1
    names = wish.fields or _usual_names(cells, name)
    for field in names:
        if field not in cells:
            raise InputError(f"{name}: no column is called {tidy(field)[:40]!r}; there are {_listed(cells)}")
    return cells.index(names[0]), cells.index(names[1])


def _usual_names(names: Sequence[str], place: str) -> tuple[str, str]:
    lowered = {tidy(name).lower(): name for name in reversed(names)}
    label = next((lowered[name] for name in LABELS if name in lowered), None)
    text = next((lowered[name] for name in TEXTS if name in lowered), None)
    if label is None or text is None:
        what = "label" if label is None else "text"
        raise InputError(
            f"{place}: it is not clear which of {_listed(names)} is the {what}; set data.corpus.fields, such as "
            "[label, text]"
        )
    return label, text


def _listed(names: Iterable[str]) -> str:
    shown = [repr(tidy(name)[:30]) for name in islice(names, _SHOWN + 1)]
    return ", ".join(shown[:_SHOWN]) + (", …" if len(shown) > _SHOWN else "") if shown else "nothing"
