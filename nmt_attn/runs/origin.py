"""The run whose weights a training on new data begins with (``training.from``), and what it inherits from it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from nmt_attn.config.loading import config_of, flat_values, given_keys, load_config, plain_values
from nmt_attn.config.schema import Config
from nmt_attn.errors import UserError
from nmt_attn.runs.directory import ModelPath, find_model
from nmt_attn.text.tokenizer import Tokenizer

INHERITED = ("model", "data.tokenizer", "data.normalise", "data.source_lang", "data.target_lang")
"""Sections and keys on which the weights depend; a training inherits them from the run that it begins with."""


@dataclass(frozen=True)
class Origin:
    """A checkpoint whose weights a training begins with, and what belongs to them."""

    found: ModelPath
    config: Config
    """The configuration of its run."""
    tokenizer: Tokenizer

    @property
    def name(self) -> str:
        """The run, as the user named it."""
        return str(self.found.run.path)

    def inherited_by(self, config: Config) -> Config:
        """Take over tokenizer, normalisation, languages and network; see :func:`inherit`."""
        return inherit(config, self.config, self.name)


def origin_of(config: Config) -> Origin | None:
    """Find the run that ``training.from`` names; None if it names none.

    Raises:
        InputError: there is no such run, or nothing has been saved in it.
        UserError: it is the run that is to be trained.
    """
    named = config.training.from_run
    if named is None:
        return None
    found = find_model(named)
    if found.run.path.resolve() == config.run_directory.resolve():
        raise UserError(
            f"training.from: {named} is of the run {config.run_directory} itself, which is to be trained; give the new "
            "run another name, such as --set name=NEW, or go on with this one on the same data by --resume"
        )
    old = load_config(found.run.config_file)
    if old.task != config.task:
        raise UserError(
            f"training.from: {named} is a run of task: {old.task}, and cannot go on with task: {config.task}"
        )
    return Origin(found, old, Tokenizer.load(found.run.tokenizer_directory))


def inherit(config: Config, old: Config, name: str) -> Config:
    """Give ``config`` the keys of ``old`` on which the weights depend (:data:`INHERITED`).

    A key that ``config`` leaves at its default is taken over. A key that it sets must have the same value.

    Args:
        config: the configuration of the new experiment.
        old: the configuration of the run that it begins with.
        name: the name of that run, for messages.

    Raises:
        UserError: keys have other values; the message names all of them.
        ConfigError: the inherited values contradict the rest of the configuration.
    """
    values, old_values = plain_values(config), plain_values(old)
    given, before, after = set(given_keys(config)), dict(_inherited(old_values)), dict(_inherited(values))
    changed = [key for key in after if key in given and after[key] != before.get(key)]
    if changed:
        changes = ", ".join(f"{key}: {_shown(before.get(key))} → {_shown(after[key])}" for key in changed)
        raise UserError(
            f"what goes on from {name} cannot change {changes}; leave {'it' if len(changed) == 1 else 'them'} out, as "
            "the old value is taken over, or train anew without training.from"
        )
    for part in INHERITED:
        *above, last = part.split(".")
        section, old_section = values, old_values
        for key in above:
            section, old_section = section[key], old_section[key]
        section[last] = old_section[last]
    return config_of(values, f"with what is taken over from {name}")


def is_inherited(key: str) -> bool:
    """Say whether a training inherits a key from the run that it begins with."""
    return any(key == part or key.startswith(f"{part}.") for part in INHERITED)


def _inherited(values: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    return ((key, value) for key, value in flat_values(values) if is_inherited(key))


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
