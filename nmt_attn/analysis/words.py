"""Words of raw texts, for counting: the same cut for training data, sources, references and translations."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from nmt_attn.config.language_codes import has_no_spaces

_WORD = re.compile(r"\w+(?:[’'\-]\w+)*|[^\w\s]")
_CHARACTER = re.compile(r"\S")
_COUNTED_AT_ONCE = 10_000  # texts


@dataclass(frozen=True)
class Span:
    """A word and where it stands in its text."""

    text: str
    begin: int
    end: int


@dataclass(frozen=True)
class WordCutter:
    """Cuts texts of one language: words and punctuation, or characters where there are no spaces.

    A word keeps its apostrophes and hyphens, so that "don't" is one.
    """

    language: str = ""  # BCP 47; empty: one with spaces
    lowercase: bool = False

    def spans(self, text: str) -> list[Span]:
        """Find the words of a text."""
        return [Span(self._cased(found.group()), *found.span()) for found in self._pattern.finditer(text)]

    def __call__(self, text: str) -> list[str]:
        """Return the words of a text."""
        return self._pattern.findall(self._cased(text))

    def counts(self, texts: Iterable[str]) -> Counter[str]:
        """Count the words of many texts."""
        found: Counter[str] = Counter()
        left = iter(texts)
        while some := list(islice(left, _COUNTED_AT_ONCE)):
            found.update(self("\n".join(some)))  # no word goes over the end of a line
        return found

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return _CHARACTER if has_no_spaces(self.language) else _WORD

    def _cased(self, text: str) -> str:
        return text.lower() if self.lowercase else text


def bucket(value: int, edges: Sequence[int]) -> int:
    """Return the place of the range that a number is in; each range begins at one of ``edges``, the first at or below.

    >>> [bucket(value, (0, 1, 2, 5)) for value in (0, 1, 4, 5, 99)]
    [0, 1, 2, 3, 3]
    """
    return max(place for place, edge in enumerate(edges) if value >= edge)


def bucket_names(edges: Sequence[int]) -> list[str]:
    """Name the ranges of :func:`bucket`.

    >>> bucket_names((0, 1, 2, 5))
    ['0', '1', '2–4', '5+']
    """
    names = []
    for edge, following in zip(edges, [*edges[1:], None], strict=True):
        if following is None:
            names.append(f"{edge:,}+")
        else:
            names.append(f"{edge:,}" if following == edge + 1 else f"{edge:,}–{following - 1:,}")
    return names


def in_common(words: Sequence[str], reference: Sequence[str]) -> int:
    """Count the words that are in both, each as often as in the one that has it less often."""
    return sum((Counter(words) & Counter(reference)).values())


def nearest_reference(words: Sequence[str], references: Sequence[Sequence[str]]) -> Sequence[str]:
    """Return the reference that a translation shares most with; of equals the one nearest in length."""
    return max(references, key=lambda one: (in_common(words, one), -abs(len(one) - len(words))))


def found_in(words: Sequence[str], reference: Sequence[str]) -> list[bool]:
    """Say of each word whether the reference has it, each of its words for one of these."""
    left = Counter(reference)
    found = []
    for word in words:
        found.append(left[word] > 0)
        left[word] -= found[-1]
    return found
