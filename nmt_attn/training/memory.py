"""Steps in as many parts as the memory of a device asks for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch

from nmt_attn.errors import NmtError, is_out_of_memory
from nmt_attn.tasks.task import Batch, Batches, Ids
from nmt_attn.training.state import TrainingState
from nmt_attn.training.step import StepResult, TrainingStep

Result = TypeVar("Result")


@dataclass(frozen=True)
class CountedStep:
    """A step, and the target tokens that it has learned from."""

    result: StepResult
    tokens: int


class StepWithinMemory:
    """Halves the batches of a step where memory is short; the parts are added up, so the step stays the same.

    Args:
        step: what is done.
        state: of the training; keeps how many parts each batch is computed in.
        notice: is told when there are more.
        example: the name of what a batch is made of.
    """

    def __init__(
        self, step: TrainingStep, state: TrainingState, notice: Callable[[str], None], example: str = "example"
    ) -> None:
        self.step, self.state, self.notice, self.example = step, state, notice, example

    def __call__(
        self, source: Batches, batches: Sequence[Ids], *, learning_rate: float, teacher_forcing: float
    ) -> CountedStep:
        """Do one step of the optimiser over one or several batches.

        Raises:
            NmtError: a single example is too much for the memory.
        """
        number = self.state.step
        rates = {"learning_rate": learning_rate, "teacher_forcing": teacher_forcing}
        return self._within(
            source,
            batches,
            lambda built, tokens: CountedStep(self.step.step(built, tokens=tokens, number=number, **rates), tokens),
        )

    def try_largest_batch(self, batches: Batches, together: int) -> None:
        """Compute the gradient of the batch that takes most memory, before hours have gone into the others.

        Args:
            batches: of the training.
            together: batches of one step.
        """
        device = self.step.compute.device
        self.step.model.train()
        with torch.random.fork_rng([device] if device.type == "cuda" else []):
            self._within(batches, [batches.largest()] * together, self.step.agreed_gradients)
        self.step.optimiser.zero_grad()

    def _within(self, source: Batches, batches: Sequence[Ids], compute: Callable[[list[Batch], int], Result]) -> Result:
        alone = self.step.group.size == 1
        mine = batches if alone else [ids for ids in map(source.own_part, batches) if len(ids)]
        while True:
            parts = self.state.batch_parts
            built = [source.batch(part) for ids in mine for part in np.array_split(ids, min(parts, len(ids)))]
            tokens = sum(batch.tokens for batch in built) if alone else sum(map(source.tokens, batches))
            try:
                return compute(built, tokens)
            except RuntimeError as error:
                if not is_out_of_memory(error):
                    raise
                # What did not fit is freed only when the error is gone.
            self._halve(max(len(ids) for ids in batches))

    def _halve(self, sentences: int) -> None:
        """Cut batches, of which the largest has so many sentences, into twice as many parts from now on."""
        self.step.optimiser.zero_grad()
        self.step.free_graphs()
        if self.state.batch_parts >= sentences:
            raise NmtError(
                f"out of memory with a single {self.example}, after {self.state.step} steps; the last checkpoint is "
                "kept. A smaller model needs less, and so does a shorter limit in data.filter"
            )
        self.state.batch_parts *= 2
        if self.step.compute.device.type == "cuda":
            torch.cuda.empty_cache()
        self.notice(f"out of memory: every batch is now computed in {self.state.batch_parts} parts, to the same effect")
