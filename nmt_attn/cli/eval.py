"""The command ``nmt eval``."""

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
    OutputOption,
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
from nmt_attn.text.streams import STANDARD
from nmt_attn.text.writing import writing

SourceOption = Annotated[
    Path | None,
    typer.Option(
        "--source",
        callback=expanded,
        help="File of sentences to translate instead of a split; -: standard input. Of a classifier: labelled texts.",
        show_default=False,
    ),
]
ReferenceOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--reference",
        callback=expanded,
        help="File of their translations; repeat the option for several references. A blank line is no reference; "
        "-: standard input.",
        show_default=False,
    ),
]
SplitOption = Annotated[
    str | None,
    typer.Option("--split", help="Part of the data to score: test (the default) or valid.", show_default=False),
]
TokenizeOption = Annotated[
    str | None,
    typer.Option(
        "--tokenize",
        help="Tokenizer of BLEU: auto or one of sacreBLEU's (13a, intl, zh, char, ja-mecab, ko-mecab, none, "
        "flores101, flores200, spm, spBLEU-1K). Default: that of the run.",
        show_default=False,
    ),
]
RemoveWordsOption = Annotated[
    float | None,
    typer.Option(
        "--remove-words",
        min=0.001,
        max=0.9,
        help="Classifier: also remove this share of the words of each text, those with the most attention, the least, "
        "and random ones, and show how the probability of the label changes.",
        show_default=False,
    ),
]


def eval_command(
    model: ModelsOption = None,
    config: ConfigOption = None,
    overrides: RunSetOption = None,
    split: SplitOption = None,
    source: SourceOption = None,
    reference: ReferenceOption = None,
    output: OutputOption = None,
    beam: BeamOption = None,
    tokenize: TokenizeOption = None,
    remove_words: RemoveWordsOption = None,
    precision: PrecisionOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the scores as one JSON object.")] = False,
    device: DeviceOption = "auto",
    threads: ThreadsOption = None,
) -> None:
    """Score a model on held-out data: BLEU, chrF, TER and exact matches, or accuracy, F1 and calibration of labels."""
    check_standard_input([("--source", source), *(("--reference", path) for path in reference or ())])
    if output == STANDARD:
        raise UserError("--output -: standard output is for the scores; give a file")
    if source is not None or reference:
        refuse_idle("beside --source and --reference, which are scored instead", split=split)
    refuse_both(overrides, "--beam", beam, "decoding.beam_size")
    refuse_both(overrides, "--tokenize", tokenize, "evaluation.tokenize")
    check_output(output, source, *(reference or ()))
    cut = _tokenize(tokenize)
    prepare_for_torch(model if model or config is None else [], None)
    from nmt_attn.evaluation.request import EvaluationRequest
    from nmt_attn.evaluation.run import report

    request = EvaluationRequest(
        models=tuple(model or ()),
        config=config,
        overrides=(*with_options(overrides, precision=precision, threads=threads), *cut),
        split=split or "test",
        source=source,
        references=tuple(reference or ()),
        beam_size=beam,
        remove_words=remove_words,
        device=device,
    )
    result = report(request)
    print(json.dumps(result.to_json(), ensure_ascii=False) if as_json else result.to_text(), flush=True)
    if output is not None:  # after the scores, which are not lost if this fails
        with writing(output) as write:
            write("".join(line + "\n" for line in result.output_lines))


def _tokenize(name: str | None) -> list[str]:
    """Return the override that ``--tokenize`` stands for, as a list; empty if it is not given."""
    from nmt_attn.config.schema import known_tokenizer

    if name is None:
        return []
    try:
        known_tokenizer(name)
    except ValueError as error:
        raise UserError(f"--tokenize: {error}") from None
    return [f"evaluation.tokenize={name}"]
