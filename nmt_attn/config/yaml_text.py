"""YAML text to plain values, with the line of every key: plain YAML only, small, and each key once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from nmt_attn.config.keys import Key, dotted_name, printable
from nmt_attn.errors import ConfigError

MAX_BYTES = 1 << 16  # twenty times the longest that is shipped; the parser takes a second over so much
MAX_DEPTH = 32

# What a value may be. The other kinds that YAML has (sets, dates, binary, objects) have no key here.
_PLAIN_TAGS = tuple(f"tag:yaml.org,2002:{kind}" for kind in ("null", "bool", "int", "float", "str", "seq", "map"))


class Loader(yaml.SafeLoader):
    """Safe YAML loader that takes ``1e-3`` for a number and ``no`` for a word (a language, for one)."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":bool", ":float", ":timestamp"))]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?$|^[-+]?\.(?:inf|nan)$"),
    list("-+.0123456789"),
)


@dataclass
class Settings:
    """Plain values on the way to the schema, and where each of them was written."""

    values: dict[str, Any] = field(default_factory=dict)
    places: dict[Key, str] = field(default_factory=dict)

    def place_of(self, key: Key) -> str:
        """Say where ``key``, or the nearest section around it, was written."""
        for length in range(len(key), 0, -1):
            if key[:length] in self.places:
                return self.places[key[:length]]
        return self.places.get((), "the defaults")


def read_yaml(path: Path) -> Settings:
    """Read a file.

    Raises:
        ConfigError: it cannot be read, or is no plain YAML.
    """
    name = printable(str(path))
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ConfigError(f"{name}: no such configuration file") from None
    except OSError as error:
        raise ConfigError(f"{name}: {error.strerror}") from None
    if len(raw) > MAX_BYTES:
        raise ConfigError(f"{name}: more than {MAX_BYTES:,} bytes are too many for a configuration file")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{name}, line {line}: not UTF-8 text") from None
    return parse_yaml(text, name)


def parse_yaml(text: str, name: str) -> Settings:
    """Parse YAML text, noting the line of every key; ``name`` stands for it in messages.

    Raises:
        ConfigError: it is no plain YAML.
    """
    try:
        loader = Loader(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"{name}: not YAML text: {getattr(error, 'reason', error)}") from None
    try:
        node = loader.get_single_node()
        settings = Settings(places={(): name})
        if node is None:
            return settings
        if not isinstance(node, yaml.MappingNode):
            raise ConfigError(f"{name}: expected sections (data:, model:, …), found {_kind(node)}")
        seen: set[int] = set()
        for key, place in _walk(node, (), name, seen):
            settings.places[key] = place
        settings.values = loader.construct_document(node)
        return settings
    except (yaml.YAMLError, RecursionError, ValueError, LookupError, AttributeError) as error:
        # The last two are what PyYAML raises over a value that its tag denies, such as `!!int ""`.
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        where = f", line {mark.line + 1}" if mark is not None else ""
        what = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error).split("\n")[0]
        raise ConfigError(f"{name}{where}: not valid YAML: {printable(what)[:200]}") from None
    finally:
        loader.dispose()


def _walk(node: yaml.Node, key: Key, name: str, seen: set[int]) -> Iterator[tuple[Key, str]]:
    """Yield every key below ``node`` with its place; refuse duplicates, aliases and absurd depth."""
    line = f"{name}, line {node.start_mark.line + 1}"
    if id(node) in seen:
        raise ConfigError(f"{line}: aliases (*name) are not supported; write the value out")
    if len(key) > MAX_DEPTH:
        raise ConfigError(f"{line}: nested too deeply")
    if node.tag not in _PLAIN_TAGS:
        raise ConfigError(f"{line}: {printable(node.tag)[:80]} is not supported; write the value without a tag")
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        first: dict[str, int] = {}
        for name_node, value_node in node.value:
            here = f"{name}, line {name_node.start_mark.line + 1}"
            if not isinstance(name_node, yaml.ScalarNode) or name_node.tag not in _PLAIN_TAGS:
                raise ConfigError(f"{here}: a key must be a plain word")
            if name_node.value in first:
                dotted = dotted_name((*key, name_node.value))
                raise ConfigError(f"{here}: {dotted} is already set on line {first[name_node.value]}")
            first[name_node.value] = name_node.start_mark.line + 1
            yield (*key, name_node.value), here
            yield from _walk(value_node, (*key, name_node.value), name, seen)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield (*key, index), f"{name}, line {item.start_mark.line + 1}"
            yield from _walk(item, (*key, index), name, seen)


def _kind(node: yaml.Node) -> str:
    kind = str(getattr(node, "id", "something else"))
    return {"scalar": "a single value", "sequence": "a list"}.get(kind, kind)


def behind_value(text: str) -> str:
    """Return what YAML takes for a comment."""
    document = f"value: {text}"
    loader = Loader(document)
    try:
        node = loader.get_single_node()
        return document[node.value[0][1].end_mark.index :].strip() if isinstance(node, yaml.MappingNode) else ""
    finally:
        loader.dispose()
