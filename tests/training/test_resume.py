"""What may change between a training and its resumption."""

import pytest

from nmt_attn.config.keys import known_keys
from nmt_attn.config.loading import load_config
from nmt_attn.config.schema import Config
from nmt_attn.errors import UserError
from nmt_attn.training.resume import FIXED, MOVABLE, check_changes, with_batch_of


def configure(*sets: str) -> Config:
    return load_config(None, ["data.corpus.path=a.tsv", *sets])


def test_nothing_changed_nothing_said(capsys):
    assert not check_changes(configure(), configure())
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ("training.max_epochs=40", "training.max_epochs: 30 → 40"),
        ("training.max_steps=9", "training.max_steps: null → 9"),
        ("training.learning_rate=1e-4", "training.learning_rate: 0.001 → 0.0001"),
        ("training.schedule.kind=linear", 'training.schedule.kind: "cosine" → "linear"'),
        ("training.early_stopping.patience=3", "training.early_stopping.patience: null → 3"),
        ("training.checkpoint_steps=100", "training.checkpoint_steps: null → 100"),
        ("training.validation.samples=0", "training.validation.samples: 2 → 0"),
        ("decoding.beam_size=3", "decoding.beam_size: 5 → 3"),
        ("data.corpus.path=b.tsv", 'data.corpus.path: "a.tsv" → "b.tsv"'),
        ("data.processes=2", "data.processes: null → 2"),
        ("data.directory=elsewhere", 'data.directory: null → "elsewhere"'),
        ("name=other", 'name: "experiment" → "other"'),
    ],
)
def test_what_may_change_is_said(capsys, change, line):
    assert check_changes(configure(), configure(change))
    assert capsys.readouterr().err == f"{line}\n"


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ("seed=2", "seed: 1 → 2"),
        ("model.cell=lstm", 'model.cell: "gru" → "lstm"'),
        ("model.encoder.layers=2", "model.encoder.layers: 1 → 2"),
        ("data.tokenizer.vocab_size=100", "data.tokenizer.vocab_size: 8000 → 100"),
        ("data.corpus.max_pairs=100", "data.corpus.max_pairs: null → 100"),
        ("data.source_lang=de", 'data.source_lang: "en" → "de"'),
        ("training.batch_tokens=100", 'training.batch_tokens: "auto" → 100'),
        ("training.accumulate=2", "training.accumulate: 1 → 2"),
        ("training.subword_sampling=0.1", "training.subword_sampling: null → 0.1"),
        ("training.early_stopping.metric=loss", 'training.early_stopping.metric: "auto" → "loss"'),
        ("training.early_stopping.metric=bleu", 'training.early_stopping.metric: "auto" → "bleu"'),
        ("evaluation.tokenize=char", 'evaluation.tokenize: "auto" → "char"'),
        ("training.ema=0.99", "training.ema: null → 0.99"),
    ],
)
def test_what_may_not_change_is_refused(capsys, change, line):
    with pytest.raises(UserError) as refused:
        check_changes(configure(), configure("training.max_epochs=40", change))
    assert sorted(capsys.readouterr().err.splitlines()) == sorted([line, "training.max_epochs: 30 → 40"])
    message = str(refused.value)
    assert message.startswith(f"--resume cannot change {change.partition('=')[0]}, ")
    assert "\n" not in message


def test_the_rules_name_keys_that_exist():
    assert {*FIXED, *MOVABLE} <= {".".join(key) for key in known_keys()}


def test_a_batch_that_is_left_to_us_stays_as_it_was(capsys):
    old, new = configure("training.batch_tokens=2048"), configure("training.batch_tokens=auto")
    assert with_batch_of(old, new).training.batch_tokens == 2048
    assert capsys.readouterr().err == "training.batch_tokens: auto goes on as 2048, with which it began\n"
    assert with_batch_of(new, new) is new
    assert with_batch_of(new, old) is old  # which is refused
