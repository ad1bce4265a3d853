"""What a range on the command line means, and what is refused at once."""

import pytest

from nmt_attn.errors import UserError
from nmt_attn.sweeping.ranges import Range, read_ranges


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("training.learning_rate=log:1e-4..1e-2", Range("training.learning_rate", low=1e-4, high=1e-2, log=True)),
        ("model.dropout=0.1...5", Range("model.dropout", low=0.1, high=0.5)),
        ("model.dropout = 0.1..0.5:0.1", Range("model.dropout", low=0.1, high=0.5, step=0.1)),
        (
            "model.encoder.hidden_size=int:128..512:64",
            Range("model.encoder.hidden_size", low=128, high=512, whole=True, step=64),
        ),
        ("training.max_steps=log:int:1..1000", Range("training.max_steps", low=1, high=1000, whole=True, log=True)),
        ("model.attention.score=additive | dot", Range("model.attention.score", ("additive", "dot"))),
        ("training.ema=null|0.99", Range("training.ema", ("null", "0.99"))),
    ],
)
def test_a_range_is_read(text, found):
    assert read_ranges([text], []) == [found]


@pytest.mark.parametrize(
    ("texts", "error"),
    [
        (["training.learnig_rate=0.1..0.2"], "unknown key; did you mean training.learning_rate?"),
        (["learning_rate=0.1..0.2"], "unknown key; did you mean training.learning_rate?"),
        (["qqqqqqqqq=0.1..0.2"], "unknown key; see docs/configuration.md"),
        (["training=0.1..0.2"], "unknown key"),
        (["model.dropout"], "expected KEY=RANGE"),
        (["model.dropout=0.1"], "no range; write log:1e-4..1e-2,"),
        (["model.dropout=a..b"], "'a' is no number"),
        (["model.dropout=0.1..nan"], "'nan' is no number"),
        (["model.dropout=0.5..0.1"], "0.5 is not below 0.1"),
        (["model.dropout=0.1..0.5:0"], "the step is above 0"),
        (["model.dropout=0.1..0.5:1"], "not longer than the range"),
        (["model.dropout=0.1..1.5"], "model.dropout must be less than 1"),
        (["training.learning_rate=log:0..1"], "a logarithmic range begins above 0"),
        (["training.learning_rate=log:1..2:0.1"], "a logarithmic range has no step"),
        (["model.encoder.layers=int:1..2.5"], "int: is a range of whole numbers"),
        (["model.encoder.layers=1..3"], "; for whole numbers write int:"),
        (["model.encoder.layers=int:0..3"], "model.encoder.layers must be greater than or equal to 1"),
        (["model.attention.score=additive|dotty"], "model.attention.score must be 'additive', 'dot',"),
        (["model.cell=gru|gru"], "a choice is empty or stands there twice"),
        (["model.cell=gru|"], "a choice is empty or stands there twice"),
        (["name=a|b"], "has no range: the sweep names its trials"),
        (["training.early_stopping.metric=bleu|chrf"], "trials are compared by one score"),
        (["model.dropout=0.1..0.2", "model.dropout=0.3..0.4"], "is given twice"),
        (["training.max_steps=1|2"], "--set and --set-range both give training.max_steps"),
        (["model.\x1b[2Jdropout=0.1..0.2"], "unknown key"),
    ],
)
def test_a_wrong_range_is_refused_in_one_line(texts, error):
    with pytest.raises(UserError) as refused:
        read_ranges(texts, ["training.max_steps"])
    assert error in str(refused.value)
    assert "--set-range" in str(refused.value)
    assert str(refused.value).isprintable()


def test_values_that_only_others_forbid_are_for_the_trials():
    assert read_ranges(["model.attention.score=dot|additive", "model.attention.coverage=true|false"], [])
