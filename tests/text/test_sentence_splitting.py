"""Sentences of a line: told apart at their ends and nowhere else."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmt_attn.text.sentence_splitting import sentences
from tests.text.any_line import ANY_LINE, place_of


@given(text=ANY_LINE, ordinals=st.booleans())
def test_sentences_are_the_text(text, ordinals):
    found = sentences(text, ordinals=ordinals)
    place_of(found, text)
    if len(found) > 1:
        assert all(any(letter.isalpha() for letter in sentence) for sentence in found)


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
