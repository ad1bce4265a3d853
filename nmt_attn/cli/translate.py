"""``nmt translate``."""

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
    expanded,
    with_precision,
)
from nmt_attn.cli.prompt import is_interactive, prompted_lines
from nmt_attn.text.reading import STANDARD
from nmt_attn.text.writing import Write, writing

if TYPE_CHECKING:
    from nmt_attn.decoding.sampling import SamplingOptions
    from nmt_attn.decoding.translator import Translation, Translator


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
NbestOption = Annotated[int, typer.Option("--nbest", min=1, help="Translations a sentence: index, score, text.")]
BatchLinesOption = Annotated[
    int | None,
    typer.Option(
        "--batch-lines",
        min=1,
        help="Most lines translated at once; 1 for the least delay. Default: 1024 for each process.",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")]
AlignmentsOption = Annotated[
    bool, typer.Option("--alignments", help="Beside each line, after a tab, which word comes from which: 0-0 1-2.")
]
PrefixOption = Annotated[str, typer.Option("--prefix", help="What every translation begins with.")]
SampleOption = Annotated[bool, typer.Option("--sample", help="Draw at random instead of searching the best.")]
TemperatureOption = Annotated[float, typer.Option("--temperature", help="With --sample: below 1 is less bold.")]
TopKOption = Annotated[int, typer.Option("--top-k", help="With --sample: of the k most probable tokens; 0: all.")]
TopPOption = Annotated[float, typer.Option("--top-p", help="With --sample: of the most probable p of all.")]
MbrOption = Annotated[
    int,
    typer.Option("--mbr", min=0, help="Of so many candidates, the n best or drawn ones, what most agree with; 0: off."),
]
SeedOption = Annotated[int, typer.Option("--seed", min=0, help="With --sample: the same draws the same.")]
OnErrorOption = Annotated[
    str, typer.Option("--on-error", help="What to do with a line that is not UTF-8: replace or fail.")
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
    temperature: TemperatureOption = 1.0,
    top_k: TopKOption = 0,
    top_p: TopPOption = 1.0,
    mbr: MbrOption = 0,
    seed: SeedOption = 1,
    on_error: OnErrorOption = "replace",
    replace_unknown: ReplaceUnknownOption = False,
    precision: PrecisionOption = None,
    overrides: RunSetOption = None,
    device: DeviceOption = "auto",
) -> None:
    """Translate sentences, a file or a pipe: a line out for each line in, in order."""
    from nmt_attn.decoding.sampling import SamplingOptions
    from nmt_attn.decoding.stream import BATCH_LINES, answer_lines
    from nmt_attn.decoding.translator import Translator
    from nmt_attn.errors import UserError

    if sentences and source is not None:
        raise UserError("sentences and --input are both given; keep one of them")
    if on_error not in ("replace", "fail"):
        raise UserError(f"--on-error {on_error}: expected replace or fail")
    if output is not None:
        check_output(output, None if sentences else source or STANDARD)
    sampling = SamplingOptions(temperature, top_k, top_p, seed) if sampled else None
    wish = _Wish(beam, nbest, mbr, prefix, alignments, sampling)
    interactive = not sentences and source is None and is_interactive()
    # A file is left to the end of the program: closing it would wait for the thread that waits for its next line.
    texts = [] if sentences or interactive else [text_of(source or STANDARD, strict=on_error == "fail")]
    lines = prompted_lines() if interactive else _given(sentences) if sentences else texts[0]
    translator = Translator.load(
        model, device=device, overrides=with_precision(overrides, precision), write_unknown=replace_unknown
    )
    wish.check(translator)

    def answer(batch: Sequence[str]) -> list[_Answer]:
        return wish.answers(translator, list(batch))

    # Whoever is asked for the next line wants to see the answer to the last one first: no reading ahead.
    one_by_one = (answer([line])[0] for line in lines)
    most = batch_lines or BATCH_LINES * translator.processes
    answers = one_by_one if interactive else answer_lines(lines, answer, most)
    with writing(output) as write:
        _write(answers, write, None if as_json else nbest)
    say_remarks(texts)


@dataclass(frozen=True)
class _Answer:
    """What there is to say of one line."""

    line: str
    found: list[Translation]
    links: list[tuple[int, int]] | None  # between words; None where they are not asked for


@dataclass(frozen=True)
class _Wish:
    """How each line is to be translated."""

    beam: int | None
    nbest: int
    mbr: int
    prefix: str
    alignments: bool
    sampling: SamplingOptions | None

    @property
    def candidates(self) -> int:
        """How many translations of a line the search gives."""
        return max(self.nbest, self.mbr)

    def check(self, translator: Translator) -> None:
        """Say so where wishes do not go together."""
        from nmt_attn.errors import UserError

        if self.sampling is None and self.candidates > (self.beam or translator.options.beam_size):
            raise UserError(f"{self.candidates} candidates need a beam of that size; add --beam {self.candidates}")
        if self.sampling is not None and self.prefix:
            raise UserError("--prefix is not for --sample; leave out one of them")
        if self.mbr and self.nbest > 1:
            raise UserError("--mbr chooses one translation; leave out --nbest")
        if self.alignments and self.nbest > 1:
            raise UserError("--alignments is for the best translation; leave out --nbest")

    def answers(self, translator: Translator, lines: list[str]) -> list[_Answer]:
        """Translate some lines."""
        found = translator.nbest(
            lines, self.candidates, beam_size=self.beam, sampling=self.sampling, prefix=self.prefix
        )
        if self.mbr:
            from nmt_attn.evaluation.risk import least_risk  # sacrebleu takes its time

            found = [[least_risk(candidates, drawn=self.sampling is not None)] for candidates in found]
        links: list[list[tuple[int, int]] | None] = [None] * len(lines)
        if self.alignments:
            from nmt_attn.decoding.alignment import links_in_words

            links = [links_in_words(parts) for parts in translator.align_parts(lines, [nbest[0] for nbest in found])]
        return [_Answer(*answer) for answer in zip(lines, found, links, strict=True)]


def _given(sentences: list[str]) -> Iterator[str]:
    """The arguments. A line break inside one is white space: one argument is one sentence."""
    return (" ".join(sentence.split("\n")) for sentence in sentences)


def _write(answers: Iterable[_Answer], write: Write, nbest: int | None) -> None:
    """Each answer as soon as it is known: the ``nbest`` in text, or None: as JSON."""
    for number, one in enumerate(answers):
        write(_json(one) if nbest is None else _text(number, one, nbest))
        if one.found[0].long:
            print(f"line {number + 1} is long: translated in {one.found[0].parts} parts", file=sys.stderr)


def _text(number: int, answer: _Answer, nbest: int) -> str:
    if answer.links is not None and answer.found[0].text:
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
