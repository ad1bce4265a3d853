"""The command ``nmt translate``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nmt_attn.cli.lines import check_output, say_remarks, text_of
from nmt_attn.cli.options import (
    BeamOption,
    DeviceOption,
    ModelsOption,
    PrecisionOption,
    RunSetOption,
    ThreadsOption,
    as_text,
    expanded,
    prepare_for_torch,
    refuse_both,
    refuse_idle,
    with_options,
)
from nmt_attn.cli.prompt import is_interactive, prompted_lines
from nmt_attn.errors import UserError
from nmt_attn.text.reading import STANDARD
from nmt_attn.text.writing import Write, writing

if TYPE_CHECKING:
    from nmt_attn.decoding.sampling import SamplingOptions
    from nmt_attn.decoding.translation import Translation
    from nmt_attn.decoding.translator import Translator


BEAM_KEYS = ("decoding.beam_size", "decoding.pruning")
"""Keys of a search that keeps several hypotheses, which sampling does not."""

SentencesArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="SENTENCE", help="Sentences; none: standard input, one a line."),
]
InputOption = Annotated[
    Path | None,
    typer.Option(
        "--input", "-i", callback=expanded, help="Read this file, packed or not; -: standard input.", show_default=False
    ),
]
OutputOption = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        callback=expanded,
        help="Write to this file, packed where its name ends in .gz, .bz2, .xz or .zst; -: standard output.",
        show_default=False,
    ),
]
NbestOption = Annotated[
    int, typer.Option("--nbest", min=1, help="Translations per sentence, each on a line: index, score, text.")
]
BatchLinesOption = Annotated[
    int | None,
    typer.Option(
        "--batch-lines",
        min=1,
        help="Most lines translated at once; 1 for the least delay. Default: 1024 for each process.",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object per line.")]
AlignmentsOption = Annotated[
    bool, typer.Option("--alignments", help="Beside each line, after a tab, which word comes from which: 0-0 1-2.")
]
PrefixOption = Annotated[str, typer.Option("--prefix", help="What every translation begins with.")]
SampleOption = Annotated[bool, typer.Option("--sample", help="Draw at random instead of searching the best.")]
TemperatureOption = Annotated[
    float | None,
    typer.Option("--temperature", help="With --sample: below 1 is less bold. Default: 1.", show_default=False),
]
TopKOption = Annotated[
    int | None,
    typer.Option(
        "--top-k", help="With --sample: of the k most probable tokens; 0, the default: all.", show_default=False
    ),
]
TopPOption = Annotated[
    float | None,
    typer.Option("--top-p", help="With --sample: of the most probable p of all. Default: 1.", show_default=False),
]
MbrOption = Annotated[
    int,
    typer.Option("--mbr", min=0, help="Of so many candidates, the n best or drawn ones, what most agree with; 0: off."),
]
SeedOption = Annotated[
    int | None,
    typer.Option(
        "--seed",
        min=0,
        help="With --sample: the same seed draws the same translations. Default: 1.",
        show_default=False,
    ),
]
OnErrorOption = Annotated[
    str | None,
    typer.Option(
        "--on-error",
        help="What to do with a line that is not UTF-8: replace (the default) or fail.",
        show_default=False,
    ),
]
ReplaceUnknownOption = Annotated[
    bool,
    typer.Option("--replace-unknown", help="Where the model knows no word, copy the source word it looked at most."),
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
) -> None:
    """Translate sentences, a file or a pipe: a line out for each line in, in order."""
    drawing = {"temperature": temperature, "top_k": top_k, "top_p": top_p, "seed": seed}
    _check_input(sentences, source, batch_lines, on_error)
    _check_search(overrides, beam, sampled=sampled, drawing=drawing)
    if output is not None:
        check_output(output, None if sentences else source or STANDARD)
    sampling = _sampling(temperature, top_k, top_p, seed) if sampled else None
    wish = TranslationRequest(beam, nbest, mbr, as_text(prefix), alignments, replace_unknown, sampling)
    interactive = not sentences and source is None and is_interactive()
    strict = on_error == "fail"
    prepare_for_torch(model)
    from nmt_attn.decoding.stream import BATCH_LINES, answer_lines
    from nmt_attn.decoding.translator import Translator

    # A file is left to the end of the program: closing it would wait for the thread that waits for its next line.
    texts = [] if sentences or interactive else [text_of(source or STANDARD, strict=strict)]
    lines = prompted_lines(strict=strict) if interactive else _given(sentences) if sentences else texts[0]
    overrides = with_options(overrides, precision=precision, threads=threads)
    translator = Translator.load(model, device=device, overrides=overrides, write_unknown=replace_unknown)
    wish.check(translator)

    def answer(batch: Sequence[str]) -> list[_Answer]:
        return wish.answers(translator, list(batch))

    # Whoever is asked for the next line wants to see the answer to the last one first: no reading ahead.
    lines = (line.removeprefix("\ufeff") for line in lines)  # the mark of a file that was put behind another one
    one_by_one = (answer([line])[0] for line in lines)
    most = batch_lines or BATCH_LINES * translator.processes
    answers = one_by_one if interactive else answer_lines(lines, answer, most)
    with writing(output) as write:
        _write(answers, write, None if as_json else nbest)
    say_remarks(texts)


def _check_input(
    sentences: list[str] | None, source: Path | None, batch_lines: int | None, on_error: str | None
) -> None:
    """Refuse options about the input that contradict each other."""
    if sentences and source is not None:
        raise UserError("sentences and --input are both given; keep one of them")
    if sentences:
        refuse_idle("on sentences that are arguments", batch_lines=batch_lines, on_error=on_error)
    if on_error not in (None, "replace", "fail"):
        raise UserError(f"--on-error {on_error}: expected replace or fail")


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


@dataclass(frozen=True)
class _Answer:
    """The translations of one line and, if asked for, its word alignment."""

    line: str
    found: list[Translation]
    links: list[tuple[int, int]] | None  # between words; None where they are not asked for


@dataclass(frozen=True)
class TranslationRequest:
    """The options by which each line is translated."""

    beam: int | None
    nbest: int
    mbr: int
    prefix: str
    alignments: bool
    replace_unknown: bool
    sampling: SamplingOptions | None

    @property
    def candidates(self) -> int:
        """The number of translations that the search returns per line."""
        return max(self.nbest, self.mbr)

    def check(self, translator: Translator) -> None:
        """Refuse options that contradict each other or that the model cannot fulfil."""
        if self.mbr == 1:
            raise UserError("--mbr 1 leaves nothing to choose from; give 2 or more, or leave it out")
        if self.sampling is None and self.candidates > (self.beam or translator.options.beam_size):
            raise UserError(f"{self.candidates} candidates need a beam of that size; add --beam {self.candidates}")
        if self.sampling is not None and self.prefix:
            raise UserError("--prefix is not for --sample; leave out one of them")
        if self.mbr and self.nbest > 1:
            raise UserError("--mbr chooses one translation; leave out --nbest")
        if self.alignments and self.nbest > 1:
            raise UserError("--alignments is for the best translation; leave out --nbest")
        if (self.alignments or self.replace_unknown) and translator.model.config.attention.score == "none":
            option = "--alignments" if self.alignments else "--replace-unknown"
            raise UserError(f"this model has no attention (model.attention.score: none), by which {option} goes")

    def answers(self, translator: Translator, lines: list[str]) -> list[_Answer]:
        """Translate a batch of lines."""
        found = translator.nbest(
            lines, self.candidates, beam_size=self.beam, sampling=self.sampling, prefix=self.prefix
        )
        if self.mbr:
            from nmt_attn.decoding.mbr import minimum_bayes_risk  # sacrebleu takes its time

            found = [[minimum_bayes_risk(candidates, drawn=self.sampling is not None)] for candidates in found]
        links: list[list[tuple[int, int]] | None] = [None] * len(lines)
        if self.alignments:
            from nmt_attn.decoding.alignment import links_in_words

            links = [links_in_words(parts) for parts in translator.align_parts(lines, [nbest[0] for nbest in found])]
        return [_Answer(*answer) for answer in zip(lines, found, links, strict=True)]


def _given(sentences: list[str]) -> Iterator[str]:
    """Return the arguments, one sentence each: a line break inside an argument is white space."""
    return (" ".join(as_text(sentence).split("\n")) for sentence in sentences)


def _sampling(temperature: float | None, top_k: int | None, top_p: float | None, seed: int | None) -> SamplingOptions:
    """Build the sampling options from those that are given and the defaults of the others."""
    from nmt_attn.decoding.sampling import SamplingOptions

    default = SamplingOptions()
    return SamplingOptions(
        temperature=default.temperature if temperature is None else temperature,
        top_k=default.top_k if top_k is None else top_k,
        top_p=default.top_p if top_p is None else top_p,
        seed=default.seed if seed is None else seed,
    )


def _write(answers: Iterable[_Answer], write: Write, nbest: int | None) -> None:
    """Write each answer as soon as it is known: as text with the ``nbest`` translations, or, for None, as JSON."""
    for number, one in enumerate(answers):
        write(_json(one) if nbest is None else _text(number, one, nbest))
        if one.found[0].long:
            print(f"line {number + 1} is long: translated in {one.found[0].parts} parts", file=sys.stderr)


def _text(number: int, answer: _Answer, nbest: int) -> str:
    if answer.links is not None:  # of a blank line too, so that each line has the same columns
        return f"{answer.found[0].text}\t{' '.join(f'{source}-{target}' for source, target in answer.links)}\n"
    if nbest == 1:
        return answer.found[0].text + "\n"
    return "".join(f"{number}\t{one.score:.4f}\t{one.text}\n" for one in answer.found)


def _json(answer: _Answer) -> str:
    found = answer.found
    nbest = [{"text": one.text, "score": round(one.score, 4), "log_prob": round(one.log_prob, 4)} for one in found]
    values = {"source": answer.line, "translation": found[0].text, "score": nbest[0]["score"], "nbest": nbest}
    values["parts"] = found[0].parts
    if answer.links is not None:
        values["alignment"] = answer.links
    return json.dumps(values, ensure_ascii=False) + "\n"
