"""Attention maps: every form shows the same figures, and no label breaks any of them."""

from __future__ import annotations

import html.parser
import io
import json
import re
import warnings

import pytest
from rich.console import Console

from nmt_attn.decoding.alignment import END, Alignment
from nmt_attn.reporting.attention_maps import WRITERS, Fonts, draw, to_html, to_json, to_text

STRANGE = [
    "▁l'été",
    "▁猫",
    "▁🙂",
    "▁e\u0301",
    "▁$x_1$",
    "▁<b>&",
    "▁a\nb",
    "▁العربية",
    "▁\x1b[31m",
    "▁",
    "\U000e0041",
    END,
]


def example() -> Alignment:
    return Alignment(
        ["▁I", "▁see", END], ["▁je", "▁vois", END], [[0.75, 0.2, 0.05], [0.004, 0.98, 0.016], [0, 0, 1]], -0.5
    )


def strange() -> Alignment:
    size = len(STRANGE)
    weights = [[float(row == column) for column in range(size)] for row in range(size)]
    return Alignment(STRANGE, STRANGE, weights, -1.0)


def plain(alignment: Alignment) -> str:
    console = Console(width=400, record=True, force_terminal=True, file=io.StringIO())
    console.print(to_text(alignment), end="")
    return console.export_text()


def test_json_holds_everything():
    values = json.loads(to_json(example()))
    assert values == {
        "source": ["▁I", "▁see", END],
        "target": ["▁je", "▁vois", END],
        "weights": [[0.75, 0.2, 0.05], [0.004, 0.98, 0.016], [0, 0, 1]],
        "log_prob": -0.5,
    }


def test_a_translation_that_cannot_be_has_no_probability():
    impossible = Alignment(["▁a", END], ["⁇", END], [[1, 0], [0, 1]], float("-inf"))
    assert json.loads(to_json(impossible))["log_prob"] is None


def test_the_terminal_shows_percents_and_what_the_columns_are():
    lines = plain(example()).splitlines()
    assert lines[0].split() == ["1", "2", "3"]
    assert lines[1].split() == ["je", "75", "20", "5"]
    assert lines[2].split() == ["vois", "·", "98", "2"]
    assert lines[3].split() == [END, "·", "·", "99"]
    assert lines[4].split() == ["1", "I", "2", "see", "3", END]


def test_the_page_shows_the_same_figures():
    found = re.findall(r'title="([0-9.]+)"', to_html(example()))
    assert [float(figure) for figure in found] == [0.75, 0.2, 0.05, 0.004, 0.98, 0.016, 0, 0, 1]


def test_the_picture_shows_the_same_figures():
    figure = pytest.importorskip("matplotlib.figure")
    axes = figure.Figure().add_subplot()
    draw(axes, example(), Fonts())
    assert axes.images[0].get_array().tolist() == example().weights
    assert [label.get_text() for label in axes.get_xticklabels()] == ["I", "see", END]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["je", "vois", END]


@pytest.mark.parametrize("kind", WRITERS)
def test_no_label_breaks_anything(kind):
    if kind in ("png", "svg"):
        pytest.importorskip("matplotlib")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        written = WRITERS[kind](strange())
    if kind == "png":
        assert written.startswith(b"\x89PNG")
    elif kind == "json":
        assert json.loads(written)["source"] == STRANGE
    else:
        text = written.decode("utf-8")
        assert "<b>" not in text
        assert "\x1b" not in text
        html.parser.HTMLParser().feed(text)


def test_no_label_moves_the_lines_of_the_terminal():
    lines = plain(strange()).splitlines()
    assert len(lines) == len(STRANGE) + 2
    assert "\x1b[31m" not in "".join(lines)
    assert all(line.count("99") == 1 for line in lines[1 : len(STRANGE) + 1])
