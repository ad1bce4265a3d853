"""What the corpus is made of: a sentence and its translation."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pair:
    """A source sentence and one translation of it."""

    source: str
    target: str
