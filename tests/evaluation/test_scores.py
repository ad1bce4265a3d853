"""Scores are sacreBLEU's, with one or several references a sentence, and say how they were made."""

import pytest
import sacrebleu

from nmt_attn.evaluation.scores import bleu, exact_match, score

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


@pytest.mark.parametrize("language", ["tr", "az", "crh", "gag"])
def test_case_is_that_of_the_language(language):
    hypotheses = ["ışık çok iyi geldi bugün"]
    references = [["Işık ÇOK İYİ geldi BUGÜN"]]
    result = score(hypotheses, references, lowercase=True, language=language)
    assert (result.bleu.score, result.ter.score, result.exact.score) == (pytest.approx(100.0), 0.0, 100.0)
    assert "case:lc" in result.bleu.signature
    assert bleu(hypotheses, references, lowercase=True, language=language) == result.bleu.score
    assert exact_match(hypotheses, references, lowercase=True).score == 0.0
    # A model that mistakes one letter for the other has made a mistake.
    assert score(["işik çok iyi geldi bugün"], references, lowercase=True, language=language).exact.score == 0.0


def test_in_other_languages_it_is_that_of_sacrebleu():
    hypotheses, references = ["το λεξικο ειναι εκει"], [["ΤΟ Λεξικο ΕΙΝΑΙ εκει"]]
    assert score(hypotheses, references, lowercase=True, language="el").exact.score == 100.0
    mine = score(["a İ b"], [["a i b"]], lowercase=True, language="de")
    assert mine.chrf.score == pytest.approx(sacrebleu.CHRF(lowercase=True).corpus_score(["a İ b"], [["a i b"]]).score)
