"""The changes to the configuration that a resumed training allows."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Sequence
from typing import Any

from nmt_attn.config.loading import flat_values, plain_values
from nmt_attn.config.schema import Config
from nmt_attn.errors import UserError
from nmt_attn.runs.directory import RunDirectory
from nmt_attn.runs.origin import inherit, is_inherited

# Sections and keys on which the weights so far, the data, its order or the meaning of the best score hang.
FIXED = (
    "seed",
    "data",
    "model",
    "training.from",
    "training.batch_tokens",
    "training.batch_sentences",
    "training.accumulate",
    "training.subword_sampling",
    "training.early_stopping.metric",
    "evaluation.tokenize",
    "training.ema",
)
# Where the data lies, which may move, and who makes it: what is in it is compared by its hashes.
MOVABLE = ("data.directory", "data.corpus.path", "data.corpus.url", "data.parallel", "data.processes")


def check_changes(old: Config, new: Config, advice: str = "") -> bool:
    """Print every changed key with its old and new value on standard error, and say whether there is any.

    Args:
        old: the configuration with which the run began or was last resumed.
        new: the configuration with which to resume it.
        advice: what to do instead if only the data has changed; see :func:`command_for_new_data`.

    Raises:
        UserError: a changed key would change the model or the data.
    """
    before, after = (dict(flat_values(plain_values(config))) for config in (old, new))
    changed = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
    for key in changed:
        print(f"{key}: {_shown(before.get(key))} → {_shown(after.get(key))}", file=sys.stderr)
    refused = [key for key in changed if is_fixed(key)]
    if refused:
        starts_anew = advice and all(key.startswith("data.") and not is_inherited(key) for key in refused)
        raise UserError(
            f"--resume cannot change {', '.join(refused)}, on which the training so far hangs; put back the old "
            + (f"value, or {advice}" if starts_anew else "value, or train under another name")
        )
    return bool(changed)


def taken_over(old: Config, new: Config, name: str) -> Config:
    """Complete the configuration of a run that began with ``training.from`` from what the run itself has recorded.

    Neither the run that it began from nor the option that named it is needed again.

    Args:
        old: the configuration with which the run began.
        new: the configuration with which to resume it.
        name: the name of the run, for messages.

    Raises:
        UserError: ``new`` has another network or another tokenizer.
    """
    if old.training.from_run is None:
        return new
    origin = old.training.from_run if new.training.from_run is None else new.training.from_run
    training = new.training.model_copy(update={"from_run": origin})
    return inherit(new.model_copy(update={"training": training}), old, name)


def command_for_new_data(typed: Sequence[str], config: Config) -> str:
    """Spell out the command that trains a new run from the weights of a run that cannot be resumed on the new data.

    Args:
        typed: the words of the refused command, without ``--resume`` and ``--from``.
        config: its configuration.
    """
    number = 2
    while RunDirectory(new := config.run_directory.with_name(f"{config.name}-{number}")).path.exists():
        number += 1
    places = [] if config.data.directory is None else ["--set", f"data.directory={config.data.directory}-{number}"]
    words = [*typed, "--from", str(config.run_directory), "--set", f"name={new.name}", *places]
    return f"go on from its weights with the new data: {shlex.join(words)}"


def with_metric_of(old: Config, new: Config) -> Config:
    """Keep the metric that a run has used where the new configuration leaves the choice to us.

    Every configuration that does not name a metric does so. Before there was ``auto``, such runs used BLEU.
    """
    before, after = old.training.early_stopping, new.training.early_stopping
    if after.metric != "auto" or before.metric == "auto":
        return new
    print(f"training.early_stopping.metric: auto goes on as {before.metric}, with which it began", file=sys.stderr)
    stopping = after.model_copy(update={"metric": before.metric})
    training = new.training.model_copy(update={"early_stopping": stopping})
    return new.model_copy(update={"training": training})


def with_batch_of(old: Config, new: Config) -> Config:
    """Keep the batch size in tokens with which a run began where the new configuration leaves it to us."""
    before = old.training.batch_tokens
    if new.training.batch_tokens != "auto" or before == "auto":
        return new
    print(f"training.batch_tokens: auto goes on as {before}, with which it began", file=sys.stderr)
    return new.model_copy(update={"training": new.training.model_copy(update={"batch_tokens": before})})


def is_fixed(key: str) -> bool:
    """Say whether a resumed training must have the same value for ``key`` as when it began."""
    return _is_in(key, FIXED) and not _is_in(key, MOVABLE)


def _is_in(key: str, parts: tuple[str, ...]) -> bool:
    return any(key == part or key.startswith(f"{part}.") for part in parts)


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
