"""The folder in which a corpus is prepared, so that an interrupted ``nmt prepare`` goes on where it was."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nmt_attn.corpus.cleaning import LINES
from nmt_attn.corpus.crew import Crew
from nmt_attn.corpus.manifest import InputFile
from nmt_attn.errors import UserError
from nmt_attn.files import disk_errors
from nmt_attn.progress import note
from nmt_attn.version import __version__

# Raised when the files of a workplace are laid out otherwise.
_LAYOUT = 2


@dataclass(frozen=True)
class Workplace:
    """A folder beside that of the prepared data, and the processes that work in it."""

    folder: Path
    crew: Crew

    @property
    def clean(self) -> Path:
        """Folder of the shards of clean pairs."""
        return self.folder / "clean"

    @property
    def text(self) -> Path:
        """Folder of the training pairs as lines of text."""
        return self.folder / "text"

    @property
    def tokenizer(self) -> Path:
        """Folder of the tokenizer, there as soon as it is trained."""
        return self.folder / "tokenizer"

    @property
    def tokens(self) -> Path:
        """Folder of the tokenised shards."""
        return self.folder / "tokens"


@contextmanager
def workplace(place: Path, inputs: Sequence[InputFile], settings: str, processes: int | None) -> Iterator[Workplace]:
    """Yield the folder to work in: that of an interrupted attempt at the same data where there is one, else a new one.

    It is deleted as soon as the data is made, or refused for what is in it; an interruption or a full disk leaves it,
    and is told that the same command goes on.

    Args:
        place: folder of the prepared data.
        inputs: the files that the data is made of.
        settings: the hash of the configuration keys that change the outcome.
        processes: how many share the work; None: one for each processor.

    Raises:
        NmtError: the disk is full or not writable.
    """
    folder = place.with_name(f".{place.name}.preparing")
    about = folder / "about.json"
    with disk_errors(folder):
        if not _is_of(about, wanted := _described(inputs, settings)):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            about.write_text(wanted, encoding="utf-8")
    try:
        yield Workplace(folder, Crew.of(processes))
    except UserError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    except BaseException:
        if any((folder / "clean").glob("*.npz")):
            note(f"what has been done so far stays in {folder}; the same command goes on with it")
        raise
    shutil.rmtree(folder, ignore_errors=True)


def _described(inputs: Sequence[InputFile], settings: str) -> str:
    contents = {entry.role: entry.sha256 for entry in inputs}
    content = hashlib.sha256(json.dumps([settings, contents], sort_keys=True).encode()).hexdigest()
    return json.dumps({"layout": [_LAYOUT, LINES], "nmt_version": __version__, "of": content}) + "\n"


def _is_of(about: Path, wanted: str) -> bool:
    try:
        return about.read_text(encoding="utf-8") == wanted
    except (OSError, UnicodeDecodeError):
        return False
