"""The command ``nmt classify``."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from nmt_attn.cli.input_options import BatchLinesOption, InputOption, JsonOption, OnErrorOption, check_input, open_input
from nmt_attn.cli.lines import check_output, say_remarks, stages_beside
from nmt_attn.cli.options import (
    DeviceOption,
    ModelsOption,
    OutputOption,
    PrecisionOption,
    RunSetOption,
    ThreadsOption,
    prepare_for_torch,
    refuse_idle,
    with_options,
)
from nmt_attn.errors import UserError
from nmt_attn.text.streams import STANDARD
from nmt_attn.text.writing import writing

TextsArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="TEXT", help="Texts to classify. Without any, standard input is read, one text per line."),
]
TopOption = Annotated[
    int | None,
    typer.Option(
        "--top",
        min=1,
        help="Number of labels per text, the most probable ones, in one line. Default: 1.",
        show_default=False,
    ),
]


def classify_command(
    texts: TextsArgument = None,
    model: ModelsOption = None,
    source: InputOption = None,
    output: OutputOption = None,
    top: TopOption = None,
    batch_lines: BatchLinesOption = None,
    as_json: JsonOption = False,
    on_error: OnErrorOption = None,
    precision: PrecisionOption = None,
    overrides: RunSetOption = None,
    device: DeviceOption = "auto",
    threads: ThreadsOption = None,
) -> None:
    """Give texts, a file or a pipe their labels: a line "label TAB probability" for each line, in the same order."""
    check_input(texts, source, batch_lines, on_error, "texts")
    if as_json:
        refuse_idle("with --json, which has all labels", top=top)
    for place, text in enumerate(texts or (), start=1):
        if not text.strip():
            raise UserError(
                f"text {place} is empty, so it has no label" if len(texts or ()) > 1 else "the text is empty"
            )
    check_output(output, None if texts else source or STANDARD)
    prepare_for_torch(model, "classification")
    from nmt_attn.classification.classifier import Classifier

    given = open_input(texts, source, on_error)
    classifier = Classifier.load(
        model, device=device, overrides=with_options(overrides, precision=precision, threads=threads)
    )
    classifier.expect(many=given.large)
    with writing(output) as write:
        for one in given.answered(
            classifier.classify, batch_lines, classifier.processes, stages_beside(output), "classifying"
        ):
            write((json.dumps(one.to_json(), ensure_ascii=False) if as_json else one.to_text(top or 1)) + "\n")
    say_remarks(given.files)
