"""The files that a path of a corpus stands for: one, all in a folder, or all that a pattern matches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from glob import has_magic
from itertools import chain, islice
from pathlib import Path

from nmt_attn.corpus.archive import is_hidden, is_side_file
from nmt_attn.corpus.languages import Languages
from nmt_attn.corpus.pairs import Line
from nmt_attn.corpus.read import read_pairs


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
