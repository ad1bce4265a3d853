"""Every combination of cell, style, score, depth and option, held to the formulas and to each other."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from nmt_attn.config.schema import ModelConfig
from nmt_attn.corpus.batches import make_batch
from nmt_attn.device import Compute
from nmt_attn.model.network import TranslationModel
from nmt_attn.tasks.translation_loss import batch_loss, to_device
from nmt_attn.text.tokenizer import BOS, EOS
from tests.model.literal import Literal

CPU = Compute(torch.device("cpu"), "fp32")
STYLES = [("bahdanau", False), ("luong", False), ("luong", True)]
SCORES = ["dot", "scaled_dot", "general", "additive", "coverage", "location", "none"]
STARTS = ["bridge", "zeros", "last"]

SOURCES = [[5, 6, 7, 8, 9], [4], [9, 9, 3]]  # without EOS
TARGETS = [[7, 8], [5, 4, 6, 7], []]


def combinations() -> Iterator[dict[str, object]]:
    """Cell × style × score × layers; starts and layer normalisation take turns."""
    turn = itertools.cycle(itertools.product([False, True], STARTS))
    for cell, style, score, layers in itertools.product(["gru", "lstm"], STYLES, SCORES, [1, 2, 3, 4]):
        layer_norm, start = next(turn)
        if score == "none" and start == "zeros":
            start = "bridge"
        yield {"cell": cell, "style": style, "score": score, "layers": layers, "start": start, "norm": layer_norm}
    # The commonest ones with every start, with and without layer normalisation.
    for cell, style, start, norm in itertools.product(["gru", "lstm"], STYLES, STARTS, [False, True]):
        yield {"cell": cell, "style": style, "score": "additive", "layers": 1, "start": start, "norm": norm}


ALL = [pytest.param(one, id="-".join(str(value) for value in one.values())) for one in combinations()]


def configure(one: dict[str, object], **model: object) -> ModelConfig:
    style, feeding = one["style"]
    score, coverage = ("additive", True) if one["score"] == "coverage" else (one["score"], False)
    return ModelConfig.model_validate(
        {
            "cell": one["cell"],
            "embedding_size": 5,
            "tie_embeddings": "none",
            "layer_norm": one["norm"],
            "encoder": {"layers": one["layers"], "hidden_size": 3},
            "decoder": {
                "style": style,
                "layers": one["layers"],
                "hidden_size": 6,
                "input_feeding": feeding,
                "readout_size": 4,
                "start": one["start"],
            },
            # Fewer positions than the longest source has.
            "attention": {"score": score, "coverage": coverage, "max_positions": 4},
            **model,
        }
    )


def make(config: ModelConfig) -> TranslationModel:
    """A network in double precision all of whose weights count, biases too."""
    torch.manual_seed(0)
    model = TranslationModel(config, 12, 11).double()
    for name, weight in model.weights().items():
        if weight.dim() == 1:
            torch.nn.init.normal_(weight, mean=1.0 if "norm.weight" in name else 0.0, std=0.3)
    return model.eval()


@pytest.fixture(autouse=True)
def _double_precision() -> Iterator[None]:
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def padded(sequences: list[list[int]]) -> torch.Tensor:
    width = max(map(len, sequences))
    return torch.tensor([sequence + [1] * (width - len(sequence)) for sequence in sequences])


@pytest.mark.parametrize("one", ALL)
def test_loss_and_gradients_are_those_of_the_formulas(one):
    model = make(configure(one))
    literal = Literal(model.config, model.weights())
    pairs = list(zip(SOURCES, TARGETS, strict=True))
    expected = sum(literal.negative_log_likelihood([*source, EOS], [BOS, *target, EOS]) for source, target in pairs)
    arrays = [[np.array(sequence, dtype=np.int64) for sequence in side] for side in (SOURCES, TARGETS)]
    loss = batch_loss(model, to_device(make_batch(*arrays), CPU.device), CPU).objective
    torch.testing.assert_close(loss, expected, rtol=1e-9, atol=1e-9)
    weights = model.weights()
    found = torch.autograd.grad(loss, list(weights.values()), allow_unused=True)
    wanted = torch.autograd.grad(expected, list(weights.values()), allow_unused=True)
    for name, mine, theirs in zip(weights, found, wanted, strict=True):
        if mine is None or theirs is None:
            assert all(gradient is None or not gradient.any() for gradient in (mine, theirs)), name
        else:
            torch.testing.assert_close(
                mine, theirs, rtol=1e-7, atol=1e-9, msg=lambda text, name=name: f"{name}: {text}"
            )


@pytest.mark.parametrize("one", ALL)
def test_a_sentence_gets_the_same_readouts_alone_and_in_a_batch(one):
    model = make(configure(one))
    sources, targets = [[*source, EOS] for source in SOURCES], [[BOS, *target] for target in TARGETS]
    lengths = torch.tensor([len(source) for source in sources])
    together = model(padded(sources), lengths, padded(targets))
    for row, (source, target) in enumerate(zip(sources, targets, strict=True)):
        alone = model(torch.tensor([source]), lengths[row : row + 1], torch.tensor([target]))
        torch.testing.assert_close(together[row, : len(target)], alone[0])


@pytest.mark.parametrize("one", ALL)
def test_stepping_gives_the_readouts_of_teacher_forcing_and_attends_to_real_positions_only(one):
    model = make(configure(one))
    sources = [[*source, EOS] for source in SOURCES]
    targets = torch.tensor([[BOS, 7, 8, 4], [BOS, 5, 4, 6], [BOS, 5, 5, 5]])
    lengths = torch.tensor([len(source) for source in sources])
    forced = model(padded(sources), lengths, targets)
    start = model.encode(padded(sources), lengths)
    state, literal = start.state, Literal(model.config, model.weights())
    attentions = []
    for position in range(4):
        step = model.step(targets[:, position : position + 1], state, start.encoded)
        torch.testing.assert_close(step.readout[:, 0], forced[:, position])
        attentions.append(step.weights[:, 0])
        state = step.state
    for row, source in enumerate(sources):
        literal.readouts(source, targets[row].tolist())
        for position, expected in enumerate(literal.attentions):
            attention = attentions[position][row]
            torch.testing.assert_close(attention[: len(source)], expected)
            assert attention[len(source) :].eq(0).all()
            assert float(attention.sum().detach()) == pytest.approx(0.0 if one["score"] == "none" else 1.0)


@pytest.mark.parametrize("cell", ["gru", "lstm"])
@pytest.mark.parametrize(("style", "feeding"), STYLES)
def test_recurrent_dropout_keeps_its_mask_for_all_steps(cell, style, feeding):
    one = {"cell": cell, "style": (style, feeding), "score": "additive", "layers": 2, "start": "bridge", "norm": False}
    model = make(configure(one, dropout=0.0, recurrent_dropout=0.5)).train()
    source, lengths, targets = torch.tensor([[5, 6, EOS]]), torch.tensor([3]), torch.tensor([[BOS, 7, 8, 4]])
    torch.manual_seed(1)
    forced = model(source, lengths, targets)
    torch.manual_seed(1)
    start = model.encode(source, lengths)
    masks = [layer[-1] for layer in start.state.layers]
    assert all(set(mask.unique().tolist()) == {0.0, 2.0} for mask in masks)
    state = start.state
    for position in range(4):
        step = model.step(targets[:, position : position + 1], state, start.encoded)
        state = step.state
        assert all(torch.equal(layer[-1], mask) for layer, mask in zip(state.layers, masks, strict=True))
        torch.testing.assert_close(step.readout[:, 0], forced[:, position])
    assert not torch.equal(model(source, lengths, targets), forced)
    model.eval()
    assert torch.equal(model(source, lengths, targets), model(source, lengths, targets))


@pytest.mark.parametrize("side", ["encoder", "decoder"])
def test_word_dropout_drops_whole_words(side):
    one = {"cell": "gru", "style": ("luong", False), "score": "dot", "layers": 1, "start": "bridge", "norm": False}
    sizes = configure(one).model_dump()
    sizes[side]["word_dropout"] = 0.5
    model = make(ModelConfig.model_validate(sizes | {"dropout": 0.0})).train()
    dropped = getattr(model, side).word_dropout(torch.ones(50, 20, 5))
    assert set(dropped.unique().tolist()) == {0.0, 2.0}
    assert dropped.eq(dropped[:, :, :1]).all()
    assert 0.4 < float(dropped[:, :, 0].eq(0).double().mean()) < 0.6
