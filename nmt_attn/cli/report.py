"""The command ``nmt report``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
    refuse_both,
    refuse_idle,
    with_options,
)
from nmt_attn.errors import UserError
from nmt_attn.progress import Progress
from nmt_attn.sweeping.record import best_trial
from nmt_attn.text.streams import STANDARD
from nmt_attn.text.writing import writing

if TYPE_CHECKING:
    from nmt_attn.config.schema import Config
    from nmt_attn.evaluation.request import EvaluationRequest
    from nmt_attn.reporting.page_contents import PageContents
    from nmt_attn.runs.directory import ModelPath

RunArgument = Annotated[
    Path | None,
    typer.Argument(
        metavar="RUN",
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
    refuse_both(overrides, "--beam", beam, "decoding.beam_size")
    check_output(output, source, *references)
    run = run if run is None else best_trial(run) or run
    prepare_for_torch(run, None)
    from nmt_attn.config.loading import load_config
    from nmt_attn.evaluation.request import EvaluationRequest
    from nmt_attn.reporting.report_page import page, refuse_without_packages
    from nmt_attn.runs.directory import find_model

    refuse_without_packages()
    found = find_model(run)
    overrides = with_options(overrides, precision=precision, threads=threads)
    request = EvaluationRequest(
        models=(found.checkpoint,), overrides=tuple(overrides), split=split or "test", source=source,
        references=references, beam_size=beam, device=device,
    )  # fmt: skip
    destination = output or found.run.path / "report.html"
    check_output(destination)
    contents = _contents(request, load_config(found.run.config_file, overrides), found)
    with writing(destination) as write:
        write(page(contents))
    print(destination)


def _contents(request: EvaluationRequest, config: Config, found: ModelPath) -> PageContents:
    """Let the model do its task, and put together what the page shows."""
    if config.task == "classification":
        from nmt_attn.analysis.label_study import label_study
        from nmt_attn.evaluation.labels_run import prepare_labels
        from nmt_attn.reporting.label_report import label_report_contents

        texts = prepare_labels(request, config, [found])
        return label_report_contents(found.run, texts, label_study(texts, Progress))
    from nmt_attn.analysis.study import study
    from nmt_attn.evaluation.run import prepare_trial
    from nmt_attn.reporting.report import report_contents

    trial = prepare_trial(request, config, [found])
    return report_contents(found.run, trial, study(trial, beam_size=request.beam_size, stages=Progress))
