"""Options of the commands that read lines: from arguments, a file or a pipe."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nmt_attn.cli.options import expanded, refuse_idle
from nmt_attn.errors import UserError

InputOption = Annotated[
    Path | None,
    typer.Option(
        "--input",
        "-i",
        callback=expanded,
        help="Read this file, compressed or not; -: standard input.",
        show_default=False,
    ),
]
BatchLinesOption = Annotated[
    int | None,
    typer.Option(
        "--batch-lines",
        min=1,
        help="Largest number of lines worked on at once; 1 gives the least delay. Default: 1024 for each process.",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object per line.")]
OnErrorOption = Annotated[
    str | None,
    typer.Option(
        "--on-error",
        help="For a line that is not UTF-8: replace (mark the wrong bytes and go on, the default) or fail.",
        show_default=False,
    ),
]


def check_input(
    given: list[str] | None, source: Path | None, batch_lines: int | None, on_error: str | None, what: str
) -> None:
    """Refuse options about the input that contradict each other; ``what`` the arguments are is for the messages."""
    if given and source is not None:
        raise UserError(f"{what} and --input are both given; keep one of them")
    if given:
        refuse_idle(f"on {what} that are arguments", batch_lines=batch_lines, on_error=on_error)
    if on_error not in (None, "replace", "fail"):
        raise UserError(f"--on-error {on_error}: expected replace or fail")
