"""Keys of the configuration, as the schema declares them and as they are written down."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from nmt_attn.config.schema import Config

Key = tuple[str | int, ...]


def known_keys(section: type[BaseModel] = Config, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield every declared key, sections included, as a path: ``("data", "corpus", "path")``."""
    for name, info in fields_of(section).items():
        yield (*above, name)
        below = section_of(info.annotation)
        if below is not None:
            yield from known_keys(below, (*above, name))


def fields_of(section: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return the fields of a section by their names in a file; ``from`` is no name that Python takes."""
    return {name: info for name, (_, info) in named_fields(section).items()}


def named_fields(section: type[BaseModel]) -> dict[str, tuple[str, FieldInfo]]:
    """Map each name in a file to the name in Python and the field."""
    return {info.alias or name: (name, info) for name, info in section.model_fields.items()}


def section_of(annotation: Any) -> type[BaseModel] | None:
    """Return the section class that a field holds, if it holds one (``X`` or ``X | None``)."""
    for candidate in (annotation, *getattr(annotation, "__args__", ())):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


LEAVES = frozenset(".".join(path) for path in known_keys()) - {
    ".".join(path[:-1]) for path in known_keys() if len(path) > 1
}
"""The keys that are no sections."""


def dotted_name(key: Key) -> str:
    """Return a key as it is written after ``--set``, fit for a message."""
    return printable(".".join(str(part) for part in key))[:200]


def printable(text: str) -> str:
    """Make a text from a user fit for a message of one line."""
    return text if text.isprintable() else repr(text)[1:-1]
