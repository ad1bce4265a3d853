"""Scores of a file of translations, whoever has made them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nmt_attn.config.loading import load_config, refuse_other_keys
from nmt_attn.corpus.read import read_parallel
from nmt_attn.errors import InputError, UserError
from nmt_attn.evaluation.comet import Comet
from nmt_attn.evaluation.request import EvaluationRequest
from nmt_attn.evaluation.scores import Scorer
from nmt_attn.evaluation.translation_report import HypothesesReport
from nmt_attn.progress import Stages, Unseen
from nmt_attn.text.normalise import tidy

KEYS = ("evaluation", "data.target_lang")
"""Keys that can be set: how texts are cut into words, which the language decides."""


def score_hypotheses(request: EvaluationRequest, stages: Stages = Unseen) -> HypothesesReport:
    """Score the translations of a file against the references of a request; lines without a reference are left out.

    Raises:
        InputError: a file is missing, they differ in length, or no line has a reference.
        UserError: BLEU's tokenizer is not available, or a wish needs a model.
    """
    assert request.hypothesis is not None
    if not request.references:
        raise UserError("--hypothesis needs --reference FILE: what the translations are compared with")
    if request.comet is not None and request.source is None:
        raise UserError("--metric comet needs --source FILE beside --hypothesis: it reads the source, too")
    refuse_other_keys(request.overrides, KEYS, "the scores of given translations")
    config = load_config(request.config, request.overrides)
    scorer = Scorer(language=config.data.target_lang, lowercase=request.lowercase, tokenize=config.evaluation.tokenize)
    comet = None if request.comet is None else Comet(request.comet)
    if scorer.tokenizer.note is not None:
        print(f"note: {scorer.tokenizer.note}", file=sys.stderr)
    lines = read_hypotheses(request.hypothesis, request.source, request.references)
    found = None if comet is None else comet.score(lines.sources, lines.hypotheses, lines.references)
    scores = scorer.scores(lines.hypotheses, lines.references, intervals=True, stages=stages)
    return HypothesesReport(scores, str(request.hypothesis), len(lines.hypotheses), lines.left_out, found)


@dataclass
class ScorableLines:
    """The lines of files of translations that can be scored."""

    sources: list[str] = field(default_factory=list)  # empty texts where no file of them was given
    hypotheses: list[str] = field(default_factory=list)
    references: list[list[str]] = field(default_factory=list)
    places: list[int] = field(default_factory=list)  # of the lines, from 0
    left_out: int = 0


def read_hypotheses(hypothesis: Path, source: Path | None, references: Sequence[Path]) -> ScorableLines:
    """Read files of equal length; a blank line is no reference, but it is a translation, if a bad one.

    Raises:
        InputError: a file is missing, they differ in length, or no line has a reference.
    """
    found = ScorableLines()
    for place, line in enumerate(
        read_parallel(hypothesis, [*([] if source is None else [source]), *references], lenient=True)
    ):
        texts = [tidy(text) for text in line.targets]
        kept = [text for text in texts[source is not None :] if text]
        if not kept:
            found.left_out += 1
            continue
        found.sources.append(texts[0] if source is not None else "")
        found.places.append(place)
        found.hypotheses.append(tidy(line.source))
        found.references.append(kept)
    if not found.hypotheses:
        raise InputError(f"{references[0]}: nothing to score, as each of its {found.left_out:,} lines is blank")
    if found.left_out:
        print(f"left out: {found.left_out:,} lines without a reference", file=sys.stderr)
    return found


def read_translations(path: Path) -> list[str]:
    """Read a file of translations, one a line.

    Raises:
        InputError: it is missing, empty or damaged.
    """
    return [tidy(line.source) for line in read_parallel(path, [], lenient=True)]
