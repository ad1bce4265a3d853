"""Evaluation: translate held-out sentences and score them against their raw references."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from nmt_attn.decoding.translator import Translator
from nmt_attn.evaluation.scores import Scorer, Scores


@dataclass(frozen=True)
class Evaluation:
    """How well and how fast a model translates a set of sentences."""

    scores: Scores
    translations: list[str]
    seconds: float  # of translating

    @property
    def sentences_per_second(self) -> float:
        """Translation speed."""
        return len(self.translations) / self.seconds if self.seconds else 0.0


def evaluate(
    translator: Translator,
    sources: Sequence[str],
    references: Sequence[Sequence[str]],
    *,
    scorer: Scorer,
    beam_size: int | None = None,
) -> Evaluation:
    """Translate ``sources`` and score the result.

    Args:
        translator: the model.
        sources: raw source sentences.
        references: for each of them one or several raw reference translations; HTML entities in them are resolved
            where the model resolves those of its training text.
        scorer: of the target language, with the model's sense of case.
        beam_size: instead of the configured one.
    """
    began = time.perf_counter()
    translations = translator.translate(sources, beam_size=beam_size)
    seconds = time.perf_counter() - began
    normaliser = translator.tokenizer.target_normaliser
    if normaliser.config.html_entities:
        references = [[normaliser.tidy(text) for text in some] for some in references]
    return Evaluation(scorer.scores(translations, references), translations, seconds)
