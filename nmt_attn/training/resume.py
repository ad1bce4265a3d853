"""What a training that goes on may do differently from what it began with."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from nmt_attn.config import Config
from nmt_attn.errors import UserError

# Sections and keys on which the weights so far, the data, its order or the meaning of the best score hang.
FIXED = (
    "seed",
    "data",
    "model",
    "training.batch_tokens",
    "training.batch_sentences",
    "training.accumulate",
    "training.subword_sampling",
    "training.early_stopping.metric",
    "evaluation.tokenize",
    "training.ema",
)
# Where the data lies, which may move: what is in it is compared by its hashes.
MOVABLE = ("data.directory", "data.corpus.path", "data.corpus.url", "data.parallel")


def check_changes(old: Config, new: Config) -> bool:
    """Print every key that has changed, old and new, on standard error; whether there is any.

    Raises:
        UserError: one of them would change the model or the data.
    """
    before, after = (dict(_flat(config.model_dump(mode="json"))) for config in (old, new))
    changed = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
    for key in changed:
        print(f"{key}: {_shown(before.get(key))} → {_shown(after.get(key))}", file=sys.stderr)
    refused = [key for key in changed if is_fixed(key)]
    if refused:
        raise UserError(
            f"--resume cannot change {', '.join(refused)}, on which the training so far hangs; put back the old "
            "value, or train under another name"
        )
    return bool(changed)


def with_metric_of(old: Config, new: Config) -> Config:
    """Keep the metric that a run has gone by where the new configuration leaves the choice to us.

    Such is every configuration that does not name one, and before there was ``auto`` such runs went by BLEU.
    """
    before, after = old.training.early_stopping, new.training.early_stopping
    if after.metric != "auto" or before.metric == "auto":
        return new
    print(f"training.early_stopping.metric: auto goes on as {before.metric}, with which it began", file=sys.stderr)
    stopping = after.model_copy(update={"metric": before.metric})
    training = new.training.model_copy(update={"early_stopping": stopping})
    return new.model_copy(update={"training": training})


def is_fixed(key: str) -> bool:
    """Whether a training that goes on must have the same value for ``key`` as when it began."""
    return _is_in(key, FIXED) and not _is_in(key, MOVABLE)


def _is_in(key: str, parts: tuple[str, ...]) -> bool:
    return any(key == part or key.startswith(f"{part}.") for part in parts)


def _flat(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
