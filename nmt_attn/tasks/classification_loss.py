"""A batch of labelled texts on the device that computes, and its loss."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from nmt_attn.corpus.batches import Ids
from nmt_attn.device import Compute
from nmt_attn.kernels.output_loss import TokenLoss
from nmt_attn.model.classifier import ClassificationModel


@dataclass(frozen=True)
class LabelledBatch:
    """Labelled texts as padded arrays."""

    source: Ids  # (B, S): tokens and EOS
    source_lengths: Ids  # (B)
    labels: Ids  # (B)

    @property
    def tokens(self) -> int:
        """Number of labels, over which the loss is a mean."""
        return len(self.labels)


@dataclass(frozen=True)
class ClassificationLoss:
    """The loss of a network over batches; see :class:`nmt_attn.tasks.task.Loss`."""

    model: ClassificationModel
    compute: Compute
    label_smoothing: float = 0.0
    class_weights: Tensor | None = None  # (L), on the device

    def __call__(self, batch: LabelledBatch, teacher_forcing: float = 1.0) -> TokenLoss:
        """Sum the cross-entropy over the texts of a batch; nothing is forced here.

        With smoothing ε the reference distribution is 1 - ε on the label plus ε spread evenly over all labels. The loss
        of a text counts as often as the weight of its label says.
        """
        source, labels = _moved(batch.source, self.compute.device), _moved(batch.labels, self.compute.device)
        with self.compute.autocast():
            logits = self.model(source, torch.from_numpy(batch.source_lengths)).logits
        logits = logits.to(self.model.output.weight.dtype)  # of bf16 to fp32
        losses = F.cross_entropy(logits, labels, reduction="none", label_smoothing=self.label_smoothing)  # (B)
        if self.class_weights is not None:
            losses = losses * self.class_weights[labels]
        return TokenLoss(losses.sum(), F.cross_entropy(logits.detach(), labels, reduction="sum"))


def _moved(array: Ids, device: torch.device) -> Tensor:
    """Move an array; to a GPU without waiting for it."""
    tensor = torch.from_numpy(array)
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor
