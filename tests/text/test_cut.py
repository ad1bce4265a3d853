"""Cutting long texts: nothing is lost, nothing is too long, and it is done where it hurts least."""

from hypothesis import given
from hypothesis import strategies as st

from nmt_attn.text.cut import cut


def words(texts: list[str]) -> list[int]:
    return [len(text.split()) for text in texts]


def letters(texts: list[str]) -> list[int]:
    return [len(text) for text in texts]


@given(text=st.text(alphabet="ab .,!?。、\t", max_size=80), most=st.integers(1, 20))
def test_nothing_but_white_space_is_lost_and_no_part_is_too_large(text, most):
    parts = cut(text, most, letters)
    assert "".join("".join(parts).split()) == "".join(text.split())
    # len() does not count the spaces that neighbours are joined with.
    assert all(len(part.replace(" ", "")) <= most for part in parts)


def test_a_short_text_stays_as_it_is():
    assert cut("  One.  Two. ", 2, words) == ["  One.  Two. "]
    assert cut("", 1, words) == [""]


def test_sentences_stay_whole_where_they_can():
    text = "One two three. Four five! Six seven eight nine, ten eleven? Twelve."
    assert cut(text, 5, words) == ["One two three.", "Four five!", "Six seven eight nine,", "ten eleven?", "Twelve."]
    assert cut("one two three four five", 2, words) == ["one two", "three four", "five"]
    assert cut("这是一句。这是第二句。", 5, letters) == ["这是一句。", "这是第", "二句。"]
    assert cut("abcdefgh", 3, letters) == ["ab", "cd", "ef", "gh"]
