"""Removing words by their weights: the classifier adds up values of words, so figures are known by hand."""

import json
import math
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nmt_attn.errors import InputError
from nmt_attn.evaluation.removal import removal_test

LABELS = ("bad", "good")
VALUES = {"dull": -0.25, "lovely": 0.25, "fine": 0.125}


@dataclass(frozen=True)
class Weighed:
    """The attention of one text, with the fields of ``WeighedText`` that the test reads."""

    label: str
    probability: float
    units: tuple[str, ...]
    spaced: tuple[bool, ...]
    weights: tuple[float, ...]
    left_out: int = 0


def weighed(text, weights, *, label="good", spaced=None):
    units = tuple(text.split())
    return Weighed(label, 0.9, units, spaced or (True,) * len(units), tuple(weights))


def classify(texts):
    """Give "good" half, and the value of each word more or less."""
    good = np.array([0.5 + sum(VALUES.get(word, 0.0) for word in text.split()) for text in texts])
    return np.stack([1 - good, good], axis=1)


class Recorder:
    """A classifier that says the first label of everything, and keeps the texts of each call."""

    def __init__(self):
        self.calls = []

    def __call__(self, texts):
        self.calls.append(list(texts))
        return np.tile([0.75, 0.25], (len(texts), 1))

    def versions(self):
        """Return each text whole, and without words of highest weight, of lowest weight and random ones."""
        (texts,) = self.calls
        count = len(texts) // 4
        return list(zip(*(texts[way * count : (way + 1) * count] for way in range(4)), strict=True))


def recorded(*texts, **options):
    recorder = Recorder()
    report = removal_test(texts, recorder, LABELS, **options)
    return recorder.versions(), report


FILMS = (
    weighed("a lovely film", [0.1, 0.7, 0.2]),  # good 0.75; without lovely 0.5, and the label changes
    weighed("dull dull and long", [0.4, 0.3, 0.2, 0.1], label="bad"),  # bad 1.0; without one dull 0.75
)


def test_figures_by_hand():
    report = removal_test(FILMS, classify, LABELS)
    assert (report.share, report.texts, report.left_out, report.words_removed) == (0.1, 2, 0, 1.0)
    assert report.highest.change.mean == pytest.approx(-0.25)
    assert report.highest.change.interval == pytest.approx((-0.25, -0.25))
    assert report.highest.relabelled == 50.0
    assert (report.lowest.change.mean, report.lowest.relabelled) == (0.0, 0.0)
    assert report.rebuilt_otherwise == 0


def test_the_interval_is_the_normal_one_over_texts():
    texts = (*FILMS, weighed("so fine here", [0, 1, 0]), weighed("it is long", [0, 1, 0], label="bad"))
    found = removal_test(texts, classify, LABELS).highest
    changes = (-0.25, -0.25, -0.125, 0.0)
    mean = sum(changes) / 4
    half = 1.959963984540054 * math.sqrt(sum((change - mean) ** 2 for change in changes) / 3) / 2
    assert found.change.mean == pytest.approx(mean)
    assert found.change.interval == pytest.approx((mean - half, mean + half))


def test_highest_is_compared_to_random_text_by_text():
    # A text of one lovely word among many: random removals seldom meet it.
    texts = [weighed("lovely " + "plain " * 19, [1.0] + [0.0] * 19)] * 200
    report = removal_test(texts, classify, LABELS, share=0.05)
    assert report.highest.change.mean == pytest.approx(-0.25)
    assert report.random.change.mean == pytest.approx(-0.25 / 20, abs=0.015)
    assert report.beyond_random.mean == pytest.approx(report.highest.change.mean - report.random.change.mean)
    low, high = report.beyond_random.interval
    assert low < report.beyond_random.mean < high < 0


@given(
    st.lists(st.lists(st.floats(0, 1), min_size=2, max_size=12), min_size=1, max_size=5),
    st.floats(0.01, 1),
    st.integers(0, 9),
)
@settings(max_examples=60, deadline=None)
def test_no_words_matter_more_than_those_of_highest_weight_if_weights_are_their_values(rows, share, seed):
    texts, values = [], {}
    for row, numbers in enumerate(rows):
        words = [f"{row}.{place}" for place in range(len(numbers))]
        values.update(zip(words, numbers, strict=True))
        texts.append(weighed(" ".join(words), numbers))

    def by_weights(versions):
        good = np.array([0.5 + sum(values[word] for word in version.split()) / 40 for version in versions])
        return np.stack([1 - good, good], axis=1)

    report = removal_test(texts, by_weights, LABELS, share=share, seed=seed)
    assert report.highest.change.mean <= report.random.change.mean + 1e-12
    assert report.random.change.mean <= report.lowest.change.mean + 1e-12
    assert report.lowest.change.mean <= 1e-12


@pytest.mark.parametrize(
    ("share", "words", "removed"),
    [(0.1, 10, 1), (0.1, 11, 2), (0.1, 30, 3), (0.07, 100, 7), (0.01, 3, 1), (0.5, 2, 1), (1.0, 5, 4), (0.9, 5, 4)],
)
def test_a_share_is_rounded_up_to_whole_words_at_least_one_and_never_all(share, words, removed):
    text = weighed(" ".join(f"w{place}" for place in range(words)), np.linspace(0, 1, words))
    (versions,), report = recorded(text, share=share)
    assert [len(version.split()) for version in versions] == [words] + [words - removed] * 3
    assert report.words_removed == removed
    whole, highest, lowest, _ = (version.split() for version in versions)
    assert highest == whole[: words - removed]
    assert lowest == whole[removed:]


@pytest.mark.parametrize("weight", [0.0, 0.25])
def test_equal_weights_are_no_better_than_random_words(weight):
    texts = [weighed("a lovely dull film", [weight] * 4) for _ in range(50)]
    versions, _ = recorded(*texts)
    assert all(highest == lowest == random for _, highest, lowest, random in versions)
    assert len({random for *_, random in versions}) == 4  # not always the first word
    report = removal_test(texts, classify, LABELS)
    assert report.highest == report.lowest == report.random
    assert (report.beyond_random.mean, report.beyond_random.interval) == (0.0, (0.0, 0.0))


def test_only_equal_weights_are_drawn():
    texts = [weighed("a b c d", [0.1, 0.4, 0.4, 0.1]) for _ in range(40)]
    versions, _ = recorded(*texts)
    assert {highest for _, highest, _, _ in versions} == {"a c d", "a b d"}
    assert {lowest for _, _, lowest, _ in versions} == {"b c d", "a b c"}


def test_the_seed_decides_the_random_words():
    texts = [weighed("one two three four five six seven", [0.1] * 3 + [0.2] * 4) for _ in range(10)]
    assert recorded(*texts, seed=3) == recorded(*texts, seed=3)
    assert recorded(*texts, seed=3)[0] != recorded(*texts, seed=4)[0]


def test_texts_of_fewer_than_two_words_are_left_out_and_counted():
    report = removal_test([weighed("lovely", [1.0]), *FILMS, weighed("", [])], classify, LABELS)
    assert (report.texts, report.left_out) == (2, 2)
    assert "2 texts; 2 with fewer than 2 words left out" in report.to_text()


def test_texts_that_all_have_one_word_are_an_error_of_one_line():
    with pytest.raises(InputError, match="none of the 3 texts has 2 words") as caught:
        removal_test([weighed("lovely", [1.0])] * 3, classify, LABELS)
    assert "\n" not in str(caught.value)


def test_a_language_without_spaces_gets_none():
    text = weighed("とても 楽しい 映画 です", [0.1, 0.6, 0.2, 0.1], spaced=(True, False, False, False))
    (whole, highest, lowest, _), *_ = recorded(text)[0]
    assert (whole, highest) == ("とても楽しい映画です", "とても映画です")
    assert lowest in ("楽しい映画です", "とても楽しい映画")


def test_neighbours_of_a_removed_word_never_grow_together():
    # Word and bracket, written as: see (above) now
    text = weighed("see ( above ) now", [0.1, 0.5, 0.2, 0.3, 0.4], spaced=(False, True, False, False, True))
    (whole, highest, lowest, _), *_ = recorded(text)[0]
    assert (whole, highest, lowest) == ("see (above) now", "see above) now", "(above) now")
    (_, highest, _, _), *_ = recorded(text, share=0.4)[0]
    assert highest == "see above)"


def test_changes_are_counted_from_the_text_put_together_from_its_words():
    # As it was read, it was bad (with signs that are no words); its words alone are good.
    text = weighed("a lovely film", [0.1, 0.7, 0.2], label="bad")
    report = removal_test([text, FILMS[0]], classify, LABELS)
    assert report.rebuilt_otherwise == 1
    assert report.highest.change.mean == pytest.approx(-0.25)
    assert (report.highest.relabelled, report.lowest.relabelled) == (100.0, 0.0)
    assert "note: 1 texts get another label" in report.to_text()
    assert "note" not in removal_test(FILMS, classify, LABELS).to_text()


def test_everything_is_classified_in_one_call():
    recorder = Recorder()
    removal_test(FILMS, recorder, LABELS)
    assert len(recorder.calls) == 1


@pytest.mark.parametrize("share", [0.0, -0.1, 1.1, float("nan")])
def test_a_share_out_of_range_is_refused(share):
    with pytest.raises(ValueError, match="above 0 and at most 1"):
        removal_test(FILMS, classify, LABELS, share=share)


def test_labels_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="label 'good' is not among the 2"):
        removal_test(FILMS, classify, ("bad", "superb"))
    with pytest.raises(ValueError, match=r"shape \(8, 2\); expected \(8, 3\)"):
        removal_test(FILMS, classify, (*LABELS, "so so"))


def test_a_single_text_has_no_interval():
    report = removal_test(FILMS[:1], classify, LABELS)
    assert report.highest.change.interval is None
    assert report.to_json()["highest"] == {"change": -0.25, "interval": None, "relabelled": 100.0}
    assert "n/a" in report.to_text()


def test_json_holds_plain_values():
    values = removal_test(FILMS, classify, LABELS).to_json()
    assert json.loads(json.dumps(values)) == values
    assert values["highest"] == {"change": -0.25, "interval": [-0.25, -0.25], "relabelled": 50.0}
    assert str(values["lowest"]) == "{'change': 0.0, 'interval': [0.0, 0.0], 'relabelled': 0.0}"
    assert {key: values[key] for key in ("share", "texts", "left_out", "words_removed", "rebuilt_otherwise")} == {
        "share": 0.1, "texts": 2, "left_out": 0, "words_removed": 1.0, "rebuilt_otherwise": 0,
    }  # fmt: skip


def test_text_for_people():
    text = weighed("lovely lovely lovely", [0.2, 0.2, 0.2], label="good")
    report = removal_test([text, text], classify, LABELS)
    assert report.to_text().splitlines() == [
        "10 % of the words removed (1.0 a text), 2 texts",
        "words removed        change of probability       95 % interval  another label",
        "highest weight                     -0.2500  -0.2500 to -0.2500         0.00 %",
        "lowest weight                      -0.2500  -0.2500 to -0.2500         0.00 %",
        "random                             -0.2500  -0.2500 to -0.2500         0.00 %",
        "highest less random                +0.0000  +0.0000 to +0.0000",
    ]
