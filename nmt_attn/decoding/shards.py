"""A large file translated in blocks that lie on disk: shared by several processes, or gone on with after its end."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from nmt_attn.decoding.stream import BATCH_LINES
from nmt_attn.distributed.group import ProcessGroup
from nmt_attn.errors import NmtError, UserError
from nmt_attn.files import delete_directory, disk_errors, write_text
from nmt_attn.text.writing import writing

JOB_FILE = "job.json"
"""What the blocks of a folder are the translations of."""

LOOK = 0.1
"""Seconds between two looks for the blocks of other processes."""


@dataclass(frozen=True)
class Shards:
    """The blocks of one output, in a folder beside it until all are there.

    Args:
        output: the file to be written.
        job: what decides about the translations: plain values, to be compared when it is gone on with.
    """

    output: Path
    job: Mapping[str, object]

    @property
    def folder(self) -> Path:
        """The folder of the blocks."""
        return self.output.with_name(f"{self.output.name}.parts")

    def begin(self, *, resume: bool) -> None:
        """Make the folder, or find there what an earlier process has left.

        Raises:
            UserError: it is there and is not to be gone on with, or holds blocks of something else.
            NmtError: the disk is full or not writable.
        """
        if self.folder.exists():
            if not resume:
                raise UserError(
                    f"{self.folder} holds a part of an earlier output; --resume goes on with it, or delete it"
                )
            self._check()
            return
        with disk_errors(self.folder):
            self.folder.mkdir()
        write_text(self.folder / JOB_FILE, json.dumps(dict(self.job), indent=2, ensure_ascii=False) + "\n")

    def _check(self) -> None:
        try:
            before = json.loads((self.folder / JOB_FILE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            before = {}
        differ = sorted(name for name in self.job if before.get(name) != self.job[name])
        if differ:
            raise UserError(
                f"{self.folder} holds a part of another output (another {', '.join(differ)}); delete it, or give "
                "another --output"
            )

    def work(self, lines: Iterable[str], answer: Callable[[int, Sequence[str]], str], group: ProcessGroup) -> int:
        """Translate the blocks of this process that are not there yet, and return how many there are in all.

        Args:
            lines: of the whole input.
            answer: gives the text of a block from the number of its first line, from 0, and its lines.
            group: the processes that share them.
        """
        number = -1
        for number, block in enumerate(_blocks(lines)):
            if number % group.size == group.rank and not self._block(number).exists():
                write_text(self._block(number), answer(number * BATCH_LINES, block))
        return number + 1

    def finish(self, count: int, timeout: float) -> None:
        """Wait for the blocks of all processes, write them in order, and delete the folder.

        Args:
            count: of the blocks.
            timeout: seconds without a new block after which nobody is waited for any more.

        Raises:
            NmtError: a block is missing for so long.
        """
        since = time.monotonic()
        with writing(self.output) as write:
            for number in range(count):
                while not self._block(number).exists():
                    if time.monotonic() - since > timeout:
                        raise NmtError(
                            f"{self._block(number)} has not come for {timeout:g} seconds, from another process; "
                            "--resume goes on with what is there"
                        )
                    time.sleep(LOOK)
                since = time.monotonic()
                write(self._block(number).read_text(encoding="utf-8"))
        delete_directory(self.folder)

    def _block(self, number: int) -> Path:
        return self.folder / f"{number:08d}"


def _blocks(lines: Iterable[str]) -> Iterator[list[str]]:
    """Yield lines in blocks of :data:`~nmt_attn.decoding.stream.BATCH_LINES`."""
    rest = iter(lines)
    while block := list(islice(rest, BATCH_LINES)):
        yield block


def digest(path: Path) -> str:
    """Return the SHA-256 of a file.

    Raises:
        UserError: it is no ordinary file, which could be read again.
    """
    if not path.is_file():
        raise UserError(f"--input {path}: to be shared or gone on with, the input must be an ordinary file")
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
