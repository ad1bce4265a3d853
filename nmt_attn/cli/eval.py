"""The command ``nmt eval``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nmt_attn.cli.lines import check_output, check_standard_input
from nmt_attn.cli.options import (
    DEVICES,
    BeamOption,
    ConfigOption,
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
from nmt_attn.distributed.environment import notes_of_main, place_here
from nmt_attn.errors import UserError
from nmt_attn.progress import Progress, Unseen
from nmt_attn.text.streams import STANDARD
from nmt_attn.text.writing import writing

if TYPE_CHECKING:
    from nmt_attn.evaluation.request import EvaluationReport, EvaluationRequest

PATIENCE = 86400.0
"""Seconds for which processes that share the sentences wait for the slowest of them."""

SourceOption = Annotated[
    Path | None,
    typer.Option(
        "--source",
        callback=expanded,
        help="File of sentences to translate instead of a split; -: standard input. For a classifier: texts with their "
        "labels, in any form that nmt prepare reads.",
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
HypothesisOption = Annotated[
    Path | None,
    typer.Option(
        "--hypothesis",
        callback=expanded,
        help="File of translations to score with --reference, instead of those of a model; -: standard input.",
        show_default=False,
    ),
]
LowercaseOption = Annotated[
    bool,
    typer.Option("--lowercase", help="With --hypothesis: score without regard to case."),
]
MetricOption = Annotated[
    str | None,
    typer.Option(
        "--metric",
        help="A metric beside the others: comet or comet=MODEL (pip install unbabel-comet; its model must be on this "
        "machine).",
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
    hypothesis: HypothesisOption = None,
    lowercase: LowercaseOption = False,
    metric: MetricOption = None,
    output: OutputOption = None,
    beam: BeamOption = None,
    tokenize: TokenizeOption = None,
    remove_words: RemoveWordsOption = None,
    precision: PrecisionOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the scores as one JSON object.")] = False,
    device: Annotated[str | None, typer.Option("--device", help=DEVICES, show_default="auto")] = None,
    threads: ThreadsOption = None,
) -> None:
    """Score a model on held-out data: BLEU, chrF, chrF++, TER, exact matches, perplexity; or labels: accuracy, F1."""
    references = tuple(reference or ())
    check_standard_input([("--source", source), ("--hypothesis", hypothesis), *_named("--reference", references)])
    _refuse_idle(locals())
    refuse_both(overrides, "--beam", beam, "decoding.beam_size")
    refuse_both(overrides, "--tokenize", tokenize, "evaluation.tokenize")
    if output == STANDARD:
        raise UserError("--output -: standard output is for the scores; give a file")
    check_output(output, source, *references)
    overrides = [*with_options(overrides, precision=precision, threads=threads), *_tokenize(tokenize)]
    prepare_for_torch(model if model or (config is None and hypothesis is None) else [], None)
    from nmt_attn.evaluation.request import EvaluationRequest

    request = EvaluationRequest(
        models=tuple(model or ()),
        config=config,
        overrides=tuple(overrides),
        split=split or "test",
        source=source,
        references=references,
        hypothesis=hypothesis,
        lowercase=lowercase,
        comet=_comet(metric),
        beam_size=beam,
        remove_words=remove_words,
        device=device or "auto",
    )
    _evaluate(request, as_json, output)


def _evaluate(request: EvaluationRequest, as_json: bool, output: Path | None) -> None:
    """Evaluate, alone or as one of several processes that share the sentences, of which the main one speaks."""
    place = place_here()
    from nmt_attn.evaluation.run import report

    if place.size == 1:
        _show(report(request, Progress), as_json, output)
        return
    from nmt_attn.distributed.devices import device_of
    from nmt_attn.distributed.torch_group import joined

    with joined(place, "cpu", PATIENCE) as group, notes_of_main(place):
        request = replace(request, device=device_of(request.device, place), group=group)
        result = report(request, Progress if group.is_main else Unseen)
        if group.is_main:
            _show(result, as_json, output)


def _refuse_idle(options: Mapping[str, Any]) -> None:
    """Refuse options of the command that have no effect beside others; COMET reads the source of a hypothesis, too."""
    if options["hypothesis"] is None:
        refuse_idle("without --hypothesis", lowercase=options["lowercase"] or None)
    else:
        names = ["model", "split", "output", "beam", "remove_words", "precision", "device", "threads"]
        names += [] if options["metric"] else ["source"]
        of_a_model = {name: options[name] for name in names}
        refuse_idle("beside --hypothesis, whose translations are scored", **of_a_model)
    if options["source"] is not None or options["reference"]:
        refuse_idle("beside --source and --reference, which are scored instead", split=options["split"])


def _named(option: str, paths: Sequence[Path]) -> list[tuple[str, Path]]:
    return [(option, path) for path in paths]


def _show(result: EvaluationReport, as_json: bool, output: Path | None) -> None:
    print(json.dumps(result.to_json(), ensure_ascii=False) if as_json else result.to_text(), flush=True)
    if output is not None:  # after the scores, which are not lost if this fails
        with writing(output) as write:
            write("".join(line + "\n" for line in result.output_lines))


def _comet(metric: str | None) -> str | None:
    """Return the name of the COMET model that ``--metric`` asks for, if it does."""
    if metric is None:
        return None
    from nmt_attn.evaluation.comet import DEFAULT_MODEL

    name, equals, model = metric.partition("=")
    if name != "comet" or (equals and not model):
        raise UserError(f"--metric {metric}: must be comet or comet=MODEL; all others are always there")
    return model or DEFAULT_MODEL


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
