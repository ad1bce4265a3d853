"""The analysis of the translations of a set of sentences: each sentence, each word, and what they have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from nmt_attn.analysis.nearness import Nearest, nearest
from nmt_attn.analysis.ngrams import NgramDifferences, differences, repeats
from nmt_attn.analysis.reading import coverage, word_confidences
from nmt_attn.analysis.sentence_statistics import SentenceStatistics
from nmt_attn.analysis.slices import Slicing, rarest_counts, slicings, tags_of
from nmt_attn.analysis.word_scores import Calibration, FrequencyRow, by_frequency, calibration
from nmt_attn.analysis.words import Span, WordCutter, found_in, nearest_reference
from nmt_attn.decoding.alignment import Alignment
from nmt_attn.evaluation.scores import Scorer
from nmt_attn.progress import Stages, Unseen


@dataclass(frozen=True)
class TrainingText:
    """What is known of the training part."""

    sources: Sequence[str] = ()
    targets: Sequence[str] = ()

    def __bool__(self) -> bool:
        return bool(self.sources)


@dataclass(frozen=True)
class TestSet:
    """Sentences with their references, cut into words; several systems' translations are compared on it."""

    sources: Sequence[str]
    references: Sequence[Sequence[str]]
    languages: tuple[str, str]
    trained: TrainingText
    source_cutter: WordCutter
    target_cutter: WordCutter
    source_counts: Counter[str]
    target_counts: Counter[str]
    tags: list[list[str]]  # of each sentence

    @classmethod
    def of(
        cls,
        sources: Sequence[str],
        references: Sequence[Sequence[str]],
        languages: tuple[str, str],
        trained: TrainingText,
        *,
        lowercase: bool,
    ) -> TestSet:
        """Count the words of the training part, and look at the sources."""
        of_source, of_target = (WordCutter(language, lowercase) for language in languages)
        source_counts, target_counts = of_source.counts(trained.sources), of_target.counts(trained.targets)
        tags = [tags_of(source, languages[0], WordCutter(languages[0])) for source in sources]
        if trained:
            for some, count in zip(tags, rarest_counts(sources, of_source, source_counts), strict=True):
                some.extend(["unseen word"] if not count else ["rare word"] if count < 5 else [])
        counts = (source_counts, target_counts)
        return cls(sources, references, languages, trained, of_source, of_target, *counts, tags)

    def nearest(self, stages: Stages = Unseen) -> list[Nearest]:
        """Find the training sentence that is nearest to each source."""
        return nearest(self.sources, self.trained.sources, self.source_cutter, stages)


@dataclass(frozen=True)
class AnalysedSentence:
    """A translation, cut into words that are compared with those of the reference that it shares most with."""

    text: str
    words: list[Span]
    found: list[bool]  # of each word: the reference has it
    confidences: list[float | None]  # of each word: the model's probability
    reference: Sequence[str]  # its words
    tags: list[str]  # what is wrong with it


@dataclass(frozen=True)
class SystemAnalysis:
    """Where one system fails, and how."""

    statistics: SentenceStatistics
    sentences: list[AnalysedSentence]
    slicings: list[Slicing]
    by_frequency: list[FrequencyRow]
    differences: NgramDifferences
    calibration: Calibration
    coverages: list[float] = field(default_factory=list)  # sums of attention, of all source pieces


def analyse(
    test: TestSet, scorer: Scorer, hypotheses: Sequence[str], alignments: Sequence[Alignment] | None = None
) -> SystemAnalysis:
    """Compare translations with their references in every way that needs no model.

    Args:
        test: the sentences.
        scorer: of the target language.
        hypotheses: a translation of each.
        alignments: how the model wrote them, in pieces; None: nobody knows, so words have no confidence.
    """
    statistics = SentenceStatistics(scorer, hypotheses, test.references)
    readings: Sequence[Alignment | None] = alignments or [None] * len(hypotheses)
    together = zip(hypotheses, test.references, readings, statistics.length_ratios, strict=True)
    sentences = [_sentence(test, text, some, alignment, float(ratio)) for text, some, alignment, ratio in together]
    words, references = [[word.text for word in one.words] for one in sentences], [one.reference for one in sentences]
    known = [
        (confidence, found)
        for one in sentences
        for confidence, found in zip(one.confidences, one.found, strict=True)
        if confidence is not None
    ]
    covered = [coverage(alignment) for alignment in alignments or ()]
    return SystemAnalysis(
        statistics,
        sentences,
        slicings(statistics, test.sources, test.tags, test.source_cutter, test.source_counts),
        by_frequency(words, references, test.target_counts) if test.trained else [],
        differences(words, references),
        calibration([confidence for confidence, _ in known], [found for _, found in known]),
        [total for one in covered if one is not None for total in one.sums],
    )


def _sentence(
    test: TestSet, text: str, references: Sequence[str], alignment: Alignment | None, length_ratio: float
) -> AnalysedSentence:
    spans = test.target_cutter.spans(text)
    words = [span.text for span in spans]
    reference = nearest_reference(words, [test.target_cutter(one) for one in references])
    tags = ["repeats"] if repeats(words, reference) else []
    tags += ["too short"] if length_ratio < 0.67 else ["too long"] if length_ratio > 1.5 else []
    confidences: list[float | None] = [None] * len(spans)
    if alignment is not None:
        confidences = word_confidences(text, spans, alignment)
        seen = coverage(alignment)
        tags += ["looked past words"] if seen is not None and seen.neglected > 0.3 else []
    return AnalysedSentence(text, spans, found_in(words, reference), confidences, reference, tags)


def chosen_sentences(statistics: SentenceStatistics, each: int = 6) -> list[tuple[int, str]]:
    """Choose sentences that are worth a closer look: some of the worst, of the best, and of those in the middle.

    Args:
        statistics: of the translations.
        each: how many of each kind.

    Returns:
        Places, and why each was chosen; each place once.
    """
    order = np.argsort(statistics.chrf_of_each, kind="stable").tolist()
    middle = max(0, len(order) // 2 - each // 2)
    exact = [place for place in reversed(order) if statistics.exact[place]]
    best = sorted(exact or order[::-1], key=lambda place: -statistics.words_of_references[place])[:each]
    kinds = [("worst by chrF", order[:each]), ("in the middle", order[middle : middle + each]), ("best", best)]
    found: dict[int, str] = {}
    for why, places in kinds:
        for place in places:
            found.setdefault(place, why)
    return list(found.items())
