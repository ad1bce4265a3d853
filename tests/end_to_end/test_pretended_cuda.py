"""What a GPU would be asked to do, on one that is pretended: the same as a CPU, without mixing devices or waiting."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
import torch

from nmt_attn.config import Config
from nmt_attn.config_file import load_config
from nmt_attn.decoding.translator import Translator
from nmt_attn.training.train import train
from tests.conftest import write_prepared_toy
from tests.pretended_cuda import OnPretendedCuda, pretended_cuda

STYLES = {"bahdanau": ["bahdanau"], "luong": ["luong"], "feeding": ["luong", "model.decoder.input_feeding=true"]}
SCORES = ["dot", "scaled_dot", "general", "additive", "coverage", "location", "none"]
LAYERS = {"one": [], "more": ["model.encoder.layers=2", "model.decoder.layers=3"]}
STARTS = ["bridge", "last", "zeros"]
SIZES = ["model.embedding_size=8", "model.encoder.hidden_size=8", "model.decoder.hidden_size=16", "model.dropout=0.0"]
BRIEF = ["data.directory=data/toy", "training.batch_tokens=120", "training.validation.max_sentences=3",
         "training.validation.beam_size=2", "training.validation.samples=0", "name=here"]  # fmt: skip
SENTENCES = ["Big dog sees tree.", "Red cat.", ""]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_prepared_toy(tmp_path_factory.mktemp("pretended"))


def cases() -> list[object]:
    """Every style, cell, score, depth and precision, of which the quick tests have one: each takes some 15 s."""
    found, starts = [], itertools.cycle(STARTS)
    kinds = itertools.product(STYLES, ["gru", "lstm"], SCORES)
    for number, (style, cell, score) in enumerate(kinds):
        for turn, (layers, precision) in enumerate(itertools.product(LAYERS, ["fp32", "bf16"])):
            start = next(starts)
            if score == "none" and start == "zeros":
                start = next(starts)
            scoring = ["additive", "model.attention.coverage=true"] if score == "coverage" else [score]
            sets = [f"model.decoder.style={STYLES[style][0]}", *STYLES[style][1:], f"model.cell={cell}",
                    f"model.decoder.start={start}", f"model.attention.score={scoring[0]}", *scoring[1:],
                    *LAYERS[layers]]  # fmt: skip
            name = f"{style} {cell} {score} {start} {layers} {precision}"
            marks = [] if turn == number == 0 else [pytest.mark.slow]
            found.append(pytest.param(sets, precision, id=name, marks=marks))
    return found


def configured(sets: list[str], precision: str, device: str, steps: int = 2) -> Config:
    ours = [f"training.device={device}", f"training.precision={precision}", f"training.max_steps={steps}",
            f"decoding.precision={precision}"]  # fmt: skip
    return load_config(Path("toy.yaml"), [*SIZES, *BRIEF, *sets, *ours])


def everything(sets: list[str], precision: str, device: str) -> tuple[dict[str, torch.Tensor], list[float], list[str]]:
    """Train two steps, go on for one, translate, score and align: weights, figures and words that come of it."""
    train(configured(sets, precision, device), force=True)
    outcome = train(configured(sets, precision, device, steps=3), resume=True)
    assert outcome.state.step == 3
    translator = Translator.load("runs/here", device=device)
    assert translator.model.device.type == device
    found = translator.nbest(SENTENCES, 2)
    words = [one.text for nbest in found for one in nbest]
    figures = [one.log_prob for nbest in found for one in nbest]
    figures += [score.log_prob for score in translator.score(SENTENCES[:2], ["grand chien", "chat"])]
    if "model.attention.score=none" not in sets:
        figures += [float(translator.align("Big dog.", beam_size=2).weights[0][0])]
    weights = {name: weight.detach().cpu() for name, weight in translator.model.weights().items()}
    return weights, figures, words


@pytest.mark.parametrize(("sets", "precision"), cases())
def test_a_gpu_does_what_a_cpu_does(folder, monkeypatch, sets, precision):
    monkeypatch.chdir(folder)
    with pretended_cuda():
        weights, figures, words = everything(sets, precision, "cuda")
    assert not any(isinstance(weight, OnPretendedCuda) for weight in weights.values())
    if precision == "fp32":
        other_weights, other_figures, other_words = everything(sets, precision, "cpu")
        for name, weight in weights.items():
            assert torch.allclose(weight, other_weights[name], atol=1e-4), name
        assert words == other_words
        assert figures == pytest.approx(other_figures, abs=1e-3)
