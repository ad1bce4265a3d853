"""The state of a training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from nmt_attn.errors import InputError


@dataclass
class TrainingState:
    """The plain values that a resumed training needs; the tensors are beside them in the checkpoint."""

    step: int = 0  # optimiser steps done
    epoch: int = 0  # the running epoch, from 0
    position: int = 0  # steps done of it
    epochs: float = 0.0  # passes over the data, the running one by its share
    seconds: float = 0.0  # of training, validation included
    target_tokens: int = 0  # learned from, repetitions counted
    metric: str | None = None  # the validation figure that decides
    tokenizer: str | None = None  # with which BLEU cuts text, as sacreBLEU calls it
    best_score: float | None = None  # that figure of the best checkpoint, higher is better
    best_exact: float | None = None  # its exact matches, percent
    best_score_loss: float | None = None  # its loss
    best_step: int = 0
    validations_since_best: int = 0
    best_loss: float | None = None
    validations_since_best_loss: int = 0
    plateau_drops: int = 0
    validated_step: int = 0  # the last one after which there was a validation
    skipped: int = 0  # steps that taught nothing, because loss or gradient were not finite
    skipped_in_a_row: int = 0  # of them, without a good one since
    batch_parts: int = 1  # each batch is computed in so many parts, for want of memory
    threads: int | None = None  # that it computes with on a CPU
    batch_tokens: int | None = None  # target tokens in a batch
    meter_loss: float = 0.0  # what the meter has counted since its last reading
    meter_tokens: int = 0
    meter_seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Return the state as plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> TrainingState:
        """Restore a state from :meth:`to_json`; newer fields that an older run lacks have their defaults.

        Raises:
            InputError: another field is missing, a field is unknown, or a value is of the wrong kind.
        """
        known = {field.name for field in fields(cls)}
        if not known - _NEW <= set(values) <= known or not all(map(_fits, values, values.values())):
            raise InputError("the checkpoint's state.json does not hold the state of a training")
        return cls(**values)


_NEW = frozenset(("metric", "tokenizer", "best_exact", "best_score_loss", "threads", "batch_tokens"))
"""Fields that the states of older runs lack."""


def _fits(name: str, value: Any) -> bool:
    """Say whether a value is of the kind that a field has."""
    return value is None or isinstance(value, str if name in ("metric", "tokenizer") else (int, float))
