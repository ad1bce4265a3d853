"""A web page of a weighed text, which needs nothing else: the words on shades, in light and dark colours."""

from __future__ import annotations

import html

from nmt_attn.classification.weighed_text import WeighedText
from nmt_attn.reporting.shading import (
    DARK,
    LEVELS,
    LIGHT,
    Ramp,
    ShadedUnit,
    headline,
    heaviest_words,
    is_even,
    legend,
    mark,
    most_attention,
    percent,
    shaded_units,
)


def to_html(weighed: WeighedText) -> str:
    """Write the page: the label, the text, what the shades mean, and the words with the most attention.

    Words that stand out have their percent beside them; the others show theirs under the mouse. Colours follow the
    reader's choice of light or dark, and every shade leaves the letters readable.
    """
    label, probability = (html.escape(part) for part in headline(weighed))
    parts = {
        "TITLE": f"{label} {probability}",
        "STYLES": f"{_rules(LIGHT)}\n@media (prefers-color-scheme: dark) {{\n{_rules(DARK)}\n}}",
        "HEAD": f'<bdi lang="">{label}</bdi> <span class="p">{probability}</span>',
        "TEXT": _running_text(weighed),
        "LEGEND": _legend(weighed),
        "HEAVIEST": _heaviest(weighed),
    }
    return "".join(parts.get(part, part) for part in _TEMPLATE)


def _running_text(weighed: WeighedText) -> str:
    written = []
    cut, said = mark(weighed) or (None, "")
    said = f'<em lang="en" dir="ltr">{said}</em>'
    for place, unit in enumerate(shaded_units(weighed)):
        if place == cut:
            written.append(f" {said} " if place else f"{said} ")
        elif unit.spaced:
            written.append(" ")
        elif unit.breaks:
            written.append("<wbr>")
        written.append(_span(unit))
    return "".join(written) + (f" {said}" if cut == len(weighed.units) else "")


def _span(unit: ShadedUnit) -> str:
    share = html.escape(f"{unit.percent} % of the attention")
    shade = f'class="w{unit.level}" title="{share}"'
    if not unit.stands_out:
        return f"<span {shade}>{html.escape(unit.text)}</span>"
    word, tail = (html.escape(part) for part in unit.divided())
    figure = f'<small dir="ltr">{html.escape(unit.percent)}<i> percent</i></small>'
    return f"<b {shade}>{word}{figure}{tail}</b>"


def _legend(weighed: WeighedText) -> str:
    steps = [f'<span class="w{level}">{html.escape(name)}</span>' for level, name in legend(weighed)]
    if not steps:
        return ""
    return f'<p class="l">Share of the attention: {" ".join(steps)}</p>'


def _heaviest(weighed: WeighedText) -> str:
    words = [] if is_even(weighed.weights) else heaviest_words(weighed, most=10)
    if not words:
        return f"<p>{html.escape(most_attention(weighed))}</p>"
    rows = "".join(
        f'<tr><th scope="row"><bdi lang="">{html.escape(word.word)}</bdi></th>'
        f"<td>{html.escape(percent(word.weight))} %</td>"
        f"<td>{html.escape(percent(word.total))} %</td><td>{word.times:,}</td></tr>\n"
        for word in words
    )
    end = html.escape(percent(weighed.end_weight))
    note = f"<p>The end of the text got {end} %.</p>" if weighed.end_weight >= 0.0005 else ""
    return f"{_TABLE}{rows}</tbody></table>{note}"


def _rules(ramp: Ramp) -> str:
    """Write the style of each shade; none has the colours of the page."""
    page = f"body {{ background: {_hex(ramp, 0)}; color: {_ink(ramp, 0)} }}"
    levels = (f".w{n} {{ background: {_hex(ramp, n)}; color: {_ink(ramp, n)} }}" for n in range(1, LEVELS + 1))
    return "\n".join([page, *levels])


def _hex(ramp: Ramp, level: int) -> str:
    return "#{:02x}{:02x}{:02x}".format(*ramp.background(level))


def _ink(ramp: Ramp, level: int) -> str:
    return "#{:02x}{:02x}{:02x}".format(*ramp.ink(level))


_TABLE = """<table><caption>Most attention</caption>
<thead><tr><th scope="col">Word</th><th scope="col">Share</th>
<th scope="col">In all</th><th scope="col">Times</th></tr></thead>
<tbody>
"""

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>|TITLE|</title>
<style>
|STYLES|
body { font: 1.0625rem/1.9 system-ui, sans-serif; margin: 0 auto; padding: 1rem; max-width: 44rem }
h1 { font-size: 1.5rem; line-height: 1.3; margin: .5rem 0; overflow-wrap: anywhere }
.p { font-weight: normal; white-space: nowrap; margin-left: .5rem }
.t { overflow-wrap: anywhere; margin: 1.25rem 0 }
.t span, .t b, .l span { border-radius: .2em; padding: .1em .08em; -webkit-box-decoration-break: clone;
  box-decoration-break: clone; print-color-adjust: exact; -webkit-print-color-adjust: exact }
.t b { font-weight: 600 }
.t b.w0 { text-decoration: underline }
small { font-size: .7em; font-weight: normal; vertical-align: .45em; margin: 0 .15em; line-height: 1 }
small i { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap }
.l { font-size: .875rem }
.l span { padding: .1em .5em }
.l span, td, thead th { white-space: nowrap }
table { border-collapse: collapse; font-size: .9375rem; line-height: 1.5 }
caption { text-align: left; font-weight: 600; padding: .25rem 0 }
th, td { text-align: right; padding: .15rem 0 .15rem 1.5rem; font-weight: normal; vertical-align: top }
th:first-child { text-align: left; padding-left: 0; overflow-wrap: anywhere }
thead th { font-size: .8125rem }
@media (forced-colors: active) { .t b { text-decoration: underline } }
</style>
</head>
<body>
<main>
<h1>|HEAD|</h1>
<p class="t" dir="auto" lang="">|TEXT|</p>
|LEGEND|
|HEAVIEST|
</main>
</body>
</html>
"""

_TEMPLATE = _PAGE.split("|")
"""The page in parts; those in capitals stand for what is written there."""
