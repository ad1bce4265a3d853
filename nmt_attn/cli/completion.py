"""Completion of words in a shell, by the mechanism of typer: names of keys and their values, runs, configurations.

A shell waits for it at each press of the Tab key, so nothing heavy is imported: the keys are read from the JSON schema
of editors, not from the classes that it is made of. What cannot be read completes to nothing.
"""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

INSTRUCTION = "_NMT_COMPLETE"
"""Variable by which the script in the shell asks for completions."""

_BEHIND_RUN = ("decoding.", "evaluation.")
"""Sections of which the keys have an effect on a trained model."""

_MOST = 200  # files

_NOT_NEEDED = ("typer._adapters", "rich")
"""Modules that typer would load: the first, with pydantic, to convert values, which a completion does not ask for; the
other to draw descriptions. They take longer than all the rest, and typer does without where they are missing."""


@dataclass(frozen=True)
class _Key:
    """A key as the schema has it."""

    values: tuple[str, ...]
    """Words to offer as its value."""
    is_path: bool


def is_completing() -> bool:
    """Say whether a shell asks for completions, so that nothing else may be printed."""
    return INSTRUCTION in os.environ


def complete_setting(incomplete: str) -> list[str]:
    """Complete ``KEY=VALUE`` of ``--set``."""
    return _settings(incomplete, "")


def complete_run_setting(incomplete: str) -> list[str]:
    """Complete ``KEY=VALUE`` where only the keys of a search or an evaluation have an effect."""
    return _settings(incomplete, _BEHIND_RUN)


def complete_key(incomplete: str) -> list[str]:
    """Complete the name of a key."""
    return [name for name in _keys() if name.startswith(incomplete)]


def complete_run(incomplete: str) -> list[str]:
    """Complete the name of a run under ``runs/``, the one written last first."""
    try:
        runs = [path.parent for path in Path("runs").glob("*/config.yaml") if not path.parent.name.startswith(".")]
        runs.sort(key=lambda run: run.stat().st_mtime, reverse=True)
    except OSError:
        return []
    return [str(run) for run in runs if str(run).startswith(incomplete)]


def complete_run_or_path(incomplete: str) -> list[str]:
    """Complete the name of a run; where none begins so, that of a file or folder."""
    return complete_run(incomplete) or _paths(incomplete)


def complete_configuration(incomplete: str) -> list[str]:
    """Complete the name of a YAML file, in a folder or one level below it."""
    found = [path for path in _paths(incomplete) if path.endswith((".yaml", ".yml"))]
    below = [path for folder in _paths(incomplete) if folder.endswith("/") for path in _paths(folder)]
    return found + [path for path in below if path.endswith((".yaml", ".yml"))]


def complete_shipped(incomplete: str) -> list[str]:
    """Complete the name of a shipped configuration."""
    from nmt_attn.config.shipped import shipped_names

    return [name for name in shipped_names() if name.startswith(incomplete)]


def _settings(incomplete: str, sections: str | tuple[str, ...]) -> list[str]:
    keys = {name: key for name, key in _keys().items() if name.startswith(sections)}
    name, equals, begun = incomplete.partition("=")
    if not equals:
        names = [known for known in keys if known.startswith(name)]
        if len(names) > 1:
            return names
        name, begun = (names[0], "") if names else (name, "")  # of the only one that is left, the values at once
    if name not in keys:
        return []
    values = [value for value in keys[name].values if value.startswith(begun)]
    if keys[name].is_path:
        values += _paths(begun)
    # With two or more to choose from, a shell sets no space behind the = and goes on from there.
    return [f"{name}={value}" for value in (values if equals else ["", *values])]


def _paths(incomplete: str) -> list[str]:
    """Return files and folders (with a slash) whose names begin so, as they are written."""
    folder, slash, begun = incomplete.rpartition("/")
    try:
        entries = sorted(os.scandir(os.path.expanduser(f"{folder}{slash}") or "."), key=lambda entry: entry.name)  # noqa: PTH111
        return [
            f"{folder}{slash}{entry.name}{'/' if entry.is_dir() else ''}"
            for entry in entries
            if entry.name.startswith(begun) and (begun or not entry.name.startswith("."))
        ][:_MOST]
    except OSError:
        return []


def _keys() -> dict[str, _Key]:
    """Return every key that is no section, by its dotted name."""
    from nmt_attn.config.shipped import schema_file

    try:
        schema = json.loads(schema_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return dict(_below(schema, schema["$defs"], ""))


def _below(section: Mapping[str, Any], definitions: Mapping[str, Any], above: str) -> Iterator[tuple[str, _Key]]:
    for name, declared in section.get("properties", {}).items():
        forms = declared.get("anyOf", [declared])
        inner = [definitions[form["$ref"].rpartition("/")[2]] for form in forms if "$ref" in form]
        if inner:
            yield from _below(inner[0], definitions, f"{above}{name}.")
        else:
            yield f"{above}{name}", _Key(tuple(_values(forms, declared)), any(_is_path(form) for form in forms))


def _is_path(form: Mapping[str, Any]) -> bool:
    return form.get("format") == "path" or form.get("items", {}).get("format") == "path"


def _values(forms: list[Mapping[str, Any]], declared: Mapping[str, Any]) -> Iterator[str]:
    found = []
    for form in forms:
        found += form.get("enum", [form["const"]] if "const" in form else [])
        found += ["true", "false"] if form.get("type") == "boolean" else []
        found += ["null"] if form.get("type") == "null" else []
    default = declared.get("default")
    if isinstance(default, (str, int, float)) and not isinstance(default, bool):
        found.append(default)
    yield from dict.fromkeys(str(value) for value in found)


def complete(run: Callable[[], object]) -> NoReturn:
    """Answer a shell, and leave the program. Nothing but completions is printed, whatever goes wrong.

    Args:
        run: the program, which finds out by the environment what is asked for.
    """
    for module in _NOT_NEEDED:
        sys.modules.setdefault(module, None)  # type: ignore[arg-type]  # which means that there is none
    prefix = ""
    if os.environ[INSTRUCTION] == "complete_bash":
        words, place = os.environ.get("COMP_WORDS", ""), os.environ.get("COMP_CWORD", "")
        os.environ["COMP_WORDS"], os.environ["COMP_CWORD"] = join_at_equals_signs(words, place)
        last = os.environ["COMP_WORDS"].rpartition("\n")[2]
        prefix = last[: last.rfind("=") + 1]
    answer, code = io.StringIO(), 1
    with redirect_stdout(answer), redirect_stderr(io.StringIO()):
        try:
            run()
        except SystemExit as left:
            code = left.code if isinstance(left.code, int) else 1
        except Exception:  # of whatever kind: the line that somebody is typing is no place to report it
            answer = io.StringIO()
    name = prefix.partition("=")[2] if prefix.startswith("-") else prefix  # typer takes an option off its value
    for line in answer.getvalue().splitlines():
        print(line.removeprefix(name))
    sys.exit(code)


def join_at_equals_signs(words: str, place: str) -> tuple[str, str]:
    """Put the words of bash together again, which cuts them at each ``=``.

    Args:
        words: the words, a line each.
        place: the index of the one that is being completed.

    Returns:
        The same for words that are whole. The last one ends where the cursor is.
    """
    parts = words.split("\n")
    index = int(place) if place.isdecimal() else len(parts) - 1
    parts += [""] * (index + 1 - len(parts))  # a last word of which nothing is there yet
    whole: list[str] = []
    for number, part in enumerate(parts[: index + 1]):
        joined = number > 0 and ("=" in (part, parts[number - 1]))
        if joined and whole:
            whole[-1] += part
        else:
            whole.append(part)
    return "\n".join(whole), str(len(whole) - 1)
