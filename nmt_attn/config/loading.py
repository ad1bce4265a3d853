"""Reading a configuration: YAML and ``--set`` in, a :class:`~nmt_attn.config.schema.Config` or one clear error out."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from nmt_attn.config.schema import Config, ShortSection
from nmt_attn.errors import ConfigError

Key = tuple[str | int, ...]

# What pydantic says in words of its own, in ours.
_MESSAGES = {
    "model_type": "must be a section of `key: value` lines",
    "string_pattern_mismatch": "may hold letters, digits, '_', '-' and '.', and begins with none of the last two",
}

MAX_BYTES = 1 << 16  # twenty times the longest that is shipped; the parser takes a second over so much
MAX_DEPTH = 32

# What a value may be. The other kinds that YAML has (sets, dates, binary, objects) have no key here.
_PLAIN_TAGS = tuple(f"tag:yaml.org,2002:{kind}" for kind in ("null", "bool", "int", "float", "str", "seq", "map"))


class _Loader(yaml.SafeLoader):
    """Safe YAML loader that takes ``1e-3`` for a number and ``no`` for a word (a language, for one)."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":bool", ":float", ":timestamp"))]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?$|^[-+]?\.(?:inf|nan)$"),
    list("-+.0123456789"),
)


@dataclass
class _Settings:
    """Plain values on the way to the schema, and where each of them was written."""

    values: dict[str, Any] = field(default_factory=dict)
    places: dict[Key, str] = field(default_factory=dict)

    def place_of(self, key: Key) -> str:
        """Say where ``key``, or the nearest section around it, was written."""
        for length in range(len(key), 0, -1):
            if key[:length] in self.places:
                return self.places[key[:length]]
        return self.places.get((), "the defaults")


def load_config(path: Path | None, overrides: Sequence[str] = ()) -> Config:
    """Read ``path`` (None: defaults only), lay ``dotted.key=value`` overrides over it, and check the whole.

    Raises:
        ConfigError: the file cannot be read, is no YAML, or says something the schema does not allow.
    """
    settings = _read(path) if path is not None else _Settings()
    for override in overrides:
        _override(settings, override)
    return _checked(settings)


def set_keys(overrides: Sequence[str]) -> list[str]:
    """Name the dotted keys that overrides set, those in the sections that they set included.

    Raises:
        ConfigError: an override cannot be read.
    """
    settings = _Settings()
    for override in overrides:
        _override(settings, override)
    return [key for key, _ in flat_values(settings.values)]


def refuse_other_keys(overrides: Sequence[str], used: Sequence[str], what: str) -> None:
    """Refuse overrides that would have no effect on what a trained model does.

    Args:
        overrides: ``dotted.key=value``, already found valid in themselves.
        used: sections and keys that have an effect.
        what: what is done with the model, for the message.

    Raises:
        ConfigError: an override is of another key.
    """
    for key in set_keys(overrides):
        if not any(key == part or key.startswith(f"{part}.") for part in used):
            known = ", ".join(part if part in _LEAVES else f"{part}.*" for part in used)
            raise ConfigError(f"--set {_printable(key)[:200]} has no effect on {what}; of its keys {known} have one")


def config_of(values: Mapping[str, Any], origin: str) -> Config:
    """Check plain values as :func:`plain_values` gives them; ``origin`` stands for them in messages.

    Raises:
        ConfigError: the schema does not allow them.
    """
    return _checked(_Settings(dict(values), {(): origin}))


def plain_values(config: Config) -> dict[str, Any]:
    """Return the value of every key as YAML has it, with sections as dictionaries."""
    return config.model_dump(mode="json", by_alias=True)


def dump_config(config: Config) -> str:
    """Return the configuration as YAML with every key written out; :func:`load_config` reads it back unchanged."""
    return yaml.safe_dump(plain_values(config), sort_keys=False, allow_unicode=True)


def flat_values(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each dotted key below ``above`` with its value."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from flat_values(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def given_keys(section: BaseModel, above: str = "") -> Iterator[str]:
    """Name each dotted key that was written down, in the file or with ``--set``, whatever its value."""
    names = {info_name: name for name, (info_name, _) in _fields(type(section)).items()}
    for field_name in section.model_fields_set:
        value = getattr(section, field_name)
        if isinstance(value, BaseModel):
            yield from given_keys(value, f"{above}{names[field_name]}.")
        else:
            yield f"{above}{names[field_name]}"


def _checked(settings: _Settings) -> Config:
    try:
        return Config.model_validate(settings.values)
    except ValidationError as error:
        raise ConfigError(_explain(error.errors()[0], settings)) from None


def _read(path: Path) -> _Settings:
    name = _printable(str(path))
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
    return _parse(text, name)


def _parse(text: str, name: str) -> _Settings:
    """Parse YAML text, noting the line of every key; ``name`` stands for it in messages."""
    try:
        loader = _Loader(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"{name}: not YAML text: {getattr(error, 'reason', error)}") from None
    try:
        node = loader.get_single_node()
        settings = _Settings(places={(): name})
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
        raise ConfigError(f"{name}{where}: not valid YAML: {_printable(what)[:200]}") from None
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
        raise ConfigError(f"{line}: {_printable(node.tag)[:80]} is not supported; write the value without a tag")
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        first: dict[str, int] = {}
        for name_node, value_node in node.value:
            here = f"{name}, line {name_node.start_mark.line + 1}"
            if not isinstance(name_node, yaml.ScalarNode) or name_node.tag not in _PLAIN_TAGS:
                raise ConfigError(f"{here}: a key must be a plain word")
            if name_node.value in first:
                dotted = _dotted((*key, name_node.value))
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


def _override(settings: _Settings, override: str) -> None:
    """Lay one ``dotted.key=value`` over the settings."""
    dotted, equals, text = override.partition("=")
    dotted = dotted.strip()
    if not equals or not dotted:
        raise ConfigError(
            f"--set {_printable(override)[:200]}: expected dotted.key=value, such as training.max_epochs=10"
        )
    origin = f"--set {_printable(override)[:200]}"
    path = tuple(dotted.split("."))
    if len(path) > MAX_DEPTH:
        raise ConfigError(f"{origin}: nested too deeply")
    value = _value(path, text.strip(), origin)
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
    value = _parse(f"value: {text}", origin).values.get("value")
    rest = _behind_value(text)
    if not rest:
        return value
    if isinstance(value, (dict, list)) or text[0] in "'\"":
        raise ConfigError(f"{origin}: {_printable(rest)[:80]!r} stands behind the value; put a text with # into quotes")
    return text


def _behind_value(text: str) -> str:
    """Return what YAML takes for a comment."""
    document = f"value: {text}"
    loader = _Loader(document)
    try:
        node = loader.get_single_node()
        return document[node.value[0][1].end_mark.index :].strip() if isinstance(node, yaml.MappingNode) else ""
    finally:
        loader.dispose()


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


def _explain(error: ErrorDetails, settings: _Settings) -> str:
    """Explain one pydantic error in one line: where, which key, what is wrong with it."""
    key: Key = tuple(error["loc"])
    place, dotted = settings.place_of(key), _dotted(key)
    if error["type"] == "extra_forbidden":
        return f"{place}: unknown key {dotted}; {_nearest(key)}"
    if error["type"] == "missing":
        return f"{place}: {dotted} is missing"
    if error["type"] == "value_error":
        message = error["msg"].removeprefix("Value error, ")
        if isinstance(error["input"], str) and len(error["input"]) > 80:  # which the message may quote
            message = message.replace(error["input"][80:], "…")
        return f"{place}: {message}" if "." in message else f"{place}: {dotted}: {message}"
    message = _MESSAGES.get(error["type"], error["msg"].replace("Input should be", "must be"))
    return f"{place}: {dotted} {message[:1].lower()}{message[1:]}, found {_shown(error['input'])}"


def _shown(found: Any) -> str:
    """Show a wrong value as far as it fits into a message."""
    if found is None or isinstance(found, dict):
        return "null" if found is None else "a section"
    if isinstance(found, list):
        return f"a list of {len(found)}"
    if isinstance(found, int) and found.bit_length() > 200:  # Python refuses to write out thousands of digits
        return "a number of very many digits"
    return _printable(repr(found))[:80]


def _nearest(key: Key) -> str:
    """Say what the user may have meant by the unknown ``key``."""
    known = {name: _dotted(path) for path in known_keys() for name in (_dotted(path), str(path[-1]))}
    parents = [_dotted(path) for path in known_keys() if path[:-1] == key[:-1]]
    close = difflib.get_close_matches(_dotted(key), parents, n=1, cutoff=0.6)
    if not close:
        by_last_word = difflib.get_close_matches(str(key[-1]), list(known), n=1, cutoff=0.6)
        close = [known[word] for word in by_last_word]
    if close:
        return f"did you mean {close[0]}?"
    names = ", ".join(path.rpartition(".")[2] for path in parents)
    return f"known here: {names}" if names else "see docs/configuration.md for the known keys"


def known_keys(section: type[BaseModel] = Config, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield every declared key, sections included, as a path: ``("data", "corpus", "path")``."""
    for name, info in fields_of(section).items():
        yield (*above, name)
        below = section_of(info.annotation)
        if below is not None:
            yield from known_keys(below, (*above, name))


def fields_of(section: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return the fields of a section by their names in a file; ``from`` is no name that Python takes."""
    return {name: info for name, (_, info) in _fields(section).items()}


def _fields(section: type[BaseModel]) -> dict[str, tuple[str, FieldInfo]]:
    """Map each name in a file to the name in Python and the field."""
    return {info.alias or name: (name, info) for name, info in section.model_fields.items()}


def section_of(annotation: Any) -> type[BaseModel] | None:
    """Return the section class that a field holds, if it holds one (``X`` or ``X | None``)."""
    for candidate in (annotation, *getattr(annotation, "__args__", ())):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


_LEAVES = frozenset(".".join(path) for path in known_keys()) - {
    ".".join(path[:-1]) for path in known_keys() if len(path) > 1
}
"""The keys that are no sections."""


def _dotted(key: Key) -> str:
    return _printable(".".join(str(part) for part in key))[:200]


def _printable(text: str) -> str:
    """Make a text from a user fit for a message of one line."""
    return text if text.isprintable() else repr(text)[1:-1]
