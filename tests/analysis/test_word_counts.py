"""Words, n-grams and what is said of them."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmt_attn.analysis.ngrams import differences, ngrams, repeats
from nmt_attn.analysis.slices import rarest_counts, tags_of
from nmt_attn.analysis.word_scores import by_frequency, calibration
from nmt_attn.analysis.words import WordCutter, bucket, bucket_names, found_in, in_common, nearest_reference

WORDS = st.lists(st.sampled_from("abcdef"), max_size=12)


@given(st.text())
def test_words_stand_where_they_are_said_to_and_are_the_words(text):
    cutter = WordCutter()
    spans = cutter.spans(text)
    assert [span.text for span in spans] == [text[span.begin : span.end] for span in spans] == cutter(text)
    assert "".join(cutter(text)).replace("'", "") == "".join(text.split()).replace("'", "")


@given(st.lists(st.text(), max_size=5))
def test_words_are_counted_as_they_are_cut_in_each_text(texts):
    for cutter in (WordCutter(), WordCutter("zh", lowercase=True)):
        assert cutter.counts(texts) == Counter(word for text in texts for word in cutter(text))


def test_words_of_languages():
    assert WordCutter("en")("Don't touch the well-known 3.5 cats!") == [
        "Don't", "touch", "the", "well-known", "3", ".", "5", "cats", "!",
    ]  # fmt: skip
    assert WordCutter("zh")("你好 吗？") == ["你", "好", "吗", "？"]
    assert WordCutter("fr", lowercase=True)("L'Été") == ["l'été"]


@given(st.integers(0, 10**6), st.sets(st.integers(1, 10**4), min_size=1, max_size=5))
def test_a_number_is_in_the_range_that_begins_at_or_below_it(value, edges):
    ordered = (0, *sorted(edges))
    place = bucket(value, ordered)
    assert ordered[place] <= value
    assert place == len(ordered) - 1 or value < ordered[place + 1]
    assert len(bucket_names(ordered)) == len(ordered)


@given(WORDS, WORDS)
def test_found_words_are_those_in_common(words, reference):
    found = found_in(words, reference)
    assert sum(found) == in_common(words, reference) == in_common(reference, words)
    right = Counter(word for word, there in zip(words, found, strict=True) if there)
    assert right == Counter(words) & Counter(reference)


def test_the_nearest_reference_shares_most_and_is_of_near_length():
    assert nearest_reference(["a", "b"], [["a"], ["a", "b", "c"], ["b", "a"]]) == ["b", "a"]


@pytest.mark.parametrize(
    ("text", "language", "tags"),
    [
        ("I have 3 cats.", "en", ["number"]),
        ("I don’t know Tom.", "en", ["name", "negation"]),
        ("Is I'm a name?", "en", ["question"]),
        ("Hello. Where is it?", "en", ["question"]),
        ("Il n'a rien dit.", "fr", ["negation"]),
        ("Das Haus ist nicht alt.", "de", ["negation"]),
        ("Nothing but the truth", "en", ["negation"]),
        ("A knot", "en", []),
        ("", "en", []),
    ],
)  # fmt: skip
def test_what_a_sentence_holds(text, language, tags):
    assert tags_of(text, language, WordCutter(language)) == tags


def test_the_rarest_word_decides_and_punctuation_does_not():
    trained = Counter({"the": 9, "cat": 2, ".": 0})
    assert rarest_counts(["the cat .", "the dog .", "the"], WordCutter(), trained) == [2, 0, 9]


def test_words_by_training_frequency_by_hand():
    trained = Counter({"the": 200, "cat": 3})
    rows = {row.name: row for row in by_frequency([["the", "cat", "new"]], [["the", "the", "cat"]], trained)}
    assert {name: (row.wanted, row.written, row.right) for name, row in rows.items()} == {
        "0": (0, 1, 0), "2–4": (1, 1, 1), "100–999": (2, 1, 1),
    }  # fmt: skip
    assert rows["100–999"].f_measure == pytest.approx(200 / 3)
    assert rows["0"].recall is None


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=50))
def test_calibration_holds_each_word_once_and_its_error_is_a_share(words):
    found = calibration([one for one, _ in words], [right for _, right in words])
    assert found.words == len(words)
    assert found.error is None if not words else 0 <= found.error <= 1
    assert sum(one.words * one.right for one in found.bins) == pytest.approx(sum(right for _, right in words))


def test_a_model_that_is_right_as_often_as_it_says_has_no_error():
    assert calibration([0.75] * 4, [True, True, True, False]).error == pytest.approx(0)


def test_missed_and_invented_sequences_by_hand():
    hypotheses = [["a", "b", "x"], ["a", "b", "x"], ["c"]]
    references = [["a", "b", "y", "z"], ["a", "b", "y", "z"], ["c"]]
    found = differences(hypotheses, references)
    assert found.missed[0].words == ("a", "b", "y", "z")
    assert (found.missed[0].sentences, found.missed[0].of) == (2, 2)
    assert ("y",) not in {one.words for one in found.missed}  # a longer sequence is missed as often
    assert [one.words for one in found.invented] == [("a", "b", "x")]


@given(st.lists(st.tuples(WORDS, WORDS), max_size=8))
def test_what_is_missed_is_in_a_reference_and_what_is_invented_in_a_translation(pairs):
    hypotheses, references = [one for one, _ in pairs], [other for _, other in pairs]
    found = differences(hypotheses, references)
    for counts, inside, outside in ((found.missed, references, hypotheses), (found.invented, hypotheses, references)):
        for one in counts:
            holders = [one.words in set(ngrams(some)) for some in inside]
            lacking = [one.words not in set(ngrams(some)) for some in outside]
            assert one.of == sum(holders)
            assert one.sentences == sum(has and lacks for has, lacks in zip(holders, lacking, strict=True)) > 1


def test_repeats():
    assert repeats(["very", "very", "good"], ["very", "good"])
    assert not repeats(["very", "very", "good"], ["very", "very", "well"])
    assert repeats(["a", "b", "a", "b"], ["a", "b"])
    assert not repeats([".", ".", "."], ["."])
    assert not repeats([], [])
