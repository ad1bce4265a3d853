"""``nmt eval``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from nmt_attn.cli.lines import check_output, check_standard_input
from nmt_attn.cli.options import (
    BeamOption,
    ConfigOption,
    DeviceOption,
    ModelsOption,
    PrecisionOption,
    RunSetOption,
    expanded,
    with_precision,
)
from nmt_attn.errors import UserError
from nmt_attn.text.reading import STANDARD
from nmt_attn.text.writing import writing

SourceOption = Annotated[
    Path | None,
    typer.Option(
        "--source",
        callback=expanded,
        help="Sentences to translate instead of a split; -: standard input.",
        show_default=False,
    ),
]
ReferenceOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--reference",
        callback=expanded,
        help="Their translations; repeat for several references; -: standard input.",
        show_default=False,
    ),
]
OutputOption = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        callback=expanded,
        help="Write the translations here, packed where the name ends in .gz, .bz2, .xz or .zst.",
        show_default=False,
    ),
]


def eval_command(
    model: ModelsOption = None,
    config: ConfigOption = None,
    overrides: RunSetOption = None,
    split: Annotated[str, typer.Option("--split", help="test or valid.")] = "test",
    source: SourceOption = None,
    reference: ReferenceOption = None,
    output: OutputOption = None,
    beam: BeamOption = None,
    precision: PrecisionOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    device: DeviceOption = "auto",
) -> None:
    """Translate held-out sentences and score them: BLEU, chrF, TER, exact matches."""
    from nmt_attn.evaluation.report import EvaluationRequest, report

    check_standard_input([("--source", source), *(("--reference", path) for path in reference or ())])
    if output == STANDARD:
        raise UserError("--output -: standard output is for the scores; give a file")
    if output is not None:
        check_output(output, source, *(reference or ()))
    request = EvaluationRequest(
        models=tuple(model or ()),
        config=config,
        overrides=with_precision(overrides, precision),
        split=split,
        source=source,
        references=tuple(reference or ()),
        beam_size=beam,
        device=device,
    )
    result = report(request)
    print(json.dumps(result.to_json(), ensure_ascii=False) if as_json else result.to_text(), flush=True)
    if output is not None:  # after the scores, which are not lost if this fails
        with writing(output) as write:
            write("".join(line + "\n" for line in result.translations))
