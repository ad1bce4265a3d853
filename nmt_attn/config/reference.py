"""The declaration of each key in words: its sentence, unit, limits, values and default, as the schema has them."""

from __future__ import annotations

import difflib
import json
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from nmt_attn.config.keys import fields_of, known_keys, printable, section_of
from nmt_attn.config.old_names import present_path
from nmt_attn.config.schema import Config
from nmt_attn.errors import UserError


@dataclass(frozen=True)
class KeyReference:
    """All that is declared about a key, or about a section."""

    name: str
    """The dotted name."""
    sentence: str
    default: str | None
    """The default as it is written in a file; None for a section, ``required`` where there is none."""
    values: str
    """Unit and limits, or the words that it takes."""
    keys: tuple[str, ...] = ()
    """Names of the keys in a section; empty for a key."""

    def lines(self) -> Iterator[str]:
        """Yield the lines of a description."""
        yield f"{self.name}: {self.sentence}" if self.sentence else f"{self.name}:"
        if self.values:
            yield f"  values: {self.values}"
        if self.default is not None:
            yield f"  default: {self.default}"
        if self.keys:
            yield f"  keys: {', '.join(self.keys)}"


def key_reference(dotted: str) -> KeyReference:
    """Look up a key or a section; an old name means the key of now.

    Raises:
        UserError: there is none of this name; the message names the nearest ones.
    """
    path = present_path(tuple(dotted.strip().split(".")))
    section: type[BaseModel] | None = Config
    info: FieldInfo | None = None
    for part in path:
        info = fields_of(section).get(part) if section is not None else None
        if info is None:
            raise UserError(f"unknown key {printable(dotted)[:200]}; {_nearest(dotted)}")
        section = section_of(info.annotation)
    assert info is not None  # a path has at least one part
    return _described(".".join(path), info)


def _described(name: str, info: FieldInfo) -> KeyReference:
    section = section_of(info.annotation)
    if section is None:
        return KeyReference(name, info.description or "", default_text(info), values_text(info))
    doc = " ".join((section.__doc__ or "").split("\n\n")[0].split())
    default = default_text(info)
    optional = default if default in ("null", "required") else None
    return KeyReference(name, info.description or doc, optional, "", tuple(fields_of(section)))


def default_text(info: FieldInfo) -> str:
    """Return the default of a key as it is written in a file; ``required`` if there is none."""
    default = info.get_default(call_default_factory=True, validated_data={})
    if default is PydanticUndefined:
        return "required"
    if isinstance(default, BaseModel):
        return "section"
    return default if isinstance(default, str) else json.dumps(default)


def choices_of(info: FieldInfo) -> tuple[str, ...]:
    """Return the words that a key takes, where they are all that it takes."""
    if typing.get_origin(info.annotation) is typing.Literal:
        return tuple(str(value) for value in typing.get_args(info.annotation))
    return ("true", "false") if info.annotation is bool else ()


def values_text(info: FieldInfo) -> str:
    """Return the words that a key takes, or its unit and limits."""
    extra: Any = info.json_schema_extra or {}
    parts = [", ".join(choices_of(info)), str(extra.get("unit", ""))]
    for bound, sign in (("ge", "≥"), ("gt", ">"), ("le", "≤"), ("lt", "<")):
        parts += [f"{sign} {getattr(limit, bound):g}" for limit in info.metadata if hasattr(limit, bound)]
    return ", ".join(filter(None, parts))


def _nearest(dotted: str) -> str:
    """Say what the user may have meant by an unknown key: of its whole name, or of its last word."""
    names = [".".join(path) for path in known_keys()]
    word = dotted.rpartition(".")[2].strip()
    same_end = [name for name in names if name.rpartition(".")[2] == word]
    close = same_end or difflib.get_close_matches(dotted, names, n=3, cutoff=0.7)
    if not close:
        last = {name.rpartition(".")[2] for name in names}
        words = difflib.get_close_matches(word, sorted(last), n=2, cutoff=0.6)
        close = [name for name in names if name.rpartition(".")[2] in words]
    if not close:
        return "nmt config schema prints all keys"
    return f"did you mean {' or '.join(close[:4])}?"
