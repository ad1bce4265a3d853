"""The files that a path of a corpus stands for: one, all in a folder, or all that a pattern matches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from glob import has_magic
from itertools import chain, islice
from pathlib import Path

from nmt_attn.config.schema import ParallelFiles
from nmt_attn.corpus.archive import is_hidden, is_side_file
from nmt_attn.corpus.languages import Languages
from nmt_attn.corpus.pairs import Line
from nmt_attn.corpus.read import ParallelLine, read_pairs, read_parallel
from nmt_attn.errors import InputError


def is_pattern(path: Path) -> bool:
    """Say whether a path is a pattern such as ``shards/*.tsv.gz``, and no file's own name."""
    return has_magic(str(path)) and not path.exists()


def is_there(path: Path) -> bool:
    """Say whether there is a file or folder, or one that a pattern matches."""
    return path.exists() or (is_pattern(path) and bool(corpus_files(path)))


def corpus_files(path: Path) -> list[Path]:
    """Return the files of a corpus in the order in which they are read, which is that of their names.

    Args:
        path: a file; a folder, in which readmes, licences and hidden files are passed over; or a pattern.

    Returns:
        The files; of a file the path itself, though there may be none.
    """
    if path.is_dir():
        found = [file for file in path.iterdir() if not is_side_file(file.name)]
    elif is_pattern(path):
        found = list(Path(path.anchor).glob(str(path.relative_to(path.anchor))))
    else:
        return [path]
    return sorted(file for file in found if file.is_file() and not is_hidden(file.name))


def parallel_files(files: ParallelFiles) -> list[tuple[Path, list[Path]]]:
    """Return each source file with its targets, one for each reference.

    Raises:
        InputError: there are not as many files of translations as source files.
    """
    sources = _all_files(files.source)
    references = [_all_files(paths) for paths in files.references]
    for paths, found in zip(files.references, references, strict=True):
        if len(found) != len(sources):
            raise InputError(
                f"{_named(files.source, sources)}, but {_named(paths, found)}; each source file needs one file of "
                "translations, in the same order"
            )
    return list(zip(sources, map(list, zip(*references, strict=True)), strict=True))


def read_all_parallel(files: ParallelFiles) -> Iterator[ParallelLine]:
    """Yield the lines of all parallel files, as :func:`~nmt_attn.corpus.read.read_parallel` those of one source.

    Raises:
        InputError: one of them is missing, empty or damaged, or has not as many lines as its source.
    """
    for source, targets in parallel_files(files):
        yield from read_parallel(source, targets)


def _all_files(paths: Sequence[Path]) -> list[Path]:
    return [file for path in paths for file in corpus_files(path)]


def _named(paths: Sequence[Path], found: Sequence[Path]) -> str:
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    return f"{paths[0]}{more}: {len(found)} file{'' if len(found) == 1 else 's'}"


def read_corpus(
    path: Path,
    *,
    max_pairs: int | None = None,
    reverse: bool = False,
    columns: Sequence[int] | None = None,
    languages: Languages | None = None,
) -> Iterator[Line]:
    """Yield the lines of all files that a path stands for, as :func:`~nmt_attn.corpus.read.read_pairs` those of one.

    Raises:
        InputError: one of them is missing, empty, damaged, no text in UTF-8, or a line is no pair.
    """
    files = corpus_files(path)
    lines = (
        read_pairs(file, max_pairs=max_pairs, reverse=reverse, columns=columns, languages=languages) for file in files
    )
    yield from islice(chain.from_iterable(lines), max_pairs)
