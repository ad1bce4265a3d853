"""The wish for an evaluation, and what all reports of one can do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from nmt_attn.distributed.group import ALONE, ProcessGroup


@dataclass(frozen=True)
class EvaluationRequest:
    """The model to evaluate and the sentences to evaluate it on."""

    models: tuple[Path, ...] = ()  # runs or checkpoints, which translate as one; none: the last
    config: Path | None = None  # instead of the run's own
    overrides: tuple[str, ...] = ()
    split: str = "test"
    source: Path | None = None  # instead of a split
    references: tuple[Path, ...] = ()
    hypothesis: Path | None = None  # translations to score, instead of those of a model
    lowercase: bool = False  # score them without regard to case
    comet: str | None = None  # name or path of a COMET model to score by, too
    beam_size: int | None = None
    remove_words: float | None = None  # share of words for the removal test of a classifier; None: none
    device: str = "auto"
    group: ProcessGroup = ALONE  # the processes that share the sentences


class EvaluationReport(Protocol):
    """The results of an evaluation, with the model and the examples that they belong to."""

    @property
    def output_lines(self) -> list[str]:
        """One line for each example."""
        ...

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        ...

    def to_text(self) -> str:
        """Return it as lines for people to read."""
        ...
