"""Facts about a path as text: names and values in columns, lists as tables."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from nmt_attn.config.keys import printable
from nmt_attn.reporting.inspected import Inspected
from nmt_attn.reporting.plain_table import columns, size_text

_HEADINGS = {"changed_configuration": "configuration, where it differs from the defaults"}

_AS_THEY_ARE = ("changed_configuration", "dropped", "by_kind", "decoding")
"""Groups whose names are not ours to change."""

_MOST_ROWS = 40
_SHORT_HASH = 16
_WIDTH = 100
_UNTOUCHED = ("step", "checkpoint")
"""Numbers that are names."""


def inspected_lines(inspected: Inspected) -> list[str]:
    """Show what lies at a path: what it is, single facts, then groups and tables of them."""
    values = {key: value for key, value in inspected.values.items() if value is not None}
    lines = [f"{printable(str(inspected.path))}: {_article(inspected.kind)}"]
    lines += _facts({_words(key): value for key, value in values.items() if not isinstance(value, (Mapping, list))}, "")
    for key, value in values.items():
        heading = _HEADINGS.get(key, _words(key))
        if isinstance(value, Mapping):
            names = {name: name if key in _AS_THEY_ARE else _words(name) for name in value}
            lines += ["", *_group(heading, {names[name]: fact for name, fact in value.items() if fact is not None})]
        elif isinstance(value, list) and value:
            lines += ["", heading, *_table(value)]
    return lines


def _words(key: str) -> str:
    return key.replace("_", " ")


def _article(kind: str) -> str:
    if kind in ("prepared data", "weights"):
        return kind
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def _group(heading: str, group: Mapping[str, Any]) -> list[str]:
    return [heading, *_facts(group, "  ")] if group else [f"{heading}: none"]


def _facts(facts: Mapping[str, Any], indent: str) -> list[str]:
    if not facts:
        return []
    width = max(len(printable(name)) for name in facts)
    lines = []
    for name, value in facts.items():
        first = f"{indent}{printable(name):{width}}  "
        rest = " " * len(first)
        lines += textwrap.wrap(
            printable(_shown(name, value)), max(_WIDTH, len(first) + 40), initial_indent=first,
            subsequent_indent=rest, break_long_words=False, break_on_hyphens=False,
        ) or [first.rstrip()]  # fmt: skip
    return lines


def _table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    names = list(rows[0])
    cells = [["-" if row.get(name) is None else _shown(name, row[name]) for name in names] for row in rows]
    right = [place for place, name in enumerate(names) if all(isinstance(row.get(name), (int, float)) for row in rows)]
    lines = columns([[_words(name) for name in names], *cells[:_MOST_ROWS]], right)
    more = [f"… {len(cells) - _MOST_ROWS:,} more"] if len(cells) > _MOST_ROWS else []
    return [f"  {line}" for line in (*lines, *more)]


def _shown(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name == "bytes":
        return size_text(value)
    if name == "sha256":
        return f"{value[:_SHORT_HASH]}…"
    if isinstance(value, int) and name not in _UNTOUCHED:
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
