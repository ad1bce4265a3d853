"""Every documented combination trains some steps and translates; bad ones are refused in one line."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from nmt_attn.config.loading import load_config
from nmt_attn.decoding.translator import Translator
from nmt_attn.errors import ConfigError
from nmt_attn.training.train import train
from tests.conftest import write_prepared_toy

STYLES = {"bahdanau": [], "luong": [], "feeding": ["model.decoder.input_feeding=true"]}
SCORES = ["dot", "scaled_dot", "general", "additive", "concat", "coverage", "location", "none"]
# They take turns over the combinations of cell, style and score.
OPTIONS = [
    ["model.decoder.start=zeros"],
    ["model.decoder.start=last", "model.encoder.layers=2", "model.decoder.layers=2"],
    ["model.encoder.layers=4", "model.decoder.layers=3"],
    ["model.layer_norm=true", "model.recurrent_dropout=0.2"],
    ["model.encoder.word_dropout=0.1", "model.decoder.word_dropout=0.1", "training.subword_sampling=0.2"],
    ["training.teacher_forcing=0.9", "training.teacher_forcing.final_ratio=0.5"],
    ["model.tie_embeddings=all"],
]
# In bf16 each of these once stopped at its first step, with any score: tensors of two types met in a cell.
MIXED = [
    ["model.cell=gru", "model.layer_norm=true"],
    ["model.cell=gru", "model.recurrent_dropout=0.2"],
    ["model.cell=gru", "model.decoder.start=zeros", "training.teacher_forcing=0.5"],
    ["model.cell=gru", "model.decoder.start=last", "training.teacher_forcing=0.5"],
    ["model.cell=lstm", "model.layer_norm=true", "model.recurrent_dropout=0.2", "training.teacher_forcing=0.5"],
    ["model.cell=lstm", "model.decoder.start=last", "model.decoder.style=luong", "model.encoder.layers=2"],
]


def combinations() -> list[list[str]]:
    found = []
    turns = itertools.cycle(OPTIONS)
    for cell, (style, feeding), score in itertools.product(["gru", "lstm"], STYLES.items(), SCORES):
        options = next(turns)
        if score == "none" and "model.decoder.start=zeros" in options:
            options = next(turns)
        scoring = ["additive", "model.attention.coverage=true"] if score == "coverage" else [score]
        style_name = "luong" if feeding else style
        found.append(
            [
                f"model.cell={cell}",
                f"model.decoder.style={style_name}",
                *feeding,
                f"model.attention.score={scoring[0]}",
                *scoring[1:],
                *options,
            ]
        )
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_prepared_toy(tmp_path_factory.mktemp("combinations"))


def cases() -> list[object]:
    """Each combination in both precisions; in the quick tests they take turns."""
    found = [pytest.param(sets, "bf16", id=f"bf16 {_short(sets)}") for sets in MIXED]
    for number, sets in enumerate(combinations()):
        for turn, precision in enumerate(["fp32", "bf16"]):
            marks = [] if turn == number % 2 else [pytest.mark.slow]
            found.append(pytest.param(sets, precision, id=f"{precision} {_short(sets)}", marks=marks))
    return found


def _short(sets: list[str]) -> str:
    return " ".join(one.split(".", 1)[1] for one in sets)


@pytest.mark.parametrize(("sets", "precision"), cases())
def test_it_trains_and_translates(folder, monkeypatch, sets, precision):
    monkeypatch.chdir(folder)
    sets = [*sets, f"training.precision={precision}", f"decoding.precision={precision}"]
    shared = ["data.directory=data/toy", "training.max_steps=8", "training.validation.max_sentences=4"]
    sizes = ["model.embedding_size=8", "model.encoder.hidden_size=8", "model.decoder.hidden_size=16"]
    config = load_config(Path("toy.yaml"), [*shared, *sizes, "name=one", *sets])
    outcome = train(config, force=True)
    assert outcome.state.step == 8
    (translation,) = Translator.load("runs/one").translate(["Big dog sees tree."], beam_size=2)
    assert isinstance(translation, str)


@pytest.mark.parametrize(
    ("sets", "message"),
    [
        (["model.attention.score=dot", "model.decoder.hidden_size=9"], "model.decoder.hidden_size (9) must be twice"),
        (["model.decoder.start=last", "model.decoder.hidden_size=9"], "model.decoder.hidden_size (9) must be twice"),
        (["model.attention.score=none", "model.decoder.start=zeros"], "without any source"),
        (["model.attention.score=dot", "model.attention.coverage=true"], "needs model.attention.score: additive"),
        (["model.decoder.input_feeding=true"], "needs model.decoder.style: luong"),
        (["training.teacher_forcing=0.5", "training.teacher_forcing.final_ratio=0.9"], "must not be above ratio"),
        (["training.subword_sampling=0.2", "data.tokenizer.kind=char"], "needs data.tokenizer.kind: unigram or bpe"),
        (["data.synthetic=dates"], "data.corpus.path and data.synthetic are both set"),
        (
            ["data.corpus.path=null", "data.synthetic=dates", "data.corpus.reverse=true"],
            "no effect beside data.synthetic",
        ),
        (
            ["data.corpus.path=null", "data.parallel.train={source: a, target: b}", "data.corpus.max_pairs=5"],
            "data.corpus.max_pairs is for one file of pairs; it has no effect beside data.parallel",
        ),
        (["data.synthetic=hanoi"], "data.synthetic.kind must be 'dates', 'addition' or 'reverse', found 'hanoi'"),
    ],
)
def test_what_does_not_go_together_is_refused(folder, monkeypatch, sets, message):
    monkeypatch.chdir(folder)
    with pytest.raises(ConfigError) as refused:
        load_config(Path("toy.yaml"), sets)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)
