"""Train, valid and test of labelled texts: no text in two of them, of each label its share."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmt_attn.corpus.digests import comparison_key
from nmt_attn.corpus.labelled_cleaning import CleanText
from nmt_attn.corpus.labelled_split import split_labelled
from nmt_attn.errors import UserError


def text(label: str, words: str) -> CleanText:
    return CleanText(label, words, words, "here", None)


CORPORA = st.lists(
    st.tuples(st.sampled_from("abcd"), st.integers(0, 60), st.sampled_from(["{}", "{}.", "{} !"])),
    min_size=13,
    max_size=80,
).map(lambda drawn: [text(label, form.format(number)) for label, number, form in drawn])


@given(CORPORA, st.integers(0, 3), st.integers(0, 3))
def test_no_text_lies_in_two_parts_and_none_is_lost(texts, valid, test):
    parts = split_labelled(texts, valid=valid, test=test)
    assert Counter(parts.train + parts.valid + parts.test) == Counter(texts)
    keys = [{comparison_key(one.normalised) for one in part} for part in (parts.train, parts.valid, parts.test)]
    assert keys[0].isdisjoint(keys[1])
    assert keys[0].isdisjoint(keys[2])
    assert keys[1].isdisjoint(keys[2])
    assert len(parts.valid) <= valid
    assert len(parts.test) <= test
    # The texts of a label are never all held out; one with several labels counts under its first.
    firsts = {comparison_key(one.normalised): one.label for one in reversed(texts)}
    assert {firsts[comparison_key(one.normalised)] for one in parts.train} == set(firsts.values())


def test_each_label_is_held_out_in_its_share_and_the_numbers_are_those_asked_for():
    texts = [text("rare" if number % 10 == 0 else "usual", f"text {number}") for number in range(500)]
    parts = split_labelled(texts, valid=40, test=60)
    assert [Counter(one.label for one in part) for part in (parts.valid, parts.test)] == [
        {"usual": 36, "rare": 4},
        {"usual": 54, "rare": 6},
    ]


def test_the_choice_depends_on_no_order_and_stays_when_the_corpus_grows():
    texts = [text("ab"[number % 2], f"text {number}") for number in range(200)]
    parts = split_labelled(texts, valid=10, test=20)
    assert split_labelled(texts[::-1], valid=10, test=20).test == parts.test
    grown = split_labelled(
        texts + [text("ab"[number % 2], f"more {number}") for number in range(200)], valid=20, test=40
    )
    assert set(parts.test) <= set(grown.test + grown.valid)


def test_of_a_label_with_few_texts_one_is_always_trained_on():
    texts = [text("usual", f"text {number}") for number in range(30)] + [text("rare", "a"), text("rare", "b")]
    parts = split_labelled(texts, valid=7, test=7)
    assert "rare" in {one.label for one in parts.train}


def test_what_would_not_be_left_for_training_is_refused():
    texts = [text("ab"[number % 2], f"text {number}") for number in range(20)]
    with pytest.raises(UserError, match="too small: of 20 usable texts, 0 are left for training when 12 test and 8"):
        split_labelled(texts, valid=8, test=12)
