"""The number of target tokens in a batch where the device decides it, and the learning rate that fits it."""

from __future__ import annotations

import math
from typing import Literal

REFERENCE = 1024
"""Tokens in the batch for which learning rates are given. They keep a CPU busy; more do not learn faster there."""

MOST = 16384
"""Most tokens in a batch on a GPU; with few, a GPU waits for the CPU to start its kernels."""

STEPS = 64
"""Fewest steps in an epoch: with fewer, a corpus would need more epochs."""


def choose_batch_tokens(wished: int | Literal["auto"], device: str, tokens: int) -> int:
    """Choose the number of target tokens in a batch.

    Args:
        wished: the value of ``training.batch_tokens``.
        device: the type of the device, cpu or cuda.
        tokens: that an epoch learns from.
    """
    if wished != "auto":
        return wished
    if device == "cpu":
        return REFERENCE
    return max(REFERENCE, min(MOST, tokens // STEPS))


def rate_factor(wished: int | Literal["auto"], tokens: int) -> float:
    """Return the factor of the learning rate where the device has decided the batch size: √(tokens / reference).

    A gradient over k times as many tokens is less noisy by √k. Adam divides by the size of the gradient, so its steps
    can be longer by the same factor (Malladi et al. 2022).
    """
    return math.sqrt(tokens / REFERENCE) if wished == "auto" else 1.0
