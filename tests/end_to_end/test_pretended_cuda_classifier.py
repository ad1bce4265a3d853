"""What a classifier would ask of a GPU, on one that is pretended: the same as a CPU, without waiting."""

from __future__ import annotations

import itertools
from contextlib import chdir
from pathlib import Path

import numpy as np
import pytest
import torch

from nmt_attn import Classifier
from nmt_attn.classification.reading import read_texts
from nmt_attn.config.loading import load_config
from nmt_attn.config.schema import Config
from nmt_attn.corpus.batches import pad_sources
from nmt_attn.corpus.prepare import prepare
from nmt_attn.device import Compute
from nmt_attn.inference.classifier import freeze_classifier
from nmt_attn.model.classifier import ClassificationModel
from nmt_attn.tasks.classification_loss import ClassificationLoss, LabelledBatch
from nmt_attn.training.optimiser import make_optimiser
from nmt_attn.training.step import TrainingStep
from nmt_attn.training.train import train
from tests.conftest import opinions, write_opinions
from tests.pretended_cuda import Trace, pretended_cuda

SCORES = ["dot", "scaled_dot", "general", "additive", "location", "none", "mean", "max"]
SIZES = ["task=classification", "model.embedding_size=8", "model.encoder.hidden_size=8", "model.dropout=0.0",
         "model.classifier.size=6", "model.classifier.dropout=0.0"]  # fmt: skip
TEXTS = [[5, 6, 7, 8], [9, 4], [5]]
WORDS, LABELS = 12, 3


def network(sets: list[str], device: str) -> tuple[ClassificationModel, Config]:
    """A network with random weights, the same on every device."""
    config = load_config(None, [*SIZES, *sets])
    torch.manual_seed(1)
    weights = ClassificationModel(config.model, WORDS, LABELS).weights()
    there = {name: weight.detach().to(torch.device(device)) for name, weight in weights.items()}
    return ClassificationModel.of_weights(config.model, WORDS, LABELS, there), config


def stepped(sets: list[str], precision: str, device: str, trace: Trace | None = None) -> list[float]:
    """Two training steps, then probabilities and attention: the figures that come of it."""
    model, config = network(sets, device)
    compute = Compute(torch.device(device), precision)
    weights = torch.tensor([0.5, 1.0, 1.5]).to(compute.device)
    loss = ClassificationLoss(model, compute, 0.1, weights)
    step = TrainingStep(model, make_optimiser(model, config.training), compute, config.training, loss)
    batch = LabelledBatch(*pad_sources(TEXTS), np.array([2, 0, 1]))
    results = [step.step([batch], learning_rate=1e-3, teacher_forcing=1.0)]
    if trace is not None:
        trace.clear()
    results.append(step.step([batch], learning_rate=1e-3, teacher_forcing=1.0))
    if trace is not None:
        assert not trace.waits
    read = read_texts(freeze_classifier(model.eval(), compute), TEXTS, 7, compute.device, attention=True)
    figures = [float(result.cross_entropy) for result in results]
    return figures + read.log_probs.flatten().tolist() + np.concatenate(read.weights).tolist()


@pytest.mark.parametrize(
    ("cell", "score", "precision"),
    [
        pytest.param(cell, score, precision, id=f"{cell} {score} {precision}")
        for (cell, score), precision in zip(
            itertools.product(["gru", "lstm"], SCORES), itertools.cycle(["fp32", "bf16", "bf16"]), strict=False
        )
    ],
)
def test_a_classifier_does_on_a_gpu_what_it_does_on_a_cpu_without_waiting(cell, score, precision):
    sets = [f"model.cell={cell}", f"model.attention.score={score}"]
    with pretended_cuda() as trace:
        figures = stepped(sets, precision, "cuda", trace)
    assert all(np.isfinite(figures))
    assert figures == pytest.approx(stepped(sets, precision, "cpu"), abs=2e-3 if precision == "fp32" else 5e-2)


@pytest.mark.parametrize("precision", ["fp32", pytest.param("bf16", marks=pytest.mark.slow)])
def test_whole_trainings_on_a_gpu(tmp_path, precision):
    texts = [text for _, text in opinions(9, seed=4)]
    with chdir(write_opinions(tmp_path)):

        def everything(device: str) -> np.ndarray:
            sets = [f"training.device={device}", f"training.precision={precision}", "training.validation.samples=0",
                    "model.dropout=0", "training.ema=0.9", "training.class_weights=balanced",
                    "training.batch_tokens=auto", "training.schedule.kind=constant"]  # fmt: skip
            train(load_config(Path("opinions.yaml"), [*sets, "training.max_steps=2"]), force=True)
            outcome = train(load_config(Path("opinions.yaml"), [*sets, "training.max_steps=3"]), resume=True)
            assert outcome.state.step == 3
            classifier = Classifier.load("runs/opinions", device=device)
            assert classifier.members[0].model.device.type == device
            assert len(classifier.weigh(texts[:1])) == 1
            return classifier.probabilities(texts)

        prepare(load_config(Path("opinions.yaml")))
        with pretended_cuda():
            on_gpu = everything("cuda")
        np.testing.assert_allclose(on_gpu, everything("cpu"), atol=0.05)
