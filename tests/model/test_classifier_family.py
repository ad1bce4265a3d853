"""Every combination of cell, score, depth and option of a classifier, held to the formulas and to each other."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from nmt_attn.classification.reading import read_texts
from nmt_attn.config.schema import ModelConfig
from nmt_attn.device import Compute
from nmt_attn.inference.classifier import freeze_classifier
from nmt_attn.model.classifier import ClassificationModel
from nmt_attn.tasks.classification_loss import ClassificationLoss, LabelledBatch
from nmt_attn.text.tokenizer import EOS, PAD
from tests.model.literal import LiteralClassifier

CPU = Compute(torch.device("cpu"), "fp32")
SCORES = ["dot", "scaled_dot", "general", "additive", "location", "none", "mean", "max"]
TEXTS = [[5, 6, 7, 8, 9], [4], [9, 9, 3]]  # without EOS
LABELS = [2, 0, 1]
ALL = [
    pytest.param(cell, score, layers, norm, size, id=f"{cell}-{score}-{layers}-{norm}-{size}")
    for (cell, score, layers), (norm, size) in zip(
        itertools.product(["gru", "lstm"], SCORES, [1, 2, 3, 4]),
        itertools.cycle([(False, 4), (False, 0), (True, 4), (False, 4), (True, 0)]),
        strict=False,
    )
]


@pytest.fixture(autouse=True)
def _double_precision() -> Iterator[None]:
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def make(cell: str, score: str, layers: int, norm: bool, size: int, **model: object) -> ClassificationModel:
    """A network in double precision all of whose weights count, biases too."""
    config = ModelConfig.model_validate(
        {
            "cell": cell,
            "embedding_size": 5,
            "layer_norm": norm,
            "encoder": {"layers": layers, "hidden_size": 3},
            # Fewer positions than the longest text has.
            "attention": {"score": score, "size": 4, "max_positions": 4},
            "classifier": {"size": size, "dropout": 0.0},
            **model,
        }
    )
    torch.manual_seed(0)
    network = ClassificationModel(config, 12, 3).double()
    for name, weight in network.weights().items():
        if weight.dim() == 1:
            torch.nn.init.normal_(weight, mean=1.0 if "norm.weight" in name else 0.0, std=0.3)
    return network.eval()


def batch_of(texts: list[list[int]], labels: list[int]) -> LabelledBatch:
    lengths = np.array([len(text) + 1 for text in texts])
    source = np.full((len(texts), lengths.max()), PAD)
    for row, text in enumerate(texts):
        source[row, : len(text) + 1] = [*text, EOS]
    return LabelledBatch(source, lengths, np.array(labels))


@pytest.mark.parametrize(("cell", "score", "layers", "norm", "size"), ALL)
def test_loss_and_gradients_are_those_of_the_formulas(cell, score, layers, norm, size):
    model = make(cell, score, layers, norm, size)
    literal = LiteralClassifier(model.config, model.weights())
    smoothing, weights = 0.1, torch.tensor([0.5, 1.0, 2.0])
    expected = torch.zeros(())
    for text, label in zip(TEXTS, LABELS, strict=True):
        log_probs = literal.log_probabilities([*text, EOS])
        expected = expected - weights[label] * ((1 - smoothing) * log_probs[label] + smoothing * log_probs.mean())
    loss = ClassificationLoss(model, CPU, smoothing, weights)(batch_of(TEXTS, LABELS)).objective
    torch.testing.assert_close(loss, expected, rtol=1e-10, atol=1e-10)
    compare_gradients(model, loss, expected)


def compare_gradients(model: ClassificationModel, mine: torch.Tensor, theirs: torch.Tensor) -> None:
    weights = model.weights()
    found = torch.autograd.grad(mine, list(weights.values()), allow_unused=True)
    wanted = torch.autograd.grad(theirs, list(weights.values()), allow_unused=True)
    for name, one, other in zip(weights, found, wanted, strict=True):
        if one is None or other is None:
            assert all(gradient is None or not gradient.any() for gradient in (one, other)), name
        else:
            torch.testing.assert_close(one, other, rtol=1e-7, atol=1e-9, msg=lambda text, name=name: f"{name}: {text}")


@pytest.mark.parametrize(("cell", "score", "layers", "norm", "size"), ALL)
def test_probabilities_and_attention_are_those_of_the_formulas(cell, score, layers, norm, size):
    model = make(cell, score, layers, norm, size)
    literal = LiteralClassifier(model.config, model.weights())
    batch = batch_of(TEXTS, LABELS)
    found = model(torch.from_numpy(batch.source), torch.from_numpy(batch.source_lengths))
    log_probs = torch.log_softmax(found.logits, dim=-1)
    for row, text in enumerate(TEXTS):
        expected = literal.log_probabilities([*text, EOS])
        torch.testing.assert_close(log_probs[row], expected, rtol=1e-10, atol=1e-10)
        weights = found.weights[row]
        torch.testing.assert_close(weights[: len(text) + 1], literal.attentions[0], rtol=1e-10, atol=1e-10)
        assert weights[len(text) + 1 :].eq(0).all()  # padding


@pytest.mark.parametrize(("cell", "score", "layers", "norm", "size"), ALL)
def test_a_text_gets_the_same_label_alone_in_a_batch_and_in_any_order(cell, score, layers, norm, size):
    model = make(cell, score, layers, norm, size)
    device = torch.device("cpu")
    together = read_texts(model, TEXTS, 1000, device, attention=True)
    for order in itertools.permutations(range(len(TEXTS))):
        for batch_tokens in (1, 7, 1000):
            again = read_texts(model, [TEXTS[place] for place in order], batch_tokens, device, attention=True)
            np.testing.assert_allclose(again.log_probs, together.log_probs[list(order)], rtol=1e-10)
            for place, weights in zip(order, again.weights, strict=True):
                np.testing.assert_allclose(weights, together.weights[place], rtol=1e-6)


@pytest.mark.parametrize("cell", ["gru", "lstm"])
@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize(("precision", "tolerance"), [("fp32", 1e-5), ("bf16", 0.03), ("int8", 0.05)])
def test_the_frozen_classifier_gives_the_same(cell, score, precision, tolerance):
    torch.set_default_dtype(torch.float32)
    model = make(cell, score, 2, False, 4).float()
    texts = [
        torch.randint(4, 12, (length,), generator=torch.Generator().manual_seed(length)).tolist()
        for length in range(1, 30)
    ]
    device = torch.device("cpu")
    plain = read_texts(model, texts, 100, device, attention=True)
    network = freeze_classifier(model, Compute(device, precision))
    frozen = read_texts(network, texts, 100, device, attention=True)
    np.testing.assert_allclose(np.exp(frozen.log_probs), np.exp(plain.log_probs), atol=tolerance)
    for one, other in zip(frozen.weights, plain.weights, strict=True):
        np.testing.assert_allclose(one, other, atol=tolerance)


def test_dropout_is_for_training_alone():
    model = make("lstm", "additive", 1, False, 4, classifier={"size": 4, "dropout": 0.5}, dropout=0.5).train()
    source, lengths = torch.tensor([[5, 6, EOS]]), torch.tensor([3])
    assert not torch.equal(model(source, lengths).logits, model(source, lengths).logits)
    model.eval()
    assert torch.equal(model(source, lengths).logits, model(source, lengths).logits)
