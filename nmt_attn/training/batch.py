"""A batch on the device that computes."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from nmt_attn.corpus.batches import Batch


@dataclass(frozen=True)
class DeviceBatch:
    """The tensors of a :class:`~nmt_attn.corpus.batches.Batch`."""

    source: Tensor  # (B, S)
    source_lengths: Tensor  # (B)
    targets: Tensor  # (B, T)
    positions: Tensor  # (N)
    labels: Tensor  # (N)

    def real(self, readouts: Tensor) -> Tensor:
        """The readouts of real target tokens: (B, T, E) to (N, E)."""
        flat = readouts.reshape(-1, readouts.shape[-1])
        return flat if len(self.positions) == len(flat) else flat.index_select(0, self.positions)


def to_device(batch: Batch, device: torch.device) -> DeviceBatch:
    """Move a batch; to a GPU without waiting for it."""
    arrays = (batch.source, batch.source_lengths, batch.targets, batch.positions, batch.labels)
    tensors = [torch.from_numpy(array) for array in arrays]
    if device.type == "cuda":
        tensors = [tensor.pin_memory().to(device, non_blocking=True) for tensor in tensors]
    return DeviceBatch(*tensors)
