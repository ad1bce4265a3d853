"""Scores of parts of the sentences are those that the scorer gives for these sentences alone."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmt_attn.analysis.nearness import level, nearest
from nmt_attn.analysis.robustness import CHANGES, robustness, typo
from nmt_attn.analysis.sentence_statistics import SentenceStatistics
from nmt_attn.analysis.translations import TestSet as SentenceSet
from nmt_attn.analysis.translations import TrainingText, analyse, chosen_sentences
from nmt_attn.analysis.words import WordCutter
from nmt_attn.evaluation.scores import Scorer

DRAW = random.Random(3)
WORDS = ["the", "big", "red", "cat", "dog", "sees", "a", "house", "."]
SENTENCES = st.lists(st.sampled_from("abc"), min_size=1, max_size=6).map(" ".join)
REFERENCES = [[" ".join(DRAW.choices(WORDS, k=DRAW.randint(1, 14)))] for _ in range(40)]
REFERENCES[7].append("the other cat")
HYPOTHESES = [" ".join(word for word in some[0].split() if DRAW.random() > 0.2) for some in REFERENCES]


@pytest.mark.parametrize("lowercase", [False, True])
@pytest.mark.parametrize("language", ["fr", "zh"])
def test_parts_have_the_scores_of_the_scorer(lowercase, language):
    scorer = Scorer(language=language, lowercase=lowercase)
    statistics = SentenceStatistics(scorer, HYPOTHESES, REFERENCES)
    for rows in (np.arange(40), np.array([1, 5, 7]), np.arange(0, 40, 3)):
        some, references = [HYPOTHESES[row] for row in rows], [REFERENCES[row] for row in rows]
        expected = scorer.scores(some, references)
        assert statistics.chrf(rows) == pytest.approx(expected.chrf.score)
        assert statistics.exact_share(rows) == pytest.approx(expected.exact.score)
        assert statistics.length_ratio(rows) == pytest.approx(expected.length_ratio)
        if expected.bleu.score is not None:
            assert statistics.bleu(rows) == pytest.approx(expected.bleu.score)
    for row in range(40):
        alone = scorer.chrf([HYPOTHESES[row]], [REFERENCES[row]]).score
        assert statistics.chrf_of_each[row] == pytest.approx(alone)


def test_no_sentence_and_no_long_sentence_have_no_score():
    statistics = SentenceStatistics(Scorer(), ["a b", ""], [["a b"], ["a"]])
    assert statistics.bleu(np.arange(2)) is None
    assert statistics.chrf(np.arange(0)) is None
    assert statistics.exact_share(np.array([0])) == 100


def test_every_sentence_is_in_one_part_of_a_length_and_of_a_frequency():
    sources = [some[0] for some in REFERENCES]
    trained = TrainingText(["the big cat"] * 3, ["the big cat"] * 3)
    test = SentenceSet.of(sources, REFERENCES, ("en", "fr"), trained, lowercase=False)
    found = analyse(test, Scorer(language="fr"), HYPOTHESES)
    by_length, by_rarity, by_kind = found.slicings
    assert sum(part.sentences for part in by_length.slices) == 40
    assert sum(part.sentences for part in by_rarity.slices) == 40
    assert by_kind.slices[-1].sentences == 40
    assert all("unseen word" in tags for tags, source in zip(test.tags, sources, strict=True) if "dog" in source)
    assert sum(row.wanted for row in found.by_frequency) == sum(len(one.reference) for one in found.sentences)


def test_chosen_sentences_are_different_ones_and_begin_with_the_worst():
    statistics = SentenceStatistics(Scorer(), HYPOTHESES, REFERENCES)
    chosen = chosen_sentences(statistics, each=4)
    places = [place for place, _ in chosen]
    assert len(set(places)) == len(places) == 12
    assert statistics.chrf_of_each[places[0]] == statistics.chrf_of_each.min()
    assert statistics.exact[places[-1]]
    assert [why for _, why in chosen] == ["worst by chrF"] * 4 + ["in the middle"] * 4 + ["best"] * 4
    single = SentenceStatistics(Scorer(), ["a"], [["b"]])
    assert chosen_sentences(single) == [(0, "worst by chrF")]


def test_the_nearest_training_sentence_is_found_by_hand():
    trained = ["Where is the cat?", "The dog sees a house.", "the dog sees a house"]
    found = nearest(["The dog sees a house!", "The dog sees a car.", "Nothing."], trained, WordCutter())
    assert (found[0].similarity, found[0].train) == (1.0, 1)
    assert level(found[0].similarity) == "the same words"
    assert found[1].train == 1
    assert 0.3 < found[1].similarity < 0.7
    assert found[2].train == -1
    assert nearest(["Hi!"], ["hi"], WordCutter())[0].similarity == 1.0


@given(st.lists(SENTENCES, min_size=1, max_size=4), st.lists(SENTENCES, max_size=6))
def test_no_training_sentence_is_nearer_than_the_nearest(tests, trained):
    def grams(text: str) -> set[tuple[str, ...]]:
        words = ["<", *text.split(), ">"]
        return {tuple(words[at : at + 3]) for at in range(max(1, len(words) - 2))}

    def similarity(one: str, other: str) -> float:
        return len(grams(one) & grams(other)) / len(grams(one) | grams(other))

    for text, found in zip(tests, nearest(tests, trained, WordCutter()), strict=True):
        all_of_them = [similarity(text, one) for one in trained]
        best = max(all_of_them, default=0.0)
        assert found.similarity == pytest.approx(best)
        assert found.train == (all_of_them.index(best) if best else -1)


def test_small_changes_change_little_and_always_in_the_same_way():
    text = "The weather is wonderful today."
    assert typo(text) == typo(text) != text
    assert sorted(typo(text)) == sorted(text)
    assert typo("a b.") == "a b."
    assert CHANGES["no final punctuation"]("So.") == "So"
    assert CHANGES["no final punctuation"]("") == ""


def test_robustness_translates_only_what_a_change_changes():
    sources = ["the cat slept on it", "A house."]
    texts_given: list[list[str]] = []

    def translate(texts, watch):
        texts_given.append(list(texts))
        return ["the cat" for _ in texts]

    references = [[sources[0]], ["a house"]]
    statistics = SentenceStatistics(Scorer(), ["the cat slept on it", "a house"], references)
    changes = robustness(translate, Scorer(), sources, statistics, references)
    assert {one.name: one.sentences for one in changes} == {
        "a typo": 2, "lower case": 1, "no final punctuation": 1,
    }  # fmt: skip
    assert [len(texts) for texts in texts_given] == [4]  # all at once
    assert changes[1].before == 100
    assert changes[0].after < changes[0].before
