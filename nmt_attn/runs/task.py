"""The task that a run was trained for."""

from __future__ import annotations

from nmt_attn.config.schema import Config
from nmt_attn.errors import UserError
from nmt_attn.runs.directory import ModelPath

_USE = {"translation": "translates; use nmt translate", "classification": "classifies texts; use nmt classify"}


def refuse_other_task(found: ModelPath, config: Config, task: str) -> None:
    """Make sure that a run was trained for a task.

    Raises:
        UserError: it was trained for another one.
    """
    if config.task != task:
        raise UserError(f"{found.run.path}: a run that {_USE[config.task]}")
