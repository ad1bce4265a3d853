"""Figures of a classification are scikit-learn's and scipy's, and its tables can be read whatever labels are called."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from scipy.stats import binomtest
from sklearn.metrics import (
    accuracy_score,
    confusion_matrix,
    f1_score,
    log_loss,
    precision_recall_fscore_support,
)

from nmt_attn.evaluation.classification_scores import classification_scores

FILMS = classification_scores(
    ("bad", "good"),
    np.array([0, 0, 0, 1, 1]),
    np.array([[0.9, 0.1], [0.75, 0.25], [0.4, 0.6], [0.2, 0.8], [0.55, 0.45]]),
)
"""Three bad films and two good ones; one of each is taken for the other."""


def classified(seed, texts, labels):
    """Make up texts of which some labels have none, with probabilities that are right more often than not."""
    generator = np.random.default_rng(seed)
    used = generator.integers(1, labels + 1)
    gold = generator.permutation(labels)[generator.integers(0, used, texts)]
    probabilities = generator.dirichlet(np.ones(labels), texts) + 1e-6
    probabilities[np.arange(texts), gold] += generator.uniform(0, 1, texts)
    return gold, probabilities / probabilities.sum(axis=1, keepdims=True)


made_up = st.builds(classified, st.integers(0, 2**32), st.integers(1, 60), st.integers(2, 7))


@given(made_up)
@settings(max_examples=40, deadline=None)
def test_figures_are_those_of_scikit_learn(case):
    gold, probabilities = case
    table = list(range(probabilities.shape[1]))
    predicted = probabilities.argmax(axis=1)
    found = classification_scores([f"label {place}" for place in table], gold, probabilities)
    assert np.array_equal(found.confusion, confusion_matrix(gold, predicted, labels=table))
    assert found.texts == len(gold)
    assert found.accuracy == pytest.approx(100 * accuracy_score(gold, predicted), abs=1e-9)
    assert found.log_loss == pytest.approx(log_loss(gold, probabilities, labels=table), abs=1e-9)
    for average, mine in (("macro", found.macro_f1), ("weighted", found.weighted_f1)):
        theirs = f1_score(gold, predicted, labels=table, average=average, zero_division=0)
        assert mine == pytest.approx(100 * theirs, abs=1e-9)
    figures = precision_recall_fscore_support(gold, predicted, labels=table, zero_division=0)
    for place, (label, *theirs, support) in enumerate(zip(found.of_labels, *figures, strict=True)):
        mine = (label.precision, label.recall, label.f1)
        assert mine == pytest.approx([100 * figure for figure in theirs], abs=1e-9)
        assert (label.label, label.support) == (f"label {place}", support)


@given(st.integers(1, 3000), st.data())
@settings(max_examples=60, deadline=None)
def test_the_interval_of_the_accuracy_is_wilsons(texts, data):
    right = data.draw(st.one_of(st.sampled_from((0, texts)), st.integers(0, texts)))
    gold = (np.arange(texts) >= right).astype(np.int64)
    found = classification_scores(("a", "b"), gold, np.tile([0.9, 0.1], (texts, 1)))
    theirs = binomtest(right, texts).proportion_ci(confidence_level=0.95, method="wilson")
    assert found.accuracy_interval == pytest.approx((100 * theirs.low, 100 * theirs.high), abs=1e-9)
    assert 0 <= found.accuracy_interval[0] <= found.accuracy <= found.accuracy_interval[1] <= 100


@given(made_up)
@settings(max_examples=40, deadline=None)
def test_the_calibration_error_is_that_of_a_plain_loop(case):
    gold, probabilities = case
    labels = [str(place) for place in range(probabilities.shape[1])]
    error = 0.0
    for number in range(1, 16):
        confidences, hits = [], []
        for label, row in zip(gold, probabilities, strict=True):
            if (number - 1) / 15 < max(row) <= number / 15:
                confidences.append(max(row))
                hits.append(list(row).index(max(row)) == label)
        if hits:
            error += len(hits) / len(gold) * abs(sum(hits) / len(hits) - sum(confidences) / len(hits))
    assert classification_scores(labels, gold, probabilities).calibration_error == pytest.approx(error, abs=1e-9)


@pytest.mark.parametrize(
    ("confidences", "right", "expected"),
    [
        ([1.0, 1.0], [True, True], 0.0),
        ([1.0, 1.0], [False, False], 1.0),
        ([0.75] * 4, [True, True, True, False], 0.0),
        ([0.9, 0.92], [True, False], (0.92 - 0.1) / 2),  # one bin, 13/15 to 14/15: the errors make up for each other
        ([0.8, 0.81], [True, False], (0.2 + 0.81) / 2),  # two bins, as 0.8 = 12/15 is the upper edge of its own
        ([0.6, 0.95], [False, True], (0.6 + 0.05) / 2),
    ],
)
def test_the_calibration_error_by_hand(confidences, right, expected):
    gold = np.array([0 if hit else 1 for hit in right])
    found = classification_scores(("a", "b"), gold, np.array([[one, 1 - one] for one in confidences]))
    assert found.calibration_error == pytest.approx(expected)


def test_figures_by_hand():
    assert FILMS.confusion == ((2, 1), (1, 1))
    assert FILMS.accuracy == pytest.approx(60.0)
    bad, good = FILMS.of_labels
    assert (bad.precision, bad.recall, bad.f1, bad.support) == pytest.approx((200 / 3, 200 / 3, 200 / 3, 3))
    assert (good.precision, good.recall, good.f1, good.support) == pytest.approx((50, 50, 50, 2))
    assert FILMS.macro_f1 == pytest.approx((200 / 3 + 50) / 2)
    assert FILMS.weighted_f1 == pytest.approx((3 * 200 / 3 + 2 * 50) / 5)
    # Bins of 0.9 (right); 0.75 and 0.8 (both right); 0.6 and 0.55 (both wrong).
    assert FILMS.calibration_error == pytest.approx((0.1 + 0.45 + 1.15) / 5)
    assert FILMS.log_loss == pytest.approx(-math.log(0.9 * 0.75 * 0.4 * 0.8 * 0.45) / 5)


def test_between_equally_probable_labels_the_first_is_predicted():
    found = classification_scores(("a", "b", "c"), np.array([1, 1]), np.array([[0.2, 0.4, 0.4], [1 / 3] * 3]))
    assert found.confusion == ((0, 0, 0), (1, 1, 0), (0, 0, 0))


def test_a_label_without_text_or_prediction_has_zeros_and_counts_in_the_macro_mean():
    found = classification_scores(("a", "b", "c"), np.array([0, 0]), np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1]]))
    assert [scores.f1 for scores in found.of_labels] == pytest.approx([200 / 3, 0, 0])
    assert found.macro_f1 == pytest.approx(200 / 9)
    assert found.weighted_f1 == pytest.approx(200 / 3)


def test_a_right_label_of_probability_zero_leaves_the_log_loss_finite():
    found = classification_scores(("a", "b"), np.array([1, 1]), np.array([[1.0, 0.0], [0.0, 1.0]]))
    assert found.log_loss == pytest.approx(-math.log(1e-15) / 2)
    certain = classification_scores(("a", "b"), np.array([0]), np.array([[1.0000001, 0.0]], dtype=np.float32))
    assert str(certain.log_loss) == "0.0"  # not -0.0


def test_single_precision_gives_the_same_figures():
    gold, probabilities = classified(3, 200, 4)
    double = classification_scores("abcd", gold, probabilities)
    single = classification_scores("abcd", gold, probabilities.astype(np.float32))
    assert single.confusion == double.confusion
    assert single.log_loss == pytest.approx(double.log_loss, rel=1e-5)


@pytest.mark.parametrize(
    ("gold", "probabilities", "message"),
    [
        ([], np.zeros((0, 2)), "no text"),
        ([0], [[0.5, 0.3, 0.2]], r"shape \(1, 3\); expected \(1, 2\)"),
        ([0, 1], [[0.5, 0.5]], r"shape \(1, 2\); expected \(2, 2\)"),
        ([2], [[0.5, 0.5]], "not among the 2"),
        ([-1], [[0.5, 0.5]], "not among the 2"),
        ([0], [[float("nan"), 0.5]], "not a number"),
    ],
)
def test_what_has_no_figures_is_refused(gold, probabilities, message):
    with pytest.raises(ValueError, match=message):
        classification_scores(("a", "b"), np.array(gold, dtype=np.int64), np.array(probabilities))


def test_json_holds_rounded_plain_values():
    values = FILMS.to_json()
    assert json.loads(json.dumps(values)) == values
    low, high = FILMS.accuracy_interval
    assert values["accuracy_interval"] == [round(low, 2), round(high, 2)]
    assert (values["texts"], values["accuracy"], values["macro_f1"]) == (5, 60.0, 58.33)
    assert (values["log_loss"], values["weighted_f1"]) == (round(FILMS.log_loss, 4), 60.0)
    assert values["labels"][0] == {"label": "bad", "precision": 66.67, "recall": 66.67, "f1": 66.67, "support": 3}
    assert values["confusion"] == [[2, 1], [1, 1]]


def test_text_for_people():
    assert FILMS.to_text().splitlines() == [
        "accuracy            60.00 %  (95 % interval 23.07 to 88.24; 5 texts)",
        "macro F1            58.33 %",
        "weighted F1         60.00 %",
        "log loss             0.4662  nats a text",
        "calibration error    0.3400  (ECE, 15 bins)",
        "",
        "label  precision  recall     F1  texts",
        "bad        66.67   66.67  66.67      3",
        "good       50.00   50.00  50.00      2",
        "",
        "confusions: a row for each right label, a column for each predicted one",
        "      bad  good",
        "bad     2     1",
        "good    1     1",
    ]


def tables(labels, texts=300):
    """Return the lines of the table of labels, and those of the confusions."""
    gold, probabilities = classified(7, texts, len(labels))
    _, of_labels, confusions = classification_scores(labels, gold, probabilities).to_text().split("\n\n")
    return of_labels.split("\n"), confusions.split("\n")


@pytest.mark.parametrize(
    "label",
    [
        "x" * 200,
        "two\nlines",
        "\x1b[31mred",
        "back\b\b\bwards",
        "\u202etxet",
        "\ud800",
        "映画の評価",
        "",
        "tab\tbed",
        "é" * 40,
    ],
)
def test_columns_stay_aligned_whatever_a_label_is_called(label):
    of_labels, (_, *matrix) = tables(["plain", label, "third"])
    assert len(of_labels) == len(matrix) == 4
    assert len({cell_len(line) for line in of_labels}) == len({cell_len(line) for line in matrix}) == 1
    assert all(line.isprintable() for line in of_labels + matrix)
    assert all(len(line.split("  ")[0]) <= 30 for line in of_labels + matrix)


def test_letters_that_a_spelling_needs_are_left_as_they_are():
    assert any("می\u200cخواهم" in line for line in tables(["می\u200cخواهم", "b"])[0])


def test_a_wide_matrix_has_numbers_above_its_columns():
    names = [f"a rather long topic, number {place}" for place in range(1, 13)]
    _, (_, head, *rows) = tables(names)
    assert head.split() == [str(place) for place in range(1, 13)]
    assert [row.split()[0] for row in rows] == head.split()
    assert max(map(len, rows)) < 100


def test_many_labels_have_their_most_frequent_confusions_listed():
    labels = [f"topic {place}" for place in range(21)]
    gold = np.array([3] * 7 + [5] * 4 + [0] * 2 + list(range(21)))
    predicted = np.array([4] * 7 + [6] * 4 + [1] * 2 + [*range(1, 13), *range(12, 21)])
    _, (title, head, *rows) = (
        part.split("\n")
        for part in classification_scores(labels, gold, np.eye(21)[predicted]).to_text().split("\n\n")[1:]
    )
    assert (title, head.split()) == ("most frequent confusions:", ["right", "label", "predicted", "texts"])
    counted = [tuple(row.split()) for row in rows]
    assert counted[:4] == [
        ("topic", "3", "topic", "4", "8"),
        ("topic", "5", "topic", "6", "5"),
        ("topic", "0", "topic", "1", "3"),
        ("topic", "1", "topic", "2", "1"),
    ]
    assert len(rows) == 10


def test_many_labels_without_a_confusion():
    labels = [f"topic {place}" for place in range(30)]
    found = classification_scores(labels, np.arange(30), np.eye(30))
    assert found.to_text().endswith("confusions: none")
