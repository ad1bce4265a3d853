"""A task of the tests' own, to count words, is trained by the loop that trains translation."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nmt_attn.config.schema import Config
from nmt_attn.errors import InputError
from nmt_attn.kernels.output_loss import TokenLoss
from nmt_attn.model.trainable import TrainableModel
from nmt_attn.progress import Watch, unwatched
from nmt_attn.runs.directory import RunDirectory
from nmt_attn.runs.metrics import read_metrics
from nmt_attn.tasks.selection import known_metric
from nmt_attn.tasks.task import Decided, Ids, Sample, Standing
from nmt_attn.training.trainer import Trainer

MOST = 8
EXAMPLES = 400


@dataclass(frozen=True)
class Counted:
    words: Tensor  # (B, MOST): 1 where there is a word
    counts: Tensor  # (B)

    @property
    def tokens(self) -> int:
        return len(self.counts)


@dataclass
class CountBatches:
    counts: np.ndarray
    batch_tokens: int
    epochs: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.counts)

    def epoch(self, epoch: int) -> list[Ids]:
        self.epochs.append(epoch)
        order = np.random.default_rng(epoch).permutation(len(self.counts))
        return np.array_split(order, -(-len(order) // self.batch_tokens))

    def in_order(self) -> list[Ids]:
        return np.array_split(np.arange(len(self.counts)), -(-len(self.counts) // self.batch_tokens))

    def largest(self) -> Ids:
        return self.in_order()[0]

    def batch(self, ids: Ids) -> Counted:
        counts = torch.from_numpy(self.counts[ids])
        return Counted((torch.arange(MOST) < counts.unsqueeze(1)).float(), counts)


class Counter(TrainableModel):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(MOST, MOST + 1)

    def forward(self, words: Tensor) -> Tensor:
        return self.layer(words)


@dataclass(frozen=True)
class Looked:
    loss: float
    accuracy: float
    samples: tuple[Sample, ...] = (Sample("a b", "2", "2"),)

    def values(self) -> dict[str, object]:
        return {"loss": self.loss, "accuracy": self.accuracy}


class CountEvaluator:
    decided = Decided(metric="accuracy")
    notes = ("words are counted",)
    compares_with_earlier = True

    def __init__(self, task: CountTask, model: Counter) -> None:
        self.task, self.model = task, model

    def run(self, watch: Watch = unwatched) -> Looked:
        batch = CountBatches(self.task.counts(seed=2), 100).batch(np.arange(100))
        with torch.no_grad():
            logits = self.model(batch.words)
        accuracy = float((logits.argmax(1) == batch.counts).float().mean())
        return Looked(float(F.cross_entropy(logits, batch.counts)), accuracy)

    def standing(self, evaluation: Looked) -> Standing:
        return Standing(evaluation.accuracy, loss=evaluation.loss)

    def rank(self, standing: Standing) -> tuple[float, ...]:
        return (standing.score,)

    def attention(self, evaluation: Looked, count: int) -> list[str]:
        return ["a", "b", "c", "d"][:count]

    def line(self, evaluation: Looked) -> str:
        return f"accuracy {evaluation.accuracy:.2f}"


class CountTask:
    example, examples, unit = "sentence", "sentences", "counts"
    training_tokens, reference_tokens = EXAMPLES, 64

    def counts(self, seed: int) -> np.ndarray:
        return np.random.default_rng(seed).integers(0, MOST + 1, EXAMPLES)

    def make_model(self) -> Counter:
        return Counter()

    def batches(self, batch_tokens: int) -> CountBatches:
        return CountBatches(self.counts(seed=1), batch_tokens)

    def loss(self, model: Counter, compute: Any) -> Any:
        def loss(batch: Counted, teacher_forcing: float = 1.0) -> TokenLoss:
            summed = F.cross_entropy(model(batch.words), batch.counts, reduction="sum")
            return TokenLoss(summed, summed.detach())

        return loss

    def evaluator(self, model: Counter, batch_tokens: int, decided: Decided) -> CountEvaluator:
        return CountEvaluator(self, model)


def trained(folder: Path, epochs: int, *, resume: bool = False) -> Trainer:
    settings = {"device": "cpu", "max_epochs": epochs, "batch_tokens": 20, "learning_rate": 0.1, "threads": 1,
                "schedule": {"kind": "constant"}}  # fmt: skip
    config = Config.model_validate({"name": "count", "training": settings})
    folder.mkdir(exist_ok=True)
    trainer = Trainer(config, CountTask(), RunDirectory(folder), resume=resume)
    trainer.train()
    return trainer


def test_another_task_is_learned_and_logged(tmp_path):
    trainer = trained(tmp_path / "run", 12)
    logged = list(read_metrics(tmp_path / "run" / "metrics.jsonl", "valid"))
    assert len(logged) == 12
    assert logged[0]["accuracy"] < logged[-1]["accuracy"] == 1.0
    assert {line["metric"] for line in logged} == {"accuracy"}
    assert trainer.state.best_step == next(line["step"] for line in logged if line["accuracy"] == 1.0)


def test_another_task_is_resumed_to_the_bit(tmp_path):
    whole = trained(tmp_path / "whole", 4)
    trained(tmp_path / "parts", 2)
    again = trained(tmp_path / "parts", 4, resume=True)
    assert 0 not in again.source.epochs
    for name, weight in whole.model.weights().items():
        assert torch.equal(weight, again.model.weights()[name])


def test_a_metric_of_another_task_is_refused():
    with pytest.raises(InputError, match="'accuracy', which is no metric here"):
        known_metric("accuracy")
    assert known_metric(None) is None
    assert known_metric("chrf") == "chrf"
