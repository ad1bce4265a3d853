"""The training pairs as lines of raw text, a file for each side; nothing of it depends on a tokenizer."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from nmt_attn.corpus.digests import SOURCE
from nmt_attn.corpus.duplicates import count_distinct
from nmt_attn.corpus.shards import KeptPairs
from nmt_attn.files import disk_errors

SIDES = ("source", "target")


@dataclass(frozen=True)
class TrainingText:
    """Files with the raw lines of the training pairs."""

    folder: Path
    distinct_sources: int
    """Normalised source sentences, each counted once."""

    def move_into(self, folder: Path) -> None:
        """Move the files, ``train.source`` and ``train.target``, into another folder on the same disk."""
        for side in SIDES:
            _file(self.folder, side).rename(_file(folder, side))


def write_training_text(pairs: KeptPairs, folder: Path) -> TrainingText:
    """Write the raw lines of training pairs, unless an interrupted attempt has done so.

    Raises:
        NmtError: the disk is full.
    """
    with disk_errors(folder):
        folder.mkdir(exist_ok=True)
        if not all(_file(folder, side).exists() for side in SIDES):
            _write(pairs, folder)
    return TrainingText(folder, count_distinct(pairs.shards, SOURCE, pairs.rows))


def _write(pairs: KeptPairs, folder: Path) -> None:
    parts = [_file(folder, side).with_name(f"{side}.part") for side in SIDES]
    with parts[0].open("wb") as sources, parts[1].open("wb") as targets:
        files = (sources, targets)
        for number, rows in pairs.shards.local(pairs.rows):
            for file, lines in zip(files, pairs.shards.raw_lines(number, rows), strict=True):
                file.writelines(b"%b\n" % line for line in lines)
        for file in files:
            file.flush()
            os.fsync(file.fileno())
    for part, side in zip(parts, SIDES, strict=True):
        part.rename(_file(folder, side))


def _file(folder: Path, side: str) -> Path:
    return folder / f"train.{side}"
