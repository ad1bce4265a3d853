"""Scores of given translations: those of the search, whatever the batch."""

import math

import pytest

from nmt_attn.decoding.scoring import PairScore, perplexity
from nmt_attn.decoding.translator import Translator


@pytest.fixture(scope="module")
def translator(trained) -> Translator:
    return Translator.load(trained / "runs" / "toy")


def test_a_translation_is_as_probable_as_the_search_said(translator):
    sentences = ["Big dog.", "Not red cat takes one tree.", "One."]
    best = [nbest[0] for nbest in translator.nbest(sentences, 1)]
    for scored, found in zip(translator.score(sentences, [one.text for one in best]), best, strict=True):
        assert scored.log_prob == pytest.approx(found.log_prob, abs=1e-3)
        assert scored.tokens == len(found.tokens) + 1


def test_scores_do_not_depend_on_the_batch_and_keep_the_order(translator):
    sources = ["Big dog.", "", "Not red cat takes one tree.", "Big dog.", "寿司"]
    targets = ["Granda hundo.", "Granda hundo.", "", "Eta kato.", "🍣 ĉ"]
    together = translator.score(sources, targets)
    assert len(together) == 5
    for source, target, scored in zip(sources, targets, together, strict=True):
        (alone,) = translator.score([source], [target])
        assert alone.tokens == scored.tokens
        assert alone.log_prob == pytest.approx(scored.log_prob, abs=1e-3)
    assert together[0].log_prob > together[3].log_prob + 2
    assert translator.score([], []) == []


def test_perplexity_is_that_of_all_tokens():
    scores = [PairScore(-3 * math.log(2), 3), PairScore(-math.log(8), 1)]
    assert [score.perplexity for score in scores] == pytest.approx([2, 8])
    assert perplexity(scores) == pytest.approx(2 ** (6 / 4))
    assert perplexity([]) == 1
