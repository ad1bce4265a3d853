"""Which device and which precision to compute with."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal

import torch

from nmt_attn.errors import UserError


@dataclass(frozen=True)
class Compute:
    """A device, and the number format of matrix products on it (weights are always fp32)."""

    device: torch.device
    precision: Literal["fp32", "bf16"]

    def products(self) -> AbstractContextManager[object]:
        """The context in which the network is run."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.precision == "bf16")


def choose_compute(device: str = "auto", precision: str = "auto") -> Compute:
    """Turn ``auto`` into what this machine has.

    Args:
        device: auto, cpu or cuda.
        precision: auto, fp32 or bf16; auto is bf16 on a GPU that computes it natively, else fp32.

    Raises:
        UserError: a GPU is asked for and there is none.
    """
    has_gpu = torch.cuda.is_available()
    if device == "cuda" and not has_gpu:
        raise UserError("device cuda is asked for, and torch finds no CUDA GPU here; use auto or cpu")
    chosen = torch.device("cuda" if device == "cuda" or (device == "auto" and has_gpu) else "cpu")
    native = chosen.type == "cuda" and torch.cuda.get_device_capability(chosen) >= (8, 0)
    if native:
        torch.set_float32_matmul_precision("high")  # TF32 where a product is left in fp32
    if precision == "bf16" or (precision == "auto" and native):
        return Compute(chosen, "bf16")
    return Compute(chosen, "fp32")
