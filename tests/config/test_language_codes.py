"""Language codes in any form, and what follows from them."""

import pytest

from nmt_attn.config.language_codes import (
    has_dotted_i,
    has_dotted_ordinals,
    has_no_spaces,
    script_of,
    sentence_space,
    standard_code,
    word_space,
)


@pytest.mark.parametrize(
    ("written", "standard"),
    [
        ("cmn", "zh"), ("zho", "zh"), ("zh_CN", "zh-CN"), ("zh-Hant", "zh-Hant"), ("ja_JP", "ja-JP"), ("yue", "yue"),
        ("jpn", "ja"), ("kor", "ko"), ("tha", "th"), ("ENG", "en"), ("fre", "fr"), ("ger", "de"),
        ("x-dates", "x-dates"),
    ],
)  # fmt: skip
def test_codes_have_one_form(written, standard):
    assert standard_code(written) == standard
    assert standard_code(standard) == standard


@pytest.mark.parametrize(
    ("wrong", "nearest"),
    [("german", "ger"), ("english", "en"), ("frn", "fr"), ("xx", "xh"), ("9", "such as"), ("", "such as")],
)
def test_an_unknown_code_names_the_nearest(wrong, nearest):
    with pytest.raises(ValueError, match=f"unknown language code '{wrong}'.*{nearest}"):
        standard_code(wrong)


@pytest.mark.parametrize("code", ["zh", "zh-TW", "yue", "wuu", "ja", "th", "lo", "km", "my", "bo", "dz", "ja-JP"])
def test_languages_without_spaces(code):
    assert has_no_spaces(code)


@pytest.mark.parametrize("code", ["ko", "en", "vi", "hi", "zh-Latn", "x-iso", "", "ar"])
def test_languages_with_spaces(code):
    assert not has_no_spaces(code)


@pytest.mark.parametrize("wrong", ["x-" + "1:2" * 3000, "german" * 900, " " * 5000 + "?", "é" * 200])
def test_the_message_about_a_long_code_is_short(wrong):
    with pytest.raises(ValueError, match="unknown language code") as caught:
        standard_code(wrong)
    assert len(str(caught.value)) < 200


def test_the_space_between_words_and_between_sentences_depends_on_the_language():
    spaces = {
        code: (word_space(code), sentence_space(code)) for code in ("zh", "ja-JP", "th", "km", "my", "ko", "en", "")
    }
    assert spaces == {
        "zh": ("", ""), "ja-JP": ("", ""), "th": ("", " "), "km": ("", " "), "my": ("", " "), "ko": (" ", " "),
        "en": (" ", " "), "": (" ", " "),
    }  # fmt: skip


def test_languages_in_which_a_full_stop_makes_a_number_an_ordinal():
    assert [has_dotted_ordinals(code) for code in ("de", "de-AT", "cs", "en", "fr", "")] == [True] * 3 + [False] * 3


def test_the_script_follows_from_the_code():
    assert [script_of(code) for code in ("zh", "zh-TW", "sr", "x-no", "")] == ["Hans", "Hant", "Cyrl", "Zyyy", "Zyyy"]


def test_languages_with_a_dotted_and_a_dotless_i():
    assert [has_dotted_i(code) for code in ("tr", "az-Latn", "az-Cyrl", "en", "")] == [True, True, False, False, False]
