import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmt_attn.config.schema import NormaliseConfig
from nmt_attn.text.normalise import Normaliser, lowercase, resolve_entities, tidy

configs = st.builds(
    NormaliseConfig,
    unicode=st.sampled_from(["nfc", "nfkc", "none"]),
    quotes=st.booleans(),
    lowercase=st.booleans(),
    ascii_fold=st.booleans(),
    punctuation=st.sampled_from(["keep", "split", "basic"]),
    html_entities=st.booleans(),
    html_tags=st.booleans(),
)
# Characters with a history of trouble (joiners, marks, odd cases, quotes, parts of emoji) among all others there are.
texts = st.lists(
    st.one_of(
        st.characters(),
        st.sampled_from("\u200b\u200c\u200d\ufeff\u0301\u0345İıIßẞΣςK´`’«»…½ﬁœ\u1fef\u0621\u064bक\u094d▁ "),
        st.sampled_from("\u180e\u1820កน\ufe0e\ufe0f\u20e3👩🏽❤🏴\U000e0067\U000e007f🇫1&;#\u0307"),
        st.sampled_from(["<br />", "<b", ">", "＜i＞", "</p>", "<!--", "-->", "&lt;br&gt;"]),
        st.sampled_from(["&amp;", "amp;", "&#39;", "&EACUTE;", "&shy;", "＆ａｍｐ；", "&zwj;"]),
    ),
    max_size=12,
).map("".join)


@given(configs, texts, st.booleans())
def test_applying_it_again_changes_nothing(config: NormaliseConfig, text: str, dotted_i: bool) -> None:
    normaliser = Normaliser(config, dotted_i)
    once = normaliser(text)
    assert normaliser(once) == once


latin = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x2030), max_size=12)


@given(configs, latin)
def test_applying_it_again_to_latin_text_changes_nothing(config: NormaliseConfig, text: str) -> None:
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


@pytest.mark.parametrize(
    ("text", "cleared"),
    [
        ("Good.<br /><br />Bad.", "Good. Bad."),
        ('<p class="x">A <b>word</b></p>', "A word"),
        ("a < b and c > d, <3", "a < b and c > d, <3"),
        ("one<!-- not seen -->two", "one two"),
        ("<<b>b>", "<"),
        ("<br", "<br"),
    ],
)
def test_tags_become_spaces(text: str, cleared: str) -> None:
    normaliser = Normaliser(NormaliseConfig(html_tags=True))
    assert normaliser(text).replace("< b>", "<") == cleared
    assert normaliser.tidy(text).replace("< b>", "<") == cleared
    assert Normaliser()(text) == " ".join(text.split())


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


SPELLED_WITH_JOINERS = {
    "Persian": "می\u200cخواهم",
    "Persian suffix of a Latin word": "CD\u200cها",
    "an abbreviation in Arabic": "1447 ه\u200d",
    "Hindi": "क्\u200dष",
    "Bengali, at the end of a word": "উৎ ত্\u200d।",
    "Malayalam, at the end of a word": "അവന്\u200d വന്നു",
    "Sinhala": "ශ්\u200dරී",
    "Tamil": "க்\u200cஷ",
    "Khmer": "ប្រ៊\u200cយ",
    "Burmese": "က္\u200cက",
    "Javanese": "ꦏ꧀\u200cꦏ",
    "Mongolian": "ᠨ\u200dᠠ",
    "Adlam": "𞤀\u200c𞤁",
    "Chakma": "𑄇𑄴\u200c𑄇",
}


@pytest.mark.parametrize("language", SPELLED_WITH_JOINERS)
def test_joiners_that_are_spelling_stay(language: str) -> None:
    text = SPELLED_WITH_JOINERS[language]
    assert tidy(text) == text
    assert Normaliser()(text) == unicodedata.normalize("NFC", text)
    assert any(joiner in Normaliser(NormaliseConfig(punctuation="split"))(text) for joiner in "\u200c\u200d")


@pytest.mark.parametrize(
    ("text", "kept"),
    [("Auf\u200clage", "Auflage"), ("\u200dбыл\u200c о", "был о"), ("你\u200d好", "你好"), ("א\u200cב", "אב"),
     ("end.\u200d 👩", "end. 👩"), ("👩\u200d and", "👩 and"), ("👩\u200d\u200d🚀", "👩\u200d🚀"), ("\u200d", "")],
)  # fmt: skip
def test_joiners_elsewhere_are_stray(text: str, kept: str) -> None:
    assert tidy(text) == kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("ខ្ញុំ\u200bស្រឡាញ់", "ខ្ញុំ\u200bស្រឡាញ់"), ("ฉัน\u200bรัก", "ฉัน\u200bรัก"),
        ("ຂ້ອຍ\u200bຮັກ", "ຂ້ອຍ\u200bຮັກ"),
        ("ကျွန်\u200bတော်", "ကျွန်\u200bတော်"), ("བོད\u200bཡིག", "བོད\u200bཡིག"),
        ("Wi-Fi\u200bរបស់", "Wi-Fi\u200bរបស់"),
        ("\u200bខ្ញុំ\u200b ទៅ\u200b", "ខ្ញុំ ទៅ"),
        ("bon\u200bjour", "bonjour"),
        ("私\u200bは", "私は"),
        ("हि\u200bन्दी", "हिन्दी"),
    ],
)  # fmt: skip
def test_a_break_between_words_stays_where_there_is_no_space(text: str, kept: str) -> None:
    assert tidy(text) == kept


def test_the_vowel_separator_of_mongolian_stays() -> None:
    assert tidy("ᠬᠠᠷ\u180eᠠ") == "ᠬᠠᠷ\u180eᠠ"
    assert tidy("a\u180eb") == "ab"


EMOJI = [
    "👨\u200d👩\u200d👧\u200d👦", "🏳\ufe0f\u200d🌈", "👩🏽\u200d🚀",
    "👩🏻\u200d❤\ufe0f\u200d💋\u200d👨🏿", "🧑\u200d⚕\ufe0f",
    "🐻\u200d❄\ufe0f", "❤\ufe0f\u200d🔥", "🙂\u200d↔\ufe0f", "👍🏾", "☺\ufe0e", "❤\ufe0f", "1\ufe0f\u20e3", "🇫🇷",
    "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", "🏴\u200d☠\ufe0f",
]  # fmt: skip


@pytest.mark.parametrize("emoji", EMOJI)
def test_pictures_of_several_characters_stay_whole(emoji: str) -> None:
    assert tidy(emoji) == emoji
    for text in (f"Hi {emoji} there", f"{emoji}{emoji}", f"«{emoji}»!", f"नमस्ते{emoji}"):
        assert tidy(text) == text
    for config in (NormaliseConfig(punctuation="split"), NormaliseConfig(lowercase=True, ascii_fold=True)):
        assert emoji in Normaliser(config)(f"Hi{emoji}there").split(" ")[1:2] or emoji in Normaliser(config)(
            f"Hi{emoji}"
        )
    assert Normaliser(NormaliseConfig(punctuation="basic"))(f"Hi {emoji} there.") == "Hi there ."


pictures = st.sampled_from("👨👩🧑👧❤🏳🐻🚀🌈⚕♀♂☠⬛").flatmap(
    lambda base: st.sampled_from(["", "\ufe0f", "🏻", "🏿"]).map(lambda look: base + look)
)


@given(st.lists(pictures, min_size=1, max_size=5), st.text(max_size=5), st.text(max_size=5))
def test_no_sequence_of_pictures_is_taken_apart(sequence: list[str], before: str, after: str) -> None:
    emoji = "\u200d".join(sequence)
    assert emoji in tidy(f"{before} {emoji} {after}")


@pytest.mark.parametrize(
    ("text", "kept"),
    [("a\U000e0067\U000e007fb", "ab"), ("🏴\U000e0067\U000e0062 x", "🏴 x"), ("\U000e0001", ""),
     ("👍\U000e0020", "👍"), ("🏴" + "\U000e0061" * 99 + "\U000e007f", "🏴")],
)  # fmt: skip
def test_letters_that_are_not_seen_stay_in_flags_alone(text: str, kept: str) -> None:
    assert tidy(text) == kept


@pytest.mark.parametrize("steering", list("\u200e\u200f\u061c\u202a\u202e\u2066\u2069\u00ad\u2060\u2064\ufeff"))
def test_what_steers_direction_and_line_breaks_is_removed_everywhere(steering: str) -> None:
    assert tidy(f"שלום{steering}!") == "שלום!"
    assert tidy(f"سلا{steering}م") == "سلام"
    assert tidy(f"👩{steering}\u200d🚀") == "👩\u200d🚀"


def test_a_note_on_how_a_word_is_read_stands_beside_it() -> None:
    assert tidy("\ufff9漢字\ufffaかんじ\ufffb") == "漢字 かんじ"


@pytest.mark.parametrize(
    "sign", ["\u0600", "\u06dd", "\U00013430", "\U0001bca0", "\U0001d173", "\u034f", "\ufe00", "\U000e0100"]
)
def test_signs_that_are_read_stay(sign: str) -> None:
    assert tidy(f"a{sign}b") == f"a{sign}b"


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
    ("text", "lowered"),
    [("IŞIK İYİ", "ışık iyi"), ("I\u0307stanbul", "istanbul"), ("DİYARBAKIR", "diyarbakır"), ("ÇIĞ ÖLÜ", "çığ ölü"),
     ("ΟΔΟΣ", "οδος"), ("ısı", "ısı")],
)  # fmt: skip
@pytest.mark.parametrize("unicode", ["nfc", "nfkc", "none"])
def test_turkish_has_two_small_letters_i(text: str, lowered: str, unicode: str) -> None:
    config = NormaliseConfig.model_validate({"lowercase": True, "unicode": unicode})
    assert Normaliser(config, dotted_i=True)(text) == lowered


@given(st.text("abcçdefgğhıijklmnoöprsştuüvyz ", max_size=20))
def test_small_turkish_letters_come_back_from_capitals(text: str) -> None:
    capitals = text.replace("i", "İ").replace("ı", "I").upper()
    assert lowercase(capitals, dotted_i=True) == text


def test_case_alone_asks_for_the_language() -> None:
    assert Normaliser(NormaliseConfig(), dotted_i=True)("IŞIK İYİ") == "IŞIK İYİ"


@pytest.mark.parametrize(
    ("text", "resolved"),
    [
        ("Tom &amp; Mary", "Tom & Mary"), ("it&#39;s", "it's"), ("&#x27;", "'"), ("caf&eacute;", "café"),
        ("&amp;amp;quot;", '"'), ("&amp;#38;lt;", "<"), ("&#150;", "–"), ("&#xD800;", "\ufffd"),
        ("AT&T, R&D; Q&A", "AT&T, R&D; Q&A"), ("?a=1&copy=2", "?a=1&copy=2"), ("&notit;", "&notit;"),
        ("&;&#;", "&;&#;"),
    ],
)  # fmt: skip
def test_entities_are_resolved(text: str, resolved: str) -> None:
    assert resolve_entities(text) == resolved


def test_entities_are_resolved_where_that_is_asked_for() -> None:
    text = "Tom &amp; Mary&nbsp;&shy;&zwj;say &laquo;&nbsp;&Eacute;t&eacute;&nbsp;&raquo;"
    assert Normaliser()(text) == text
    resolving = Normaliser(NormaliseConfig(html_entities=True))
    assert resolving(text) == resolving.tidy(text) == "Tom & Mary say « Été »"
    assert Normaliser(NormaliseConfig(html_entities=True, lowercase=True))("&EACUTE; &Eacute;") == "é é"


def test_entities_within_entities_take_no_time() -> None:
    assert resolve_entities("&" + "amp;" * 200_000 + "lt;") == "<"


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
