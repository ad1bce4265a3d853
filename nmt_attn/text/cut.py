"""Cutting a text that is too long to be translated at once: between sentences, else between words, else anywhere.

An exported model has this file beside it, so it needs nothing but Python.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

_SENTENCES = re.compile(r"(?<=[.!?…。！？;؟])\s+|(?<=[。！？])")
_CLAUSES = re.compile(r"(?<=[,:،、，：])\s+|(?<=[、，：])")
_WORDS = re.compile(r"\s+")


def cut(text: str, most: int, sizes: Callable[[list[str]], list[int]]) -> list[str]:
    """Cut a text into parts of a size that is at most ``most``, in order; nothing but white space is lost.

    A text that has to be cut is cut into single sentences, also where several would fit: that is what models are
    trained on. Parts of a sentence are as large as they may be.

    Args:
        text: the text.
        most: at least 1; a single letter may be larger.
        sizes: of several texts; two of them side by side are taken to be as large as both together.
    """
    (whole,) = sizes([text])
    return [part.text for part in _cut(_Part(text, whole), most, sizes)]


@dataclass(frozen=True)
class _Part:
    text: str
    size: int


def _cut(whole: _Part, most: int, sizes: Callable[[list[str]], list[int]]) -> list[_Part]:
    text = whole.text
    if whole.size <= most or len(text) <= 1:
        return [whole]
    for boundary in (_SENTENCES, _CLAUSES, _WORDS):
        texts = [part for part in boundary.split(text) if part]
        if len(texts) > 1:
            small = _each_cut(texts, most, sizes)
            return small if boundary is _SENTENCES else _packed(small, most)
    middle = len(text) // 2
    return _each_cut([text[:middle], text[middle:]], most, sizes)


def _each_cut(texts: list[str], most: int, sizes: Callable[[list[str]], list[int]]) -> list[_Part]:
    parts = map(_Part, texts, sizes(texts))
    return [smaller for part in parts for smaller in _cut(part, most, sizes)]


def _packed(parts: list[_Part], most: int) -> list[_Part]:
    """Neighbours together, as many as fit."""
    packed: list[list[_Part]] = []
    room = 0
    for part in parts:
        if packed and part.size <= room:
            packed[-1].append(part)
        else:
            packed.append([part])
            room = most
        room -= part.size
    return [_Part(" ".join(part.text for part in group), sum(part.size for part in group)) for group in packed]
