"""Zip archives with pairs in them: a table, TMX, or a file for each language. Nothing is unpacked to disk."""

from __future__ import annotations

import lzma
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from nmt_attn.corpus.languages import Languages
from nmt_attn.errors import InputError
from nmt_attn.text.normalise import tidy
from nmt_attn.text.streams import Bytes
from nmt_attn.text.unpacking import refuse_bomb

TABLES = (".tsv", ".txt", ".csv")
_PACKED = (".gz", ".bz2", ".xz", ".zst")
_SIDE_FILES = ("readme", "license", "licence", "about", "copying", "changelog", "changes", "authors")
_CHUNK = 1 << 16
# Errors that the libraries raise for damaged archives; the last two stand for senseless names and fields.
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    ValueError,
    IndexError,
)


@dataclass(frozen=True)
class Members:
    """The file in an archive that holds the pairs, or the two that do."""

    names: tuple[str, ...]

    @property
    def parallel(self) -> bool:
        """Return whether there are a source file and a target file."""
        return len(self.names) == 2

    def __str__(self) -> str:
        return " and ".join(self.names)


def is_zip(path: Path) -> bool:
    """Say whether a file begins as a zip archive does.

    Raises:
        InputError: it cannot be read.
    """
    content = Bytes.of(path, regular=True)
    return next(content.chunks, b"").startswith((b"PK\x03\x04", b"PK\x05\x06"))


def find_members(path: Path, languages: Languages | None = None) -> Members:
    """Find the pairs in a zip archive by the names in it.

    Args:
        path: the archive.
        languages: two files whose names differ in these codes at the end hold the pairs.

    Raises:
        InputError: the archive is damaged or no archive, or it is not clear where in it they are.
    """
    with _open(path) as archive, one_line_for_damage(path):
        names = [info.filename for info in archive.infolist() if not info.is_dir()]
    for name in names:
        if leads_out(name):
            raise InputError(
                f"{path}: {shown([name])} has a name that leads out of the archive; no honest archive has one, "
                "so it is refused"
            )
    if "[Content_Types].xml" in names or names[:1] == ["mimetype"]:
        raise InputError(f"{path}: this is a document of an office program; save it as CSV or tab-separated text")
    found = _parallel(names, languages) if languages is not None else []
    found = found or [Members((name,)) for name in names if _is_table(name)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise InputError(
            f"{path}: no .txt or .tsv file with pairs in it (it holds {shown(names) or 'nothing'}), no .csv, no .tmx, "
            f"nor two files whose names end in .{_code(languages)}"
        )
    listed = shown([str(members) for members in found])
    raise InputError(
        f"{path}: several files could hold the pairs: {listed}; unpack it and set data.corpus.path to one "
        "(or data.parallel to two)"
    )


def _code(languages: Languages | None) -> str:
    return f"{languages.source} and .{languages.target}" if languages is not None else "en and .fr"


def _parallel(names: Sequence[str], languages: Languages) -> list[Members]:
    """Find files that differ only in a language code at the end of the name, such as ``x.en-fr.en`` and ``.fr``."""
    sides: dict[str, dict[str, list[str]]] = {}
    for name in names:
        stem, dot, code = without_packing(name).rpartition(".")
        side = languages.side(code) if dot and not is_hidden(name) else None
        if side is not None:
            sides.setdefault(stem, {"source": [], "target": []})[side].append(name)
    return [
        Members((source, target)) for both in sides.values() for source in both["source"] for target in both["target"]
    ]


def member_bytes(path: Path, member: str) -> Bytes:
    """Open one member of a zip archive.

    Raises:
        InputError: it is encrypted, damaged, or far larger than what it was packed to.
    """
    with _open(path) as archive, one_line_for_damage(path):
        size = archive.getinfo(member).compress_size
    return Bytes(f"{shown([member])} in {path}", _chunks(path, member), size)


def _chunks(path: Path, member: str) -> Iterator[bytes]:
    with _open(path) as archive, one_line_for_damage(path):
        info = archive.getinfo(member)
        if info.flag_bits & 1:
            raise InputError(
                f"{path}: {shown([member])} is encrypted; unpack it and set data.corpus.path to the text file"
            )
        unpacked = 0
        with archive.open(info) as stream:
            while chunk := stream.read(_CHUNK):
                unpacked += len(chunk)
                refuse_bomb(unpacked, info.compress_size, f"{shown([member])} in {path}")
                yield chunk


def shown(names: Sequence[str]) -> str:
    """Show names from an archive, which may hold anything, in a message of one line."""
    return ", ".join(tidy(name)[:80] for name in names[:5]) + (", …" if len(names) > 5 else "")


def leads_out(name: str) -> bool:
    """Say whether a file unpacked under this name would lie elsewhere. Nothing is unpacked here; others may do so."""
    path = PureWindowsPath(name)  # takes either slash, and letters of drives
    return bool(path.drive or path.root) or ".." in path.parts


def _is_table(name: str) -> bool:
    path = PurePosixPath(without_packing(name))
    return path.suffix.lower() in (*TABLES, ".tmx") and not is_hidden(name) and not is_side_file(name)


def is_side_file(name: str) -> bool:
    """Say whether a file is called as what lies beside data: a readme, a licence."""
    return PurePosixPath(without_packing(name)).stem.lower().startswith(_SIDE_FILES)


def is_hidden(name: str) -> bool:
    """Say whether a file, or a folder that it lies in, has a name that is not for people."""
    return any(part.startswith(("_", ".")) for part in PurePosixPath(name).parts)


def without_packing(name: str) -> str:
    """Return the name of a file without the ending that says how it is packed."""
    path = PurePosixPath(name)
    return str(path.with_suffix("")) if path.suffix.lower() in _PACKED else name


def is_csv(name: str) -> bool:
    """Say whether a file is called CSV, packed or not."""
    return PurePosixPath(without_packing(name)).suffix.lower() == ".csv"


@contextmanager
def _open(path: Path) -> Iterator[zipfile.ZipFile]:
    with one_line_for_damage(path):
        archive = zipfile.ZipFile(path)
    with archive:
        yield archive


@contextmanager
def one_line_for_damage(path: Path) -> Iterator[None]:
    """Report in one line what the libraries raise about a broken file."""
    try:
        yield
    except _DAMAGED as error:
        detail = f" ({tidy(str(error))[:100]})" if isinstance(error, zipfile.BadZipFile) else ""
        raise InputError(f"{path}: damaged or cut off{detail}; fetch it again") from None
    except RuntimeError as error:  # zipfile's word for a password
        raise InputError(f"{path}: {tidy(str(error))}") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from None
