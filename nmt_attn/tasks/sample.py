"""Samples of held-out examples: the same ones each time, from all over a set."""

from __future__ import annotations


def evenly_spaced(size: int, count: int) -> list[int]:
    """Return the places of at most ``count`` of ``size`` examples, at even distances."""
    count = min(size, count)
    return [(2 * i + 1) * size // (2 * count) for i in range(count)]
