"""Cutting lines: nothing is lost, nothing is too long, and neighbours stay together as far as they may."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmt_attn.text.line_division import Limits, cut, divide
from tests.text.any_line import ANY_LINE, place_of


def words(texts: list[str]) -> list[int]:
    return [len(text.split()) for text in texts]


def letters(texts: list[str]) -> list[int]:
    """Spaces, with which neighbours are joined, are not counted."""
    return [len(unspaced(text)) for text in texts]


def unspaced(text: str) -> str:
    return "".join(text.split())


@given(text=ANY_LINE, most=st.integers(1, 20), ordinals=st.booleans())
def test_nothing_but_white_space_is_lost_and_no_part_is_too_large(text, most, ordinals):
    parts = cut(text, most, letters, ordinals=ordinals)
    assert unspaced("".join(parts)) == unspaced(text)
    assert all(size <= most for size in letters(parts))


@given(text=st.text(max_size=60), most=st.integers(1, 10), count=st.none() | st.integers(1, 3))
def test_any_text_is_divided_without_a_loss(text, most, count):
    division = divide(text, Limits(most, count, 5), letters)
    place_of(division.texts, text)
    assert all(size <= most for size in letters(division.texts))
    assert division.long == (letters([text])[0] > most)
    assert division.parts[0].begins


def test_a_short_text_stays_as_it_is():
    assert cut("  One.  Two. ", 2, words) == ["  One.  Two. "]
    assert cut("", 1, words) == [""]


def test_sentences_stay_whole_where_they_can():
    text = "One two three. Four five! Six seven eight nine, ten eleven? Twelve."
    assert cut(text, 5, words) == ["One two three.", "Four five!", "Six seven eight nine,", "ten eleven?", "Twelve."]
    assert cut("one two three four five", 2, words) == ["one two", "three four", "five"]
    assert cut("这是一句。这是第二句。", 5, letters) == ["这是一句。", "这是第", "二句。"]
    assert cut("abcdefgh", 3, letters) == ["ab", "cd", "ef", "gh"]


def test_text_without_spaces_gets_none_where_parts_stay_together():
    assert cut("一，二，三，四五六，七", 5, letters) == ["一，二，", "三，", "四五六，七"]
    assert cut("Oh, we; you and I, too", 4, words) == ["Oh, we;", "you and I, too"]


# --- what stays together -----------------------------------------------------------------------------------------

LINE = "One two. Three four! Five six? Seven eight. Nine."


@pytest.mark.parametrize(
    ("limits", "parts"),
    [
        (Limits(100), [LINE]),
        (Limits(100, 1), ["One two.", "Three four!", "Five six?", "Seven eight.", "Nine."]),
        (Limits(100, 2), ["One two. Three four!", "Five six? Seven eight.", "Nine."]),
        (Limits(100, 5), [LINE]),
        (Limits(100, 5, 4), ["One two. Three four!", "Five six? Seven eight.", "Nine."]),
        (Limits(100, 2, 3), ["One two.", "Three four!", "Five six?", "Seven eight. Nine."]),
        (Limits(4), ["One two.", "Three four!", "Five six?", "Seven eight.", "Nine."]),
        (Limits(4, 3), ["One two. Three four!", "Five six? Seven eight.", "Nine."]),
        (Limits(1, 3), ["One", "two.", "Three", "four!", "Five", "six?", "Seven", "eight.", "Nine."]),
    ],
)
def test_neighbours_stay_together_as_far_as_they_may(limits, parts):
    division = divide(LINE, limits, words)
    assert division.texts == parts
    assert division.long == (limits.tokens < 9)
    assert [part.begins for part in division.parts] == [part[0].isupper() for part in parts]


def test_a_single_sentence_is_left_alone_however_long_unless_it_is_too_long():
    line = "One two three four five six seven eight"
    assert divide(line, Limits(100, 1, 2), words).texts == [line]
    assert divide(line, Limits(4, 1, 2), words).texts == ["One two three four", "five six seven eight"]


@pytest.mark.parametrize(
    ("line", "spaced", "joined"),
    [
        ("我饿了。我们回家。", [True, False], "A B"), ("I am. We are.", [True, True], "A B"),
        ("क ख।ग घ।", [True, False], "A B"),
    ],
)  # fmt: skip
def test_it_is_known_where_a_space_was(line, spaced, joined):
    division = divide(line, Limits(100, 1), words)
    assert [part.spaced for part in division.parts] == spaced
    assert division.joined(["A", "B"], " ", "") == joined
    assert division.joined(["A", "B"], "", " ") == "AB"
    assert division.joined(["", "B"], " ", "") == "B"
    assert division.joined(["A", ""], " ", "") == "A"


def test_pieces_of_a_sentence_are_joined_as_words():
    division = divide("一二三四。五六七八。", Limits(3, 1), letters)
    assert len(division.parts) == 4
    assert division.joined(["a", "b", "c", "d"], " ", "-") == "a-b c-d"
