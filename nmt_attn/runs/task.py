"""The task that a run was trained for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nmt_attn.config.loading import load_config
from nmt_attn.config.schema import Config
from nmt_attn.errors import UserError
from nmt_attn.runs.directory import ModelPath, find_model

_USE = {"translation": "translates; use nmt translate", "classification": "classifies texts; use nmt classify"}


def find_runs(
    model: str | Path | Sequence[str | Path] | None, overrides: Sequence[str], task: str
) -> list[tuple[Config, ModelPath]]:
    """Find one or several checkpoints of a task, each with the configuration of its run.

    Args:
        model: runs or checkpoints; None: the one that :func:`~nmt_attn.runs.directory.find_model` finds.
        overrides: over the configuration of the first one.
        task: what they have to be trained for.

    Raises:
        InputError: there is no such run.
        UserError: one was trained for another task.
        ConfigError: an override is wrong.
    """
    paths = list(model) if isinstance(model, Sequence) and not isinstance(model, str) else [model]
    runs = [find_model(None if path is None else Path(path)) for path in paths or [None]]
    configs = [load_config(found.run.config_file, () if index else overrides) for index, found in enumerate(runs)]
    for found, config in zip(runs, configs, strict=True):
        refuse_other_task(found, config, task)
    return list(zip(configs, runs, strict=True))


def refuse_other_task(found: ModelPath, config: Config, task: str) -> None:
    """Make sure that a run was trained for a task.

    Raises:
        UserError: it was trained for another one.
    """
    if config.task != task:
        raise UserError(f"{found.run.path}: a run that {_USE[config.task]}")
