"""One step of the optimiser: forward, backward, clipping, update. It is skipped if loss or gradient are not finite."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.utils import clip_grad_norm_, get_total_norm

from nmt_attn.config.schema import TrainingConfig
from nmt_attn.device import Compute
from nmt_attn.kernels.cuda_graphs import GraphCache, replaying
from nmt_attn.kernels.output_loss import TokenLoss
from nmt_attn.model.trainable import TrainableModel
from nmt_attn.tasks.task import Batch, Loss
from nmt_attn.training.optimiser import set_learning_rate
from nmt_attn.training.process_group import ProcessGroup, SingleProcess


@dataclass(frozen=True)
class StepResult:
    """The result of a step, still on the device: reading it would wait for the step to finish."""

    cross_entropy: Tensor  # (), summed over the target tokens, nats; 0 where the step was skipped
    skipped: Tensor  # (), 1 where the loss or the gradient was not finite and nothing has been learned, else 0


class TrainingStep:
    """The steps of a training.

    Args:
        model: the network.
        optimiser: a fused Adam over its weights.
        compute: the device and the precision.
        settings: the training section of the configuration, for clipping.
        loss: the loss of the network over a batch.
        group: the processes that train; the loss is divided by the tokens of all of them.
    """

    def __init__(
        self,
        model: TrainableModel,
        optimiser: torch.optim.Adam,
        compute: Compute,
        settings: TrainingConfig,
        loss: Loss,
        group: ProcessGroup | None = None,
    ) -> None:
        self.model, self.optimiser, self.compute, self.settings = model, optimiser, compute, settings
        self.loss, self.group = loss, group or SingleProcess()
        self.graphs = GraphCache() if settings.cuda_graphs and compute.device.type == "cuda" else None

    def step(self, batches: Sequence[Batch], *, learning_rate: float, teacher_forcing: float) -> StepResult:
        """Do one step over one or several batches; the loss is the mean over all their tokens.

        Raises:
            RuntimeError: memory is short (see :func:`~nmt_attn.errors.is_out_of_memory`); weights and moments are
                unchanged.
        """
        loss = self.gradients(batches, teacher_forcing)
        skipped = torch.isfinite(self._clip() + loss.objective).logical_not()
        set_learning_rate(self.optimiser, learning_rate)
        # How torch's GradScaler tells a fused optimiser to leave weights and moments alone: the device decides by
        # itself, and nothing waits for it.
        self.optimiser.found_inf = skipped.to(torch.float32)  # type: ignore[attr-defined]
        self.optimiser.step()
        return StepResult(loss.cross_entropy.masked_fill(skipped, 0.0), skipped)

    def gradients(self, batches: Sequence[Batch], teacher_forcing: float = 1.0) -> TokenLoss:
        """Leave the gradient of the mean loss in the weights, and return the summed loss, detached."""
        tokens = self.group.sum(sum(batch.tokens for batch in batches))
        self.optimiser.zero_grad()
        losses = []
        for batch in batches:
            with replaying(self.graphs):
                loss = self.loss(batch, teacher_forcing)
            (loss.objective / tokens).backward()
            losses.append(TokenLoss(loss.objective.detach(), loss.cross_entropy.detach()))
        if len(losses) == 1:
            return losses[0]
        return TokenLoss(
            torch.stack([loss.objective for loss in losses]).sum(),
            torch.stack([loss.cross_entropy for loss in losses]).sum(),
        )

    def free_graphs(self) -> None:
        """Free the memory of recorded CUDA graphs because it is short; no more graphs are recorded."""
        if self.graphs is not None:
            self.graphs.clear()

    def _clip(self) -> Tensor:
        """Clip the gradient, and return its norm before clipping."""
        if self.settings.clip_norm is not None:
            return clip_grad_norm_(self.model.parameters(), self.settings.clip_norm)
        return get_total_norm([weight.grad for weight in self.model.parameters() if weight.grad is not None])
