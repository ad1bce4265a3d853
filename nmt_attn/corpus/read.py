"""Pairs out of files: tables, TMX, zip archives of either, or parallel files; packed or not.

Whatever the bytes are, the outcome is pairs or one :class:`~nmt_attn.errors.InputError` that names file and line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice, zip_longest
from pathlib import Path

from nmt_attn.corpus.archive import Members, find_members, is_csv, is_zip, member_bytes
from nmt_attn.corpus.languages import Languages
from nmt_attn.corpus.markup import SAMPLE, markup_in
from nmt_attn.corpus.pairs import Line, Pair
from nmt_attn.corpus.table import Wish, csv_rows, pairs_of, tab_rows
from nmt_attn.corpus.tmx import BEGINNING, is_tmx, read_tmx
from nmt_attn.errors import InputError
from nmt_attn.progress import note
from nmt_attn.text.reading import TextLines
from nmt_attn.text.streams import Bytes, peeked
from nmt_attn.text.unpacking import unpacked

# By their names, so that it is said what they are, not what is wrong with their first line.
_OTHERS = {
    ".xlsx": "an Excel workbook", ".xls": "an Excel workbook", ".ods": "a spreadsheet", ".docx": "a Word document",
    ".doc": "a Word document", ".pdf": "a PDF", ".json": "JSON", ".jsonl": "JSON", ".parquet": "a parquet file",
    ".sgm": "SGML", ".sgml": "SGML", ".xlf": "XLIFF", ".xliff": "XLIFF", ".html": "a web page", ".po": "gettext",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ParallelLine:
    """A line of a source file and the same line of each target file."""

    source: str
    targets: list[str]


def read_pairs(
    path: Path,
    *,
    max_pairs: int | None = None,
    reverse: bool = False,
    columns: Sequence[int] | None = None,
    languages: Languages | None = None,
) -> Iterator[Line]:
    """Yield what each line of a corpus file is: a pair, None for a blank line, or a line with too many columns.

    Args:
        path: lines of ``source<TAB>target[<TAB>attribution]``, a ``.csv``, TMX, or a zip archive with one of these or
            with a file for each language; any of them packed.
        max_pairs: how many lines to read (None: all).
        reverse: a table is ``target<TAB>source``.
        columns: of a table the source and the target column, counted from 1 (None: the first two, or what a header
            says).
        languages: what tells the sides of TMX, of the files in an archive, and of a header (None: English and French).

    Raises:
        InputError: the file is missing, empty, damaged, no text in UTF-8, or a line is no pair.
    """
    wish = Wish((columns[0], columns[1]) if columns is not None else None, reverse, languages)
    known = languages or Languages("en", "fr")
    if path.suffix.lower() in _OTHERS:
        raise InputError(
            f"{path}: expected a .zip, .tsv or .txt file, .csv or .tmx (packed or not), found "
            f"{_OTHERS[path.suffix.lower()]}; save it as tab-separated text"
        )
    if not is_zip(path):
        yield from _from_content(Bytes.of(path, regular=True), is_csv(path.name), wish, known, max_pairs)
        return
    members = find_members(path, known)
    contents = [member_bytes(path, name) for name in members.names]
    if not members.parallel:
        yield from _from_content(contents[0], is_csv(members.names[0]), wish, known, max_pairs)
        return
    _refuse_table_keys(wish, f"{members} in {path}")
    yield from islice(_from_two(contents), max_pairs)


def members_of(path: Path, languages: Languages) -> Members | None:
    """Find what will be read of a zip archive; None where ``path`` is none.

    Raises:
        InputError: it cannot be read, or it is not clear where in it the pairs are.
    """
    return find_members(path, languages) if is_zip(path) else None


def _from_content(
    content: Bytes, as_csv: bool, wish: Wish, languages: Languages, max_pairs: int | None
) -> Iterator[Line]:
    beginning, chunks = peeked(unpacked(content), lambda beginning: len(beginning) >= BEGINNING)
    if is_tmx(beginning):
        _refuse_table_keys(wish, f"{content.name}, which is TMX")
        yield from read_tmx(chunks, content.name, languages, max_pairs)
        return
    text = TextLines(Bytes(content.name, chunks, content.size), strict=True)
    lines = _sentences(text, max_pairs)
    rows = csv_rows(text.name, lines) if as_csv else tab_rows(lines)
    yield from pairs_of(rows, content.name, wish, max_pairs)


def _from_two(contents: Sequence[Bytes]) -> Iterator[Pair | None]:
    for line in _parallel_lines([TextLines(content, strict=True) for content in contents]):
        blank = not line.source.strip() and not line.targets[0].strip()
        yield None if blank else Pair(line.source, line.targets[0])


def _refuse_table_keys(wish: Wish, name: str) -> None:
    for key, value in (("columns", wish.columns), ("reverse", wish.reverse)):
        if value:
            raise InputError(
                f"data.corpus.{key} has no effect on {name}: there data.source_lang and data.target_lang say what is "
                "what; leave it out"
            )


def read_parallel(source: Path, targets: Sequence[Path], *, lenient: bool = False) -> Iterator[ParallelLine]:
    """Yield the lines of parallel files, one sentence per line.

    Args:
        source: the sentences.
        targets: one or several files of translations.
        lenient: what is to be evaluated: also from pipes and standard input (``-``); in a source line that is not
            UTF-8 marks stand for the wrong bytes, and how many there were is said on standard error at the end.

    Raises:
        InputError: a file is missing, empty, damaged or no UTF-8 text, or they differ in their numbers of lines.
    """
    paths = (source, *targets)
    texts = [TextLines(Bytes.of(path, regular=not lenient), strict=path is not source or not lenient) for path in paths]
    yield from _parallel_lines(texts)
    if remark := texts[0].remark():
        note(remark)


def _parallel_lines(texts: Sequence[TextLines]) -> Iterator[ParallelLine]:
    files = [_sentences(text) for text in texts]
    for number, lines in enumerate(zip_longest(*files)):
        if None in lines:
            counts = [
                number + (line is not None) + sum(1 for _ in file) for line, file in zip(lines, files, strict=True)
            ]
            raise InputError(_unequal([text.name for text in texts], counts))
        yield ParallelLine(lines[0], list(lines[1:]))


def _unequal(names: Sequence[str], counts: Sequence[int]) -> str:
    other = next(index for index, count in enumerate(counts) if count != counts[0])
    return (
        f"{names[0]} has {counts[0]:,} lines but {names[other]} has {counts[other]:,}; "
        "parallel files need one line for each sentence, so the same number of lines"
    )


def _sentences(text: TextLines, most: int | None = None) -> Iterator[str]:
    """Return the lines of a text, of which ``most`` will be asked for, after checking that they are sentences."""
    lines = iter(text)
    beginning = list(islice(lines, SAMPLE if most is None else min(SAMPLE, most)))
    if not beginning:
        raise InputError(f"{text.name}: the file is empty")
    markup = markup_in(beginning)
    if markup == "a web page":
        raise InputError(
            f"{text.name}: this is a web page, likely an error page of the server; delete it and try again"
        )
    if markup is not None:
        raise InputError(
            f"{text.name}: this is {markup}, not a sentence a line: it begins with {_beginning_of(beginning)}; "
            "take the sentences out of their tags first (for the sets of WMT: sacrebleu --echo), or give TMX"
        )
    return chain(beginning, lines)


def _beginning_of(lines: Sequence[str]) -> str:
    """Return the first words of a text, for a message."""
    first = next(line.strip() for line in lines if line.strip())
    return repr(first[:40] + ("…" if len(first) > 40 else ""))
