"""The device of each of several processes: a GPU of its own, or a share of the processors."""

from __future__ import annotations

import torch

from nmt_attn.distributed.environment import Place
from nmt_attn.distributed.group import ProcessGroup
from nmt_attn.errors import UserError


def device_of(device: str, place: Place | ProcessGroup) -> str:
    """Return the device that a process computes on.

    Args:
        device: what is asked for: auto, cpu, cuda or cuda:N.
        place: of the process.

    Raises:
        UserError: several processes of this machine are to share one GPU.
    """
    kind, _, number = device.partition(":")
    if place.size == 1 or kind == "cpu":
        return device
    if number and place.local_size > 1:
        raise UserError(
            f"device {device} is one GPU, and {place.local_size} processes on this machine need one each; "
            "give cuda, or start one process"
        )
    if kind == "auto" and not torch.cuda.is_available():
        return "cpu"
    return device if number else f"cuda:{place.local_rank}"
