"""What is known of the lines that a model was trained on, and what follows for what it is given at once."""

import pytest

from nmt_attn.text.line_division import Limits
from nmt_attn.text.lines import TrainingLines, limits_of

ONE, TWO, THREE = "I go.", "I go. You stay.", "I go. You stay. We sleep."


@pytest.mark.parametrize(
    ("sources", "several", "common"),
    [
        ([ONE] * 10, 0.0, 1),
        ([ONE] * 99 + [TWO], 0.01, 1),
        ([ONE] * 96 + [TWO] * 4, 0.04, 1),
        ([ONE] * 95 + [TWO] * 5, 0.05, 2),
        ([ONE] * 50 + [TWO] * 46 + [THREE] * 4, 0.5, 2),
        ([ONE] * 10 + [THREE] * 90, 0.9, 3),
        ([THREE], 1.0, 3),
    ],
)
def test_common_is_what_one_line_in_twenty_has(sources, several, common):
    lines = TrainingLines.of(sources, [4] * len(sources), "en")
    assert (lines.several, lines.common_sentences) == (pytest.approx(several), common)


def test_usual_is_what_all_but_one_line_in_a_hundred_have():
    assert TrainingLines.of([ONE] * 1000, range(1000), "en").usual_tokens in range(985, 995)
    assert TrainingLines.of([ONE] * 3, [1, 1, 50], "en").usual_tokens == 50
    assert TrainingLines.of([ONE], [0], "").usual_tokens == 1


def test_a_great_many_lines_are_looked_at_evenly():
    sources = [ONE] * 300_000 + [TWO] * 300_000
    assert TrainingLines.of(sources, [4] * 10, "en").several == pytest.approx(0.5, abs=0.01)


def test_numbers_with_a_full_stop_end_no_line_in_german():
    text = "Das war am 3. Mai."
    assert TrainingLines.of([text] * 10, [9] * 10, "de").several == 0.0
    assert TrainingLines.of([text] * 10, [9] * 10, "en").several == 1.0


@pytest.mark.parametrize(
    ("split", "known", "limits"),
    [
        ("auto", True, Limits(250, 2, 30)), ("auto", False, Limits(250)), ("on", True, Limits(250, 1)),
        ("on", False, Limits(250, 1)), ("off", True, Limits(250)), ("off", False, Limits(250)),
    ],
)  # fmt: skip
def test_limits_follow_the_training_lines_and_split_sentences(split, known, limits):
    lines = TrainingLines(several=0.3, common_sentences=2, usual_tokens=30) if known else None
    assert limits_of(lines, split, 250, "en") == limits
    assert limits_of(lines, split, 250, "de").ordinals
