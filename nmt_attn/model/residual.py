"""Stacked layers with residual connections (He et al. 2016; in recurrent translation Wu et al. 2016)."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TypeVar

V = TypeVar("V")

FIRST = 2
"""The first of stacked layers, counted from 0, to whose output its input is added."""


def run_stack(inputs: V, layers: int, run: Callable[[int, V], V], add: Callable[[V, V], V] = operator.add) -> V:
    """Pass vectors through stacked layers; from the third on, the input of a layer is added to its output.

    Args:
        inputs: of the lowest layer.
        layers: how many there are.
        run: a layer, by its number and what it reads.
        add: the sum of two such vectors.
    """
    vectors = inputs
    for index in range(layers):
        above = run(index, vectors)
        vectors = add(above, vectors) if index >= FIRST else above
    return vectors


def has_residual(layers: int) -> bool:
    """Say whether so many layers add anything up: their output may then leave the bounds of a single one's."""
    return layers > FIRST
