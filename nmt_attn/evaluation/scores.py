"""BLEU, chrF and TER by sacreBLEU (Post 2018), with the signatures that make them comparable, and exact matches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import cast

from sacrebleu.metrics.bleu import BLEU, MAX_NGRAM_ORDER
from sacrebleu.metrics.chrf import CHRF
from sacrebleu.metrics.ter import TER

from nmt_attn.config.language_codes import has_dotted_i, has_no_spaces, script_of
from nmt_attn.evaluation.tokenization import CHINESE, JAPANESE, bleu_tokenizer, make_bleu
from nmt_attn.text import normalise

NGRAM = int(MAX_NGRAM_ORDER)
"""The order of the longest n-grams that BLEU counts."""

References = Sequence[Sequence[str]]
"""One or several raw reference translations per sentence."""


@dataclass(frozen=True)
class Score:
    """A score in percent, and the signature of how it was computed."""

    score: float | None  # None: it cannot be computed, or would mean nothing
    signature: str
    reason: str | None = None  # why there is none


@dataclass(frozen=True)
class Scores:
    """The scores of a set of translations."""

    bleu: Score
    chrf: Score
    ter: Score
    exact: Score  # the share of hypotheses that are, to the letter, one of their references


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

    def scores(self, hypotheses: Sequence[str], references: References) -> Scores:
        """Compute all scores of at least one hypothesis."""
        return Scores(
            bleu=self.bleu(hypotheses, references),
            chrf=self.chrf(hypotheses, references),
            ter=self.ter(hypotheses, references),
            exact=self.exact(hypotheses, references),
        )

    def bleu(self, hypotheses: Sequence[str], references: References) -> Score:
        """Compute BLEU (Papineni et al. 2002); there is no score where there is no 4-gram to count.

        BLEU is a mean over n-grams of one to four words. Where no translation or no reference has four words, the
        4-gram precision is 0 of 0, for which sacreBLEU prints 0.00, however good the translations are.
        """
        hypotheses, references = self._cased(hypotheses, references)
        result = self._bleu.corpus_score(hypotheses, _streams(references))
        signature = str(self._bleu.get_signature())
        counted = f"no sequence of {NGRAM} {self.tokenizer.unit} to count"
        if max(self.token_counts(references)) < NGRAM:
            return Score(None, signature, f"{counted} in any reference")
        if not result.totals[NGRAM - 1]:
            return Score(None, signature, f"{counted} in any translation")
        return Score(float(result.score), signature)

    def token_counts(self, references: References) -> list[int]:
        """Count the words, as BLEU cuts text, of the longest reference of each sentence."""
        return [max(map(self._tokens, some)) for some in references]

    def _tokens(self, text: str) -> int:
        text = text.lower() if self.lowercase else text
        return len(self._bleu.tokenizer(text.rstrip()).split())

    def chrf(self, hypotheses: Sequence[str], references: References) -> Score:
        """Compute chrF (Popović 2015), which counts characters but not spaces."""
        hypotheses, references = self._cased(hypotheses, references)
        metric = CHRF(lowercase=self.lowercase)
        result = metric.corpus_score(hypotheses, _streams(references))
        return Score(float(result.score), str(metric.get_signature()))

    def ter(self, hypotheses: Sequence[str], references: References) -> Score:
        """Compute TER (Snover et al. 2006), which counts words, and each Chinese or Japanese character as one.

        Other languages without spaces have no score: a sentence would be a single word.
        """
        script = script_of(self.language)
        by_characters = script in CHINESE | JAPANESE
        metric = TER(case_sensitive=not self.lowercase, normalized=by_characters, asian_support=by_characters)
        if has_no_spaces(self.language) and not by_characters:
            return Score(None, "", "it counts words, and there are no spaces between them")
        hypotheses, references = self._cased(hypotheses, references)
        result = metric.corpus_score(hypotheses, _streams(references))
        return Score(float(result.score), str(metric.get_signature()))

    def exact(self, hypotheses: Sequence[str], references: References) -> Score:
        """Compute the share of hypotheses that equal one of their references: the measure for small tasks."""
        hypotheses, references = self._cased(hypotheses, references)
        hits = sum(hypothesis in some for hypothesis, some in zip(hypotheses, references, strict=True))
        return Score(100 * hits / max(1, len(hypotheses)), f"case:{'lc' if self.lowercase else 'mixed'}")

    def _cased(self, hypotheses: Sequence[str], references: References) -> tuple[Sequence[str], References]:
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


def _streams(references: References) -> list[list[str]]:
    """Return one list per reference number; None where a sentence has fewer: an empty string would be a reference."""
    return cast(list[list[str]], [list(stream) for stream in zip_longest(*references, fillvalue=None)])
