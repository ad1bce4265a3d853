"""The choice of the better of two checkpoints, by the figures of their validations.

``training.early_stopping.metric: auto`` goes by BLEU where the references carry it: where at least half of the
validation sentences have a reference of four words, as BLEU's tokenizer cuts them. Elsewhere most sentences have no
sequence of four words, on which BLEU hangs, and it goes by chrF. Neither says much where most translations are exactly
right, as the few others decide then by how wrong they are: so as soon as more than half of them are right, their share
comes first, and BLEU or chrF decides between equals. Last comes the loss: of two that are equal in all else, the one
with the lower loss is the better.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from nmt_attn.errors import InputError
from nmt_attn.evaluation.scores import NGRAM
from nmt_attn.tasks.task import Standing

MOSTLY_EXACT = 50.0
"""Percent of exact translations above which ``auto`` goes by their number."""

Setting = Literal["auto", "bleu", "chrf", "exact", "accuracy", "f1", "loss"]
Metric = Literal["bleu", "chrf", "exact", "accuracy", "f1", "loss"]
NAMES: dict[Metric, str] = {
    "bleu": "BLEU",
    "chrf": "chrF",
    "exact": "exact matches",
    "accuracy": "accuracy",
    "f1": "macro F1",
    "loss": "loss",
}

OF_TRANSLATIONS: tuple[Metric, ...] = ("bleu", "chrf", "exact", "loss")
OF_LABELS: tuple[Metric, ...] = ("accuracy", "f1", "loss")


@dataclass(frozen=True)
class Figures:
    """The figures of a validation, as ``metrics.jsonl`` has them; None: it has none."""

    loss: float | None = None  # nats a target token, or a text
    bleu: float | None = None  # percent, as the others
    chrf: float | None = None
    exact: float | None = None
    accuracy: float | None = None
    f1: float | None = None


@dataclass(frozen=True)
class Selection:
    """The way in which a run chooses its best checkpoint."""

    metric: Metric
    auto: bool = False  # exact matches come first once most translations are
    why: str = ""

    def score(self, figures: Figures) -> float:
        """Return the figure that decides, higher is better; BLEU that has nothing to count is 0."""
        if self.metric == "loss":
            return -math.inf if figures.loss is None else -figures.loss
        score: float | None = getattr(figures, self.metric)
        return 0.0 if score is None else score

    def standing(self, figures: Figures) -> Standing:
        """Return the figures that decide."""
        return Standing(self.score(figures), figures.exact, figures.loss)

    def rank(self, standing: Standing) -> tuple[float, ...]:
        """Order checkpoints: of two the one with the higher rank is better.

        Of the best checkpoint of a run from before there was this, neither exact matches nor the loss are known.
        """
        score, exact, loss = standing.score, standing.exact, standing.loss
        if self.metric == "loss":
            return (score,)
        share = -math.inf if exact is None else exact
        first = (max(share, MOSTLY_EXACT),) if self.auto else ()
        return (*first, score, share, -loss if loss is not None and math.isfinite(loss) else -math.inf)

    def rank_of(self, figures: Figures) -> tuple[float, ...]:
        """Return the rank of a checkpoint with these figures."""
        return self.rank(self.standing(figures))

    def line(self) -> str:
        """Say it in a line."""
        line = f"the best checkpoint goes by {NAMES[self.metric]} ({self.why})"
        if self.auto:
            return f"{line}, by exact matches first once more than half are exact, between equals by the loss"
        if self.metric in ("bleu", "chrf"):
            return f"{line}, between equals by exact matches, then by the loss"
        return line if self.metric == "loss" else f"{line}, between equals by the loss"


def select(setting: Setting, counts: Sequence[int], unit: str, decided: Metric | None = None) -> Selection:
    """Choose how a run is to choose.

    Args:
        setting: ``training.early_stopping.metric``.
        counts: words of the longest reference of each validation sentence, as BLEU's tokenizer cuts it; at least one.
        unit: what that tokenizer cuts text into, for the reason.
        decided: what a run that goes on has chosen before, which stays.
    """
    long_enough = sum(count >= NGRAM for count in counts)
    why = f"{long_enough:,} of {len(counts):,} validation sentences have a reference of {NGRAM} {unit} or more"
    if setting == "auto":
        if decided is not None:
            return Selection(decided, auto=True, why="as before")
        return Selection("bleu" if 2 * long_enough >= len(counts) else "chrf", auto=True, why=why)
    if setting == "bleu" and 2 * long_enough < len(counts):
        return Selection(setting, why=f"as configured, though only {why}; chrf, exact or auto say more here")
    return Selection(setting, why="as configured")


def logged_ranks(lines: Iterable[Mapping[str, Any]], setting: str) -> dict[int, tuple[float, ...]]:
    """Return the rank of the checkpoint of each step that was validated.

    Args:
        lines: the validations that ``metrics.jsonl`` holds.
        setting: ``training.early_stopping.metric``.
    """
    ranks: dict[int, tuple[float, ...]] = {}
    for values in lines:
        metric = values.get("metric", "bleu" if setting == "auto" else setting)
        if not isinstance(metric, str) or metric not in NAMES or not _is_known(values, metric):
            continue
        figures = Figures(**{name: _figure(values.get(name)) for name in NAMES})
        rank = Selection(metric, auto=setting == "auto").rank_of(figures)
        if math.isfinite(rank[0]):
            ranks[values["step"]] = rank
    return ranks


def _is_known(values: Mapping[str, Any], metric: Metric) -> bool:
    """Say whether a validation has the deciding metric; BLEU counts even where it has nothing to count."""
    return _figure(values.get(metric)) is not None or (metric == "bleu" and "bleu_reason" in values)


def known_metric(name: str | None, known: Sequence[Metric] = OF_TRANSLATIONS) -> Metric | None:
    """Return one of the ``known`` metrics by its name; None for None.

    Raises:
        InputError: none of them has that name.
    """
    for metric in known:
        if metric == name:
            return metric
    if name is None:
        return None
    raise InputError(f"the checkpoint goes by {name!r}, which is no metric here; there are {', '.join(known)}")


def _figure(value: Any) -> float | None:
    """Return a value as a finite number; None if it is not one."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
