import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmt_attn.config import NormaliseConfig
from nmt_attn.text.normalise import Normaliser, tidy

configs = st.builds(
    NormaliseConfig,
    unicode=st.sampled_from(["nfc", "nfkc", "none"]),
    quotes=st.booleans(),
    lowercase=st.booleans(),
    ascii_fold=st.booleans(),
    punctuation=st.sampled_from(["keep", "split", "basic"]),
)
# Characters with a history of trouble (joiners, marks, odd cases, quotes) among everything else there is.
texts = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("\u200b\u200c\u200d\ufeff\u0301\u0345İıßẞΣςK´`’«»…½ﬁœ\u1fef\u0621\u064bक\u094d▁ "),
    ),
    max_size=12,
)


@given(configs, texts)
def test_applying_it_again_changes_nothing(config: NormaliseConfig, text: str) -> None:
    normaliser = Normaliser(config)
    once = normaliser(text)
    assert normaliser(once) == once


latin = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x2030), max_size=12)


@given(configs, latin)
def test_nor_does_it_to_latin_text(config: NormaliseConfig, text: str) -> None:
    normaliser = Normaliser(config)
    once = normaliser(text)
    assert normaliser(once) == once


@given(configs, texts)
def test_the_result_is_one_clean_line(config: NormaliseConfig, text: str) -> None:
    result = Normaliser(config)(text)
    result.encode("utf-8")
    assert len(result.splitlines()) <= 1
    assert result == " ".join(result.split())
    assert not any(unicodedata.category(character) in ("Cc", "Zl", "Zp", "Cs") for character in result)


@given(texts)
def test_what_tidy_has_done_need_not_be_done_before_normalising(text: str) -> None:
    assert Normaliser()(tidy(text)) == Normaliser()(text)
    assert tidy(tidy(text)) == tidy(text)


@pytest.mark.parametrize("space", ["\u00a0", "\u202f", "\u2009", "\t", "\n", "\r\n", "\u2028", "\u3000", "\x0b", "  "])
def test_any_white_space_becomes_one_plain_space(space: str) -> None:
    assert tidy(f"{space}Ça{space}va{space}?{space}") == "Ça va ?"


@pytest.mark.parametrize("invisible", ["\ufeff", "\u200b", "\u2060", "\u00ad", "\u200e", "\x00", "\x1b", "\u200d"])
def test_invisible_characters_are_removed(invisible: str) -> None:
    assert tidy(f"{invisible}bon{invisible}jour{invisible}") == "bonjour"


def test_joiners_that_are_spelling_stay() -> None:
    persian, hindi = "می\u200cخواهم", "क्\u200dष"
    assert tidy(persian) == persian
    assert tidy(hindi) == hindi


def test_a_lone_surrogate_is_replaced() -> None:
    assert tidy("a\ud800b") == "a\ufffdb"


def test_tidy_leaves_letters_quotes_and_case_alone() -> None:
    assert tidy("L’Été « e\u0301 » ﬁn") == "L’Été « e\u0301 » ﬁn"


def test_the_defaults_compose_and_straighten_quotes_only() -> None:
    assert Normaliser()("L’e\u0301te\u0301 “Œuvre” ½ !") == 'L\'été "Œuvre" ½ !'


def test_characters_that_take_two_rounds() -> None:
    assert Normaliser()("\u1fef") == "'"  # composes to a backtick
    assert Normaliser(NormaliseConfig(unicode="nfkc"))("ŉ") == "'n"


def test_quotes_can_be_kept() -> None:
    assert Normaliser(NormaliseConfig(quotes=False))("l’`a´") == "l’`a´"


def test_compatibility_form() -> None:
    assert Normaliser(NormaliseConfig(unicode="nfkc"))("ﬁn…") == "fin..."


def test_lowercase() -> None:
    assert Normaliser(NormaliseConfig(lowercase=True))("ÉTÉ İstanbul ΟΔΟΣ") == "été i̇stanbul οδος"


@pytest.mark.parametrize(
    ("text", "folded"),
    [("Éléphant", "Elephant"), ("œuvre", "oeuvre"), ("CŒUR", "COEUR"), ("Straße", "Strasse"), ("æther", "aether"),
     ("ça où naïf", "ca ou naif"), ("Łódź", "Lodz"), ("ǿ", "o"), ("नमस्ते", "नमस्ते"), ("한국어", "한국어")],
)  # fmt: skip
def test_folding_takes_marks_off_latin_letters_only(text: str, folded: str) -> None:
    assert Normaliser(NormaliseConfig(ascii_fold=True))(text) == folded


def test_split_punctuation_is_set_off() -> None:
    normaliser = Normaliser(NormaliseConfig(punctuation="split"))
    assert normaliser("Oui, c'est 3€ (net)!") == "Oui , c ' est 3 € ( net ) !"


def test_basic_punctuation_keeps_letters_and_sentence_ends() -> None:
    normaliser = Normaliser(NormaliseConfig(punctuation="basic"))
    assert normaliser("Wait... don't go, OK? It's 3:15!") == "Wait . . . don t go OK ? It s !"
    assert normaliser("Où est-il ?") == "Où est il ?"


def test_the_classroom_set_up() -> None:
    config = NormaliseConfig(unicode="nfkc", lowercase=True, ascii_fold=True, punctuation="basic")
    assert Normaliser(config)("Ça\u202fva\u00a0? L’œuf est à 2€ !") == "ca va ? l oeuf est a !"


def test_the_sign_that_sentencepiece_uses_for_a_space_does_not_survive() -> None:
    assert Normaliser()("a▁b") == "a_b"
