"""A resolved configuration for people: as YAML, with a mark behind each key that does not have its default."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from nmt_attn.config.loading import plain_values
from nmt_attn.config.schema import Config

_MISSING = object()


def shown_config(config: Config, *, changed_only: bool = False) -> str:
    """Return a configuration as YAML which :func:`~nmt_attn.config.loading.load_config` reads back unchanged.

    Args:
        config: what to show.
        changed_only: leave out the keys that have their defaults.
    """
    values, defaults = plain_values(config), plain_values(Config())
    if changed_only:
        values = changed_values(config)
    return "".join(f"{line}\n" for line in _lines(values, defaults, ""))


def changed_values(config: Config) -> dict[str, Any]:
    """Return the keys that do not have their defaults, in their sections."""
    return _changed(plain_values(config), plain_values(Config()))


def value_of(config: Config, dotted: str) -> Any:
    """Return the value of a key, or of a section, as plain YAML has it; None where the section around it is not set."""
    value: Any = plain_values(config)
    for part in dotted.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def inline(value: Any) -> str:
    """Return a value as YAML of one line."""
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=float("inf"), sort_keys=False)
    return text.removesuffix("\n").removesuffix("\n...")


def _changed(values: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    found = {}
    for key, value in values.items():
        default = defaults.get(key, _MISSING)
        if value == default:
            continue
        both = isinstance(value, Mapping) and isinstance(default, Mapping)
        found[key] = _changed(value, default) if both else value
    return found


def _lines(values: Mapping[str, Any], defaults: object, indent: str) -> Iterator[str]:
    """Yield the lines of a section; ``defaults`` is no mapping where a section around it is not there by default."""
    for key, value in values.items():
        known = isinstance(defaults, Mapping) and key in defaults
        default = defaults[key] if known and isinstance(defaults, Mapping) else _MISSING
        mark = f"  # default: {inline(default)}" if known and not isinstance(default, Mapping) else ""
        if isinstance(value, Mapping) and value:
            yield f"{indent}{key}:{mark}"
            yield from _lines(value, default, f"{indent}  ")
        else:
            yield f"{indent}{key}: {inline(value)}{mark if value != default else ''}"
