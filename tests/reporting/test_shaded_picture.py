"""The lines of a picture: words stand in order, side by side, and within the margins."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

pytest.importorskip("matplotlib")

from nmt_attn.reporting import shaded_picture
from nmt_attn.reporting.attention_maps import Fonts
from nmt_attn.reporting.shaded_picture import Layout, PlacedTile, Tile


@pytest.fixture(scope="module")
def layout() -> Layout:
    return Layout(Fonts())


def tiles(text: str) -> list[Tile]:
    return [Tile(word, 11.0, level=5) for word in text.split()]


def shown(line: list[PlacedTile]) -> list[str]:
    return [placed.tile.text for placed in sorted(line, key=lambda placed: placed.left)]


def assert_side_by_side(layout: Layout, lines: list[list[PlacedTile]]) -> None:
    for line in lines:
        ordered = sorted(line, key=lambda placed: placed.left)
        assert ordered[0].left >= -1e-6
        assert ordered[-1].left + ordered[-1].width <= layout.line_width + 1e-6
        assert all(one.left + one.width <= other.left + 1e-6 for one, other in pairwise(ordered))


def test_words_fill_lines_within_the_margins(layout):
    text = "a day at the harbour with nothing but wind and a very slow ferry " * 12
    lines = layout.lines(tiles(text))
    assert_side_by_side(layout, lines)
    assert " ".join(word for line in lines for word in shown(line)) == text.strip()
    assert all(line[-1].left + line[-1].width > 0.8 * layout.line_width for line in lines[:-1])


def test_a_word_wider_than_a_line_is_broken_and_keeps_its_marks(layout):
    word = "we\u0301" * 200
    lines = layout.lines([*tiles("see"), *tiles(word), *tiles("end")])
    assert len(lines) > 2
    assert_side_by_side(layout, lines)
    assert "".join(text for line in lines for text in shown(line)) == f"see{word}end"
    assert not any(text.startswith("\u0301") for line in lines for text in shown(line))


def test_pieces_of_a_word_stay_on_one_line_if_it_has_room(layout):
    word = [Tile("har", 11.0), Tile("bour", 11.0, gap=0.0, breaks=False)]
    lines = layout.lines(word * 60)
    assert_side_by_side(layout, lines)
    assert all(shown(line)[0] == "har" and shown(line)[-1] == "bour" for line in lines)
    endless = [Tile("har", 11.0, gap=0.0, breaks=False)] * 300
    assert len(layout.lines(endless)) > 1
    assert_side_by_side(layout, layout.lines(endless))


def test_a_text_that_is_read_from_the_right_begins_there(layout):
    (line,) = layout.lines(tiles("ראיתי את Star Trek אתמול"))
    assert shown(line) == ["אתמול", "Star", "Trek", "את", "ראיתי"]
    assert max(placed.left + placed.width for placed in line) == pytest.approx(layout.line_width)


def test_words_read_from_the_right_are_turned_around_in_a_text_that_is_not(layout):
    (line,) = layout.lines(tiles("the sign says דרך 12 צרה in red"))
    assert shown(line) == ["the", "sign", "says", "צרה", "12", "דרך", "in", "red"]
    (named,) = layout.lines(tiles("most: דרך\u200e 36 %, צרה\u200e 8 %"))
    assert [text.strip("\u200e") for text in shown(named)] == ["most:", "דרך", "36", "%,", "צרה", "8", "%"]
    assert named[0].left == 0


def test_boxes_do_not_reach_into_the_word_beside_them(layout):
    (line,) = layout.lines([Tile("har", 11.0), Tile("bour", 11.0, gap=0.0, breaks=False), Tile("wind", 11.0)])
    assert [placed.room for placed in line] == [(math.inf, 0.0), (0.0, line[2].room[0]), (line[2].room[0], math.inf)]
    assert line[2].room[0] > 0


def test_what_is_too_high_ends_with_a_line_that_says_so(layout, monkeypatch):
    monkeypatch.setattr(shaded_picture, "MOST_LINES", 3)
    lines = layout.lines(tiles("far too many words " * 200))
    assert len(lines) == 4
    assert " ".join(shown(lines[-1])) == "[… the rest is not drawn …]"
    assert len(layout.lines([Tile("x" * 20_000, 11.0)])) == 4
