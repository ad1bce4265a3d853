"""Keys by their old names: what earlier versions wrote down means the same to this one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nmt_attn.config.keys import Key, dotted_name
from nmt_attn.config.schema import OLD_NAMES
from nmt_attn.config.yaml_text import Settings
from nmt_attn.errors import ConfigError


def present_path(path: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the path of a key, old names in it replaced by those of now."""
    for old, name in OLD_NAMES.items():
        if path[: len(old)] == old:
            return (*old[:-1], name, *path[len(old) :])
    return path


def rename_old_keys(settings: Settings) -> None:
    """Give the keys of ``settings`` that have old names their names of now.

    Raises:
        ConfigError: one is set by both of its names.
    """
    for old, name in OLD_NAMES.items():
        section = settings.values
        for part in old[:-1]:
            section = section[part] if isinstance(section.get(part), dict) else {}
        if old[-1] not in section:
            continue
        if name in section:
            raise ConfigError(f"{settings.place_of(old)}: {_both(old)}")
        section[name] = section.pop(old[-1])
    settings.places = {present_path(key): place for key, place in settings.places.items()}


def refuse_both_names(paths: Iterable[Key], origin: str) -> None:
    """Refuse keys of which one is set by both of its names; ``origin`` stands for the place in the message.

    Raises:
        ConfigError: there is one.
    """
    given = set(paths)
    for old in OLD_NAMES:
        new = present_path(old)
        if {old, new} <= {path[: len(old)] for path in given}:
            raise ConfigError(f"{origin}: {_both(old)}")


def _both(old: Key) -> str:
    return f"{dotted_name(old)} is the old name of {dotted_name(present_path(old))}, and both are set; keep one of them"
