"""How many target tokens a batch has where the device is to decide, and the learning rate that goes with it."""

from __future__ import annotations

import math
from typing import Literal

from nmt_attn.corpus.store import PairStore

REFERENCE = 1024
"""Tokens in a batch for which learning rates are given; as many as keep a CPU busy, and more learn no faster there."""

MOST = 16384
"""Tokens in a batch of a GPU, which waits for the CPU to start its kernels where a batch has few."""

STEPS = 64
"""Steps that an epoch has at least: a corpus that is learned from in fewer would need more epochs."""


def choose_batch_tokens(wished: int | Literal["auto"], device: str, pairs: PairStore) -> int:
    """How many target tokens a batch is to have.

    Args:
        wished: ``training.batch_tokens``.
        device: its type, cpu or cuda.
        pairs: the training pairs.
    """
    if wished != "auto":
        return wished
    if device == "cpu":
        return REFERENCE
    tokens = int(pairs.target.lengths.sum()) + len(pairs)
    return max(REFERENCE, min(MOST, tokens // STEPS))


def rate_factor(wished: int | Literal["auto"], tokens: int) -> float:
    """What the learning rate is multiplied with, √(tokens / reference), where the device has decided on the batch.

    A gradient over k times as many tokens is less noisy by √k; Adam, which divides by its size, bears steps that are
    longer by as much (Malladi et al. 2022).
    """
    return math.sqrt(tokens / REFERENCE) if wished == "auto" else 1.0
