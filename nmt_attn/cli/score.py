"""The command ``nmt score``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nmt_attn.cli.lines import check_standard_input, count_lines, is_large, say_remarks, stages_beside, text_of
from nmt_attn.cli.options import DeviceOption, ModelsOption, ThreadsOption, expanded, prepare_for_torch, with_options
from nmt_attn.errors import InputError, UserError
from nmt_attn.progress import Unseen
from nmt_attn.text.reading import TextLines
from nmt_attn.text.streams import STANDARD

if TYPE_CHECKING:
    from nmt_attn.decoding.scoring import PairScore


SourceOption = Annotated[
    Path | None,
    typer.Option(
        "--source",
        callback=expanded,
        help="File of source sentences, one per line; -: standard input.",
        show_default=False,
    ),
]
TargetOption = Annotated[
    Path | None,
    typer.Option(
        "--target",
        callback=expanded,
        help="File of their translations, one per line; -: standard input.",
        show_default=False,
    ),
]


def score_command(
    model: ModelsOption = None,
    source: SourceOption = None,
    target: TargetOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per pair.")] = False,
    device: DeviceOption = "auto",
    threads: ThreadsOption = None,
) -> None:
    """Print how probable given translations are: log-probability, tokens and perplexity of each pair, then the total.

    Reads "sentence TAB translation" lines from standard input, or two files.
    """
    if (source is None) != (target is None):
        raise UserError("--source and --target belong together; give both, or neither and pairs on standard input")
    check_standard_input([("--source", source), ("--target", target)])
    prepare_for_torch(model)
    from nmt_attn.decoding.scoring import perplexity
    from nmt_attn.decoding.stream import answer_lines
    from nmt_attn.decoding.translator import Translator

    texts = [text_of(path or STANDARD) for path in ([None] if source is None else [source, target])]
    pairs = _from_columns(*texts) if source is None else _from_files(*texts)
    translator = Translator.load(model, device=device, overrides=with_options(None, threads=threads))

    def score(batch: Sequence[tuple[str, str]]) -> list[PairScore]:
        return translator.score([one for one, _ in batch], [other for _, other in batch])

    scores: list[PairScore] = []
    first = source or STANDARD
    stages = stages_beside(None) if is_large(first) else Unseen
    with stages("scoring", count_lines(first), "pairs") as stage:
        for found in answer_lines(pairs, score):
            scores.append(found)
            print(_json(found) if as_json else _line(found), flush=True)
            stage.update(1)
    total = sum(found.log_prob for found in scores)
    tokens = sum(found.tokens for found in scores)
    pairs_scored = "1 pair" if len(scores) == 1 else f"{len(scores):,} pairs"
    figures = f"log-probability {total:.2f}, perplexity {perplexity(scores):.3f}"
    print(f"{pairs_scored}, {tokens:,} tokens: {figures}", file=sys.stderr)
    say_remarks(texts)


def _line(found: PairScore) -> str:
    return f"{found.log_prob:.4f}\t{found.tokens}\t{found.perplexity:.4f}"


def _json(found: PairScore) -> str:
    values = {"log_prob": round(found.log_prob, 4), "tokens": found.tokens, "perplexity": round(found.perplexity, 4)}
    return json.dumps(values)


def _from_columns(text: TextLines) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(text, start=1):
        source, tab, target = line.partition("\t")
        if not tab:
            raise InputError(f"line {number}: no tab; a line is: sentence TAB translation")
        yield source, target.partition("\t")[0]


def _from_files(source: TextLines, target: TextLines) -> Iterator[tuple[str, str]]:
    for one, other in zip_longest(source, target):
        if one is None or other is None:
            raise InputError(f"{source.name} and {target.name} do not have the same number of lines")
        yield one, other
