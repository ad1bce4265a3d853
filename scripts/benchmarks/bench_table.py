"""Tables in Markdown from lines of JSON, one line per measurement and one table for each part that they name.

Values that all rows of a part have in common stand under its table.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence


def main() -> None:
    """Print the tables in the order in which the parts come."""
    parts: dict[str, list[dict[str, object]]] = {}
    for line in sys.stdin:
        if line.strip():
            figures = flat(json.loads(line))
            parts.setdefault(str(figures.pop("part", "")), []).append(figures)
    print("\n\n".join(section(name, rows) for name, rows in parts.items()))


def flat(figures: Mapping[str, object], before: str = "") -> dict[str, object]:
    """Flatten nested values, each under a joined name such as ``bleu score``."""
    found: dict[str, object] = {}
    for key, value in figures.items():
        if isinstance(value, dict):
            found |= flat(value, f"{before}{key} ")
        else:
            found[before + key] = value
    return found


def section(name: str, rows: Sequence[Mapping[str, object]]) -> str:
    """Format one table, with its title."""
    keys = list(dict.fromkeys(key for row in rows for key in row))
    common = [key for key in keys if len(rows) > 1 and len({str(row.get(key)) for row in rows}) == 1]
    columns = [key for key in keys if key not in common]
    lines = [f"### {name}", ""] if name else []
    lines += [f"| {' | '.join(columns)} |", f"|{' --- |' * len(columns)}"]
    cells = [[str(row.get(column, "")).replace("|", "\\|") for column in columns] for row in rows]
    lines += [f"| {' | '.join(row)} |" for row in cells]
    return "\n".join([*lines, *([""] if common else []), *(f"{key}: {rows[0][key]}" for key in common)])


if __name__ == "__main__":
    main()
