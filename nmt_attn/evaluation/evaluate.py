"""Evaluation: the translation of held-out sentences and their scores against raw references."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from nmt_attn.decoding.translator import Translator
from nmt_attn.evaluation.scores import Scorer, Scores


@dataclass(frozen=True)
class Evaluation:
    """The quality and the speed with which a model translates a set of sentences."""

    scores: Scores
    translations: list[str]
    seconds: float  # of translating

    @property
    def sentences_per_second(self) -> float:
        """The translation speed."""
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
        references: one or several raw reference translations per source sentence; HTML entities and tags in them
            are treated as those of the model's training text are.
        scorer: a scorer of the target language that treats case as the model does.
        beam_size: replaces the configured one.
    """
    began = time.perf_counter()
    translations = translator.translate(sources, beam_size=beam_size)
    seconds = time.perf_counter() - began
    normaliser = translator.tokenizer.target_normaliser
    if normaliser.config.html_entities or normaliser.config.html_tags:
        references = [[normaliser.tidy(text) for text in some] for some in references]
    return Evaluation(scorer.scores(translations, references), translations, seconds)
