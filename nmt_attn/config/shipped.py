"""The configurations that come with the package, with the small corpora that they use and the schema for editors.

In a clone they lie in ``configs/``, ``data/`` and ``docs/``; in an installed package the same files lie in the folder
``shipped`` inside of it (``pyproject.toml`` puts them there).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from pathlib import Path

from nmt_attn.errors import UserError

SCHEMA_LINE = "# yaml-language-server: $schema="
"""Beginning of the line by which an editor finds the schema."""

_PACKAGE = Path(__file__).parent.parent


def shipped_file(name: str) -> Path:
    """Return the place of a shipped file, by its path in the repository, such as ``configs/tiny.yaml``."""
    inside = _PACKAGE / "shipped"
    return (inside if inside.is_dir() else _PACKAGE.parent) / name


def shipped_names() -> list[str]:
    """Return the names of the shipped configurations, in order."""
    return sorted(path.stem for path in shipped_file("configs").glob("*.yaml"))


def shipped_configuration(name: str) -> Path:
    """Return the file of a shipped configuration.

    Raises:
        UserError: none has this name; the message names the nearest one, or all.
    """
    names = shipped_names()
    if name in names:
        return shipped_file(f"configs/{name}.yaml")
    nearest = difflib.get_close_matches(name.removesuffix(".yaml").lower(), names, n=1, cutoff=0.5)
    advice = f"did you mean {nearest[0]}?" if nearest else f"there are {', '.join(names)}"
    raise UserError(f"no shipped configuration is called {name[:40]!r}; {advice}")


def schema_file() -> Path:
    """Return the place of the JSON schema."""
    return shipped_file("docs/configuration.schema.json")


def about(text: str) -> str:
    """Return the first sentence of the comment at the beginning of a configuration."""
    comment = " ".join(line.lstrip("# ") for line in _comment(text))
    return re.split(r"\.\s+(?=[A-Z])", comment, maxsplit=1)[0].rstrip(".")


def without_schema_line(text: str) -> str:
    """Return the text of a configuration without the line for editors."""
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith(SCHEMA_LINE))


def _comment(text: str) -> Iterator[str]:
    for line in without_schema_line(text).splitlines():
        if not line.startswith("#"):
            return
        yield line
