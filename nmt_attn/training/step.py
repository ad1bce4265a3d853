"""One step of the optimiser: forward, backward, clipping, update. It is skipped if loss or gradient are not finite."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils import clip_grad_norm_, get_total_norm

from nmt_attn.config.schema import TrainingConfig
from nmt_attn.device import Compute
from nmt_attn.distributed.group import ALONE
from nmt_attn.errors import is_out_of_memory
from nmt_attn.kernels.cuda_graphs import GraphCache, replaying
from nmt_attn.kernels.output_loss import TokenLoss
from nmt_attn.model.trainable import TrainableModel
from nmt_attn.tasks.task import Batch, Loss
from nmt_attn.training.consensus import Consensus
from nmt_attn.training.exchange import GradientExchange
from nmt_attn.training.optimiser import set_learning_rate


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
        consensus: of the processes that train; None: this one alone.
        seed: from which, with several processes, the random numbers of each step and process are made.
    """

    def __init__(
        self,
        model: TrainableModel,
        optimiser: torch.optim.Adam,
        compute: Compute,
        settings: TrainingConfig,
        loss: Loss,
        consensus: Consensus | None = None,
        seed: int = 1,
    ) -> None:
        self.model, self.optimiser, self.compute, self.settings = model, optimiser, compute, settings
        self.loss, self.seed, self.consensus = loss, seed, consensus or Consensus(ALONE)
        self.group = self.consensus.group
        self.exchange: GradientExchange | None = None
        if self.group.size > 1:
            self.exchange = GradientExchange(model.parameters(), self.group, settings.gradient_compression)
        self.graphs = GraphCache() if settings.cuda_graphs and compute.device.type == "cuda" else None

    def step(
        self,
        batches: Sequence[Batch],
        *,
        learning_rate: float,
        teacher_forcing: float,
        tokens: int | None = None,
        number: int = 0,
    ) -> StepResult:
        """Do one step over one or several batches; the loss is the mean over all their tokens.

        Args:
            batches: what this process is to learn from, which with several processes may be none.
            learning_rate: of this step.
            teacher_forcing: share of target tokens read from the reference.
            tokens: of the batches of all processes; None: of these.
            number: of the step, from 0.

        Raises:
            RuntimeError: memory is short (see :func:`~nmt_attn.errors.is_out_of_memory`), for this or another process;
                weights and moments are unchanged.
        """
        loss = self.agreed_gradients(batches, tokens, teacher_forcing, number)
        if self.exchange is not None:
            loss = TokenLoss(*self.exchange(loss.objective, loss.cross_entropy))
        skipped = torch.isfinite(self._clip() + loss.objective).logical_not()
        set_learning_rate(self.optimiser, learning_rate)
        # How torch's GradScaler tells a fused optimiser to leave weights and moments alone: the device decides by
        # itself, and nothing waits for it.
        self.optimiser.found_inf = skipped.to(torch.float32)  # type: ignore[attr-defined]
        self.optimiser.step()
        return StepResult(loss.cross_entropy.masked_fill(skipped, 0.0), skipped)

    def agreed_gradients(
        self, batches: Sequence[Batch], tokens: int | None = None, teacher_forcing: float = 1.0, number: int = 0
    ) -> TokenLoss:
        """Do the same as :meth:`gradients`; where memory is short for one process, the error is raised in all.

        With several processes each has random numbers of its own, which depend on nothing but seed, step and rank.
        """
        if self.group.size == 1:
            return self.gradients(batches, tokens, teacher_forcing)
        torch.manual_seed(int(np.random.SeedSequence([self.seed, number, self.group.rank]).generate_state(1)[0]))
        loss, failed = None, False
        try:
            loss = self.gradients(batches, tokens, teacher_forcing)
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            failed = True
        if self.consensus.exchange(failed=failed) or loss is None:
            raise RuntimeError("DefaultCPUAllocator: out of memory in one of the processes")
        return loss

    def gradients(self, batches: Sequence[Batch], tokens: int | None = None, teacher_forcing: float = 1.0) -> TokenLoss:
        """Leave the gradient of the mean loss in the weights, and return the summed loss, detached.

        Args:
            batches: what to compute it on.
            tokens: by which the sum is divided; None: the tokens of the batches.
            teacher_forcing: share of target tokens read from the reference.
        """
        tokens = sum(batch.tokens for batch in batches) if tokens is None else tokens
        self.optimiser.zero_grad()
        losses = []
        for batch in batches:
            with replaying(self.graphs):
                loss = self.loss(batch, teacher_forcing)
            (loss.objective / tokens).backward()
            losses.append(TokenLoss(loss.objective.detach(), loss.cross_entropy.detach()))
        if not losses:
            zero = torch.zeros((), device=self.compute.device)
            return TokenLoss(zero, zero)
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
