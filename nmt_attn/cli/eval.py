"""``nmt eval``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from nmt_attn.cli.lines import check_output
from nmt_attn.cli.options import (
    BeamOption,
    ConfigOption,
    DeviceOption,
    ModelsOption,
    PrecisionOption,
    RunSetOption,
    refuse_both,
    refuse_idle,
    with_precision,
)


def eval_command(
    model: ModelsOption = None,
    config: ConfigOption = None,
    overrides: RunSetOption = None,
    split: Annotated[
        str | None, typer.Option("--split", help="test (the default) or valid.", show_default=False)
    ] = None,
    source: Annotated[
        Path | None,
        typer.Option("--source", help="Sentences to translate instead of a split.", show_default=False),
    ] = None,
    reference: Annotated[
        list[Path] | None,
        typer.Option(
            "--reference",
            help="Their translations; repeat for several references. A blank line is none.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write the translations here, a line a line.", show_default=False),
    ] = None,
    beam: BeamOption = None,
    tokenize: Annotated[
        str | None,
        typer.Option(
            "--tokenize",
            help="How BLEU cuts text: auto or a tokenizer of sacreBLEU (13a, intl, zh, char, ja-mecab, ko-mecab, none, "
            "flores101, flores200, spm, spBLEU-1K). Default: the run's.",
            show_default=False,
        ),
    ] = None,
    precision: PrecisionOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    device: DeviceOption = "auto",
) -> None:
    """Translate held-out sentences and score them: BLEU, chrF, TER, exact matches."""
    from nmt_attn.evaluation.report import EvaluationRequest, report

    if source is not None or reference:
        refuse_idle("beside --source and --reference, which are scored instead", split=split)
    refuse_both(overrides, "--beam", beam, "decoding.beam_size")
    refuse_both(overrides, "--tokenize", tokenize, "evaluation.tokenize")
    if output is not None:
        check_output(output, source, *(reference or ()))
    request = EvaluationRequest(
        models=tuple(model or ()),
        config=config,
        overrides=(*with_precision(overrides, precision), *_tokenize(tokenize)),
        split=split or "test",
        source=source,
        references=tuple(reference or ()),
        beam_size=beam,
        device=device,
    )
    result = report(request)
    print(json.dumps(result.to_json(), ensure_ascii=False) if as_json else result.to_text(), flush=True)
    if output is not None:  # after the scores, which are not lost if this fails
        output.write_text("".join(line + "\n" for line in result.translations), encoding="utf-8", newline="\n")


def _tokenize(name: str | None) -> list[str]:
    """What ``--tokenize`` sets."""
    from nmt_attn.config import known_tokenizer
    from nmt_attn.errors import UserError

    if name is None:
        return []
    try:
        known_tokenizer(name)
    except ValueError as error:
        raise UserError(f"--tokenize: {error}") from None
    return [f"evaluation.tokenize={name}"]
