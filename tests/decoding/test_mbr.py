"""Minimum Bayes risk: the translation that the others agree with."""

from nmt_attn.decoding.mbr import minimum_bayes_risk
from nmt_attn.decoding.translation import Translation


def candidates(*texts, log_probs=None):
    log_probs = log_probs or [-1.0] * len(texts)
    return [Translation(text, log_prob, log_prob) for text, log_prob in zip(texts, log_probs, strict=True)]


def test_what_most_agree_with_wins_over_what_stands_first():
    some = candidates("zzz qqq", "the red cat sleeps", "the red cat slept", "a red cat sleeps")
    assert minimum_bayes_risk(some, drawn=True).text == "the red cat sleeps"


def test_drawn_ones_count_as_often_as_they_were_drawn_others_as_they_are_probable():
    apart = ("abc def", "xyz uvw")
    assert minimum_bayes_risk(candidates(*apart, *apart[1:]), drawn=True).text == "xyz uvw"
    assert minimum_bayes_risk(candidates(*apart, log_probs=[-2.0, -1.0]), drawn=False).text == "xyz uvw"
    assert minimum_bayes_risk(candidates(*apart, log_probs=[-1.0, -2.0]), drawn=False).text == "abc def"


def test_one_candidate_or_empty_ones_are_no_trouble():
    assert minimum_bayes_risk(candidates("only"), drawn=False).text == "only"
    assert minimum_bayes_risk(candidates("", ""), drawn=True).text == ""
    assert minimum_bayes_risk(candidates("", "a b", log_probs=[-5000.0, -9000.0]), drawn=False).text == ""
