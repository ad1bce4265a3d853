"""What a GPU would be asked to do, on one that is pretended: the same as a CPU, without mixing devices or waiting."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from nmt_attn.config.loading import load_config
from nmt_attn.config.schema import Config
from nmt_attn.corpus.batches import make_batch, pad_sources
from nmt_attn.decoding.alignment import force_decode
from nmt_attn.decoding.continuations import LOOKS
from nmt_attn.decoding.hypothesis import SearchOptions
from nmt_attn.decoding.sampling import SamplingOptions, sample
from nmt_attn.decoding.scoring import score_pairs
from nmt_attn.decoding.search import search
from nmt_attn.decoding.translator import Translator
from nmt_attn.device import Compute, choose_compute
from nmt_attn.errors import UserError
from nmt_attn.inference.network import optimize_for_inference
from nmt_attn.model.network import TranslationModel
from nmt_attn.tasks.translation_loss import TranslationLoss
from nmt_attn.text.tokenizer import EOS
from nmt_attn.training.optimiser import make_optimiser
from nmt_attn.training.step import TrainingStep
from nmt_attn.training.train import train
from tests.conftest import write_prepared_toy
from tests.pretended_cuda import OnPretendedCuda, Trace, pretended_cuda

STYLES = {"bahdanau": ["bahdanau"], "luong": ["luong"], "feeding": ["luong", "model.decoder.input_feeding=true"]}
SCORES = ["dot", "scaled_dot", "general", "additive", "coverage", "location", "none"]
LAYERS = {"one": [], "more": ["model.encoder.layers=2", "model.decoder.layers=3"]}
STARTS = ["bridge", "last", "zeros"]
PRECISIONS = ["fp32", "bf16"]
SIZES = ["model.embedding_size=8", "model.encoder.hidden_size=8", "model.decoder.hidden_size=16", "model.dropout=0.0"]
BRIEF = ["data.directory=data/toy", "training.batch_tokens=400", "training.validation.max_sentences=3",
         "training.validation.beam_size=2", "training.validation.samples=0", "decoding.max_length_ratio=0.5",
         "name=here"]  # fmt: skip
SENTENCES = ["Big dog sees tree.", "Red cat.", ""]
WORDS = 12
"""In the vocabularies of networks without a tokenizer."""

GIVEN = [[5, 6, 7, 8], [9, 4]], [[6, 7], [8, 9, 10, 4]]
"""Pairs of token ids."""


class Brief(SearchOptions):
    """A search of translations of a few tokens."""

    def max_lengths(self, source_lengths: torch.Tensor) -> torch.Tensor:
        return source_lengths.clamp(max=4)


def settings(style: str, cell: str, score: str, start: str, layers: str) -> list[str]:
    """What to set for a network of this kind."""
    scoring = ["additive", "model.attention.coverage=true"] if score == "coverage" else [score]
    return [f"model.decoder.style={STYLES[style][0]}", *STYLES[style][1:], f"model.cell={cell}",
            f"model.decoder.start={start}", f"model.attention.score={scoring[0]}", *scoring[1:],
            *LAYERS[layers]]  # fmt: skip


def networks() -> list[object]:
    """Every style, cell, score, depth and precision, with the starts in turn.

    In the quick tests each style, cell and score has one depth and precision, in turn.
    """
    found, starts = [], itertools.cycle(STARTS)
    for number, (style, cell, score) in enumerate(itertools.product(STYLES, ["gru", "lstm"], SCORES)):
        for turn, (layers, precision) in enumerate(itertools.product(LAYERS, PRECISIONS)):
            start = next(starts)
            if score == "none" and start == "zeros":  # the decoder would not hear of the source
                start = next(starts)
            name = f"{style} {cell} {score} {start} {layers} {precision}"
            marks = [] if turn == number % 4 else [pytest.mark.slow]
            found.append(pytest.param(settings(style, cell, score, start, layers), precision, id=name, marks=marks))
    return found


# --- the parts, for every network ---------------------------------------------------------------------------------


def network(sets: list[str], device: str) -> tuple[TranslationModel, Config]:
    """A network with random weights, the same on every device."""
    config = load_config(None, [*SIZES, *sets])
    torch.manual_seed(1)
    weights = TranslationModel(config.model, WORDS, WORDS).weights()
    there = {name: weight.detach().to(torch.device(device)) for name, weight in weights.items()}
    return TranslationModel.of_weights(config.model, WORDS, WORDS, there), config


def training_step(model: TranslationModel, config: Config, compute: Compute) -> TrainingStep:
    """The training step of a network."""
    loss = TranslationLoss(model, compute, config.training.label_smoothing)
    return TrainingStep(model, make_optimiser(model, config.training), compute, config.training, loss)


def trained(sets: list[str], precision: str, device: str) -> tuple[TranslationModel, list[float]]:
    """A network after two steps, one of them on words of its own, and the loss of each."""
    model, config = network(sets, device)
    stepper = training_step(model, config, Compute(torch.device(device), precision))
    batch = make_batch(*GIVEN)
    torch.manual_seed(2)
    results = [stepper.step([batch], learning_rate=1e-4, teacher_forcing=forcing) for forcing in (1.0, 0.5)]
    assert not any(bool(result.skipped) for result in results)
    return model.eval(), [float(result.cross_entropy) for result in results]


def parts(sets: list[str], precision: str, device: str) -> tuple[list[float], list[list[int]]]:
    """Train, search, draw, score and align: figures and tokens that come of it."""
    model, figures = trained(sets, precision, device)
    compute = Compute(torch.device(device), precision)
    padded, lengths = (torch.from_numpy(array) for array in pad_sources(GIVEN[0]))
    source, prepared = padded.to(compute.device), optimize_for_inference(model, compute)
    wide = Brief(beam_size=2, nbest=2, coverage_penalty=0.1, no_repeat_ngram=2)
    narrow = Brief(beam_size=1)
    with compute.autocast():
        found = search(prepared, source, lengths, wide) + search(prepared, source, lengths, narrow)
        found += sample(prepared, source, lengths, narrow, SamplingOptions())
    hypotheses = list(itertools.chain.from_iterable(found))
    figures += [one.score for one in hypotheses] + [one.log_prob for one in score_pairs(model, *GIVEN)]
    for forced in force_decode(model, *GIVEN):
        figures += [forced.log_prob, float(forced.weights[0].max())]
    return figures, [one.tokens for one in hypotheses]


@pytest.mark.parametrize(("sets", "precision"), networks())
def test_a_network_does_on_a_gpu_what_it_does_on_a_cpu(monkeypatch, sets, precision):
    monkeypatch.setitem(LOOKS, "cuda", 2)
    with pretended_cuda():
        figures, written = parts(sets, precision, "cuda")
    assert all(np.isfinite(figures))
    if precision == "fp32":
        others, other_written = parts(sets, precision, "cpu")
        assert figures == pytest.approx(others, abs=2e-3)
        assert written == other_written


# --- what costs time on a GPU: kernels that are started, and waiting for them --------------------------------------


def per_step(count: Callable[[int], Trace]) -> tuple[float, float]:
    """Kernels and waits that each of many steps adds to few of them."""
    few, many = count(8), count(24)
    difference = [
        sum(getattr(many, kind).values()) - sum(getattr(few, kind).values()) for kind in ("launches", "waits")
    ]
    return difference[0] / 16, difference[1] / 16


def of_training(sets: list[str]) -> Callable[[int], Trace]:
    """What a training step over sentences of so many tokens asks for."""

    def count(tokens: int) -> Trace:
        with pretended_cuda() as trace:
            model, config = network(sets, "cuda")
            stepper = training_step(model, config, Compute(torch.device("cuda"), "bf16"))
            batch = make_batch([[5, 6]] * 2, [[7] * (tokens - 1)] * 2)
            stepper.step([batch], learning_rate=0.01, teacher_forcing=1.0)
            trace.clear()
            stepper.step([batch], learning_rate=0.01, teacher_forcing=1.0)
            assert not trace.waits
            return trace

    return count


def of_search(sets: list[str], beam_size: int) -> Callable[[int], Trace]:
    """What a search asks for that runs for so many steps."""

    def count(steps: int) -> Trace:
        with pretended_cuda() as trace:
            model, _ = network(sets, "cuda")
            with torch.no_grad():
                model.output.bias[EOS] = -1e4
            compute = Compute(torch.device("cuda"), "bf16")
            prepared = optimize_for_inference(model.eval(), compute)
            padded, lengths = (torch.from_numpy(array) for array in pad_sources([[5, 6], [7]]))
            trace.clear()
            options = SearchOptions(beam_size=beam_size, max_length_ratio=(steps - 10) / 3, pruning=1.3)
            with compute.autocast():
                search(prepared, padded.to(compute.device), lengths, options)
            return trace

    return count


@pytest.mark.parametrize(
    ("style", "cell", "score", "most"),
    [
        ("bahdanau", "gru", "additive", 56),
        ("bahdanau", "gru", "general", 71),
        ("bahdanau", "lstm", "additive", 107),
        ("luong", "lstm", "additive", 0),  # nothing is done step by step
        ("feeding", "gru", "additive", 64),
        ("feeding", "lstm", "additive", 134),
    ],
)
def test_a_training_step_starts_few_kernels_a_token_and_never_waits(style, cell, score, most):
    launches, waits = per_step(of_training(settings(style, cell, score, "last", "one")))
    assert launches <= most
    assert waits == 0


@pytest.mark.parametrize(("beam_size", "most"), [(1, 67), (5, 145)])
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_a_step_of_search_starts_few_kernels_and_waits_for_its_looks_alone(monkeypatch, style, cell, beam_size, most):
    monkeypatch.setitem(LOOKS, "cuda", 8)  # a look starts kernels of its own
    launches, waits = per_step(of_search(settings(style, cell, "additive", "bridge", "one"), beam_size))
    assert launches <= most
    assert waits <= 1 / 8


# --- whole commands --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_prepared_toy(tmp_path_factory.mktemp("pretended"))


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


def whole() -> list[object]:
    """Networks for whole commands, each with every style, cell and precision somewhere; one in the quick tests."""
    kinds = [
        ("bahdanau", "gru", "additive", "bridge", "one", "bf16"),
        ("bahdanau", "lstm", "coverage", "last", "more", "fp32"),
        ("luong", "gru", "general", "zeros", "more", "fp32"),
        ("luong", "lstm", "additive", "last", "one", "bf16"),
        ("feeding", "gru", "additive", "last", "one", "fp32"),
        ("feeding", "lstm", "location", "bridge", "more", "bf16"),
    ]
    return [
        pytest.param(settings(*kind[:5]), kind[5], id=" ".join(kind), marks=[pytest.mark.slow] if place else [])
        for place, kind in enumerate(kinds)
    ]


@pytest.mark.parametrize(("sets", "precision"), whole())
def test_commands_do_on_a_gpu_what_they_do_on_a_cpu(folder, monkeypatch, sets, precision):
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


def test_a_search_in_int8_is_for_a_cpu_and_stops_no_training_on_a_gpu(folder, monkeypatch):
    monkeypatch.chdir(folder)
    sets = [*settings("luong", "gru", "general", "bridge", "one"), "name=int8"]
    config = load_config(Path("toy.yaml"), [*SIZES, *BRIEF, *sets, "training.max_steps=1", "decoding.precision=int8"])
    with pretended_cuda():
        assert train(config, force=True).state.best_step == 1
        with pytest.raises(UserError, match="int8 is for a CPU"):
            Translator.load("runs/int8", device="cuda")
        assert choose_compute("auto", "int8").device.type == "cpu"
