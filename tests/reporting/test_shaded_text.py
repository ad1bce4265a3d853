"""Shaded texts: every form shows the same words and shares, and no text breaks any of them."""

from __future__ import annotations

import html.parser
import io
import json
import re
import unicodedata
import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from nmt_attn.classification.weighed_text import WeighedText
from nmt_attn.reporting import shaded_picture
from nmt_attn.reporting.shaded_text import WRITERS, to_html, to_json, to_picture, to_text
from nmt_attn.reporting.shading import DARK, LEVELS, LIGHT, heaviest_words, percent, shaded_units

SENTENCE = "The harbour looks fine , but the plot is awful, simply Awful ; I left ."
REVIEW = SENTENCE.split()

STRANGE = [
    *("\x1b[31mred", "a\nb", "\x00\x9b1m", "\u202egnp", "\u2066x", "\u2028", "\r", "\x7f", "\ud800", "\ufffe"),
    *("<script>alert(1)</script>", "&amp;", '"><b>', "--><!--", "{TITLE}", "|TITLE|", "[bold]x[/]", "$x_1$", "\\frac"),
    *("e\u0301\u0302", "🙂", "👩‍👩‍👧", "猫が", "العربية", "שלום", "", " ", "▁", "␣", "y" * 400, "\U000e0041"),
]

FORBIDDEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def weighed(units: list[str], heavy: dict[int, float] | None = None, **rest) -> WeighedText:
    """Give the weights of ``heavy`` to these places, and what is left to the others."""
    left = 1 - sum((heavy or {}).values()) - rest.get("end_weight", 0)
    other = left / max(1, len(units) - len(heavy or {}))
    weights = tuple((heavy or {}).get(place, other) for place in range(len(units)))
    return WeighedText("neg", 0.973, tuple(units), tuple(True for _ in units), weights, **rest)


def review(**rest) -> WeighedText:
    return weighed(REVIEW, {9: 0.4, 11: 0.25}, **rest)


def plain(text: WeighedText, width: int = 400) -> str:
    console = Console(width=width, file=io.StringIO(), highlight=False)
    console.print(to_text(text), end="")
    return console.file.getvalue()


def coloured(text: WeighedText, **environment) -> str:
    console = Console(
        **{"width": 400, "file": io.StringIO(), "force_terminal": True, "color_system": "truecolor"},
        _environ={"TERM": "xterm-256color", **environment},
    )
    console.print(to_text(text), end="")
    return console.file.getvalue()


class Page(html.parser.HTMLParser):
    """The words of a page with their titles, its tags, and all that is to be read."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.titles: list[str] = []
        self.tags: list[str] = []
        self.read = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.titles += [value for name, value in attrs if name == "title"]

    def handle_data(self, data):
        if self.tags[-1:] != ["style"]:
            self.read += data


# The terminal


def test_the_terminal_shows_the_label_the_text_and_the_heaviest_words():
    first, text, last = plain(review()).splitlines()
    assert first == "neg  97.3 %"
    assert text == "The harbour looks fine , but the plot is awful[40], simply Awful[25] ; I left ."
    assert last.startswith("Most attention: awful 40 % (65 % in 2 places), ")


def test_shades_are_relative_to_the_largest_weight():
    units = shaded_units(weighed(list("abcd"), {0: 0.002, 1: 0.001, 2: 0.0}, end_weight=0.997))
    assert [unit.level for unit in units] == [LEVELS, LEVELS // 2, 0, 0]
    shown = coloured(weighed(["a", "b"], {0: 0.0}))
    assert "48;2;255;255;255ma" in shown
    assert "48;2;{};{};{}mb".format(*LIGHT.heaviest) in shown


def test_words_that_stand_out_are_found_without_colours():
    shown = coloured(review(), NO_COLOR="1")
    assert "8;2;" not in shown
    assert "awful[40], " in re.sub("\x1b[^m]*m", "", shown)


def test_the_heaviest_word_stands_out_even_where_none_has_three_times_the_mean():
    assert "a[60] b" in plain(weighed(["a", "b"], {0: 0.6}))
    assert "only[100]" in plain(weighed(["only"]))


def test_equal_weights_make_no_word_stand_out():
    shown = plain(weighed(REVIEW))
    assert "[" not in shown
    assert "The attention is the same everywhere: 6 % each." in shown


@pytest.mark.parametrize("kind", WRITERS)
def test_a_text_without_attention_is_shown(kind):
    if kind in ("png", "svg"):
        pytest.importorskip("matplotlib")
    for text in (weighed(["a", "b"], {0: 0.0, 1: 0.0}), weighed([], end_weight=1.0)):
        assert WRITERS[kind](text)


def test_a_text_without_attention_or_words_says_so():
    assert "No word got attention." in plain(weighed(["a", "b"], {0: 0.0, 1: 0.0}))
    assert plain(weighed([], end_weight=1.0)).splitlines()[1:] == [
        "[no text]",
        "No word got attention; the end of the text 100 %.",
    ]


@pytest.mark.parametrize(
    ("left_out", "cut_at", "expected"),
    [
        (213, 2, "The harbour [… 213 tokens not read …] looks fine"),
        (2130, 0, "[… 2,130 tokens not read …] The harbour looks fine"),
        (1, None, "I left . [… 1 token not read …]"),
        (5, len(REVIEW), "I left . [… 5 tokens not read …]"),
    ],
)
def test_a_mark_stands_where_the_text_was_cut(left_out, cut_at, expected):
    text = review(left_out=left_out, cut_at=cut_at)
    assert expected in re.sub(r"(?<=\w)\[\d+\]", "", plain(text))
    read = Page(to_html(text)).read
    assert expected in read


def test_pieces_are_not_parted_by_spaces():
    text = WeighedText.of_pieces(["▁dr", "ab", "▁plot"], [0.2, 0.3, 0.5], label="neg", probability=0.6)
    assert "drab plot[50]" in plain(text)
    assert "drab plot" in Page(to_html(text)).read


def test_lines_are_broken_between_words():
    lines = plain(weighed(["word"] * 60), width=40).splitlines()
    assert all(len(line) <= 40 for line in lines)
    assert " ".join(lines).count("word") == 60


def test_nothing_in_a_text_moves_the_lines_of_the_terminal():
    text = weighed(STRANGE)
    shown = plain(text, width=5000)
    assert len(shown.splitlines()) == 3
    assert not FORBIDDEN.search(shown)
    assert "[bold]x[/]" in shown
    hostile = WeighedText("\x1b[2J\n" + "neg", 0.5, text.units, text.spaced, text.weights)
    assert len(plain(hostile, width=5000).splitlines()) == 3


@pytest.mark.parametrize(
    ("probability", "expected"), [(0.973, "97.3 %"), (0.99999, ">99.9 %"), (1.0, ">99.9 %"), (0.00001, "<0.1 %")]
)
def test_nothing_is_said_to_be_certain(probability, expected):
    assert plain(WeighedText("pos", probability, ("a",), (True,), (1.0,))).startswith(f"pos  {expected}\n")


def test_percents_are_whole_from_one_on():
    given_weights = (1.0, 0.123, 0.0097, 0.0044, 0.00001, 0.0)
    assert [percent(weight) for weight in given_weights] == ["100", "12", "1", "0.4", "<0.1", "0"]


def test_the_heaviest_words_go_by_one_place_and_count_them_all():
    found = heaviest_words(weighed(["the"] * 8 + ["“Dull!”", "dull", "y" * 400], {8: 0.1, 9: 0.3, 10: 0.2}), most=3)
    assert [(word.word, word.times) for word in found] == [("dull", 2), ("y" * 39 + "…", 1), ("the", 8)]
    assert (found[0].weight, found[0].total) == pytest.approx((0.3, 0.4))


# JSON


def test_json_holds_everything():
    text = weighed(["A", "film"], {0: 0.2}, end_weight=0.1, left_out=3, cut_at=1)
    assert json.loads(to_json(text)) == {
        "label": "neg",
        "probability": 0.973,
        "text": "A film",
        "units": ["A", "film"],
        "spaced": [True, True],
        "weights": [0.2, 0.7],
        "end_weight": 0.1,
        "left_out": 3,
        "cut_at": 1,
    }


def test_json_gives_a_strange_text_back_and_is_safe_to_look_at():
    written = WRITERS["json"](weighed(STRANGE)).decode("utf-8")
    assert json.loads(written)["units"] == STRANGE
    assert not FORBIDDEN.search(written)


# The web page


def test_the_page_shows_each_word_with_its_weight():
    page = Page(to_html(review()))
    assert len(page.titles) == len(REVIEW)
    assert page.titles[9] == "40 % of the attention"
    assert "awful40 percent, simply" in page.read
    assert "Share of the attention: 0 % 10 % 20 % 30 % 40 %" in page.read
    assert "neg 97.3 %" in page.read


def test_the_page_needs_nothing_else_and_suits_phones_and_dark_rooms():
    page = to_html(review())
    assert not re.search(r"https?:|src=|href=|url\(|@import|<script", page)
    assert 'name="viewport" content="width=device-width' in page
    assert "prefers-color-scheme: dark" in page
    assert '<html lang="en">' in page
    assert 'dir="auto"' in page


def test_no_text_becomes_a_tag_of_the_page():
    usual, strange = Page(to_html(review())), Page(WRITERS["html"](weighed(STRANGE)).decode("utf-8"))
    assert set(strange.tags) - {"wbr"} <= set(usual.tags)
    for word in ("<script>alert(1)</script>", "&amp;", '"><b>', "--><!--", "|TITLE|"):
        assert word in strange.read
    assert not FORBIDDEN.search(strange.read)


@pytest.mark.parametrize("ramp", [LIGHT, DARK], ids=["light", "dark"])
def test_letters_can_be_read_on_every_shade(ramp):
    def luminance(colour):
        parts = [value / 255 for value in colour]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    for level in range(LEVELS + 1):
        dark, light = sorted((luminance(ramp.background(level)), luminance(ramp.ink(level))))
        assert (light + 0.05) / (dark + 0.05) >= 4.5


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=6), max_size=8), st.text(max_size=4), st.data())
def test_any_text_can_be_written(units, label, data):
    spaced = data.draw(st.lists(st.booleans(), min_size=len(units), max_size=len(units)))
    weights = data.draw(st.lists(st.floats(0, 1), min_size=len(units), max_size=len(units)))
    cut_at = data.draw(st.none() | st.integers(0, len(units)))
    shares = tuple(weight / max(1, sum(weights)) for weight in weights)
    text = WeighedText(label, 0.5, tuple(units), tuple(spaced), shares, left_out=3, cut_at=cut_at)
    for shown in (text, text.in_words()):
        assert len(plain(shown, width=10_000).splitlines()) == 3
        assert len(Page(to_html(shown)).titles) == len(shown.units)
        assert json.loads(to_json(shown))["text"] == shown.text


# Pictures


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_a_picture_is_drawn_of_any_text(kind):
    pytest.importorskip("matplotlib")
    drawn = WRITERS[kind](weighed(STRANGE, {3: 0.3}, left_out=2, cut_at=4))
    if kind == "png":
        assert drawn.startswith(b"\x89PNG")
    else:
        ElementTree.fromstring(drawn)


def test_the_picture_shows_the_words_and_their_shades():
    pytest.importorskip("matplotlib")
    drawn = to_picture(review(), "svg").decode("utf-8")
    written = re.findall(r"<!-- (.*?) -->", drawn)
    for word in (*REVIEW, "neg", "40", "25"):
        assert word in written
    assert "fill: #{:02x}{:02x}{:02x}".format(*LIGHT.heaviest) in drawn


@pytest.mark.parametrize(("words", "most_lines", "most_inches"), [(500, 150, 16), (5000, 12, 6)])
def test_a_long_text_gives_a_picture_of_sensible_height(words, most_lines, most_inches, monkeypatch):
    pytest.importorskip("matplotlib")
    monkeypatch.setattr(shaded_picture, "DPI", 30)  # for the test to be quick
    monkeypatch.setattr(shaded_picture, "MOST_LINES", most_lines)
    drawn = to_picture(weighed([f"word{place % 7}" for place in range(words)], {3: 0.2}), "png")
    width, height = (int.from_bytes(drawn[place : place + 4], "big") for place in (16, 20))
    assert width == 8 * 30
    assert height <= most_inches * 30


@pytest.mark.parametrize("write", [plain, to_html, to_json])
def test_five_thousand_words_are_written(write):
    assert write(weighed(["word"] * 5000, {77: 0.5})).count("word") >= 5000


def test_direction_marks_are_not_left_open():
    written = plain(weighed(["فيلم", "رائع"], {1: 0.8}))
    assert not [letter for letter in written if unicodedata.bidirectional(letter) in ("RLO", "LRO", "RLI", "LRI")]
    assert "رائع\u200e 80 %, " in written
