"""The command ``nmt attend``."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from nmt_attn.cli.lines import check_output
from nmt_attn.cli.options import (
    BeamOption,
    DeviceOption,
    ModelsOption,
    RunSetOption,
    ThreadsOption,
    as_text,
    expanded,
    prepare_for_torch,
    refuse_both,
    refuse_idle,
    with_options,
)

KINDS = ("png", "svg", "html", "json")
"""Kinds of files that can be written, by the ending of the name."""

SentenceArgument = Annotated[
    str, typer.Argument(metavar="SENTENCE", help="The sentence to translate, or the text to classify.")
]
TargetOption = Annotated[
    str | None,
    typer.Option(
        "--target", "-t", help="Show the attention for this translation instead of the model's own.", show_default=False
    ),
]
PictureOption = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        callback=expanded,
        help="Write to this .png, .svg, .html or .json file instead of the terminal.",
        show_default=False,
    ),
]
WordsOption = Annotated[bool, typer.Option("--words/--pieces", help="Show whole words, or the tokenizer's pieces.")]


def attend_command(
    sentence: SentenceArgument,
    model: ModelsOption = None,
    target: TargetOption = None,
    output: PictureOption = None,
    words: WordsOption = True,
    beam: BeamOption = None,
    overrides: RunSetOption = None,
    device: DeviceOption = "auto",
    threads: ThreadsOption = None,
) -> None:
    """Show what the model looks at while it translates a sentence, or gives a text its label."""
    from nmt_attn.config.loading import load_config
    from nmt_attn.errors import UserError
    from nmt_attn.runs.directory import find_model

    kind = output.suffix.lower().removeprefix(".") if output is not None else None
    if kind is not None and kind not in KINDS:
        raise UserError(f"--output {output}: the name must end in .{', .'.join(KINDS)}")
    check_output(output)
    sentence = as_text(sentence)
    refuse_both(overrides, "--beam", beam, "decoding.beam_size")
    classifies = load_config(find_model(model[0] if model else None).run.config_file).task == "classification"
    if not sentence.strip():
        raise UserError(f"the {'text' if classifies else 'sentence'} is empty")
    if classifies:
        refuse_idle("on a run that classifies", target=target, beam=beam)
        show = _of_classifier
    else:
        show = partial(_of_translator, target=target, beam=beam)
        if target is not None:
            refuse_idle("with --target, as nothing is searched for", beam=beam, set=overrides)
    prepare_for_torch(model, "classification" if classifies else "translation")
    shown = show(sentence, kind, words, model, device, with_options(overrides, threads=threads))
    if output is None:
        _print(shown, soft_wrap=not classifies)
    else:
        output.write_bytes(shown)


def _print(shown: Any, *, soft_wrap: bool) -> None:
    """Print, with lines as long as they are (soft_wrap), or broken between words as a terminal is wide."""
    from rich.console import Console

    Console(soft_wrap=soft_wrap, highlight=False).print(shown, end="", soft_wrap=soft_wrap)


def _of_translator(
    sentence: str,
    kind: str | None,
    words: bool,
    model: list[Path] | None,
    device: str,
    overrides: list[str],
    *,
    target: str | None,
    beam: int | None,
) -> Any:
    """Return the attention of a translation as text for a terminal, or, for a kind of file, as bytes."""
    from nmt_attn.decoding.translator import Translator
    from nmt_attn.errors import UserError
    from nmt_attn.reporting.attention_maps import WRITERS, to_text

    translator = Translator.load(model, device=device, overrides=overrides)
    if not translator.model.attends:
        raise UserError("this model has no attention (model.attention.score: none), so there is nothing to show")
    alignment = translator.align(sentence, None if target is None else as_text(target), beam_size=beam)
    alignment = alignment.in_words() if words else alignment
    return to_text(alignment) if kind is None else WRITERS[kind](alignment)


def _of_classifier(
    sentence: str, kind: str | None, words: bool, model: list[Path] | None, device: str, overrides: list[str]
) -> Any:
    """Return the attention over a text, as :func:`_of_translator`."""
    from nmt_attn.classification.classifier import Classifier
    from nmt_attn.reporting.shaded_text import WRITERS, to_text

    (weighed,) = Classifier.load(model, device=device, overrides=overrides).weigh([sentence])
    weighed = weighed.in_words() if words else weighed
    return to_text(weighed) if kind is None else WRITERS[kind](weighed)
