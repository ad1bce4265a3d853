"""The command ``nmt report``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nmt_attn.cli.completion import complete_run
from nmt_attn.cli.eval import ReferenceOption, SourceOption, SplitOption
from nmt_attn.cli.lines import check_output, check_standard_input
from nmt_attn.cli.options import (
    BeamOption,
    DeviceOption,
    PrecisionOption,
    RunSetOption,
    ThreadsOption,
    expanded,
    prepare_for_torch,
    refuse_idle,
    with_options,
)
from nmt_attn.errors import UserError
from nmt_attn.progress import Progress
from nmt_attn.sweeping.record import best_trial
from nmt_attn.text.streams import STANDARD
from nmt_attn.text.writing import writing

RunArgument = Annotated[
    Path | None,
    typer.Argument(
        metavar="[RUN]",
        callback=expanded,
        autocompletion=complete_run,
        help="Run directory, a checkpoint in one, or the folder of a sweep, of which the best trial is taken. "
        "Default: $NMT_MODEL, else the run trained last.",
        show_default=False,
    ),
]
PageOption = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", callback=expanded, help="The page. Default: report.html in the run.", show_default=False
    ),
]


def report_command(
    run: RunArgument = None,
    output: PageOption = None,
    overrides: RunSetOption = None,
    split: SplitOption = None,
    source: SourceOption = None,
    reference: ReferenceOption = None,
    beam: BeamOption = None,
    precision: PrecisionOption = None,
    device: DeviceOption = "auto",
    threads: ThreadsOption = None,
) -> None:
    """Write a web page about a run: how it learned, how good it is, where it fails, and what it looked at."""
    references = tuple(reference or ())
    check_standard_input([("--source", source), *(("--reference", path) for path in references)])
    if output == STANDARD:
        raise UserError("--output -: give the page a name, such as report.html")
    if source is not None or references:
        refuse_idle("beside --source and --reference, which are scored instead", split=split)
    check_output(output, source, *references)
    run = run if run is None else best_trial(run) or run
    prepare_for_torch(run)
    from nmt_attn.analysis.study import study
    from nmt_attn.config.loading import load_config
    from nmt_attn.evaluation.request import EvaluationRequest
    from nmt_attn.evaluation.run import prepare_trial
    from nmt_attn.reporting.report import report_contents
    from nmt_attn.reporting.report_page import page, refuse_without_packages
    from nmt_attn.runs.directory import find_model

    refuse_without_packages()
    found = find_model(run)
    overrides = with_options(overrides, precision=precision, threads=threads)
    request = EvaluationRequest(
        models=(found.checkpoint,), overrides=tuple(overrides), split=split or "test", source=source,
        references=references, beam_size=beam, device=device,
    )  # fmt: skip
    trial = prepare_trial(request, load_config(found.run.config_file, overrides), [found])
    destination = output or found.run.path / "report.html"
    check_output(destination)
    contents = report_contents(found.run, trial, study(trial, beam_size=beam, stages=Progress))
    with writing(destination) as write:
        write(page(contents))
    print(destination)
