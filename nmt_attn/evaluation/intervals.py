"""The interval of a share."""

from __future__ import annotations

import math

NORMAL_95 = 1.959963984540054
"""Standard deviations of a normal distribution on each side of its mean that hold 95 % of it."""


def wilson_interval(hits: int, cases: int) -> tuple[float, float]:
    """Compute the 95 % interval of a share, in percent, by the formula of Wilson 1927.

    Args:
        hits: the cases that count.
        cases: all, at least one.
    """
    share, square = hits / cases, NORMAL_95**2
    middle = (share + square / (2 * cases)) / (1 + square / cases)
    half = NORMAL_95 * math.sqrt(share * (1 - share) / cases + square / (4 * cases**2)) / (1 + square / cases)
    # Where no case or every case counts, the share is an end, and rounding must not leave it outside.
    low, high = min(share, middle - half), max(share, middle + half)
    return 100 * max(0.0, low), 100 * min(1.0, high)
