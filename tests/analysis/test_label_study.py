"""The study of a classifier: each figure is worked out by hand from the probabilities of a few texts."""

from __future__ import annotations

import pytest

from nmt_attn.analysis.label_study import EACH, label_study
from nmt_attn.errors import InputError
from tests.reporting.sample_labels import known_trial

ROWS = [
    ("one", "pos", 0.95),  # right
    ("one two", "pos", 0.85),  # right
    ("one two three", "pos", 0.35),  # taken for neg
    ("one two three four", "neg", 0.25),  # right
    (" ", "neg", 0.5),  # nothing in it
    ("one two three four five", "neg", 0.75),  # taken for pos
    ("one two three four five six", "neg", 0.65),  # taken for pos
]


@pytest.fixture(scope="module")
def found():
    return label_study(known_trial(ROWS))


def test_scores_are_those_worked_out_by_hand(found):
    scores = found.report.scores
    assert scores.accuracy == pytest.approx(100 * 3 / 6)
    assert [list(row) for row in scores.confusion] == [[1, 2], [1, 2]]
    neg, pos = scores.of_labels
    assert (neg.precision, neg.recall, neg.f1) == pytest.approx((100 / 2, 100 / 3, 100 * 2 * (1 / 6) / (5 / 6)))
    assert (pos.precision, pos.recall, pos.f1) == pytest.approx((100 / 2, 200 / 3, 100 * 2 * (1 / 3) / (7 / 6)))
    assert scores.macro_f1 == pytest.approx((neg.f1 + pos.f1) / 2)
    assert found.report.left_out == 1


def test_texts_have_the_number_that_they_have_in_the_split_and_the_probability_of_their_label(found):
    assert [one.number for one in found.texts] == [1, 2, 3, 4, 6, 7]
    assert [one.right for one in found.texts] == [True, True, False, True, False, False]
    assert [one.label for one in found.texts] == ["pos", "pos", "neg", "neg", "pos", "pos"]
    assert [one.of_gold for one in found.texts] == pytest.approx([0.95, 0.85, 0.35, 0.75, 0.25, 0.35])
    assert [one.probability for one in found.texts] == pytest.approx([0.95, 0.85, 0.65, 0.75, 0.75, 0.65])


def test_confidence_is_set_beside_the_share_that_is_right(found):
    assert [(one.words, one.right) for one in found.calibration.bins] == [(2, 0.0), (2, 0.5), (1, 1.0), (1, 1.0)]
    assert [one.confidence for one in found.calibration.bins] == pytest.approx([0.65, 0.75, 0.85, 0.95])
    assert found.calibration.error == pytest.approx((2 * 0.65 + 2 * 0.25 + 0.15 + 0.05) / 6)


def test_parts_by_length_hold_every_text_once(found):
    assert [(one.name, one.texts, one.accuracy) for one in found.by_length] == [
        ("1–2", 2, 100.0), ("3", 1, 0.0), ("4", 1, 100.0), ("5", 1, 0.0), ("6", 1, 0.0)
    ]  # fmt: skip
    assert all(low <= one.accuracy <= high for one in found.by_length for low, high in [one.interval])


def test_texts_of_one_length_are_one_part():
    rows = [(f"text {number} of five words", "pos", 0.9) for number in range(30)]
    (part,) = label_study(known_trial(rows)).by_length
    assert (part.name, part.texts, part.accuracy) == ("5", 30, 100.0)


def test_the_attention_is_shown_of_the_surest_mistakes_the_unsure_and_the_surest_hits_each_once():
    rows = [
        (f"a text with number {number}", "neg" if number % 2 else "pos", 0.5 + number / 200) for number in range(99)
    ]
    examples = label_study(known_trial(rows)).examples
    assert len({one.of.number for one in examples}) == len(examples) == 3 * EACH
    of = {why: [one.of for one in examples if one.why == why] for why in ("sure and wrong", "unsure", "sure and right")}
    assert [one.number - 1 for one in of["sure and wrong"]] == [97, 95, 93, 91, 89, 87]
    assert [one.number - 1 for one in of["unsure"]] == [0, 1, 2, 3, 4, 5]
    assert [one.number - 1 for one in of["sure and right"]] == [98, 96, 94, 92, 90, 88]
    assert all(one.weighed.label == one.of.label for one in examples)
    assert examples[0].weighed.units == ("a", "text", "with", "number", "97")


def test_a_model_without_attention_has_no_examples():
    assert label_study(known_trial(ROWS, attends=False)).examples == []


def test_texts_that_are_all_empty_are_refused():
    with pytest.raises(InputError, match="test: nothing to score, as every text is empty"):
        label_study(known_trial([(" ", "neg", 0.5)]))
