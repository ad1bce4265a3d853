"""Labelled texts out of files of any kind: tables, JSON, folders and archives.

Whatever the bytes are, the outcome is texts or one :class:`~nmt_attn.errors.InputError` that names the place.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path

from nmt_attn.corpus.archive import is_csv, without_packing
from nmt_attn.corpus.labelled_folder import PARTS, archive_texts, folder_texts, is_archive
from nmt_attn.corpus.labelled_table import LabelledWish, csv_texts, json_texts, tab_texts
from nmt_attn.corpus.labelled_text import LabelledLine
from nmt_attn.corpus.markup import is_web_page
from nmt_attn.errors import InputError
from nmt_attn.text.reading import TextLines
from nmt_attn.text.streams import STANDARD, Bytes

_JSON = (".json", ".jsonl", ".ndjson")
_TABLES = (".tsv", ".txt", ".csv", *_JSON)


def read_labelled(
    path: Path,
    *,
    columns: Sequence[int] | None = None,
    fields: Sequence[str] | None = None,
    max_texts: int | None = None,
    ignore_labels: Collection[str] = (),
) -> Iterator[LabelledLine]:
    """Yield what each line of a file is, or each file of a folder or an archive: a labelled text, or None if blank.

    Args:
        path: a table of ``label<TAB>text`` lines, a ``.csv`` with a header, JSON lines or an array, packed or not; a
            folder or an archive of one folder a label; or a folder with the tables ``train.*`` and ``test.*``.
        columns: of a table the column of the label and that of the text, counted from 1.
        fields: their names in a header or in JSON.
        max_texts: how many to read (None: all).
        ignore_labels: labels whose texts are left out.

    Raises:
        InputError: the file is missing, empty, damaged, no text in UTF-8, or something in it is no labelled text.
    """
    wish = LabelledWish(
        (columns[0], columns[1]) if columns is not None else None,
        (fields[0], fields[1]) if fields is not None else None,
    )
    found: Iterator[LabelledLine]
    if path.is_dir() and (tables := _tables_in(path)):
        found = chain.from_iterable(_of_part(table, wish) for table in tables)
    elif path.is_dir() or is_archive(path):
        for key, value in (("columns", columns), ("fields", fields)):
            if value is not None:
                raise InputError(
                    f"data.corpus.{key} has no effect on {path}, where folders are the labels; leave it out"
                )
        found = folder_texts(path, ignore_labels) if path.is_dir() else archive_texts(path, ignore_labels)
    else:
        found = _of_table(path, wish)
    kept = (line for line in found if line is None or line.label not in ignore_labels)
    yield from islice(kept, max_texts)


def _tables_in(folder: Path) -> list[Path]:
    """Return the tables in a folder that are called after parts, such as ``train.csv`` and ``test.csv``."""
    found = [file for file in sorted(folder.iterdir()) if file.is_file() and _is_table(file)]
    parts = [PARTS[file.name.split(".")[0].lower()] for file in found]
    for part in parts:
        if parts.count(part) > 1:
            names = ", ".join(file.name for file, its in zip(found, parts, strict=True) if its == part)
            raise InputError(f"{folder}: several files for {part} ({names}); name one of them in data.labelled")
    return found if "train" in parts else []


def _is_table(file: Path) -> bool:
    return file.name.split(".")[0].lower() in PARTS and without_packing(file.name).lower().endswith(_TABLES)


def _of_part(table: Path, wish: LabelledWish) -> Iterator[LabelledLine]:
    part = PARTS[table.name.split(".")[0].lower()]
    return (line if line is None else replace(line, part=part) for line in _of_table(table, wish))


def _of_table(path: Path, wish: LabelledWish) -> Iterator[LabelledLine]:
    text = TextLines(Bytes.of(path, regular=path != STANDARD), strict=True)
    lines: Iterator[str] = iter(text)
    first = next(lines, None)
    if first is None:
        raise InputError(f"{text.name}: the file is empty")
    if is_web_page(first[:2000].encode("utf-8")):
        raise InputError(
            f"{text.name}: this is a web page, likely an error page of the server; delete it and try again"
        )
    lines = chain([first.removeprefix("\ufeff")], lines)
    kind = without_packing(path.name).lower()
    if is_csv(path.name):
        return csv_texts(lines, text.name, wish)
    if kind.endswith(_JSON):
        return json_texts(lines, text.name, wish)
    return tab_texts(lines, text.name, wish)
