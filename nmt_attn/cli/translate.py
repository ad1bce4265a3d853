"""The command ``nmt translate``."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nmt_attn.cli.input_options import BatchLinesOption, InputOption, JsonOption, OnErrorOption, check_input, open_input
from nmt_attn.cli.lines import check_output, say_remarks, stages_beside
from nmt_attn.cli.options import (
    BeamOption,
    DeviceOption,
    ModelsOption,
    OutputOption,
    PrecisionOption,
    RunSetOption,
    ThreadsOption,
    as_text,
    prepare_for_torch,
    refuse_both,
    refuse_idle,
    with_options,
)
from nmt_attn.cli.sampling import SampleOption, SeedOption, TemperatureOption, TopKOption, TopPOption, sampling_options
from nmt_attn.cli.shared_work import Answer as Block
from nmt_attn.cli.shared_work import ResumeOption, SharedWork, checked_files, work_in_shards
from nmt_attn.distributed.environment import place_here
from nmt_attn.text.streams import STANDARD
from nmt_attn.text.writing import Write, writing

if TYPE_CHECKING:
    from nmt_attn.decoding.request import Answer, TranslationRequest
    from nmt_attn.decoding.translator import Translator

OPTIONS = {
    "beam_size": "--beam",
    "nbest": "--nbest",
    "mbr": "--mbr",
    "prefix": "--prefix",
    "alignments": "--alignments",
    "replace_unknown": "--replace-unknown",
    "sampling": "--sample",
}
"""The options that say the wishes of a translation request."""

BEAM_KEYS = ("decoding.beam_size", "decoding.pruning")
"""Keys of a search that keeps several hypotheses, which sampling does not."""

SentencesArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="SENTENCE", help="Sentences to translate. Without any, standard input is read, one sentence per line."
    ),
]
NbestOption = Annotated[
    int,
    typer.Option(
        "--nbest", min=1, help="Number of translations per sentence, each on its own line: index, score, text."
    ),
]
AlignmentsOption = Annotated[
    bool,
    typer.Option(
        "--alignments",
        help="After each translation, print a tab and the words that belong together, as source-target: 0-0 1-2.",
    ),
]
PrefixOption = Annotated[str, typer.Option("--prefix", help="Text that every translation begins with.")]
MbrOption = Annotated[
    int,
    typer.Option(
        "--mbr",
        min=0,
        help="Choose, of this many candidates (the best, or drawn ones), the one most like the others; 0: off.",
    ),
]
ReplaceUnknownOption = Annotated[
    bool,
    typer.Option(
        "--replace-unknown",
        help="If the model has no word for something, copy the source word with the most attention.",
    ),
]


def translate_command(
    sentences: SentencesArgument = None,
    model: ModelsOption = None,
    source: InputOption = None,
    output: OutputOption = None,
    beam: BeamOption = None,
    nbest: NbestOption = 1,
    batch_lines: BatchLinesOption = None,
    as_json: JsonOption = False,
    alignments: AlignmentsOption = False,
    prefix: PrefixOption = "",
    sampled: SampleOption = False,
    temperature: TemperatureOption = None,
    top_k: TopKOption = None,
    top_p: TopPOption = None,
    mbr: MbrOption = 0,
    seed: SeedOption = None,
    on_error: OnErrorOption = None,
    replace_unknown: ReplaceUnknownOption = False,
    precision: PrecisionOption = None,
    overrides: RunSetOption = None,
    device: DeviceOption = "auto",
    threads: ThreadsOption = None,
    resume: ResumeOption = False,
) -> None:
    """Translate sentences, a file or a pipe: one output line for each input line, in the same order."""
    drawing = {"temperature": temperature, "top_k": top_k, "top_p": top_p, "seed": seed}
    check_input(sentences, source, batch_lines, on_error, "sentences")
    _check_search(overrides, beam, sampled=sampled, drawing=drawing)
    check_output(output, None if sentences else source or STANDARD)
    sampling = sampling_options(temperature, top_k, top_p, seed) if sampled else None
    place = place_here()
    prepare_for_torch(model)
    from nmt_attn.decoding.request import TranslationRequest

    overrides = with_options(overrides, precision=precision, threads=threads)
    wish = TranslationRequest(beam, nbest, mbr, as_text(prefix), alignments, replace_unknown, sampling)
    load = partial(_load, model, overrides, wish)
    if resume or place.size > 1:
        files, options = checked_files(sentences, source, output, batch_lines), [repr(wish), overrides, as_json]
        work = SharedWork(model or (), *files, options, on_error, device, resume)
        work_in_shards(work, lambda device: _in_blocks(load(device), wish, as_json=as_json), place)
        return
    given, translator, show = open_input(sentences, source, on_error), load(device), stages_beside(output)
    translator.expect(many=given.large)
    answers = given.answered(partial(wish.answers, translator), batch_lines, translator.processes, show, "translating")
    with writing(output) as write:
        _write(answers, write, None if as_json else nbest)
    say_remarks(given.files)


def _load(models: list[Path] | None, overrides: list[str], wish: TranslationRequest, device: str) -> Translator:
    """Load a model, and refuse what it cannot do."""
    from nmt_attn.decoding.translator import Translator

    translator = Translator.load(models, device=device, overrides=overrides, write_unknown=wish.replace_unknown)
    wish.check(translator, OPTIONS)
    return translator


def _in_blocks(translator: Translator, wish: TranslationRequest, *, as_json: bool) -> Block:
    def answer(first: int, lines: Sequence[str]) -> str:
        answers = wish.answers(translator, lines)
        return "".join(one.written(first + at, wish.nbest, as_json=as_json) for at, one in enumerate(answers))

    return answer


def _check_search(
    overrides: list[str] | None, beam: int | None, *, sampled: bool, drawing: dict[str, int | float | None]
) -> None:
    """Refuse options of the search where translations are sampled, and options of sampling where they are not."""
    from nmt_attn.config.loading import set_keys

    refuse_both(overrides, "--beam", beam, "decoding.beam_size")
    if sampled:
        drawn = "with --sample, which draws as many as --nbest or --mbr says"
        refuse_idle(drawn, beam=beam, **{f"set {key}": key for key in set_keys(overrides or ()) if key in BEAM_KEYS})
    else:
        refuse_idle("without --sample", **drawing)


def _write(answers: Iterable[Answer], write: Write, nbest: int | None) -> None:
    """Write each answer as soon as it is known: as text with the ``nbest`` translations, or, for None, as JSON."""
    for number, one in enumerate(answers):
        write(one.written(number, nbest or 1, as_json=nbest is None))
        if one.best.long:
            print(f"line {number + 1} is long: translated in {one.best.parts} parts", file=sys.stderr)
