"""What the training loop asks of a task, whatever is learned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from nmt_attn.device import Compute
from nmt_attn.kernels.output_loss import TokenLoss
from nmt_attn.model.trainable import TrainableModel
from nmt_attn.progress import Watch, unwatched

Ids = NDArray[np.int64]
"""The numbers of the examples of a batch."""


class Batch(Protocol):
    """The examples of a batch, as arrays."""

    @property
    def tokens(self) -> int:
        """The number of what the loss is a mean over: target tokens, or labels."""
        ...


class Batches(Protocol):
    """The batches that a task is trained on."""

    @property
    def batch_tokens(self) -> int:
        """The most tokens in a batch."""
        ...

    def __len__(self) -> int:
        """Return the number of examples."""
        ...

    def epoch(self, epoch: int) -> list[Ids]:
        """Return the batches of an epoch, each as the numbers of its examples; the same for the same epoch."""
        ...

    def in_order(self) -> list[Ids]:
        """Return all examples once, in batches of rising length that depend on no seed."""
        ...

    def largest(self) -> Ids:
        """Return the batch that takes most memory."""
        ...

    def batch(self, ids: Ids) -> Batch:
        """Return the arrays of one batch."""
        ...

    def tokens(self, ids: Ids) -> int:
        """Return the number of what the loss is a mean over in a batch; asked for with several processes only."""
        ...

    def own_part(self, ids: Ids) -> Ids:
        """Return what of a batch this process learns from, perhaps nothing; asked for with several processes only."""
        ...


class Loss(Protocol):
    """The loss of a model, on its device."""

    def __call__(self, batch: Any, teacher_forcing: float = 1.0) -> TokenLoss:
        """Sum the loss over a batch; ``teacher_forcing`` is the share of target tokens read from the reference."""
        ...


@dataclass(frozen=True)
class Standing:
    """The figures of an evaluation by which the best checkpoint is chosen."""

    score: float  # that of the deciding metric, higher is better
    exact: float | None = None  # outputs that are right as a whole, percent
    loss: float | None = None


@dataclass(frozen=True)
class Sample:
    """An example for people to look at."""

    source: str
    output: str
    reference: str


class Evaluation(Protocol):
    """The outcome of a look at the validation data."""

    @property
    def loss(self) -> float:
        """The mean loss, nats, without label smoothing, not rounded."""
        ...

    @property
    def samples(self) -> Sequence[Sample]:
        """Some examples, to be looked at."""
        ...

    def values(self) -> Mapping[str, object]:
        """Return what is logged of it."""
        ...


@dataclass(frozen=True)
class Decided:
    """What a training decides once about its evaluations, and keeps when it is resumed; None: not decided yet."""

    metric: str | None = None  # that chooses the best checkpoint
    tokenizer: str | None = None  # with which BLEU cuts text, as sacreBLEU calls it


class Evaluator(Protocol):
    """A look at the validation data, the same each time."""

    @property
    def decided(self) -> Decided:
        """What it goes by."""
        ...

    @property
    def notes(self) -> list[str]:
        """Lines for people: what is evaluated, and what the best checkpoint goes by."""
        ...

    @property
    def compares_with_earlier(self) -> bool:
        """Whether the best score that the training has kept so far was computed as this evaluator does it."""
        ...

    def run(self, watch: Watch = unwatched) -> Evaluation:
        """Evaluate, and tell ``watch`` how far it is; the model is left in the mode it was in."""
        ...

    def standing(self, evaluation: Any) -> Standing:
        """Return the figures that decide, from what :meth:`run` has returned."""
        ...

    def rank(self, standing: Standing) -> tuple[float, ...]:
        """Order checkpoints: of two the one with the higher rank is better."""
        ...

    def attention(self, evaluation: Any, count: int) -> Sequence[object]:
        """Return the attention over at most so many samples of the last evaluation; none where there is no attention.

        It is an :class:`~nmt_attn.decoding.alignment.Alignment`, a
        :class:`~nmt_attn.classification.weighed_text.WeighedText`, or anything that can be drawn.
        """
        ...

    def line(self, evaluation: Any) -> str:
        """Say an evaluation in a line, as short as people can use it."""
        ...


class Task(Protocol):
    """A task with its data."""

    @property
    def example(self) -> str:
        """The name of one example, for messages."""
        ...

    @property
    def examples(self) -> str:
        """The name of many of them."""
        ...

    @property
    def unit(self) -> str:
        """The name of many of what the loss is a mean over, such as target tokens."""
        ...

    @property
    def training_tokens(self) -> int:
        """The number of tokens of an epoch, as batches are measured in."""
        ...

    @property
    def reference_tokens(self) -> int:
        """The tokens of the batch for which learning rates are given, and which keeps a CPU busy."""
        ...

    def make_model(self) -> TrainableModel:
        """Make a network with random weights."""
        ...

    def batches(self, batch_tokens: int) -> Batches:
        """Make the batches of the training data."""
        ...

    def loss(self, model: Any, compute: Compute) -> Loss:
        """Return the loss of a network that :meth:`make_model` has made."""
        ...

    def evaluator(self, model: Any, batch_tokens: int, decided: Decided) -> Evaluator | None:
        """Make the look at the validation data; None if there is none.

        Args:
            model: what :meth:`make_model` has made, or a copy of it.
            batch_tokens: tokens in a batch.
            decided: what a training that is resumed has decided before.

        Raises:
            UserError: something that is needed is not installed.
            InputError: what was decided is not known.
        """
        ...
