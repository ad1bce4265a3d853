"""``nmt score``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from nmt_attn.cli.lines import standard_input, text_lines
from nmt_attn.cli.options import DeviceOption, ModelsOption
from nmt_attn.errors import InputError, UserError

if TYPE_CHECKING:
    from nmt_attn.decoding.scoring import PairScore


def score_command(
    model: ModelsOption = None,
    source: Annotated[Path | None, typer.Option("--source", help="Sentences, one a line.", show_default=False)] = None,
    target: Annotated[
        Path | None, typer.Option("--target", help="Their translations, one a line.", show_default=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
    device: DeviceOption = "auto",
) -> None:
    """Say how probable given translations are: log-probability, tokens and perplexity of each pair, then the total.

    Reads "sentence TAB translation" from standard input, or two files.
    """
    from nmt_attn.decoding.scoring import perplexity
    from nmt_attn.decoding.stream import answer_lines
    from nmt_attn.decoding.translator import Translator

    if (source is None) != (target is None):
        raise UserError("--source and --target belong together; give both, or neither and pairs on standard input")
    pairs = _from_pipe(standard_input())
    if source is not None and target is not None:
        pairs = _from_files(source, target)
    translator = Translator.load(model, device=device)

    def score(batch: Sequence[tuple[str, str]]) -> list[PairScore]:
        return translator.score([one for one, _ in batch], [other for _, other in batch])

    scores: list[PairScore] = []
    for found in answer_lines(pairs, score):
        scores.append(found)
        print(_json(found) if as_json else f"{found.log_prob:.4f}\t{found.tokens}\t{found.perplexity:.4f}", flush=True)
    total = sum(found.log_prob for found in scores)
    tokens = sum(found.tokens for found in scores)
    print(
        f"{len(scores):,} pairs, {tokens:,} tokens: log-probability {total:.2f}, perplexity {perplexity(scores):.3f}",
        file=sys.stderr,
    )


def _json(found: PairScore) -> str:
    values = {"log_prob": round(found.log_prob, 4), "tokens": found.tokens, "perplexity": round(found.perplexity, 4)}
    return json.dumps(values)


def _from_pipe(stream: BinaryIO) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(text_lines(stream), start=1):
        source, tab, target = line.partition("\t")
        if not tab:
            raise InputError(f"line {number}: no tab; a line is: sentence TAB translation")
        yield source, target.partition("\t")[0]


def _from_files(source: Path, target: Path) -> Iterator[tuple[str, str]]:
    sides = [text_lines(path.open("rb")) for path in (source, target)]
    try:
        yield from zip(*sides, strict=True)
    except ValueError:
        raise InputError(f"{source} and {target} do not have the same number of lines") from None
