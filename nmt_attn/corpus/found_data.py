"""Data of a user, looked at so that a configuration can be written for it: what it is, and how much."""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath

from nmt_attn.corpus.aligned_files import AlignedFiles, aligned_files
from nmt_attn.corpus.archive import is_hidden, is_side_file, is_zip, one_line_for_damage, without_packing
from nmt_attn.corpus.data_figures import DataFigures
from nmt_attn.corpus.guessed_languages import (
    NOT_KNOWN,
    UNKNOWN,
    GuessedLanguages,
    checked_by_english,
    from_name,
)
from nmt_attn.corpus.guessed_table import GuessedTable, guess_table
from nmt_attn.corpus.labelled_folder import PARTS, is_archive
from nmt_attn.corpus.languages import Languages
from nmt_attn.corpus.pairs import Pair
from nmt_attn.corpus.read import read_pairs, read_parallel
from nmt_attn.corpus.read_labelled import read_labelled
from nmt_attn.corpus.tmx import is_tmx, languages_of_tmx
from nmt_attn.errors import InputError
from nmt_attn.progress import Progress
from nmt_attn.text.normalise import tidy
from nmt_attn.text.streams import Bytes, peeked
from nmt_attn.text.unpacking import unpacked

_FILES = (".tsv", ".csv", ".tmx", ".zip", ".txt", ".json", ".jsonl", ".ndjson", ".tgz", ".tar")
_UNLABELLED = ("unsup", "unlabeled", "unlabelled")
_ORDER = ("train", "valid", "test")
_SAMPLE = 2000  # pairs


@dataclass(frozen=True)
class FoundPairs:
    """One file of sentence pairs."""

    path: Path
    languages: GuessedLanguages
    columns: tuple[int, int] | None
    figures: DataFigures
    first: tuple[str, str]
    """The first pair."""


@dataclass(frozen=True)
class FoundFiles:
    """Parallel files, line by line."""

    files: AlignedFiles
    figures: DataFigures
    lines: dict[str, int]
    """Lines of each part."""


@dataclass(frozen=True)
class FoundTexts:
    """Labelled texts."""

    paths: dict[str, Path]
    """By part; or all of them as ``corpus``."""
    columns: tuple[int, int] | None
    ignored: tuple[str, ...]
    """Labels to leave out."""
    figures: DataFigures
    parts: Counter[str]
    """Texts of each part that the files themselves name."""


Found = FoundPairs | FoundFiles | FoundTexts


def find_data(paths: Sequence[Path]) -> Found:
    """Say what files or folders hold, and count it.

    Args:
        paths: what somebody has named; nothing: the working directory, in which folders of text files may be anything.

    Raises:
        InputError: they hold nothing that can be learned from, or several things that could be meant.
    """
    for path in paths:
        if not path.exists():
            raise InputError(f"{path}: no such file or folder")
    if not paths:
        return _in_folder(Path(), named=False)
    if len(paths) == 1:
        (path,) = paths
        return _in_folder(path) if path.is_dir() else _in_file(path)
    if all(path.is_file() for path in paths) and (files := aligned_files(paths, in_order=True)) is not None:
        if files.left_alone:
            raise InputError(f"{files.left_alone[0]}: no file that --from gives is its translation by its name")
        return _counted_files(files)
    parts = {part: path for path in paths if (part := _part_of(path)) is not None}
    if len(parts) == len(paths) and "train" in parts and all(map(_is_labelled, paths)):
        return _counted_texts(dict(sorted(parts.items(), key=lambda item: _ORDER.index(item[0]))))
    if len(paths) == 2 and all(path.is_file() and not _is_table(path) for path in paths):
        return _counted_files(AlignedFiles({"train": (paths[0], paths[1])}, NOT_KNOWN))
    raise InputError(
        f"{', '.join(map(str, paths[:4]))}: it is not clear how these belong together; give a source file and a target "
        "file whose names end in their languages (train.en, train.fr; the same for valid and test), or a single file "
        "or folder"
    )


def _part_of(path: Path) -> str | None:
    return PARTS.get(path.name.split(".")[0].lower())


def _is_table(path: Path) -> bool:
    return without_packing(path.name).lower().endswith(tuple(ending for ending in _FILES if ending != ".txt"))


def _is_labelled(path: Path) -> bool:
    return path.is_dir() or is_archive(path) or guess_table(path).labelled


def _in_folder(folder: Path, *, named: bool = True) -> Found:
    try:
        entries = sorted(path for path in folder.iterdir() if not is_hidden(path.name))
    except OSError as error:
        raise InputError(f"{folder}: cannot be read: {error.strerror or error}") from None
    files = [path for path in entries if path.is_file()]
    if (aligned := aligned_files(files, in_order=False)) is not None:
        return _counted_files(aligned)
    tables = [path for path in files if _is_corpus(path)]
    if any(_part_of(path) == "train" for path in tables):
        train = next(path for path in tables if _part_of(path) == "train")
        if _is_labelled(train):
            return _counted_texts(_texts_of(folder, tables))
        raise InputError(
            f"{train}: pairs that are split already have to be in two files of sentences a part (train.en, train.fr): "
            "cut -f1 and cut -f2 make them"
        )
    if len(tables) == 1:
        return _in_file(tables[0])
    if tables:
        listed = ", ".join(path.name for path in tables[:5]) + (", …" if len(tables) > 5 else "")
        raise InputError(f"{folder}: several files could be the corpus: {listed}; name one with --from")
    parts = [path for path in entries if path.is_dir() and path.name.lower() in PARTS]
    if (named or parts) and _has_label_folders(folder):
        return _counted_texts(_texts_of(folder, parts))
    raise InputError(
        f"{folder if named else 'the working directory'}: found no data in it: neither a file of pairs (.tsv, .csv, "
        ".tmx, .zip), nor two files such as "
        "train.en and train.fr, nor labelled texts (one folder a label, with a .txt file for each text)"
    )


def _texts_of(folder: Path, parts: Sequence[Path]) -> dict[str, Path]:
    """Return a folder of labelled texts; of the working directory, which has no name, the folders or tables in it."""
    if folder.name:
        return {"corpus": folder}
    found = {part: path for path in parts if (part := _part_of(path)) is not None}
    if "train" not in found:
        raise InputError(
            f"{folder}: the texts lie in the working directory itself, which runs and prepared data are written to; go "
            f"one folder up, and give --from {folder.absolute().name}"
        )
    return {part: found[part] for part in _ORDER if part in found}


def _is_corpus(path: Path) -> bool:
    name = without_packing(path.name).lower()
    return (name.endswith(_FILES) or is_archive(path)) and not is_side_file(path.name)


def _has_label_folders(folder: Path) -> bool:
    """Say whether .txt files lie in two folders or more, below the folders of parts where there are such."""
    files = islice(folder.rglob("*.txt"), 20_000)
    labels = {file.parent for file in files if file.parent != folder and not is_hidden(str(file.relative_to(folder)))}
    return len({label.name for label in labels if label.name.lower() not in PARTS}) > 1


def _in_file(path: Path) -> Found:
    if is_archive(path) and not is_zip(path):
        return _counted_texts({"corpus": path})
    if is_zip(path):
        names = _names_in(path)
        labels = {PurePosixPath(name).parent.name for name in names if name.endswith(".txt") and "/" in name}
        if len(labels) > 1 and len(names) > 3:
            return _counted_texts({"corpus": path})
        inside = aligned_files([Path(name) for name in names], in_order=False)
        languages = inside.languages if inside is not None else from_name(without_packing(path.name))
        return _counted_pairs(path, languages, GuessedTable(labelled=False), sure=inside is not None)
    beginning, _ = peeked(unpacked(Bytes.of(path, regular=True)), lambda read: len(read) >= 1 << 16)
    if is_tmx(beginning):
        return _counted_pairs(path, languages_of_tmx(beginning), GuessedTable(labelled=False), sure=True)
    table = guess_table(path)
    if table.labelled:
        return _counted_texts({"corpus": path}, table)
    guess = table.languages if table.languages.known else from_name(path.name)
    return _counted_pairs(path, guess, table, sure=table.languages.known)


def _names_in(path: Path) -> list[str]:
    with one_line_for_damage(path), zipfile.ZipFile(path) as archive:
        return [info.filename for info in archive.infolist() if not info.is_dir() and not is_hidden(info.filename)]


def _counted_pairs(path: Path, guess: GuessedLanguages, table: GuessedTable, *, sure: bool) -> FoundPairs:
    """Read all pairs; where the languages are not sure, a look at the sentences may turn them round."""

    def lines(languages: GuessedLanguages, most: int | None = None) -> list[tuple[str, str]]:
        known = Languages(languages.source, languages.target)
        found = read_pairs(path, columns=table.columns, languages=known, max_pairs=most)
        return [(line.source, line.target) for line in found if isinstance(line, Pair)]

    if guess.known and not sure:
        guess = checked_by_english(guess, lines(guess, _SAMPLE))
    figures, first = DataFigures(2), ("", "")
    known = Languages(*((guess.source, guess.target) if guess.known else UNKNOWN))
    with Progress(f"reading {path}", None, "pairs") as progress:
        for line in read_pairs(path, columns=table.columns, languages=known):
            if isinstance(line, Pair):
                figures.add(line.source, line.target)
                first = first if first[0] else (line.source, line.target)
            else:
                figures.blank += 1
            progress.update(1)
    return FoundPairs(path, guess, table.columns, figures, first)


def _counted_files(files: AlignedFiles) -> FoundFiles:
    figures, lines = DataFigures(2), {}
    for part, (source, target) in sorted(files.parts.items(), key=lambda item: _ORDER.index(item[0])):
        with Progress(f"reading {source}", None, "lines") as progress:
            for number, line in enumerate(read_parallel(source, [target]), start=1):
                lines[part] = number
                if part == "train":
                    figures.add(line.source, line.targets[0])
                progress.update(1)
    return FoundFiles(files, figures, lines)


def _counted_texts(paths: dict[str, Path], table: GuessedTable | None = None) -> FoundTexts:
    """Read all texts; the heading of a table, labels that mean none, and labels of a single text are to be left out."""
    columns = table.columns if table is not None else None
    ignored = {table.header_label} if table is not None and table.header_label else set()
    figures, parts = DataFigures(1), Counter[str]()
    for role, path in paths.items():
        with Progress(f"reading {path}", None, "texts") as progress:
            for line in read_labelled(path, columns=columns):
                progress.update(1)
                if line is None:
                    figures.blank += 1
                elif line.label in ignored or line.label in _UNLABELLED:
                    ignored.add(line.label)
                else:
                    part = line.part or ("" if role == "corpus" else role)
                    parts[part] += 1
                    if part in ("", "train"):
                        figures.add(line.text)
                        figures.labels[line.label] += 1
    ignored |= {label for label, count in figures.labels.items() if count == 1}
    if len(figures.labels.keys() - ignored) < 2:
        listed = ", ".join(f"{tidy(label)} {count:,}" for label, count in figures.labels.most_common(5))
        raise InputError(
            f"{next(iter(paths.values()))}: a classifier needs two labels or more, with two texts or more each; "
            f"found: {listed or 'none'}"
        )
    return FoundTexts(paths, columns, tuple(sorted(ignored)), figures, parts)
