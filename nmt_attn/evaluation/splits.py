"""The held-out parts of the data that runs were trained on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, cast

from nmt_attn.config.schema import Config
from nmt_attn.corpus.dataset import Dataset
from nmt_attn.corpus.manifest import Manifest
from nmt_attn.errors import UserError
from nmt_attn.runs.directory import ModelPath

SPLIT_KEYS = ("data.directory", "name")
"""Keys that can be set where the examples are those of the prepared data."""

HeldOutName = Literal["test", "valid"]


def split_name(name: str) -> HeldOutName:
    """Return the name of a held-out part.

    Raises:
        UserError: it is none.
    """
    if name not in ("test", "valid"):
        raise UserError(f"--split {name}: must be test or valid")
    return cast(HeldOutName, name)


def data_of(split: HeldOutName, config: Config, runs: Sequence[ModelPath], options: str) -> Dataset:
    """Open the data that all runs were trained on; ``options`` are those that name files instead.

    Raises:
        InputError: it is missing or damaged.
        UserError: a run was trained on other data.
    """
    data = Dataset.open(config.data_directory)
    for found in runs:
        if not data.manifest.same_data_as(Manifest.load(found.run.path)):
            raise UserError(
                f"{data.directory} is not the data that {found.run.path} was trained on, which may hold some "
                f"of its {split} split; to score on it all the same, name the files: {options}"
            )
    return data


def nothing_to_score(split: HeldOutName, config: Config, data: Dataset, what: str, options: str) -> str:
    """Say that a part is empty, why, and what to do instead."""
    reason = config.data.nothing_held_out(split)
    other: HeldOutName = "valid" if split == "test" else "test"
    instead = f" or --split {other}" if getattr(data.manifest.splits, other).sentences else ""
    return (
        f"{data.directory} has no {split} {what}{f' ({reason})' if reason else ''}; score on others with "
        f"{options}{instead}"
    )
