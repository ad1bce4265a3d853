"""Evaluation: the translation of held-out sentences and their scores against raw references."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from nmt_attn.decoding.scoring import perplexity
from nmt_attn.decoding.translation import Translation
from nmt_attn.decoding.translator import Translator
from nmt_attn.distributed.group import ALONE, ProcessGroup, in_order, own_part
from nmt_attn.evaluation.scores import Scorer, Scores
from nmt_attn.progress import Stages, Unseen


@dataclass(frozen=True)
class Evaluation:
    """The quality and the speed with which a model translates a set of sentences."""

    scores: Scores
    found: list[Translation]  # the best of each sentence
    seconds: float  # of translating
    references: list[list[str]]  # what they were compared with
    perplexity: float  # of all references, a token of the model

    @property
    def translations(self) -> list[str]:
        """The texts of the translations."""
        return [one.text for one in self.found]

    @property
    def sentences_per_second(self) -> float:
        """The translation speed."""
        return len(self.found) / self.seconds if self.seconds else 0.0


def evaluate(
    translator: Translator,
    sources: Sequence[str],
    references: Sequence[Sequence[str]],
    *,
    scorer: Scorer,
    beam_size: int | None = None,
    group: ProcessGroup = ALONE,
    stages: Stages = Unseen,
) -> Evaluation:
    """Translate ``sources`` and score the result, with intervals; and let the model score the references.

    Args:
        translator: the model.
        sources: raw source sentences.
        references: one or several raw reference translations per source sentence; HTML entities and tags in them
            are treated as those of the model's training text are.
        scorer: a scorer of the target language that treats case as the model does.
        beam_size: replaces the configured one.
        group: the processes that share the sentences; each of them then has all results.
        stages: shows how far it is.
    """
    began = time.perf_counter()
    own = own_part(sources, group)
    with stages("translating", len(sources), "sentences") as stage:
        best = [nbest[0] for nbest in translator.nbest(list(own), 1, beam_size=beam_size, watch=stage.share)]
        found = in_order(group.gather(best))
    seconds = time.perf_counter() - began
    normaliser = translator.tokenizer.target_normaliser
    if normaliser.config.html_entities or normaliser.config.html_tags:
        references = [[normaliser.tidy(text) for text in some] for some in references]
    pairs = [(source, text) for source, some in zip(sources, references, strict=True) for text in some]
    own_pairs = own_part(pairs, group)
    with stages("reading the references", len(pairs), "sentences") as stage:
        scored = translator.score([one for one, _ in own_pairs], [other for _, other in own_pairs], watch=stage.share)
        scored = in_order(group.gather(scored))
    scores = scorer.scores([one.text for one in found], references, intervals=True, stages=stages)
    return Evaluation(scores, found, seconds, [list(some) for some in references], perplexity(scored))
