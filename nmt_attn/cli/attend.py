"""The command ``nmt attend``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

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

SentenceArgument = Annotated[str, typer.Argument(metavar="SENTENCE", help="The sentence to translate.")]
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
    """Show what the model looks at while it translates a sentence."""
    from rich.console import Console

    from nmt_attn.errors import UserError
    from nmt_attn.reporting.attention_maps import WRITERS, to_text

    kind = output.suffix.lower().removeprefix(".") if output is not None else ""
    if output is not None and kind not in WRITERS:
        raise UserError(f"--output {output}: the name must end in .{', .'.join(WRITERS)}")
    check_output(output)
    sentence = as_text(sentence)
    refuse_both(overrides, "--beam", beam, "decoding.beam_size")
    if target is not None:
        refuse_idle("with --target, as nothing is searched for", beam=beam, set=overrides)
        target = as_text(target)
    if not sentence.strip():
        raise UserError("the sentence is empty")
    prepare_for_torch(model)
    from nmt_attn.decoding.translator import Translator

    translator = Translator.load(model, device=device, overrides=with_options(overrides, threads=threads))
    if not translator.model.attends:
        raise UserError("this model has no attention (model.attention.score: none), so there is nothing to show")
    alignment = translator.align(sentence, target, beam_size=beam)
    if words:
        alignment = alignment.in_words()
    if output is None:
        Console(soft_wrap=True, highlight=False).print(to_text(alignment), end="")
    else:
        output.write_bytes(WRITERS[kind](alignment))
