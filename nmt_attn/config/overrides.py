"""Single keys set over a configuration: what ``--set dotted.key=value`` says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from nmt_attn.config.keys import fields_of, printable, section_of
from nmt_attn.config.old_names import present_path, refuse_both_names, rename_old_keys
from nmt_attn.config.schema import Config, ShortSection
from nmt_attn.config.yaml_text import MAX_DEPTH, Settings, behind_value, parse_yaml
from nmt_attn.errors import ConfigError


def lay_over(settings: Settings, overrides: Sequence[str]) -> None:
    """Lay ``dotted.key=value`` over the settings, one after another.

    Raises:
        ConfigError: one cannot be read, or two give a key by its old and by its present name.
    """
    written: list[tuple[str, ...]] = []
    for override in overrides:
        path, text = _parted(override)
        written.append(path)
        refuse_both_names(written, _origin(override))
        _lay_one_over(settings, present_path(path), text, _origin(override))
        rename_old_keys(settings)  # which the value of a whole section may hold


def _origin(override: str) -> str:
    return f"--set {printable(override)[:200]}"


def _parted(override: str) -> tuple[tuple[str, ...], str]:
    """Return the path of the key, as it is written, and the text behind the ``=``."""
    dotted, equals, text = override.partition("=")
    dotted = dotted.strip()
    if not equals or not dotted:
        raise ConfigError(f"{_origin(override)}: expected dotted.key=value, such as training.max_epochs=10")
    path = tuple(dotted.split("."))
    if len(path) > MAX_DEPTH:
        raise ConfigError(f"{_origin(override)}: nested too deeply")
    return path, text.strip()


def _lay_one_over(settings: Settings, path: tuple[str, ...], text: str, origin: str) -> None:
    value = _value(path, text, origin)
    section = settings.values
    for depth, part in enumerate(path[:-1], start=1):
        if not isinstance(section.get(part), dict):
            section[part] = _expanded(section.get(part), path[:depth])
        section = section[part]
    section[path[-1]] = value
    for length in range(1, len(path) + 1):
        settings.places.setdefault(path[:length], origin)
    settings.places[path] = origin


_NULLS = ("", "~", "null", "Null", "NULL")


def _value(path: tuple[str, ...], text: str, origin: str) -> Any:
    """Read what stands behind the ``=``: YAML, but there are no comments on a command line.

    The value of a key that takes text, such as the name of a file, is that text as it stands, unless it is in quotes.
    """
    if text in _NULLS:
        return None
    if _takes_text(path) and text[0] not in "'\"":
        return text
    value = parse_yaml(f"value: {text}", origin).values.get("value")
    rest = behind_value(text)
    if not rest:
        return value
    if isinstance(value, (dict, list)) or text[0] in "'\"":
        raise ConfigError(f"{origin}: {printable(rest)[:80]!r} stands behind the value; put a text with # into quotes")
    return text


def _takes_text(path: tuple[str, ...]) -> bool:
    """Say whether the value of a key is a text or the name of a file, and nothing else."""
    declared: type[BaseModel] | None = Config
    for part in path[:-1]:
        info = fields_of(declared).get(part) if declared else None
        declared = section_of(info.annotation) if info else None
    info = fields_of(declared).get(path[-1]) if declared else None
    return info is not None and _plain_types(info.annotation) <= {str, Path, type(None)}


def _plain_types(annotation: Any) -> set[Any]:
    """Return the types that an annotation allows, without the metadata about them."""
    if get_origin(annotation) is Annotated:
        return _plain_types(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return set().union(*map(_plain_types, get_args(annotation)))
    return {annotation}


def _expanded(value: Any, path: tuple[str, ...]) -> dict[str, Any]:
    """Return the section to set a key in where none stands; one that was written short keeps its value."""
    declared: type[BaseModel] | None = Config
    for part in path:
        info = fields_of(declared).get(part) if declared else None
        declared = section_of(info.annotation) if info else None
    short = value is not None and declared is not None and issubclass(declared, ShortSection)
    return {declared.short_for: value} if short else {}  # type: ignore[union-attr]
