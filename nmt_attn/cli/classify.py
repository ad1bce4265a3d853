"""The command ``nmt classify``."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Annotated

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
from nmt_attn.cli.shared_work import Answer, ResumeOption, SharedWork, checked_files, work_in_shards
from nmt_attn.distributed.environment import place_here
from nmt_attn.errors import UserError
from nmt_attn.text.streams import STANDARD
from nmt_attn.text.writing import writing

if TYPE_CHECKING:
    from nmt_attn.classification.classifier import Classifier
    from nmt_attn.classification.prediction import Prediction

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
    resume: ResumeOption = False,
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
    processes = place_here()
    prepare_for_torch(model, "classification")
    from nmt_attn.classification.classifier import Classifier

    overrides = with_options(overrides, precision=precision, threads=threads)
    write_one = partial(_written, top=top or 1, as_json=as_json)
    if resume or processes.size > 1:
        files, options = checked_files(texts, source, output, batch_lines), [overrides, top, as_json]
        work = SharedWork(model or (), *files, options, on_error, device, resume)
        work_in_shards(
            work, lambda on: _in_blocks(Classifier.load(model, device=on, overrides=overrides), write_one), processes
        )
        return
    given = open_input(texts, source, on_error)
    classifier = Classifier.load(model, device=device, overrides=overrides)
    classifier.expect(many=given.large)
    with writing(output) as write:
        for one in given.answered(
            classifier.classify, batch_lines, classifier.processes, stages_beside(output), "classifying"
        ):
            write(write_one(one))
    say_remarks(given.files)


def _written(one: Prediction, top: int, *, as_json: bool) -> str:
    return (json.dumps(one.to_json(), ensure_ascii=False) if as_json else one.to_text(top)) + "\n"


def _in_blocks(classifier: Classifier, write_one: Callable[[Prediction], str]) -> Answer:
    return lambda first, lines: "".join(map(write_one, classifier.classify(lines)))
