"""The number of tokens in a batch where the device decides it, and the learning rate that fits it."""

from __future__ import annotations

import math
from typing import Literal

MOST = 16384
"""Most tokens in a batch on a GPU; with few, a GPU waits for the CPU to start its kernels."""

STEPS = 64
"""Fewest steps in an epoch: with fewer, a corpus would need more epochs."""


def choose_batch_tokens(wished: int | Literal["auto"], device: str, tokens: int, reference: int) -> int:
    """Choose the number of tokens in a batch.

    Args:
        wished: the value of ``training.batch_tokens``.
        device: the type of the device, cpu or cuda.
        tokens: of an epoch.
        reference: what a CPU takes; more do not learn faster there.
    """
    if wished != "auto":
        return wished
    if device == "cpu":
        return reference
    return max(reference, min(MOST, tokens // STEPS))


def rate_factor(wished: int | Literal["auto"], tokens: int, reference: int) -> float:
    """Return the factor of the learning rate where the device has decided the batch size: √(tokens / reference).

    A gradient over k times as many tokens is less noisy by √k. Adam divides by the size of the gradient, so its steps
    can be longer by the same factor (Malladi et al. 2022).
    """
    return math.sqrt(tokens / reference) if wished == "auto" else 1.0
