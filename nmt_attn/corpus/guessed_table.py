"""The columns of a table, guessed from its first rows: two languages, or a label and a text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from nmt_attn.corpus.archive import is_csv, without_packing
from nmt_attn.corpus.guessed_languages import NOT_KNOWN, GuessedLanguages, from_heading
from nmt_attn.corpus.labelled_table import LABELS, TEXTS
from nmt_attn.corpus.table import SAMPLE, Row, csv_rows, tab_rows
from nmt_attn.text.reading import TextLines
from nmt_attn.text.streams import Bytes

_JSON = (".json", ".jsonl", ".ndjson")
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")
_MOST_LABELS = 100
_LONGEST_LABEL = 40  # characters


@dataclass(frozen=True)
class GuessedTable:
    """What the rows of a table are."""

    labelled: bool
    columns: tuple[int, int] | None = None
    """Column of source and target, or of label and text, where they are not found without being said."""
    header_label: str | None = None
    """Heading of the column of labels that a reader of lines with tabs would take for a label."""
    languages: GuessedLanguages = NOT_KNOWN


@dataclass(frozen=True)
class _Column:
    """Figures about a column, from the first rows."""

    number: int
    rows: int
    different: int
    longest: int
    words: float
    """Mean number of words."""
    numbers: bool

    @property
    def is_label(self) -> bool:
        """Return whether it has few short values, each of them often."""
        most = max(2, min(_MOST_LABELS, self.rows // 5))
        return self.rows >= 4 and self.different <= most and self.longest <= _LONGEST_LABEL

    @property
    def is_text(self) -> bool:
        """Return whether it may hold sentences."""
        return not self.numbers and not self.is_label


def guess_table(path: Path) -> GuessedTable:
    """Look at the first rows of a file of lines, packed or not.

    Raises:
        InputError: it is missing, damaged or no text in UTF-8.
    """
    if without_packing(path.name).lower().endswith(_JSON):
        return GuessedTable(labelled=True)
    text = TextLines(Bytes.of(path, regular=True), strict=True)
    lines = (line.removeprefix("\ufeff") for line in text)
    rows = list(islice(csv_rows(text.name, lines) if is_csv(path.name) else tab_rows(lines), SAMPLE))
    filled = [row for row in rows if not row.blank]
    if not filled:
        return GuessedTable(labelled=False)  # whose reader says what is wrong with it
    heading = [cell.strip().lower() for cell in filled[0].cells]
    if any(cell in LABELS for cell in heading) and any(cell in TEXTS for cell in heading):
        return _with_heading(heading, filled, as_csv=is_csv(path.name))
    languages = from_heading(filled[0].cells)
    columns = _columns(filled[1:] if languages.known else filled)
    if languages.known:
        return GuessedTable(labelled=False, languages=languages)
    return _labelled(columns) or GuessedTable(labelled=False, columns=_sentences(columns))


def _with_heading(heading: Sequence[str], rows: Sequence[Row], *, as_csv: bool) -> GuessedTable:
    """Guess by headings that name a label and a text; of a CSV the reader of labelled texts does so itself."""
    label = heading.index(next(name for name in LABELS if name in heading))
    text = heading.index(next(name for name in TEXTS if name in heading))
    column = next((column for column in _columns(rows[1:]) if column.number == label), None)
    if column is not None and not column.is_label and column.words >= 2:
        return GuessedTable(labelled=False)  # sentences and their target
    if as_csv:
        return GuessedTable(labelled=True)
    columns = None if (label, text, len(heading)) == (0, 1, 2) else (label + 1, text + 1)
    return GuessedTable(labelled=True, columns=columns, header_label=rows[0].cells[label].strip())


def _columns(rows: Sequence[Row]) -> list[_Column]:
    """Describe the columns that most rows have."""
    if not rows:
        return []
    width = Counter(len(row.cells) for row in rows).most_common(1)[0][0]
    whole = [row for row in rows if len(row.cells) >= width]
    return [_column(number, [row.cells[number].strip() for row in whole]) for number in range(width)]


def _column(number: int, cells: Sequence[str]) -> _Column:
    numbers = sum(_NUMBER.fullmatch(cell) is not None for cell in cells)
    return _Column(
        number,
        len(cells),
        len(set(cells)),
        max(map(len, cells)),
        sum(len(cell.split()) for cell in cells) / len(cells),
        numbers >= 0.95 * len(cells),
    )


def _labelled(columns: Sequence[_Column]) -> GuessedTable | None:
    """Find a column of labels beside a single column of texts."""
    labels = [column for column in columns if column.is_label]
    texts = [column for column in columns if column.is_text]
    if not labels or len(texts) != 1 or (len(columns) > 2 and texts[0].words < 2):
        return None
    label, text = min(labels, key=lambda column: column.words), texts[0]
    usual = (label.number, text.number, len(columns)) == (0, 1, 2)
    return GuessedTable(labelled=True, columns=None if usual else (label.number + 1, text.number + 1))


def _sentences(columns: Sequence[_Column]) -> tuple[int, int] | None:
    """Find the two columns of sentences where they are not the first two, as behind numbers."""
    if len(columns) < 3 or not columns[0].numbers:
        return None
    texts = [column for column in columns if column.is_text]
    return (texts[0].number + 1, texts[1].number + 1) if len(texts) == 2 else None
