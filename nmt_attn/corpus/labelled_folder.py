"""Labelled texts out of folders and archives: one folder a label, one file a text.

Above the labels there may be folders of the parts (``train``, ``valid``, ``test``), and others above those. A file that
lies directly in a folder of a part is no text: such archives have lists and counts there. An archive is read from
beginning to end once; nothing is unpacked to disk.
"""

from __future__ import annotations

import tarfile
import zipfile
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import IO, Any, Self, cast

from nmt_attn.corpus.archive import is_hidden, is_side_file, leads_out, one_line_for_damage, shown
from nmt_attn.corpus.labelled_table import checked_label
from nmt_attn.corpus.labelled_text import LabelledText, PartName
from nmt_attn.errors import InputError
from nmt_attn.progress import note
from nmt_attn.text.encoding import in_utf8, refuse_binary
from nmt_attn.text.streams import Bytes
from nmt_attn.text.unpacking import refuse_bomb, unpacked

PARTS: dict[str, PartName] = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("valid", "validation", "val", "dev", "development"), "valid"),
    **dict.fromkeys(("test", "testing"), "test"),
}
"""Names of the folders of parts, in any case."""

ARCHIVES = (".tar", ".tgz", ".tbz2", ".txz", ".tar.gz", ".tar.bz2", ".tar.xz", ".tar.zst", ".zip")

HELD_BACK = 100
"""Texts that may come before the first one in a folder of a part."""

MOST_BYTES = 16 << 20
"""Size of a single text, at most."""


def is_archive(path: Path) -> bool:
    """Say by its name whether a file is an archive of texts."""
    return path.name.lower().endswith(ARCHIVES)


def describe_input(path: Path) -> list[Path]:
    """Return the files in a folder of texts, in order."""
    return sorted(
        file for file in path.rglob("*") if file.is_file() and not is_hidden(file.relative_to(path).as_posix())
    )


class TextFiles:
    """Reader of the files of a folder or an archive that are texts.

    Args:
        name: of the folder or archive, for messages.
        ignore_labels: labels whose texts are left out.
    """

    def __init__(self, name: str, ignore_labels: Collection[str]) -> None:
        self.name, self.ignored = name, frozenset(ignore_labels)
        self.count = 0
        self.skipped: Counter[str] = Counter()

    def belongs(self, inside: str) -> tuple[str, PartName | None] | None:
        """Return label and part of a file by its name in the folder; None if it is no text."""
        folders = PurePosixPath(inside).parent.parts
        if is_hidden(inside) or is_side_file(inside):
            self.skipped["hidden files and notes"] += 1
            return None
        parts = [place for place, folder in enumerate(folders) if folder.lower() in PARTS]
        if parts and len(folders) != parts[0] + 2:
            self.skipped["files that lie in no folder of a label"] += 1
            return None
        if not folders or not inside.lower().endswith(".txt"):
            self.skipped["files that are not called .txt" if folders else "files that lie in no folder of a label"] += 1
            return None
        label = checked_label(folders[-1], f"{self.name}: {shown([inside])}")
        if label in self.ignored:
            self.skipped[f"files with the label {label}, which is left out"] += 1
            return None
        return label, PARTS[folders[parts[0]].lower()] if parts else None

    def text(self, inside: str, content: bytes, label: str, part: PartName | None) -> LabelledText:
        """Make a labelled text of a file.

        Raises:
            InputError: it is no text in UTF-8.
        """
        place = f"{self.name}: {shown([inside])}"
        refuse_binary(content[:4096], place)
        _, chunks = in_utf8(iter([content]))
        try:
            text = b"".join(chunks).decode("utf-8")
        except UnicodeDecodeError:
            raise InputError(f"{place}: not UTF-8 text; convert the file to UTF-8") from None
        self.count += 1
        return LabelledText(label, text, place, part)

    def of_parts(self, texts: Iterator[LabelledText]) -> Iterator[LabelledText]:
        """Yield the texts; where there are folders of parts, only those in them: the others are notes beside them.

        As an archive is read once, the first :data:`HELD_BACK` texts wait until one comes that lies in a part.
        """
        waiting: list[LabelledText] = []
        for text in texts:
            waiting.append(text)
            if text.part is not None or len(waiting) > HELD_BACK:
                break
        split = any(text.part is not None for text in waiting)
        for text in chain(waiting, texts):
            if text.part is None and split:
                self.count -= 1
                self.skipped["files that lie in no folder of a label"] += 1
            else:
                yield text

    def finish(self) -> None:
        """Say what was skipped.

        Raises:
            InputError: there was no text.
        """
        if not self.count:
            raise InputError(
                f"{self.name}: no folder with texts in it; expected one folder a label, with one .txt file a text "
                "(and train/ and test/ above them, if it is split already)"
            )
        for what, count in self.skipped.items():
            note(f"{self.name}: skipped {count:,} {what}")


def folder_texts(path: Path, ignore_labels: Collection[str]) -> Iterator[LabelledText]:
    """Read a folder, file by file in the order of their names.

    Raises:
        InputError: there is no text in it, a file cannot be read, is too large, or is no text.
    """
    files = TextFiles(str(path), ignore_labels)
    yield from files.of_parts(_in_folder(path, files))
    files.finish()


def _in_folder(path: Path, files: TextFiles) -> Iterator[LabelledText]:
    for file in sorted(path.rglob("*")):
        inside = file.relative_to(path).as_posix()
        if file.is_dir() or (found := files.belongs(inside)) is None:
            continue
        content = bytearray()
        for chunk in Bytes.of(file, regular=True).chunks:
            content += chunk
            _refuse_large(len(content), f"{path}: {shown([inside])}")
        yield files.text(inside, bytes(content), *found)


def archive_texts(path: Path, ignore_labels: Collection[str]) -> Iterator[LabelledText]:
    """Read an archive from beginning to end, packed or not.

    Raises:
        InputError: it is damaged, no archive, encrypted or a trap, or there is no text in it.
    """
    files = TextFiles(str(path), ignore_labels)
    yield from files.of_parts(_in_archive(path, files))
    files.finish()


def _in_archive(path: Path, files: TextFiles) -> Iterator[LabelledText]:
    members = _zip_members(path) if path.name.lower().endswith(".zip") else _tar_members(path, files)
    for inside, size, read in members:
        if leads_out(inside):
            raise InputError(
                f"{path}: {shown([inside])} has a name that leads out of the archive; no honest archive has one, "
                "so it is refused"
            )
        if (found := files.belongs(inside)) is not None:
            _refuse_large(size, f"{path}: {shown([inside])}")
            yield files.text(inside, read(), *found)


def _refuse_large(size: int, place: str) -> None:
    if size > MOST_BYTES:
        raise InputError(f"{place}: larger than {MOST_BYTES >> 20} MiB, so it is no single text")


Member = tuple[str, int, Any]
"""Name, size, and a function that reads the content."""


def _tar_members(path: Path, files: TextFiles) -> Iterator[Member]:
    stream = cast(IO[bytes], _Chunked(unpacked(Bytes.of(path, regular=True))))
    with _one_line_for_tar(path), tarfile.open(fileobj=stream, mode="r|", tarinfo=_Header) as archive:
        for member in archive:
            archive.members = []  # type: ignore[attr-defined]  # which it would keep all
            if member.isfile():
                yield member.name, member.size, partial(_content, path, archive, member)
            elif not member.isdir():
                files.skipped["links and devices"] += 1


def _content(path: Path, archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member)
    with _one_line_for_tar(path):
        return b"" if file is None else file.read()


class _Header(tarfile.TarInfo):
    """A header that is whole: tarfile takes a damaged one, or none, for the end of the archive."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        """Read a header.

        Raises:
            ReadError: it is damaged, or the archive is cut off before its end mark.
        """
        if buf and not any(buf):
            return super().frombuf(buf, encoding, errors)  # which says that this is the end
        try:
            return super().frombuf(buf, encoding, errors)
        except tarfile.HeaderError as error:
            raise tarfile.ReadError(str(error)) from None


@contextmanager
def _one_line_for_tar(path: Path) -> Iterator[None]:
    try:
        yield
    except (tarfile.TarError, EOFError, ValueError, OverflowError) as error:
        raise InputError(f"{path}: damaged, cut off or no tar archive ({str(error)[:80]}); fetch it again") from None


def _zip_members(path: Path) -> Iterator[Member]:
    with one_line_for_damage(path), zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if info.is_dir():
                continue
            if info.flag_bits & 1:
                raise InputError(f"{path}: {shown([info.filename])} is encrypted; unpack it into a folder")
            refuse_bomb(info.file_size, info.compress_size, f"{shown([info.filename])} in {path}")
            yield info.filename, info.file_size, lambda info=info: archive.read(info)


class _Chunked:
    """Chunks as a file that is read from beginning to end."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self._rest = chunks, b""

    def read(self, size: int) -> bytes:
        parts, count = [self._rest], len(self._rest)
        while count < size and (chunk := next(self._chunks, b"")):
            parts.append(chunk)
            count += len(chunk)
        content = b"".join(parts)
        self._rest = content[size:]
        return content[:size]
