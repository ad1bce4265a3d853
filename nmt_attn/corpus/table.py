"""Pairs out of tables: lines with tabs, and CSV."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from nmt_attn.corpus.languages import Languages
from nmt_attn.corpus.pairs import ExtraColumns, Line, Pair
from nmt_attn.errors import InputError
from nmt_attn.progress import note

SAMPLE = 1000
"""Lines that are looked at to learn how many columns a file has, and what is in them."""

_CSV_SAMPLE = 100
_DELIMITERS = "\t;,"
_SEPARATOR_LINE = re.compile(r"sep=(.)", re.IGNORECASE)  # Excel's

_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")
_ATTRIBUTION = re.compile(r"\bCC[- ]?(BY|0)|attribution|licen[cs]e|public domain|tatoeba|#\d+|https?://", re.IGNORECASE)
_NEARLY_ALL = 0.95


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table, or a record of several lines."""

    number: int
    """Its line, counted from 1; of a record the last."""
    cells: list[str]

    @property
    def blank(self) -> bool:
        """Return whether nothing is in it."""
        return not "".join(self.cells).strip()


@dataclass(frozen=True)
class Layout:
    """Places of the two sentences in a row."""

    source: int
    target: int
    usual: int
    """Columns that rows have; rows with more are no pairs."""
    has_header: bool
    attributed: bool
    """Rows with two columns may have a third, if it says where they come from."""
    strictly_attributed: bool
    """A third column says so in nearly all rows; where it does not, a tab has got into one of the sentences."""


@dataclass(frozen=True)
class Wish:
    """Part of the configuration that is about a table."""

    columns: tuple[int, int] | None = None
    """Source and target column, counted from 1; None: the first two, or what a header says."""
    reverse: bool = False
    languages: Languages | None = None


def tab_rows(lines: Iterable[str]) -> Iterator[Row]:
    """Cut lines at their tabs. There are no quotes: ``"`` is a character like others."""
    for number, line in enumerate(lines, start=1):
        yield Row(number, line.split("\t"))


def csv_rows(name: str, lines: Iterator[str]) -> Iterator[Row]:
    """Read CSV with quoted cells, in which line breaks may be.

    The delimiter is the one of tab, semicolon and comma that cuts most of the first lines into equally many columns.

    Raises:
        InputError: quotes are not closed.
    """
    sample = list(islice(lines, _CSV_SAMPLE))
    skipped = 0
    if sample and (found := _SEPARATOR_LINE.fullmatch(sample[0].strip())):
        delimiter, skipped = found[1], 1
    else:
        delimiter = _delimiter(sample)
    rest = (f"{line}\n" for line in chain(sample[skipped:], lines))
    reader = csv.reader(rest, delimiter=delimiter, strict=True)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise InputError(
                f"{name}, line {reader.line_num + skipped}: not CSV: {error}; is a quotation mark not closed, or not "
                'doubled ("") inside a quoted cell?'
            ) from None
        yield Row(reader.line_num + skipped, cells)


def _delimiter(sample: Sequence[str]) -> str:
    def evenness(delimiter: str) -> float:
        rows = [len(row) for row in csv.reader((f"{line}\n" for line in sample), delimiter=delimiter) if row]
        columns, count = Counter(rows).most_common(1)[0] if rows else (0, 0)
        return count / len(rows) if columns > 1 else 0.0

    try:
        return max(_DELIMITERS, key=evenness) if any(map(evenness, _DELIMITERS)) else ","
    except csv.Error:  # said with its line by whoever reads it all
        return ","


def pairs_of(rows: Iterator[Row], name: str, wish: Wish, max_pairs: int | None) -> Iterator[Line]:
    """Take the two sentences out of each row.

    Args:
        rows: the table.
        name: what to call it in messages.
        wish: what the configuration says.
        max_pairs: how many rows to read, a header not counted; None: all.

    Raises:
        InputError: a row lacks a column, or the columns are not what they should be.
    """
    sample = list(islice(rows, SAMPLE if max_pairs is None else min(SAMPLE, max_pairs)))
    layout = _layout(sample, name, wish)
    wanted = chain(sample, rows)
    if layout.has_header:
        next(row for row in wanted if not row.blank)
    for row in islice(wanted, max_pairs):
        yield _line(row, layout, name)


def _line(row: Row, layout: Layout, name: str) -> Line:
    if row.blank:
        return None
    needed = max(layout.source, layout.target) + 1
    columns = _columns(row, needed)
    if columns < needed:
        place = _place(row, name)
        if columns == 1:
            raise InputError(f"{place}: no tab; expected source<TAB>target (in a .csv: two columns)")
        raise InputError(f"{place}: {columns} columns; data.corpus.columns asks for column {needed}")
    attribution = columns == 3 and layout.attributed and _ATTRIBUTION.search(row.cells[2]) is not None
    if (columns > layout.usual or (columns == 3 and layout.strictly_attributed)) and not attribution:
        return ExtraColumns(_place(row, name), columns, layout.usual)
    return Pair(row.cells[layout.source], row.cells[layout.target])


def _place(row: Row, name: str) -> str:
    return f"{name}, line {row.number}"


def _columns(row: Row, needed: int = 2) -> int:
    """Count the columns of a row, without empty ones at its end of which nothing is needed."""
    count = len(row.cells)
    while count > needed and not row.cells[count - 1].strip():
        count -= 1
    return count


def _layout(sample: Sequence[Row], name: str, wish: Wish) -> Layout:
    """Infer from the first rows what holds for all."""
    filled = [row for row in sample if not row.blank]
    header = _header(filled[0], wish.languages) if filled else None
    body = filled[1:] if header else filled
    needed = max(wish.columns or (0, 2))
    usual = _usual([_columns(row, needed) for row in body])
    strictly = False
    if wish.columns is not None:
        source, target = (column - 1 for column in wish.columns)
    elif header is not None:
        source, target = header.source, header.target
        if wish.reverse and header.by_language:
            raise InputError(
                f"{name}: its first line says which column is in which language; leave out data.corpus.reverse"
            )
    else:
        source, target = 0, 1
        _refuse_numbers(body, usual, name)
        _refuse_many(body, usual, name)
        _mention_third(body, usual, name)
        strictly = usual == 3 and _attributed(body) >= _NEARLY_ALL
    if wish.reverse:
        source, target = target, source
    return Layout(
        source, target, max(usual, source + 1, target + 1), header is not None, wish.columns is None, strictly
    )


@dataclass(frozen=True)
class _Header:
    source: int
    target: int
    by_language: bool


def _header(row: Row, languages: Languages | None) -> _Header | None:
    """Return the columns that the first row names, if it names one of each side and so is no pair."""
    if languages is None or len(row.cells) < 2:
        return None
    sides = [languages.named(cell) for cell in row.cells]
    if sides.count("source") != 1 or sides.count("target") != 1:
        return None
    source, target = sides.index("source"), sides.index("target")
    words = ("source", "src", "target", "tgt", "trg", "translation")
    return _Header(source, target, not row.cells[source].strip().casefold().startswith(words))


def _usual(counts: Sequence[int]) -> int:
    """Return the number of columns that most rows have, of equals the larger one; 2 where none has so many."""
    several = Counter(count for count in counts if count > 1)
    return max(several, key=lambda count: (several[count], count)) if several else 2


def _refuse_numbers(rows: Sequence[Row], usual: int, name: str) -> None:
    """Refuse numbers before text, which number the sentences, as in exports of Tatoeba. Numbers alone may be a task."""
    wide = [row for row in rows if len(row.cells) > 1]
    text = [column + 1 for column in range(min(usual, 50)) if not _are_numbers(wide, column)]
    if len(wide) < 2 or not text or 1 in text:
        return
    if usual == 2:  # nothing else could be meant, and numbers in words are a fair task
        note(f"{name}: the first column holds bare numbers, which are taken for sentences")
        return
    if len(text) > 1:
        advice = f"set data.corpus.columns to the two columns of sentences, such as [{text[0]}, {text[1]}]"
    else:
        advice = f"if they are what is to be translated, set data.corpus.columns to [1, {text[0]}]"
    raise InputError(f"{name}, line {wide[0].number}: the first column holds bare numbers; {advice}")


def _are_numbers(rows: Sequence[Row], column: int) -> bool:
    cells = [row.cells[column].strip() for row in rows if len(row.cells) > column]
    return bool(cells) and sum(bool(_NUMBER.fullmatch(cell)) for cell in cells) >= _NEARLY_ALL * len(cells)


def _refuse_many(rows: Sequence[Row], usual: int, name: str) -> None:
    if usual > 3:
        first = next(row for row in rows if _columns(row) == usual)
        raise InputError(
            f"{name}, line {first.number}: {usual} columns; expected source<TAB>target[<TAB>attribution]; "
            "set data.corpus.columns to the two that hold the sentences, such as [1, 2]"
        )


def _attributed(rows: Sequence[Row]) -> float:
    """Return the share of third columns that are attributions."""
    third = [row.cells[2] for row in rows if _columns(row) == 3]
    return sum(bool(_ATTRIBUTION.search(cell)) for cell in third) / max(1, len(third))


def _mention_third(rows: Sequence[Row], usual: int, name: str) -> None:
    """Say that a third column is not read where it looks like more than an attribution."""
    third = [row.cells[2] for row in rows if len(row.cells) == 3]
    if usual == 3 and len(third) > 9 and 2 * len(set(third)) > len(third) and _attributed(rows) < 0.5:
        note(f"{name}: its third column is not read; data.corpus.columns: [1, 3] would read it as the translation")
