"""Division of a line into what can be translated at once: into sentences, and what is too long into smaller parts.

An exported model has this file beside it, with that of the sentences, so it needs nothing but Python.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING or __package__:
    from nmt_attn.text.sentence_splitting import Span, spans_of_sentences
else:  # where nmt export has put it
    from sentence_splitting import Span, spans_of_sentences

Sizes = Callable[[list[str]], list[int]]
"""Gives the sizes of several texts; two of them side by side are taken to be as large as both together."""


@dataclass(frozen=True)
class Limits:
    """Limits of what may be translated at once."""

    tokens: int  # a longer text is cut in any case; at least 1
    sentences: int | None = None  # more of them are cut apart; None: they stay together while there is room
    usual_tokens: int | None = None  # several sentences that are longer together are cut apart too
    ordinals: bool = False  # a full stop behind a number does not end a sentence, as in German


@dataclass(frozen=True)
class Part:
    """A piece of a line that is translated by itself."""

    text: str
    begins: bool = True  # with a sentence; False: the piece before it is of the same sentence
    spaced: bool = True  # white space stands before it in the line


@dataclass(frozen=True)
class Division:
    """A line in parts, in order; nothing but white space is lost."""

    parts: tuple[Part, ...]
    long: bool = False  # the line has more tokens than can be translated at once

    @property
    def texts(self) -> list[str]:
        """The texts of the parts."""
        return [part.text for part in self.parts]

    def joined(self, texts: list[str], sentence_space: str, word_space: str) -> str:
        """Join the translations of the parts, but for empty ones.

        Args:
            texts: one translation per part.
            sentence_space: what stands between two sentences.
            word_space: what stands between two pieces of a sentence.
        """
        pieces: list[str] = []
        for part, text in zip(self.parts, texts, strict=True):
            if text:
                space = sentence_space if part.begins else word_space
                pieces += [space, text] if pieces else [text]
        return "".join(pieces)


def divide(text: str, limits: Limits, sizes: Sizes) -> Division:
    """Cut a line into what can be translated at once.

    Where sentences are told apart, neighbours stay together as far as ``limits`` allows. A sentence that is too long
    by itself is cut as :func:`cut` does.
    """
    long = len(text) > limits.tokens and sizes([text])[0] > limits.tokens  # every token has at least one letter
    if not long and limits.sentences is None:
        return Division((Part(text),))
    found = spans_of_sentences(text, limits.ordinals)
    if not long and _is_usual(text, len(found), limits, sizes):
        return Division((Part(text),))
    parts: list[Part] = []
    for begin, end in _grouped(text, found, limits, sizes):
        fits = end - begin <= limits.tokens
        pieces = [(begin, end)] if fits else _each_cut(text, [(begin, end)], limits.tokens, sizes, limits.ordinals)
        for place, (first, last) in enumerate(pieces):
            parts.append(Part(text[first:last], not place, not first or text[first - 1].isspace()))
    return Division(tuple(parts), long)


def cut(text: str, most: int, sizes: Sizes, *, ordinals: bool = False) -> list[str]:
    """Cut a text into parts of a size that is at most ``most``, in order; nothing but white space is lost.

    A text that has to be cut is cut into single sentences, also where several would fit: that is what models are
    trained on. Parts of a sentence are as large as they may be.

    Args:
        text: the text.
        most: at least 1; a single letter may be larger.
        sizes: gives the sizes of several texts.
        ordinals: see :func:`~nmt_attn.text.sentence_splitting.sentences`.
    """
    return [text[begin:end] for begin, end in _each_cut(text, [(0, len(text))], most, sizes, ordinals)]


def _is_usual(text: str, count: int, limits: Limits, sizes: Sizes) -> bool:
    """Say whether a line of ``count`` sentences is translated as it is."""
    if count == 1:
        return True
    if limits.sentences is None or count > limits.sentences:
        return False
    most = limits.usual_tokens
    return most is None or len(text) <= most or sizes([text])[0] <= most


def _grouped(text: str, found: list[Span], limits: Limits, sizes: Sizes) -> list[Span]:
    """Join neighbouring sentences, as many as may be; leave them single where ``limits`` gives no number."""
    if (limits.sentences or 1) == 1:
        return found
    most = min(limits.tokens, limits.usual_tokens or limits.tokens)
    return _packed(text, found, most, sizes, limits.sentences)


def _packed(text: str, spans: list[Span], most: int, sizes: Sizes, count: int | None = None) -> list[Span]:
    """Join neighbours, as many as fit, at most ``count`` of them."""
    packed: list[Span] = []
    room = members = 0
    for (begin, end), size in zip(spans, sizes([text[begin:end] for begin, end in spans]), strict=True):
        if packed and size <= room and (count is None or members < count):
            packed[-1] = (packed[-1][0], end)
            members += 1
        else:
            packed.append((begin, end))
            room, members = most, 1
        room -= size
    return packed


_PAUSES = re.compile(r"(?<=[!?…;؛])\s+|(?<=\.\.)\s+")
_CLAUSES = re.compile(r"(?<=[,:،、，：])\s+|(?<=[、，：])")
_WORDS = re.compile(r"\s+")


def _cut(text: str, span: Span, most: int, sizes: Sizes, ordinals: bool) -> list[Span]:
    """Cut a span that is too large into parts."""
    begin, end = span
    if end - begin <= 1:
        return [span]
    found = [(begin + first, begin + last) for first, last in spans_of_sentences(text[begin:end], ordinals)]
    if len(found) > 1:
        return _each_cut(text, found, most, sizes, ordinals)
    for boundary in (_PAUSES, _CLAUSES, _WORDS):
        found = list(_between(text, span, boundary))
        if len(found) > 1:
            return _packed(text, _each_cut(text, found, most, sizes, ordinals), most, sizes)
    middle = (begin + end) // 2
    return _each_cut(text, [(begin, middle), (middle, end)], most, sizes, ordinals)


def _each_cut(text: str, spans: list[Span], most: int, sizes: Sizes, ordinals: bool) -> list[Span]:
    found: list[Span] = []
    for span, size in zip(spans, sizes([text[begin:end] for begin, end in spans]), strict=True):
        found += [span] if size <= most else _cut(text, span, most, sizes, ordinals)
    return found


def _between(text: str, span: Span, boundary: re.Pattern[str]) -> Iterator[Span]:
    """Yield the parts of a span between the boundaries in it, without empty ones."""
    begin, end = span
    for found in boundary.finditer(text, begin, end):
        if begin < found.start():
            yield begin, found.start()
        begin = found.end()
    if begin < end:
        yield begin, end
