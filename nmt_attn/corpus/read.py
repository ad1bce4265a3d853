"""Pairs out of files: ``.zip``, ``.tsv``, ``.txt`` with two or three columns, or parallel files; ``.gz`` of any.

Whatever the bytes are, the outcome is pairs or one :class:`~nmt_attn.errors.InputError` that names file and line.
"""

from __future__ import annotations

import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from itertools import islice, zip_longest
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import BinaryIO, cast

from nmt_attn.corpus.pairs import Pair
from nmt_attn.errors import InputError
from nmt_attn.text.normalise import tidy

MAX_LINE_BYTES = 1_000_000
MAX_UNPACKED_BYTES = 8 << 30
# Text packs to a fifth or so. A large file that packs better than this by far is a trap or a fault.
MAX_PACKING = 200
_SUSPECT_BYTES = 256 << 20

_TABLES = (".tsv", ".txt")
_SIDE_FILES = ("readme", "license", "licence", "about", "copying", "changelog", "changes", "authors")
# What the libraries raise over damaged archives; the last two are theirs for names and fields that make no sense.
_DAMAGED = (
    zipfile.BadZipFile,
    gzip.BadGzipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    ValueError,
    IndexError,
)


@dataclass(frozen=True, slots=True)
class ParallelLine:
    """The same line of a source file and of each target file."""

    source: str
    targets: list[str]


def read_pairs(path: Path, *, max_pairs: int | None = None, reverse: bool = False) -> Iterator[Pair | None]:
    """The pairs of a corpus file, one for each of its first ``max_pairs`` lines; None for a blank line.

    Args:
        path: a ``.zip``, ``.tsv``, ``.txt``, ``.tsv.gz`` or ``.txt.gz`` file of
            ``source<TAB>target[<TAB>attribution]`` lines.
        max_pairs: how many lines to read (None: all).
        reverse: the file is ``target<TAB>source``.

    Raises:
        InputError: the file is missing, empty, damaged, no UTF-8 text, or a line is no pair.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes[-1:] == [".zip"]:
        member = table_in_zip(path)
        lines = _zip_lines(path, member)
        name = f"{_shown([member])} in {path}"
    elif suffixes[-1:] != [".gz"] and suffixes[-1:] not in [[suffix] for suffix in _TABLES]:
        raise InputError(f"{path}: expected a .zip, .tsv or .txt file (or .tsv.gz, .txt.gz)")
    else:
        lines = _file_lines(path)
        name = str(path)
    with closing(lines):
        for number, line in enumerate(islice(lines, max_pairs), start=1):
            yield _pair(line, f"{name}, line {number}", reverse)


def table_in_zip(path: Path) -> str:
    """The one text file in a zip archive that holds the pairs, by name.

    Raises:
        InputError: the archive is damaged or no archive, or there is not exactly one such file in it.
    """
    with _open_zip(path) as archive, _one_line_for_damage(path):
        names = [info.filename for info in archive.infolist() if not info.is_dir()]
    for name in names:
        if _leads_out(name):
            raise InputError(
                f"{path}: {_shown([name])} has a name that leads out of the archive; no honest archive has one, "
                "so it is refused"
            )
    tables = [name for name in names if _is_table(name)]
    if len(tables) == 1:
        return tables[0]
    if not tables:
        shown = _shown(names) or "nothing"
        raise InputError(f"{path}: no .txt or .tsv file with pairs in it (it holds {shown})")
    raise InputError(
        f"{path}: several files could hold the pairs: {_shown(tables)}; unpack it and set data.corpus.path to one"
    )


def read_parallel(source: Path, targets: Sequence[Path]) -> Iterator[ParallelLine]:
    """The lines of parallel files, one sentence a line.

    Raises:
        InputError: a file is missing, empty, damaged or no UTF-8 text, or they differ in their numbers of lines.
    """
    with ExitStack() as stack:
        files = [stack.enter_context(closing(_file_lines(path))) for path in (source, *targets)]
        for number, lines in enumerate(zip_longest(*files)):
            if None in lines:
                counts = [
                    number + (line is not None) + sum(1 for _ in file) for line, file in zip(lines, files, strict=True)
                ]
                raise InputError(_unequal((source, *targets), counts))
            yield ParallelLine(lines[0], list(lines[1:]))


def _unequal(paths: Sequence[Path], counts: Sequence[int]) -> str:
    other = next(index for index, count in enumerate(counts) if count != counts[0])
    return (
        f"{paths[0]} has {counts[0]:,} lines but {paths[other]} has {counts[other]:,}; "
        "parallel files need one line for each sentence, so the same number of lines"
    )


def _pair(line: str, place: str, reverse: bool) -> Pair | None:
    if not line.strip():
        return None
    columns = line.split("\t")
    if len(columns) == 1:
        raise InputError(f"{place}: no tab; expected source<TAB>target")
    if len(columns) > 3:
        raise InputError(f"{place}: {len(columns)} columns; expected source<TAB>target[<TAB>attribution]")
    first, second = columns[:2]
    return Pair(second, first) if reverse else Pair(first, second)


def _shown(names: Sequence[str]) -> str:
    """Names from an archive, which may hold anything, for a message of one line."""
    return ", ".join(tidy(name)[:80] for name in names[:5]) + (", …" if len(names) > 5 else "")


def _leads_out(name: str) -> bool:
    """Whether a file unpacked under this name would lie somewhere else. Nothing is unpacked here; others may do so."""
    path = PureWindowsPath(name)  # takes either slash, and letters of drives
    return bool(path.drive or path.root) or ".." in path.parts


def _is_table(name: str) -> bool:
    path = PurePosixPath(name)
    hidden = any(part.startswith(("_", ".")) for part in path.parts)
    return path.suffix.lower() in _TABLES and not hidden and not path.stem.lower().startswith(_SIDE_FILES)


# --- files to lines -----------------------------------------------------------------------------------------


def _file_lines(path: Path) -> Generator[str, None, None]:
    """The lines of a plain or gzipped file."""
    _check_file(path)
    with _one_line_for_damage(path), path.open("rb") as raw:
        _refuse_web_page(raw, path)
        if path.suffix.lower() != ".gz":
            yield from _lines(raw, str(path))
            return
        with gzip.GzipFile(fileobj=raw) as unpacked:
            packed = path.stat().st_size
            yield from _lines(io.BufferedReader(cast(io.RawIOBase, unpacked), 1 << 16), str(path), packed)


def _zip_lines(path: Path, member: str) -> Generator[str, None, None]:
    """The lines of one member of a zip archive."""
    with _open_zip(path) as archive, _one_line_for_damage(path):
        info = archive.getinfo(member)
        if info.flag_bits & 1:
            raise InputError(
                f"{path}: {_shown([member])} is encrypted; unpack it and set data.corpus.path to the text file"
            )
        with archive.open(info) as unpacked:
            buffered = io.BufferedReader(cast(io.RawIOBase, unpacked), 1 << 16)
            yield from _lines(buffered, f"{_shown([member])} in {path}", info.compress_size)


@contextmanager
def _open_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    _check_file(path)
    with _one_line_for_damage(path):
        with path.open("rb") as raw:
            _refuse_web_page(raw, path)
        archive = zipfile.ZipFile(path)
    with archive:
        yield archive


def _lines(stream: BinaryIO | io.BufferedReader, name: str, packed: int | None = None) -> Iterator[str]:
    """Decoded lines without their ends. ``packed``: size of the compressed file they come from."""
    number, total = 0, 0
    while raw := stream.readline(MAX_LINE_BYTES + 2):
        number += 1
        total += len(raw)
        if len(raw) > MAX_LINE_BYTES + 1:
            raise InputError(
                f"{name}, line {number}: longer than {MAX_LINE_BYTES:,} bytes; this is no file of sentences"
            )
        if packed is not None:
            _refuse_bomb(total, packed, name)
        try:
            text = raw.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            utf16 = number == 1 and raw.startswith((b"\xff\xfe", b"\xfe\xff"))
            hint = "it looks like UTF-16; save it as UTF-8" if utf16 else "convert the file to UTF-8"
            raise InputError(f"{name}, line {number}: not UTF-8 text (byte {error.start + 1}); {hint}") from None
        yield text.rstrip("\r\n")
    if number == 0:
        raise InputError(f"{name}: the file is empty")


def _refuse_bomb(unpacked: int, packed: int, name: str) -> None:
    if unpacked > MAX_UNPACKED_BYTES or (unpacked > _SUSPECT_BYTES and unpacked > MAX_PACKING * packed):
        raise InputError(f"{name}: unpacks to more than {unpacked >> 20:,} MiB from {packed:,} bytes; refused")


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise InputError(f"{path}: is a folder; expected a file")
    if not path.exists():
        raise InputError(f"{path}: no such file")
    if not path.is_file():
        raise InputError(f"{path}: not a regular file")


def _refuse_web_page(raw: BinaryIO | io.BufferedReader, path: Path) -> None:
    """Servers answer with a page where a file has moved, and a page has tabs enough to be taken for pairs."""
    beginning = raw.read(512)
    raw.seek(0)
    if is_web_page(beginning):
        raise InputError(f"{path}: this is a web page, likely an error page of the server; delete it and try again")


def is_web_page(beginning: bytes) -> bool:
    """Whether a file that begins like this is HTML."""
    text = beginning.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return text.startswith((b"<!doctype html", b"<html", b"<head", b"<body", b"<?xml", b"<!--"))


@contextmanager
def _one_line_for_damage(path: Path) -> Iterator[None]:
    """What the libraries raise about a broken file, as one line."""
    try:
        yield
    except _DAMAGED as error:
        detail = f" ({tidy(str(error))[:100]})" if isinstance(error, zipfile.BadZipFile) else ""
        raise InputError(f"{path}: damaged or cut off{detail}; fetch it again") from None
    except RuntimeError as error:  # zipfile's word for a password
        raise InputError(f"{path}: {tidy(str(error))}") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from None
