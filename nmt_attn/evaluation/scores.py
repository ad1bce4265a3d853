"""BLEU, chrF, chrF++ and TER by sacreBLEU (Post 2018), with the signatures that make them comparable; exact matches."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, cast

import numpy as np
from sacrebleu.metrics.base import Score as SacrebleuScore
from sacrebleu.metrics.bleu import BLEU, MAX_NGRAM_ORDER, BLEUScore
from sacrebleu.metrics.chrf import CHRF
from sacrebleu.metrics.ter import TER
from sacrebleu.significance import _bootstrap_resample, estimate_ci

from nmt_attn.config.language_codes import has_dotted_i, has_no_spaces, script_of
from nmt_attn.evaluation.intervals import wilson_interval
from nmt_attn.evaluation.tokenization import CHINESE, JAPANESE, bleu_tokenizer, make_bleu
from nmt_attn.progress import Stages, Unseen
from nmt_attn.text import normalise

NGRAM = int(MAX_NGRAM_ORDER)
"""The order of the longest n-grams that BLEU counts."""

SentenceCounts = list[list[Any]]
"""What a metric of sacreBLEU counts in each sentence: numbers, of some metrics whole ones."""

References = Sequence[Sequence[str]]
"""One or several raw reference translations per sentence."""


RESAMPLES = 1000
"""Resamples of a bootstrap, as sacreBLEU has them."""

MOST_RESAMPLED = 20_000
"""Sentences up to which scores are resampled: sacreBLEU holds the statistics of all resamples, gigabytes for more."""


@dataclass(frozen=True)
class Score:
    """A score in percent, and the signature of how it was computed."""

    score: float | None  # None: it cannot be computed, or would mean nothing
    signature: str
    reason: str | None = None  # why there is none
    interval: tuple[float, float] | None = None  # 95 %; None: not asked for, or too many sentences


@dataclass(frozen=True)
class Scores:
    """The scores of a set of translations."""

    bleu: Score
    chrf: Score
    chrf_plus_plus: Score
    ter: Score
    exact: Score  # the share of hypotheses that are, to the letter, one of their references
    length_ratio: float | None  # words of the hypotheses for each of the references, those nearest in length

    @property
    def named(self) -> dict[str, Score]:
        """The scores by the names that people know them by."""
        of_exact = {"exact": self.exact}
        return {"BLEU": self.bleu, "chrF": self.chrf, "chrF++": self.chrf_plus_plus, "TER": self.ter} | of_exact


@dataclass(frozen=True)
class Counted:
    """What a metric of sacreBLEU has counted in each sentence."""

    metric: BLEU | CHRF | TER  # which knows from it how many references there are, as its signature says
    counts: SentenceCounts

    def fresh(self) -> tuple[BLEU | CHRF | TER, SentenceCounts]:
        """Return the counts with a copy of the metric, as a bootstrap leaves its number of samples in one."""
        return copy(self.metric), self.counts


class Scorer:
    """A scorer of translations into one language, the same one in validation and in evaluation.

    Args:
        language: BCP 47 code of the target language, which decides how BLEU and TER cut text into words.
        lowercase: score without regard to case, for models that lowercase; the signatures say so.
        tokenize: see ``evaluation.tokenize``.

    Raises:
        UserError: the tokenizer is not installed, or cannot be fetched.
    """

    def __init__(self, *, language: str = "", lowercase: bool = False, tokenize: str = "auto") -> None:
        self.language, self.lowercase = language, lowercase
        self.tokenizer = bleu_tokenizer(language, tokenize)
        self._bleu: BLEU = make_bleu(self.tokenizer, lowercase=lowercase)
        self._counted: dict[str, tuple[object, Counted]] = {}  # by metric: the texts, and what was counted in them

    def scores(
        self,
        hypotheses: Sequence[str],
        references: References,
        *,
        intervals: bool = False,
        stages: Stages = Unseen,
    ) -> Scores:
        """Compute all scores of at least one hypothesis.

        Args:
            hypotheses: the translations.
            references: of each.
            intervals: 95 % intervals too, by sacreBLEU's bootstrap resampling (Koehn 2004); of exact matches by
                Wilson's formula.
            stages: shows how far it is.
        """
        samples = RESAMPLES if intervals and len(hypotheses) <= MOST_RESAMPLED else 1
        with stages("scoring", 4, "metrics") as stage:
            bleu, ratio = self._bleu_and_ratio(hypotheses, references, samples)
            stage.update(1)
            chrf = self.chrf(hypotheses, references, samples)
            stage.update(1)
            chrf_plus_plus = self.chrf(hypotheses, references, samples, word_order=2)
            stage.update(1)
            ter = self.ter(hypotheses, references, samples)
            stage.update(1)
        exact = self.exact(hypotheses, references, interval=intervals)
        return Scores(bleu, chrf, chrf_plus_plus, ter, exact, length_ratio=ratio)

    def bleu(self, hypotheses: Sequence[str], references: References, samples: int = 1) -> Score:
        """Compute BLEU (Papineni et al. 2002); there is no score where there is no 4-gram to count.

        BLEU is a mean over n-grams of one to four words. Where no translation or no reference has four words, the
        4-gram precision is 0 of 0, for which sacreBLEU prints 0.00, however good the translations are.
        """
        return self._bleu_and_ratio(hypotheses, references, samples)[0]

    def _bleu_and_ratio(
        self, hypotheses: Sequence[str], references: References, samples: int
    ) -> tuple[Score, float | None]:
        """Compute BLEU, and how many words there are for each word of the references nearest in length."""
        hypotheses, references = self.cased(hypotheses, references)
        metric, counts = self.counted("BLEU", hypotheses, references).fresh()
        result, interval = computed(metric, counts, samples)
        signature, ratio = str(metric.get_signature()), _ratio(cast(BLEUScore, result))
        counted = f"no sequence of {NGRAM} {self.tokenizer.unit} to count"
        if max(self.token_counts(references)) < NGRAM:
            return Score(None, signature, f"{counted} in any reference"), ratio
        if not cast(BLEUScore, result).totals[NGRAM - 1]:
            return Score(None, signature, f"{counted} in any translation"), ratio
        return Score(float(result.score), signature, interval=interval), ratio

    def metric(self, name: str) -> BLEU | CHRF | TER:
        """Make sacreBLEU's metric of a name (see :attr:`Scores.named`) as this scorer has it.

        Texts that it is given are to be lowercased before, by :meth:`cased`, where the scorer lowercases.
        """
        by_characters = script_of(self.language) in CHINESE | JAPANESE
        match name:
            case "BLEU":
                return make_bleu(self.tokenizer, lowercase=self.lowercase)
            case "chrF":
                return CHRF(lowercase=self.lowercase)
            case "chrF++":
                return CHRF(lowercase=self.lowercase, word_order=2)
            case _:
                return TER(case_sensitive=not self.lowercase, normalized=by_characters, asian_support=by_characters)

    def counted(self, name: str, hypotheses: Sequence[str], references: References) -> Counted:
        """Let sacreBLEU's metric of a name count; of the same texts again nothing is counted twice.

        Args:
            name: of the metric, see :meth:`metric`.
            hypotheses: the translations, as :meth:`cased` gives them.
            references: of each, likewise.
        """
        texts = (list(hypotheses), [list(some) for some in references])
        known = self._counted.get(name)
        if known is None or known[0] != texts:
            metric = self.metric(name)
            known = (texts, Counted(metric, metric._extract_corpus_statistics(texts[0], streams(texts[1]))))
            self._counted[name] = known
        return known[1]

    def token_counts(self, references: References) -> list[int]:
        """Count the words, as BLEU cuts text, of the longest reference of each sentence."""
        return [max(map(self._tokens, some)) for some in references]

    def _tokens(self, text: str) -> int:
        text = text.lower() if self.lowercase else text
        return len(self._bleu.tokenizer(text.rstrip()).split())

    def chrf(
        self, hypotheses: Sequence[str], references: References, samples: int = 1, *, word_order: int = 0
    ) -> Score:
        """Compute chrF (Popović 2015), which counts characters but not spaces.

        With ``word_order`` 2 it is chrF++ (Popović 2017), which counts words and pairs of words too.
        """
        hypotheses, references = self.cased(hypotheses, references)
        name = "chrF++" if word_order else "chrF"
        metric, counts = self.counted(name, hypotheses, references).fresh()
        result, interval = computed(metric, counts, samples)
        return Score(float(result.score), str(metric.get_signature()), interval=interval)

    def ter(self, hypotheses: Sequence[str], references: References, samples: int = 1) -> Score:
        """Compute TER (Snover et al. 2006), which counts words, and each Chinese or Japanese character as one.

        Other languages without spaces have no score: a sentence would be a single word.
        """
        if has_no_spaces(self.language) and script_of(self.language) not in CHINESE | JAPANESE:
            return Score(None, "", "it counts words, and there are no spaces between them")
        hypotheses, references = self.cased(hypotheses, references)
        metric, counts = self.counted("TER", hypotheses, references).fresh()
        result, interval = computed(metric, counts, samples)
        return Score(float(result.score), str(metric.get_signature()), interval=interval)

    def exact(self, hypotheses: Sequence[str], references: References, *, interval: bool = False) -> Score:
        """Compute the share of hypotheses that equal one of their references: the measure for small tasks."""
        hypotheses, references = self.cased(hypotheses, references)
        hits = sum(hypothesis in some for hypothesis, some in zip(hypotheses, references, strict=True))
        found = wilson_interval(hits, len(hypotheses)) if interval and hypotheses else None
        return Score(
            100 * hits / max(1, len(hypotheses)), f"case:{'lc' if self.lowercase else 'mixed'}", interval=found
        )

    def cased(self, hypotheses: Sequence[str], references: References) -> tuple[Sequence[str], References]:
        """Lowercase both sides, if asked for, by the rules of their language; sacreBLEU lacks those of Turkish."""
        if not self.lowercase:
            return hypotheses, references
        dotted_i = has_dotted_i(self.language)

        def lowered(texts: Sequence[str]) -> list[str]:
            return [normalise.lowercase(text, dotted_i=dotted_i) for text in texts]

        return lowered(hypotheses), [lowered(some) for some in references]


def score(
    hypotheses: Sequence[str],
    references: References,
    *,
    lowercase: bool = False,
    language: str = "",
    tokenize: str = "auto",
) -> Scores:
    """Compute all scores once; see :class:`Scorer` for the arguments."""
    return Scorer(language=language, lowercase=lowercase, tokenize=tokenize).scores(hypotheses, references)


def bleu(
    hypotheses: Sequence[str], references: References, *, lowercase: bool = False, language: str = ""
) -> float | None:
    """Compute BLEU alone; None where there is nothing to count."""
    return Scorer(language=language, lowercase=lowercase).bleu(hypotheses, references).score


def computed(
    metric: BLEU | CHRF | TER, counts: SentenceCounts, samples: int
) -> tuple[SacrebleuScore, tuple[float, float] | None]:
    """Compute a score of sacreBLEU, and of several samples the 95 % interval as it does.

    Its own method stops where some samples have a score of 0, for it then adds up numbers of two kinds.
    """
    result = cast(SacrebleuScore, metric._aggregate_and_compute(counts))
    if samples == 1:
        return result, None
    seed, resampled = _bootstrap_resample(counts, metric, samples)
    metric.n_bootstrap, metric.seed = samples, seed  # for the signature
    middle, half = (float(one) for one in estimate_ci(np.array([float(one.score) for one in resampled])))
    return result, (middle - half, middle + half)


def _ratio(result: BLEUScore) -> float | None:
    return result.sys_len / result.ref_len if result.ref_len else None


def streams(references: References) -> list[list[str]]:
    """Return one list per reference number; None where a sentence has fewer: an empty string would be a reference."""
    return cast(list[list[str]], [list(stream) for stream in zip_longest(*references, fillvalue=None)])
