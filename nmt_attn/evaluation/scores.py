"""BLEU, chrF and TER by sacreBLEU (Post 2018), with the signatures that make them comparable, and exact matches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import cast

from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF
from sacrebleu.metrics.ter import TER

from nmt_attn.language import has_dotted_i
from nmt_attn.text import normalise

# Languages written without spaces, and how sacreBLEU is to cut them up; all others are cut as in WMT (13a).
_TOKENIZERS = {"zh": "zh", "ja": "char", "ko": "char", "th": "char"}


@dataclass(frozen=True)
class Score:
    """A figure, in percent, and how it was computed."""

    score: float
    signature: str


@dataclass(frozen=True)
class Scores:
    """The scores of a set of translations."""

    bleu: Score
    chrf: Score
    ter: Score
    exact: Score  # the share of hypotheses that are, to the letter, one of their references


def score(
    hypotheses: Sequence[str],
    references: Sequence[Sequence[str]],
    *,
    lowercase: bool = False,
    language: str = "",
) -> Scores:
    """All scores.

    Args:
        hypotheses: translations as text.
        references: for each of them one or several reference translations, raw.
        lowercase: score without regard to case, for models that lowercase; the signature says so.
        language: code of the target language; decides how BLEU cuts text into words.
    """
    if lowercase:
        hypotheses, references = _lowered(hypotheses, references, language)
    streams = _streams(references)
    results: list[Score] = []
    for metric in (_bleu(lowercase, language), CHRF(lowercase=lowercase), TER(case_sensitive=not lowercase)):
        result = metric.corpus_score(hypotheses, streams)
        results.append(Score(result.score, str(metric.get_signature())))
    by_words, by_letters, by_edits = results
    exact = exact_match(hypotheses, references, lowercase=lowercase, language=language)
    return Scores(bleu=by_words, chrf=by_letters, ter=by_edits, exact=exact)


def exact_match(
    hypotheses: Sequence[str], references: Sequence[Sequence[str]], *, lowercase: bool = False, language: str = ""
) -> Score:
    """How many hypotheses equal one of their references, in percent: the figure that counts for small tasks."""
    if lowercase:
        hypotheses, references = _lowered(hypotheses, references, language)
    hits = sum(hypothesis in some for hypothesis, some in zip(hypotheses, references, strict=True))
    return Score(100 * hits / max(1, len(hypotheses)), f"case:{'lc' if lowercase else 'mixed'}")


def bleu(
    hypotheses: Sequence[str],
    references: Sequence[Sequence[str]],
    *,
    lowercase: bool = False,
    language: str = "",
) -> float:
    """BLEU alone, as :func:`score` computes it."""
    if lowercase:
        hypotheses, references = _lowered(hypotheses, references, language)
    streams = _streams(references)
    return float(_bleu(lowercase, language).corpus_score(hypotheses, streams).score)


def _lowered(
    hypotheses: Sequence[str], references: Sequence[Sequence[str]], language: str
) -> tuple[list[str], list[list[str]]]:
    """Both sides lowercased as their language is; sacreBLEU, which knows no Turkish, then has nothing left to do."""

    def lowered(texts: Sequence[str]) -> list[str]:
        return [normalise.lowercase(text, dotted_i=has_dotted_i(language)) for text in texts]

    return lowered(hypotheses), [lowered(some) for some in references]


def _streams(references: Sequence[Sequence[str]]) -> list[list[str]]:
    """One list a reference number. Where a sentence has fewer, None: an empty string would count as a reference."""
    return cast(list[list[str]], [list(stream) for stream in zip_longest(*references, fillvalue=None)])


def _bleu(lowercase: bool, language: str) -> BLEU:
    tokenizer = _TOKENIZERS.get(language.split("-")[0].lower(), "13a")
    # force: no advice about detokenising to the user of a model that was trained on split punctuation.
    return BLEU(lowercase=lowercase, tokenize=tokenizer, force=True)
