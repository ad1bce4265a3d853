"""Which of two checkpoints is the better one."""

import json
import math
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmt_attn.config.schema import TrainingConfig
from nmt_attn.errors import InputError
from nmt_attn.evaluation.scores import Scorer
from nmt_attn.runs.directory import RunDirectory
from nmt_attn.tasks.selection import Figures, Metric, Selection, select
from nmt_attn.training.average import best_checkpoints
from nmt_attn.training.state import TrainingState
from nmt_attn.training.stopping import Stopping


def counts(*lengths: int) -> list[int]:
    return list(lengths)


# --- which metric ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "references", "metric"),
    [
        ("fr", ["баго", "лима", "тору"], "chrf"),  # a word
        ("fr", ["six cinq cinq", "un deux trois"], "chrf"),  # three words
        ("fr", ["Je suis là.", "Elle a faim.", "Va !"], "bleu"),  # a point is a word too
        ("fr", ["un deux trois quatre", "un"], "bleu"),  # half of them
        ("fr", ["un deux trois quatre", "un", "deux"], "chrf"),  # a third
        ("zh", ["三百四十五", "一千零二"], "bleu"),  # characters
        ("zh", ["三", "三十", "十五"], "chrf"),
        ("fr", ["三百四十五", "一千零二"], "chrf"),  # which 13a takes for a word each
        ("th", ["สวัสดี"], "bleu"),
    ],
)
def test_auto_goes_by_bleu_where_the_references_carry_it(language, references, metric):
    scorer = Scorer(language=language)
    chosen = select("auto", scorer.token_counts([[one] for one in references]), scorer.tokenizer.unit)
    assert (chosen.metric, chosen.auto) == (metric, True)
    assert f"of {len(references)} validation sentences have a reference of 4 {scorer.tokenizer.unit}" in chosen.line()


def test_the_longest_reference_of_a_sentence_counts():
    scorer = Scorer()
    assert scorer.token_counts([["a", "a b c d", "b c"], ["a"]]) == [4, 1]


@pytest.mark.parametrize("metric", ["bleu", "chrf", "exact", "loss"])
def test_what_is_configured_is_done_and_said(metric):
    chosen = select(metric, counts(9, 9), "words")
    assert (chosen.metric, chosen.auto) == (metric, False)
    assert "as configured" in chosen.line()


def test_bleu_that_means_little_is_done_with_a_word_about_it():
    assert "only 1 of 3 validation sentences have" in select("bleu", counts(1, 2, 9), "words").line()


@pytest.mark.parametrize("decided", ["bleu", "chrf"])
def test_a_run_that_goes_on_keeps_what_was_decided(decided):
    for lengths in (counts(1, 1), counts(9, 9)):
        assert select("auto", lengths, "words", decided).metric == decided


# --- the order ------------------------------------------------------------------------------------------------

percents = st.floats(0, 100).map(lambda value: round(value, 1))
figures = st.builds(Figures, loss=st.floats(0, 9), bleu=percents, chrf=percents, exact=percents)
selections = st.builds(Selection, st.sampled_from(["bleu", "chrf", "exact", "loss"]), st.booleans())


@given(selections, st.lists(figures, min_size=3, max_size=3))
def test_better_is_an_order(selection: Selection, some: list[Figures]) -> None:
    one, two, three = (selection.rank_of(each) for each in some)
    assert not (one > two and two > one)
    if one > two > three:
        assert one > three


@given(st.sampled_from(["bleu", "chrf"]), figures, figures)
def test_auto_never_prefers_fewer_exact_translations_once_most_are(metric: Metric, one: Figures, two: Figures) -> None:
    """The checkpoint with the best exact share of all is the best, if that share is above a half."""
    assert one.exact is not None
    assert two.exact is not None
    if one.exact > 50 and one.exact > two.exact:
        assert Selection(metric, auto=True).rank_of(one) > Selection(metric, auto=True).rank_of(two)


@given(selections, figures, st.floats(0, 9))
def test_of_equals_the_one_with_the_lower_loss_is_better(selection: Selection, one: Figures, loss: float) -> None:
    other = replace(one, loss=loss)
    assert one.loss is not None
    assert (selection.rank_of(other) > selection.rank_of(one)) == (loss < one.loss)


@pytest.mark.parametrize(
    ("selection", "better", "worse"),
    [
        (Selection("bleu"), Figures(2.0, 30.0, 50.0, 9.0), Figures(1.0, 29.9, 60.0, 20.0)),
        (Selection("chrf"), Figures(2.0, 1.0, 50.1, 9.0), Figures(1.0, 9.0, 50.0, 20.0)),
        (Selection("exact"), Figures(2.0, 1.0, 1.0, 20.0), Figures(1.0, 9.0, 50.0, 19.0)),
        (Selection("loss"), Figures(1.0, 1.0, 1.0, 1.0), Figures(1.1, 99.0, 99.0, 99.0)),
        (Selection("bleu", auto=True), Figures(2.0, 30.0, 50.0, 9.0), Figures(1.0, 29.9, 60.0, 50.0)),
        (Selection("bleu", auto=True), Figures(2.0, 90.0, 50.0, 80.0), Figures(1.0, 95.0, 60.0, 79.0)),
        (Selection("chrf", auto=True), Figures(2.0, None, 90.0, 80.0), Figures(1.0, None, 89.0, 80.0)),
        (Selection("bleu"), Figures(2.0, None, 90.0, 80.0), Figures(1.0, None, 89.0, 79.0)),  # BLEU says nothing
        (Selection("bleu"), Figures(2.0, 0.1, 1.0, 1.0), Figures(1.0, None, 89.0, 79.0)),
        (Selection("chrf"), Figures(2.0, 1.0, 50.0, 9.0), Figures(math.nan, 1.0, 50.0, 9.0)),
        (Selection("loss"), Figures(2.0), Figures(None)),
    ],
)
def test_the_better_of_two(selection, better, worse):
    assert selection.rank_of(better) > selection.rank_of(worse)


# --- what a training makes of it ------------------------------------------------------------------------------


@dataclass
class Course:
    """A training as far as it takes in figures."""

    selection: Selection
    state: TrainingState

    def take_in(self, figures: Figures) -> bool:
        assert figures.loss is not None
        self.state.step += 1
        return Stopping(self.state, TrainingConfig()).take_in(
            self.selection.standing(figures), figures.loss, self.selection.rank
        )


# Loss, BLEU, chrF and exact matches of one-word targets as they come: BLEU never says anything, the loss rises again.
ONE_WORD = [
    Figures(1.9, None, 41.0, 33.0),
    Figures(0.9, None, 70.0, 61.0),
    Figures(0.5, None, 88.0, 80.0),
    Figures(0.6, None, 91.0, 88.0),
    Figures(0.7, None, 97.0, 96.0),
    Figures(0.8, None, 98.9, 98.0),
]


@pytest.mark.parametrize("selection", [Selection("chrf", auto=True), Selection("bleu"), Selection("exact")])
def test_one_word_targets_get_better_to_the_end(selection):
    course = Course(selection, TrainingState())
    assert [course.take_in(figures) for figures in ONE_WORD] == [True] * 6
    assert (course.state.best_step, course.state.validations_since_best) == (6, 0)


def test_three_words_whose_sequences_of_four_run_out():
    """While a translation has a word too many there is something to count, and when all are right there is nothing."""
    course = Course(Selection("chrf", auto=True), TrainingState())
    rising = [Figures(2.0, 51.0, 60.0, 10.0), Figures(1.0, None, 80.0, 60.0), Figures(0.5, None, 99.0, 98.0)]
    assert all(course.take_in(figures) for figures in rising)


def test_patience_counts_what_is_neither_better_nor_equal_with_a_lower_loss():
    course = Course(Selection("chrf", auto=True), TrainingState())
    steps = [
        (Figures(1.0, None, 90.0, 80.0), True, 0),
        (Figures(1.0, None, 90.0, 80.0), False, 1),  # the same
        (Figures(0.9, None, 90.0, 80.0), True, 0),  # the same with a lower loss
        (Figures(0.8, None, 95.0, 79.0), False, 1),  # fewer exact ones
        (Figures(0.7, None, 89.0, 80.0), False, 2),
        (Figures(9.0, None, 80.0, 80.5), True, 0),
        (Figures(math.inf, None, 80.0, 80.5), False, 1),
    ]
    for figures, better, since in steps:
        assert course.take_in(figures) is better
        assert course.state.validations_since_best == since
    json.dumps(course.state.to_json(), allow_nan=False)


def test_a_loss_that_is_no_number_is_never_the_best():
    course = Course(Selection("loss"), TrainingState())
    assert not course.take_in(Figures(math.nan, 1.0, 1.0, 1.0))
    assert course.take_in(Figures(2.0, 1.0, 1.0, 1.0))


def test_the_order_goes_on_where_a_run_was_left():
    course = Course(Selection("chrf", auto=True), TrainingState())
    for figures in ONE_WORD[:5]:
        course.take_in(figures)
    again = Course(Selection("chrf", auto=True), TrainingState.from_json(course.state.to_json()))
    for other in (course, again):
        assert not other.take_in(Figures(0.7, None, 97.0, 96.0))
        assert other.take_in(Figures(0.69, None, 97.0, 96.0))


# --- states of older versions -----------------------------------------------------------------------------------

NEW = ("metric", "tokenizer", "best_exact", "best_score_loss")


@pytest.mark.parametrize("lacking", [NEW, NEW[:1], NEW[2:]])
def test_the_state_of_an_older_run_is_one(lacking):
    values = TrainingState(step=3, best_score=0.0, best_step=2, metric="chrf").to_json()
    old = {name: value for name, value in values.items() if name not in lacking}
    state = TrainingState.from_json(old)
    assert (state.step, state.best_score, state.best_step) == (3, 0.0, 2)
    # A best checkpoint of which only BLEU is known gives way to one that is no worse by that.
    assert Course(Selection("bleu"), replace(state, best_exact=None)).take_in(ONE_WORD[1])


@pytest.mark.parametrize(
    "change",
    [
        {"step": "3"},
        {"metric": ["bleu"]},
        {"metric": 3},
        {"tokenizer": 13},
        {"other": 1},
        {"step": []},
    ],
)
def test_what_is_no_state_is_said(change):
    with pytest.raises(InputError, match="does not hold the state of a training"):
        TrainingState.from_json({**TrainingState().to_json(), **change})


@pytest.mark.parametrize("missing", ["step", "best_score", "best_step", "plateau_drops"])
def test_a_state_without_an_old_field_is_none(missing):
    values = TrainingState().to_json()
    del values[missing]
    with pytest.raises(InputError):
        TrainingState.from_json(values)


# --- averages ---------------------------------------------------------------------------------------------------


def logged(run: RunDirectory, metric: str, setting: str, course: list[Figures], *extra: str) -> None:
    run.checkpoints.mkdir(parents=True)
    lines = []
    for step, one in enumerate(course, start=1):
        run.checkpoint(step).mkdir()
        reason = {} if one.bleu is not None else {"bleu_reason": "nothing"}
        values = {"loss": one.loss, "bleu": one.bleu, **reason, "chrf": one.chrf, "exact": one.exact}
        lines.append(json.dumps({"kind": "valid", "step": step, **values, **({"metric": metric} if metric else {})}))
    run.metrics_file.write_text("\n".join([*lines, *extra]) + "\n", encoding="utf-8")
    run.config_file.write_text(f"training: {{early_stopping: {{metric: {setting}}}}}\n", encoding="utf-8")


COURSE = [
    Figures(1.0, 10.0, 80.0, 70.0),
    Figures(2.0, 40.0, 70.0, 60.0),
    Figures(3.0, 30.0, 60.0, 80.0),
    Figures(0.5, 20.0, 90.0, 65.0),
]


@pytest.mark.parametrize(
    ("metric", "setting", "best", "best_two"),
    [
        ("bleu", "bleu", 2, [2, 3]),
        ("chrf", "chrf", 4, [1, 4]),
        ("exact", "exact", 3, [1, 3]),
        ("loss", "loss", 4, [1, 4]),
        ("bleu", "auto", 3, [1, 3]),  # most translations are exact
        ("", "bleu", 2, [2, 3]),  # the log of an older version does not say
        ("", "loss", 4, [1, 4]),
    ],
)
def test_average_takes_the_best_by_what_the_training_went_by(tmp_path, metric, setting, best, best_two):
    run = RunDirectory(tmp_path / "run")
    logged(run, metric, setting, COURSE)
    assert [int(path.name) for path in best_checkpoints(run, 1)] == [best]
    assert [int(path.name) for path in best_checkpoints(run, 2)] == best_two


def test_average_and_training_agree_on_the_best(tmp_path):
    for number, selection in enumerate([Selection("chrf", auto=True), Selection("bleu"), Selection("loss")]):
        run, course = RunDirectory(tmp_path / str(number)), Course(selection, TrainingState())
        logged(run, selection.metric, "auto" if selection.auto else selection.metric, [*ONE_WORD, *ONE_WORD[3:]])
        for figures in [*ONE_WORD, *ONE_WORD[3:]]:
            course.take_in(figures)
        assert [int(path.name) for path in best_checkpoints(run, 1)] == [course.state.best_step]


@pytest.mark.parametrize(
    "line",
    ['{"kind": "valid", "step": 4, "metric": ["bleu"], "bleu": 99}', '{"kind": "valid", "step": 4, "metric": "x"}',
     '{"kind": "valid", "step": 4, "metric": "chrf", "bleu": 99}', "[1]", '{"kind": "valid", "bleu": 99}'],
)  # fmt: skip
def test_lines_that_training_would_not_write_are_left_out(tmp_path, line):
    run = RunDirectory(tmp_path / "run")
    logged(run, "bleu", "bleu", COURSE[:3], line)
    run.checkpoint(4).mkdir()
    assert [int(path.name) for path in best_checkpoints(run, 1)] == [2]
