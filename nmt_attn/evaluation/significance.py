"""Whether a difference of scores is more than chance: sacreBLEU's tests of systems on the same sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sacrebleu.significance import PairedTest

from nmt_attn.evaluation.scores import References, Scorer, streams
from nmt_attn.progress import Stages, Unseen

METRICS = ("BLEU", "chrF", "chrF++", "TER")
"""The metrics that are tested."""

RESAMPLES, TRIALS = 1000, 10_000
"""Resamples of the paired bootstrap and trials of approximate randomisation, as the program sacrebleu has them."""

LEVEL = 0.05
"""A difference with a p-value below it is called significant."""


@dataclass(frozen=True)
class PairedResult:
    """A system's score by one metric beside that of the baseline."""

    metric: str
    score: float
    difference: float  # from the baseline
    bootstrap: float  # p-value of the paired bootstrap (Koehn 2004)
    randomisation: float  # p-value of approximate randomisation (Riezler and Maxwell 2005)

    @property
    def significant(self) -> bool:
        """Say whether both tests find the difference more than chance."""
        return self.bootstrap < LEVEL and self.randomisation < LEVEL


def paired_tests(
    scorer: Scorer,
    systems: Sequence[Sequence[str]],
    references: References,
    metrics: Sequence[str] = METRICS,
    stages: Stages = Unseen,
) -> list[list[PairedResult]]:
    """Compare each system with the first, on the same sentences.

    Args:
        scorer: of the target language.
        systems: the translations of each; the first is the baseline.
        references: of each sentence.
        metrics: names, see :attr:`~nmt_attn.evaluation.scores.Scores.named`; of those that mean something here.
        stages: shows how far it is.

    Returns:
        For each system but the first a result by metric.
    """
    found: list[list[PairedResult]] = [[] for _ in systems[1:]]
    cased = [scorer.cased(texts, references) for texts in systems]
    named: list[tuple[str, Sequence[str]]] = [(str(place), list(texts)) for place, (texts, _) in enumerate(cased)]
    given = streams(cased[0][1])
    with stages("testing differences", len(metrics), "metrics") as stage:
        for name in metrics:
            for results_of, result in zip(found, _tested(scorer, name, named, given), strict=True):
                results_of.append(result)
            stage.update(1)
    return found


def _tested(
    scorer: Scorer, name: str, named: list[tuple[str, Sequence[str]]], references: list[list[str]]
) -> list[PairedResult]:
    """Compare each system but the first with the first, by one metric."""
    values: list[list[tuple[float, float]]] = []
    for kind, samples in (("bs", RESAMPLES), ("ar", TRIALS)):
        metric = {name: scorer.metric(name)}
        _, scores = PairedTest(named, metric, references, test_type=kind, n_samples=samples)()
        (results,) = (some for key, some in scores.items() if key != "System")
        values.append([_plain(one) for one in results])
    (baseline, _), *_ = values[0]
    found = []
    for (score, bootstrap), (_, randomisation) in zip(values[0][1:], values[1][1:], strict=True):
        if score == baseline:  # sacreBLEU counts samples that differ by more than 0, and finds none: p = 0.001
            bootstrap = randomisation = 1.0
        found.append(PairedResult(name, score, score - baseline, bootstrap, randomisation))
    return found


def _plain(result: Any) -> tuple[float, float]:
    """Return score and p-value; the baseline has none."""
    return float(result.score), 1.0 if result.p_value is None else float(result.p_value)
