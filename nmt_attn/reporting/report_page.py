"""The web page of ``nmt report`` and ``nmt compare``: one file that needs nothing else and asks no network."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from nmt_attn.errors import UserError
from nmt_attn.reporting.page_contents import AttentionMap, Output, PageContents, Plot, Section, SentenceRow, Table, Word
from nmt_attn.reporting.tables import is_number, shown

TEMPLATES = Path(__file__).parent / "templates"

WORDS = {
    "translations": {
        "example": "sentence", "examples": "sentences", "title": "Test sentences", "measure": "chrF", "exact": "exact",
        "not exact": "not exact", "looked": " looked at",
    },
    "labels": {
        "example": "text", "examples": "texts", "title": "Test texts", "measure": "right label, %",
        "exact": "right", "not exact": "wrong",
        "looked": ": attention on",
    },
}  # fmt: skip
"""What the page's script calls things, by the kind of the outputs."""

_STYLES = ("light.css", "dark.css", "page.css")
_SCRIPTS = ("theme.js", "attention.js", "sentences.js")


def refuse_without_packages() -> None:
    """Make sure that what the page is made with is installed.

    Raises:
        UserError: it is not.
    """
    missing = [name for name in ("jinja2", "matplotlib") if importlib.util.find_spec(name) is None]
    if missing:
        raise UserError(f"pages need {' and '.join(missing)}; install with: pip install 'nmt-attn[report]'")


def page(contents: PageContents) -> str:
    """Write the page of a report or a comparison.

    Raises:
        UserError: jinja2 or matplotlib is not installed.
    """
    refuse_without_packages()
    from jinja2 import Environment, FileSystemLoader
    from markupsafe import Markup

    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)
    environment.filters["spelled"] = spelled
    script = _script()
    return environment.get_template("page.html.j2").render(
        contents=contents,
        sections=[_section(section) for section in contents.sections],
        style=Markup(_style()),
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii"),
        data=Markup(json_for_html(page_data(contents))),
    )


@cache
def _style() -> str:
    """Join the style sheets; the colours follow the reader's system until a choice is made on the page."""
    light, dark, rest = ((TEMPLATES / name).read_text(encoding="utf-8").strip() for name in _STYLES)
    system = f"@media (prefers-color-scheme: dark) {{ :root:not([data-theme=light]) {{ {dark} }} }}"
    printed = f"@media print {{ :root {{ {light} }} }}"
    return f":root {{ {light} }}\n{system}\n:root[data-theme=dark] {{ {dark} }}\n{rest}\n{printed}"


@cache
def _script() -> str:
    return "\n".join((TEMPLATES / name).read_text(encoding="utf-8") for name in _SCRIPTS)


def json_for_html(values: object) -> str:
    """Write values as JSON that no HTML parser finds the end of a script in."""
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character, escaped in (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026"), ("\u2028", "\\u2028")):
        text = text.replace(character, escaped)
    return text.replace("\u2029", "\\u2029")


def page_data(contents: PageContents) -> dict[str, Any]:
    """Return what the page's script needs, with figures as short as they can be."""
    return {
        "systems": list(contents.systems),
        "languages": list(contents.languages),
        "words": WORDS[contents.kind],
        "sentences": [_sentence(row) for row in contents.sentences],
        "attention": [_map(one) for one in contents.attention],
    }


def _sentence(row: SentenceRow) -> dict[str, Any]:
    outputs = [
        {"words": [_word(word) for word in output.words], "chrf": round(output.chrf, 1), "exact": output.exact}
        for output in row.outputs
    ]
    references = list(row.references)
    return {
        "number": row.number, "source": row.source, "references": references, "outputs": outputs,
        "tags": list(row.tags),
    }  # fmt: skip


def _word(word: Word) -> list[Any]:
    """Return text, space before it, found in the reference, and the confidence in percent; -1: not known."""
    confidence = -1 if word.confidence is None else round(100 * word.confidence)
    return [word.text, int(word.spaced), int(word.found), confidence]


def _map(one: AttentionMap) -> dict[str, Any]:
    children: dict[int, list[int]] = {}
    for place, node in enumerate(one.tree):
        children.setdefault(node.parent, []).append(place)
    return {
        "number": one.number,
        "why": one.why,
        "source": list(one.source),
        "target": list(one.target),
        "weights": [[round(weight, 3) for weight in row] for row in one.weights],
        "confidence": [round(confidence, 3) for confidence in one.confidence],
        "tree": [
            {"text": node.text, "probability": round(node.probability, 3), "state": node.state} for node in one.tree
        ],
        "children": {str(parent): places for parent, places in children.items()},
    }


def _section(section: Section) -> dict[str, Any]:
    items: list[Mapping[str, Any]] = []
    for place, item in enumerate(section.items):
        if isinstance(item, Table):
            items.append(_table(item))
        elif isinstance(item, Plot):
            items.append(_plot(item, f"{section.name}-{place}"))
        else:
            items.append({"kind": "code", "title": item.title, "text": item.text})
    return {"name": section.name, "title": section.title, "introduction": section.introduction, "parts": items}


def _plot(plot: Plot, name: str) -> dict[str, Any]:
    from markupsafe import Markup

    from nmt_attn.reporting.plots import draw

    views = [
        {"id": f"{name}-{place}", "name": view.name, "svg": Markup(draw(plot, view, f"{name}-{place}"))}
        for place, view in enumerate(plot.views)
    ]
    return {"kind": "plot", "title": plot.title, "views": views, "note": plot.note}


def _table(table: Table) -> dict[str, Any]:
    numeric = [is_number(table, place) for place in range(len(table.columns))]
    most = [_largest(table, place) if column.bar else 0.0 for place, column in enumerate(table.columns)]
    rows = [
        [
            {"text": shown(cell, column), "bar": _share(cell, largest)}
            for cell, column, largest in zip(row, table.columns, most, strict=True)
        ]
        for row in table.rows
    ]
    return {
        "kind": "table",
        "title": table.title,
        "columns": table.columns,
        "numeric": numeric,
        "rows": rows,
        "note": table.note,
    }


def _largest(table: Table, place: int) -> float:
    return max((float(row[place]) for row in table.rows if isinstance(row[place], (int, float))), default=0.0)  # type: ignore[arg-type]


def _share(cell: object, largest: float) -> int | None:
    """Return how long the bar of a cell is, in percent; None: it has none."""
    return round(100 * max(0.0, float(cell)) / largest) if largest > 0 and isinstance(cell, (int, float)) else None


def spelled(output: Output) -> str:
    """Return the text of a hypothesis."""
    return "".join((" " if word.spaced else "") + word.text for word in output.words)
