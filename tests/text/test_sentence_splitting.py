"""Cutting lines: at the ends of sentences and nowhere else; nothing is lost, nothing is too long."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmt_attn.text.sentence_splitting import Limits, cut, divide, sentences


def words(texts: list[str]) -> list[int]:
    return [len(text.split()) for text in texts]


def letters(texts: list[str]) -> list[int]:
    """Spaces, with which neighbours are joined, are not counted."""
    return [len(unspaced(text)) for text in texts]


def unspaced(text: str) -> str:
    return "".join(text.split())


# What ends sentences, and what only looks like it, between letters of many scripts.
texts = st.lists(
    st.one_of(
        st.sampled_from("aBñ我あ한नمя .,!?。、！？।؟…;\t\u3000\"'”»«「」『』()¿12"),
        st.sampled_from(
            ["Mr. ", "z. B. ", "U.S. ", "3. ", "... ", "No. ", " 「はい。」", "I. ", "www.a.de ", ".\u201d ", "😀"]
        ),
    ),
    max_size=40,
).map("".join)


@given(text=texts, most=st.integers(1, 20), ordinals=st.booleans())
def test_nothing_but_white_space_is_lost_and_no_part_is_too_large(text, most, ordinals):
    parts = cut(text, most, letters, ordinals=ordinals)
    assert unspaced("".join(parts)) == unspaced(text)
    assert all(size <= most for size in letters(parts))


def place_of(parts: list[str], text: str) -> None:
    """Each part lies in the text, behind the one before it, with white space or nothing between."""
    place = 0
    for part in parts:
        found = text.index(part, place)
        assert not text[place:found].strip()
        place = found + len(part)
    assert not text[place:].strip()


@given(text=texts, ordinals=st.booleans())
def test_sentences_are_the_text(text, ordinals):
    found = sentences(text, ordinals=ordinals)
    place_of(found, text)
    if len(found) > 1:
        assert all(any(letter.isalpha() for letter in sentence) for sentence in found)


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


@pytest.mark.parametrize(
    "line",
    [
        "I am hungry.| We are going home.", "Stop it!| I'm busy.", "What?!| No way!!| Yes.",
        "He left.| 5 people saw it.",
        "« Viens ! » dit-il.| Elle partit.", "« Viens ! »| Elle partit.", "Ça va ?| Oui.| Vas-y.| On part.",
        "¡Hola!| ¿Cómo estás?| Bien.", "Er ging.| »Komm!« rief er.", "„Nein.“| Sie ging.| (Er nicht.)| Gut.",
        "这是一句。|这是第二句！|好吗？|好。", "行くよ。|本当？|はい。", "「行くよ。」と言った。|彼は帰った。",
        "「はい。」|「いいえ。」",
        "大丈夫？と聞いた。|うん。", "네.| 알겠습니다.| 갑시다!", "क्या हाल है?| मैं ठीक हूँ।| तुम?", "मैं हूँ।|तुम हो।",
        "كيف حالك؟| أنا بخير.| وأنت؟",
        "آپ کیسے ہیں؟| میں ٹھیک ہوں۔| شکریہ", "Τι κάνεις;| Είμαι καλά.", "Это я.| Мы дома.", "ខ្ញុំ។| អ្នក។",
        "ကောင်းတယ်။| သွားမယ်။",
        "ሰላም።| እንዴት ነህ፧| ደህና", "i am hungry.| we are going home.", "He is taller than I.| We know.",
        "Hi!| 😀 How are you?", '"Go."| Then he left.', "Look... | No.".replace(" | ", " "),
        "In 1990.| She was 12.| He was 13.",
        "We live in the U.S.| It is large.", "It was plan B.| They liked it.", "No.| I don't.",
    ],
)  # fmt: skip
def test_a_line_is_cut_at_the_ends_of_its_sentences(line):
    expected = [part.strip() for part in line.split("|")]
    assert sentences(line.replace("|", "")) == expected


@pytest.mark.parametrize(
    "line",
    [
        "Mr. Smith and Mrs. Jones met Dr. Who at St. Paul's.", "Read e.g. The Times, i.e. that paper.",
        "J. K. Rowling wrote it.",
        "The U.S. Army and the U.N. Council met.", "Ask Prof. A. B. Smith.", "It is 3.14 m or 1.5 km.",
        "See www.example.com today.",
        "Well... I don't know.", "Hm… Maybe.", "See No. 5 on p. 12, fig. 3.", "On Jan. 5 he came.",
        '"Stop!" he said.',
        "“Why?” asked Tom.", "M. Dupont et Mme Durand.", "« Non ! » cria-t-il.",
        "Das ist z. B. Gold, d. h. teuer.", "Frankfurt a. M. Hbf",
        "Es kostet ca. 5 Euro bzw. Herr Meier zahlt.", "El Sr. García y la Sra. López.", "1. Buy milk",
        "А. С. Пушкин и проф. Иванов.",
        "「行くよ。」と言った", "今？と聞いた", "डॉ. शर्मा आए", "approx. five, vs. six", "I am hungry. 😀", "Yes.",
        "...", "", "?!", "a.b.c d",
        "At 5 p.m. Monday", "Was? fragte er.", "(See p. 5.)",
    ],
)  # fmt: skip
def test_what_looks_like_an_end_is_none(line):
    assert sentences(line) == [line]


@pytest.mark.parametrize(
    "line", ["Am 3. Mai kam Ludwig XIV. König", "Der 2. Weltkrieg", "Dne 5. Května", "Den 17. Juni", "Karl V. Kaiser"]
)
def test_numbers_with_a_full_stop_are_ordinals_where_the_language_has_them(line):
    assert sentences(line, ordinals=True) == [line]


def test_elsewhere_a_number_may_end_a_sentence():
    assert sentences("She is 12. He is 13.") == ["She is 12.", "He is 13."]
    assert sentences("She is 12. He is 13.", ordinals=True) == ["She is 12. He is 13."]
    assert sentences("Sie kam 1990. Er kam 1991.", ordinals=True) == ["Sie kam 1990.", "Er kam 1991."]


@pytest.mark.parametrize(
    "text", ["「" * 200_000, "! " * 200_000 + "a a", ". " * 200_000 + "B", "A. " * 100_000, "." * 300_000]
)
def test_no_text_takes_long(text):
    began = time.perf_counter()
    sentences(text + " Go. ")
    assert time.perf_counter() - began < 5


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
