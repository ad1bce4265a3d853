"""Options of the commands that read lines: from arguments, a file or a pipe."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from nmt_attn.cli.lines import count_lines, is_large, text_of
from nmt_attn.cli.options import as_text, expanded, refuse_idle
from nmt_attn.cli.prompt import is_interactive, prompted_lines
from nmt_attn.decoding.request import one_line
from nmt_attn.decoding.stream import BATCH_LINES, answer_lines
from nmt_attn.errors import UserError
from nmt_attn.progress import Stages, Unseen
from nmt_attn.text.reading import TextLines
from nmt_attn.text.streams import STANDARD

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

Result = TypeVar("Result")


@dataclass(frozen=True)
class Input:
    """The lines that a command is to work on."""

    lines: Iterable[str]
    files: list[TextLines]  # that they come from
    interactive: bool  # typed one by one, by somebody who waits for each answer
    large: bool  # known to be many
    path: Path  # where they come from, unless they are arguments

    def answered(
        self,
        answer: Callable[[Sequence[str]], Sequence[Result]],
        batch_lines: int | None,
        processes: int,
        stages: Stages = Unseen,
        label: str = "",
    ) -> Iterator[Result]:
        """Yield the answer to each line, in order.

        Whoever is asked for the next line wants to see the answer to the last one first, so nothing is read ahead then.

        Args:
            answer: gives the answers to a list of lines.
            batch_lines: most lines that are answered at once; None: as many as keep all processes busy.
            processes: that answer.
            stages: shows how far it is with a large file; nobody knows how much will come through a pipe.
            label: what is being done.
        """
        if self.interactive:
            return (answer([line])[0] for line in self.lines)
        answers = answer_lines(self.lines, answer, batch_lines or BATCH_LINES * processes)
        return self._shown(answers, stages, label) if self.large and label else answers

    def _shown(self, answers: Iterator[Result], stages: Stages, label: str) -> Iterator[Result]:
        with stages(label, count_lines(self.path), "lines") as stage:
            for answer in answers:
                yield answer
                stage.update(1)


def open_input(given: list[str] | None, source: Path | None, on_error: str | None) -> Input:
    """Open the arguments, a file, a pipe, or the prompt of a terminal, as lines.

    A file is left to the end of the program: closing it would wait for the thread that waits for its next line.

    Raises:
        InputError: a file cannot be read.
    """
    interactive, strict = not given and source is None and is_interactive(), on_error == "fail"
    files = [] if given or interactive else [text_of(source or STANDARD, strict=strict)]
    if given:
        lines: Iterable[str] = (one_line(as_text(text)) for text in given)
    else:
        lines = prompted_lines(strict=strict) if interactive else files[0]
    lines = (line.removeprefix("\ufeff") for line in lines)  # the mark of a file that was put behind another one
    return Input(lines, files, interactive, not given and is_large(source or STANDARD), source or STANDARD)


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
