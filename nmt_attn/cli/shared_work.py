"""``nmt translate`` and ``classify`` of a large file: shared by several processes, or gone on with (``--resume``)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from nmt_attn.cli.input_options import open_input
from nmt_attn.cli.lines import say_remarks
from nmt_attn.distributed.environment import Place, notes_of_main
from nmt_attn.errors import UserError
from nmt_attn.text.streams import STANDARD

Answer = Callable[[int, Sequence[str]], str]
"""Gives what is written for a block, from the number of its first line, from 0, and its lines."""

ResumeOption = Annotated[
    bool,
    typer.Option("--resume", help="With --input and --output: go on where an earlier, killed command with it stopped."),
]

PATIENCE = 600.0
"""Seconds for which processes wait for each other at the beginning, and at the end for the next block."""


@dataclass(frozen=True)
class SharedWork:
    """The file that is to be worked on, and how the command was asked for it."""

    models: Sequence[Path]
    source: Path
    output: Path
    options: Sequence[object]  # plain values that decide about the output
    on_error: str | None
    device: str
    resume: bool


def checked_files(
    sentences: list[str] | None, source: Path | None, output: Path | None, batch_lines: int | None
) -> tuple[Path, Path]:
    """Return the files to be read and written.

    Raises:
        UserError: one is missing, or an option has no effect.
    """
    if sentences or source in (None, STANDARD) or output in (None, STANDARD):
        raise UserError("several processes, and --resume, work on a file: give --input FILE and --output FILE")
    if batch_lines is not None:
        blocks = "a file in blocks (several processes, or --resume)"
        raise UserError(f"--batch-lines has no effect on {blocks}; leave it out")
    assert source is not None
    assert output is not None
    return source, output


def work_in_shards(work: SharedWork, load: Callable[[str], Answer], place: Place) -> None:
    """Work on a file in blocks, those of this process, and as the main one put all together.

    Args:
        work: what is to be done.
        load: loads the model on a device.
        place: of this process.

    Raises:
        UserError: an earlier output is there and not to be gone on with, or it was another one.
        NmtError: the disk is full or not writable, or another process is gone.
    """
    from nmt_attn.decoding.shards import Shards, digest
    from nmt_attn.distributed.devices import device_of
    from nmt_attn.distributed.torch_group import joined
    from nmt_attn.runs.checkpoint import weights_sha256
    from nmt_attn.runs.directory import find_model

    with joined(place, "cpu", PATIENCE) as group, notes_of_main(place):
        checkpoints = [find_model(model).checkpoint for model in work.models or (None,)]
        job = {
            "input": digest(work.source),
            "model": [weights_sha256(checkpoint) for checkpoint in checkpoints],
            "options": [*work.options, work.on_error],
        }
        shards = Shards(work.output, job)
        if group.is_main:
            shards.begin(resume=work.resume)
        group.wait_for_main()
        given, answer = open_input(None, work.source, work.on_error), load(device_of(work.device, place))
        count = shards.work(given.lines, answer, group)
        if group.is_main:
            shards.finish(count, PATIENCE)
            say_remarks(given.files)
