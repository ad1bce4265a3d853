"""Scores are sacreBLEU's, with one or several references a sentence, and say how they were made."""

import pytest
import sacrebleu
from hypothesis import given, settings
from hypothesis import strategies as st

from nmt_attn.evaluation.scores import bleu, score

HYPOTHESES = ["the cat sat on the mat today", "a small red house stands there"]


def test_scores_are_sacrebleus():
    references = [["the cat sat on a mat today"], ["a small red house stood there"]]
    result = score(HYPOTHESES, references)
    streams = [[one[0] for one in references]]
    assert result.bleu.score == pytest.approx(sacrebleu.corpus_bleu(HYPOTHESES, streams).score)
    assert result.chrf.score == pytest.approx(sacrebleu.corpus_chrf(HYPOTHESES, streams).score)
    assert result.ter.score == pytest.approx(sacrebleu.corpus_ter(HYPOTHESES, streams).score)
    assert bleu(HYPOTHESES, references) == result.bleu.score


def test_a_sentence_may_have_more_references_than_another():
    one = score(HYPOTHESES, [["something else altogether here"], [HYPOTHESES[1]]])
    more = score(HYPOTHESES, [["something else altogether here", HYPOTHESES[0]], [HYPOTHESES[1]]])
    assert more.bleu.score == pytest.approx(100.0)
    assert more.ter.score == 0.0
    assert one.bleu.score < 70
    swapped = score(HYPOTHESES[::-1], [[HYPOTHESES[1]], ["something else altogether here", HYPOTHESES[0]]])
    assert swapped.bleu.score == pytest.approx(100.0)


def test_a_lacking_reference_counts_as_little_as_a_repeated_one():
    few = [["the cat sat on a mat"], ["a small red house stood there", "one little red house is standing there now"]]
    same = [few[0] * 2, few[1]]
    assert score(HYPOTHESES, few).bleu.score == score(HYPOTHESES, same).bleu.score
    assert score(HYPOTHESES, few).chrf.score == score(HYPOTHESES, same).chrf.score
    assert score(HYPOTHESES, few).ter.score == pytest.approx(score(HYPOTHESES, same).ter.score)


def test_case_counts_unless_the_model_lowercases_and_the_signature_says_so():
    references = [["The Cat Sat On The Mat Today"], ["A Small Red House Stands There"]]
    assert score(HYPOTHESES, references).bleu.score < 5
    lowercased = score(HYPOTHESES, references, lowercase=True)
    assert lowercased.bleu.score == pytest.approx(100.0)
    assert lowercased.ter.score == 0.0
    assert "case:lc" in lowercased.bleu.signature
    assert "case:mixed" in score(HYPOTHESES, references).bleu.signature


def test_chinese_is_cut_by_characters():
    result = score(["我 爱 你们 大家"], [["我爱你们大家"]], language="zh-CN")
    assert "tok:zh" in result.bleu.signature
    assert result.bleu.score == pytest.approx(100.0)


NOTHING_IN_REFERENCES = "no sequence of 4 words to count in any reference"
NOTHING_IN_TRANSLATIONS = "no sequence of 4 words to count in any translation"


@pytest.mark.parametrize(
    ("hypotheses", "references", "reason"),
    [
        (["баго", "лима"], [["баго"], ["лима"]], NOTHING_IN_REFERENCES),  # all right, where sacreBLEU prints 0.00
        (["six cinq cinq"], [["six cinq cinq"]], NOTHING_IN_REFERENCES),
        (["a b c d e f"], [["a b c"]], NOTHING_IN_REFERENCES),
        (["a b", "c d"], [["a b x y"], ["c d"]], NOTHING_IN_TRANSLATIONS),
        (["", ""], [["one two three four"], ["five"]], NOTHING_IN_TRANSLATIONS),
        (["a b c"], [["a b", "a b c"]], NOTHING_IN_REFERENCES),
    ],
)
def test_bleu_is_not_a_number_where_there_is_nothing_to_count(hypotheses, references, reason):
    result = score(hypotheses, references)
    assert (result.bleu.score, result.bleu.reason) == (None, reason)
    assert "tok:13a" in result.bleu.signature
    assert result.chrf.score is not None
    assert bleu(hypotheses, references) is None


@pytest.mark.parametrize(
    ("hypotheses", "references"),
    [
        (["w x y z"], [["a b c d"]]),  # counted, and none is right
        (["a b c d"], [["a b c d"]]),
        (["a b c", "a b c d"], [["a b c"], ["a", "b c d e f"]]),
        (["a, b."], [["a, b."]]),  # four words, as 13a cuts them
    ],
)
def test_bleu_is_a_number_where_a_sequence_of_four_can_be_counted(hypotheses, references):
    result = score(hypotheses, references).bleu
    assert result.score is not None
    assert result.reason is None


def test_the_reason_names_what_was_counted():
    assert (
        score(["三十"], [["三十"]], language="zh").bleu.reason
        == "no sequence of 4 characters to count in any reference"
    )


@given(st.lists(st.text("ab ,.", min_size=1).filter(str.strip), min_size=1, max_size=5), st.randoms())
@settings(max_examples=60, deadline=None)
def test_bleu_is_sacrebleus_or_none(references, shuffler):
    hypotheses = list(references)
    shuffler.shuffle(hypotheses)
    found = score(hypotheses, [[one] for one in references]).bleu
    theirs = sacrebleu.corpus_bleu(hypotheses, [references], force=True)
    if found.score is None:
        assert theirs.counts[3] == 0
        assert theirs.totals[3] == 0 or all(len(theirs_cut(one)) < 4 for one in references)
    else:
        assert found.score == pytest.approx(theirs.score)


def theirs_cut(text: str) -> list[str]:
    return str(sacrebleu.metrics.BLEU(force=True).tokenizer(text.rstrip())).split()


def test_ter_counts_chinese_characters_and_says_so():
    result = score(["我爱你们大家"], [["我恨你们大家"]], language="zh").ter
    assert result.score == pytest.approx(100 / 6)
    assert "norm:yes" in result.signature
    assert "asian:yes" in result.signature
    assert "asian:no" in score(["a b"], [["a c"]], language="fr").ter.signature


@pytest.mark.parametrize("language", ["th", "lo", "km", "my", "bo"])
def test_ter_has_no_figure_where_there_are_no_words(language):
    result = score(["กขคงจ"], [["กขคงจ"]], language=language).ter
    assert result.score is None
    assert result.reason is not None
    assert "no spaces" in result.reason


@pytest.mark.parametrize("language", ["tr", "az", "crh", "gag"])
def test_case_is_that_of_the_language(language):
    hypotheses = ["ışık çok iyi geldi bugün"]
    references = [["Işık ÇOK İYİ geldi BUGÜN"]]
    result = score(hypotheses, references, lowercase=True, language=language)
    assert (result.bleu.score, result.ter.score, result.exact.score) == (pytest.approx(100.0), 0.0, 100.0)
    assert "case:lc" in result.bleu.signature
    assert bleu(hypotheses, references, lowercase=True, language=language) == result.bleu.score
    assert score(hypotheses, references, lowercase=True).exact.score == 0.0
    # A model that mistakes one letter for the other has made a mistake.
    assert score(["işik çok iyi geldi bugün"], references, lowercase=True, language=language).exact.score == 0.0


def test_in_other_languages_it_is_that_of_sacrebleu():
    hypotheses, references = ["το λεξικο ειναι εκει"], [["ΤΟ Λεξικο ΕΙΝΑΙ εκει"]]
    assert score(hypotheses, references, lowercase=True, language="el").exact.score == 100.0
    mine = score(["a İ b"], [["a i b"]], lowercase=True, language="de")
    assert mine.chrf.score == pytest.approx(sacrebleu.CHRF(lowercase=True).corpus_score(["a İ b"], [["a i b"]]).score)
