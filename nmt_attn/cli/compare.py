"""The command ``nmt compare``."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nmt_attn.cli.completion import complete_run_or_path
from nmt_attn.cli.eval import ReferenceOption, SplitOption
from nmt_attn.cli.lines import check_output, check_standard_input
from nmt_attn.cli.options import (
    ConfigOption,
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
from nmt_attn.text.streams import STANDARD
from nmt_attn.text.writing import writing

if TYPE_CHECKING:
    from nmt_attn.reporting.page_contents import PageContents

_WIDEST = 240

SystemsArgument = Annotated[
    list[Path],
    typer.Argument(
        metavar="SYSTEM",
        callback=expanded,
        autocompletion=complete_run_or_path,
        help="Two or more runs, checkpoints in them, or files of translations; the others are compared with the first.",
        show_default=False,
    ),
]
SourceOption = Annotated[
    Path | None,
    typer.Option(
        "--source",
        callback=expanded,
        help="File of sentences to translate instead of a split, or of which the files are translations.",
        show_default=False,
    ),
]
LowercaseOption = Annotated[
    bool, typer.Option("--lowercase", help="Score without regard to case; only where all systems are files.")
]
PageOption = Annotated[
    Path | None,
    typer.Option("--html", callback=expanded, help="Also write a web page to this file.", show_default=False),
]


def compare_command(
    systems: SystemsArgument,
    html: PageOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    config: ConfigOption = None,
    overrides: RunSetOption = None,
    split: SplitOption = None,
    source: SourceOption = None,
    reference: ReferenceOption = None,
    lowercase: LowercaseOption = False,
    precision: PrecisionOption = None,
    device: DeviceOption = "auto",
    threads: ThreadsOption = None,
) -> None:
    """Compare systems on the same sentences: scores, significance, and what one gets right and the other does not."""
    references = tuple(reference or ())
    runs = [path for path in systems if path.is_dir() or not path.exists()]  # of what is not there a run says so
    _refuse(locals())
    prepare_for_torch(runs)
    from nmt_attn.analysis.contest import contest
    from nmt_attn.evaluation.request import EvaluationRequest
    from nmt_attn.reporting.comparison import comparison_contents, comparison_values

    if html is not None:
        from nmt_attn.reporting.report_page import refuse_without_packages

        refuse_without_packages()
    request = EvaluationRequest(
        config=config, overrides=tuple(with_options(overrides, precision=precision, threads=threads)),
        split=split or "test", source=source, references=references, lowercase=lowercase, device=device,
    )  # fmt: skip
    found = contest(systems, request, stages=Progress)
    contents = comparison_contents(found)
    if as_json:
        print(json.dumps(comparison_values(found), ensure_ascii=False))
    else:
        _show(contents)
    if html is not None:
        from nmt_attn.reporting.report_page import page

        with writing(html) as write:
            write(page(contents))


def _refuse(options: Mapping[str, Any]) -> None:
    """Refuse options of the command that are wrong, or have no effect beside others."""
    systems, source, references, html = (options[name] for name in ("systems", "source", "references", "html"))
    if len(systems) < 2:
        raise UserError("nmt compare needs two or more runs or files of translations")
    named = [("a system", path) for path in systems] + [("--reference", path) for path in references]
    check_standard_input([("--source", source), *named])
    if html == STANDARD:
        raise UserError("--html -: standard output is for the figures; give a file")
    if source is not None or references:
        refuse_idle("beside --source and --reference, which are scored instead", split=options["split"])
    if options["runs"]:
        refuse_idle("beside a run, which knows it", lowercase=options["lowercase"] or None, config=options["config"])
    else:
        of_runs = {name: options[name] for name in ("split", "precision", "threads")}
        refuse_idle("where no run translates", **of_runs)
    check_output(html, source, *references, *systems)


def _show(contents: PageContents) -> None:
    from rich.console import Console

    from nmt_attn.reporting.tables import to_text

    # A pipe gets whole lines.
    width = None if sys.stdout.isatty() else _WIDEST
    Console(width=width, highlight=False).print(to_text(contents))
