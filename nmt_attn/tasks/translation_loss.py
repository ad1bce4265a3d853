"""A batch on the device that computes, and its loss."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from nmt_attn.corpus.batches import Batch
from nmt_attn.device import Compute
from nmt_attn.kernels.output_loss import TokenLoss, output_loss
from nmt_attn.model.network import TranslationModel


@dataclass(frozen=True)
class DeviceBatch:
    """The tensors of a :class:`~nmt_attn.corpus.batches.Batch`."""

    source: Tensor  # (B, S)
    source_lengths: Tensor  # (B), on the CPU, which has to know them where sequences are packed
    targets: Tensor  # (B, T)
    positions: Tensor  # (N)
    labels: Tensor  # (N)

    def real(self, readouts: Tensor) -> Tensor:
        """Take the readouts of real target tokens: (B, T, R) to (N, R)."""
        flat = readouts.reshape(-1, readouts.shape[-1])
        return flat if len(self.positions) == len(flat) else flat.index_select(0, self.positions)


def to_device(batch: Batch, device: torch.device) -> DeviceBatch:
    """Move a batch; to a GPU without waiting for it."""
    arrays = (batch.source, batch.source_lengths, batch.targets, batch.positions, batch.labels)
    source, lengths, *others = (torch.from_numpy(array) for array in arrays)
    if device.type == "cuda":
        source, lengths, *others = (tensor.pin_memory() for tensor in (source, lengths, *others))
        source, *others = (tensor.to(device, non_blocking=True) for tensor in (source, *others))
    return DeviceBatch(source, lengths, *others)


@dataclass(frozen=True)
class TranslationLoss:
    """The loss of a network over batches; see :class:`nmt_attn.tasks.task.Loss`."""

    model: TranslationModel
    compute: Compute
    label_smoothing: float = 0.0

    def __call__(self, batch: Batch, teacher_forcing: float = 1.0) -> TokenLoss:
        """Sum the loss over the real target tokens of a batch."""
        return batch_loss(
            self.model,
            to_device(batch, self.compute.device),
            self.compute,
            label_smoothing=self.label_smoothing,
            teacher_forcing=teacher_forcing,
        )


def batch_loss(
    model: TranslationModel,
    batch: DeviceBatch,
    compute: Compute,
    *,
    label_smoothing: float = 0.0,
    teacher_forcing: float = 1.0,
) -> TokenLoss:
    """Sum the loss over the real target tokens of a batch.

    Args:
        model: the network.
        batch: what to compute it on.
        compute: device and precision.
        label_smoothing: see :func:`~nmt_attn.kernels.output_loss.output_loss`.
        teacher_forcing: share of tokens read from the reference.
    """
    with compute.autocast():
        readouts = model(batch.source, batch.source_lengths, batch.targets, teacher_forcing)
        real = batch.real(readouts)
        return output_loss(real, model.output.weight, model.output.bias, batch.labels, label_smoothing)
