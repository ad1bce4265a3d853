"""Cutting a text that is too long to be translated at once: between sentences, else between words, else anywhere.

An exported model has this file beside it, so it needs nothing but Python.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_SENTENCES = re.compile(r"(?<=[.!?…。！？;؟])\s+|(?<=[。！？])")
_CLAUSES = re.compile(r"(?<=[,:،、，：])\s+|(?<=[、，：])")
_WORDS = re.compile(r"\s+")


def cut(text: str, most: int, size: Callable[[str], int]) -> list[str]:
    """Cut a text into parts of a size that is at most ``most``, in order; nothing but white space is lost.

    A text that has to be cut is cut into single sentences, also where several would fit: that is what models are
    trained on. Parts of a sentence are as large as they may be.

    Args:
        text: the text.
        most: at least 1; a single letter may be larger.
        size: of a text; what it gives for two texts side by side is taken to be the sum of both.
    """
    if size(text) <= most or len(text) <= 1:
        return [text]
    for boundary in (_SENTENCES, _CLAUSES, _WORDS):
        parts = [part for part in boundary.split(text) if part]
        if len(parts) > 1:
            small = [smaller for part in parts for smaller in cut(part, most, size)]
            return small if boundary is _SENTENCES else _packed(small, most, size)
    middle = len(text) // 2
    return [*cut(text[:middle], most, size), *cut(text[middle:], most, size)]


def _packed(parts: list[str], most: int, size: Callable[[str], int]) -> list[str]:
    """Neighbours together, as many as fit."""
    packed: list[list[str]] = []
    room = 0
    for part in parts:
        needed = size(part)
        if packed and needed <= room:
            packed[-1].append(part)
        else:
            packed.append([part])
            room = most
        room -= needed
    return [" ".join(group) for group in packed]
