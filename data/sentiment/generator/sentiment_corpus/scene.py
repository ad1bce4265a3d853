"""The setting of one review: who speaks, which words fill its slots, what it has spoken of already."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from . import grammar
from .material import Domain, Noun, Template

T = TypeVar("T")
Fillings = dict[str, Noun]

_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_SLOT = re.compile(r"\{([^{}]*)\}")
# Lists whose words may differ from sentence to sentence. All others keep one word throughout a review:
# whoever ordered the soup speaks of the soup.
_CHANGING = frozenset(("few", "number", "money", "friend", "with", "town", "source", "hour", "day", "month"))


class Deck(Generic[T]):
    """Choice without favourites: every item comes up once before any comes up again."""

    def __init__(self, items: Sequence[T], rng: random.Random) -> None:
        self._items, self._rng = items, rng
        self._waiting: list[T] = []

    def draw(self, fits: Callable[[T], bool]) -> T | None:
        """Return the next item that fits, or None when none does; the others keep their turn."""
        for _ in range(2):
            for place, item in enumerate(self._waiting):
                if fits(item):
                    return self._waiting.pop(place)
            self._waiting += self._rng.sample(self._items, len(self._items))
        return None


class Scene:
    """Words chosen for one review, and the topics that it has touched."""

    def __init__(self, domain: Domain, label: str, rng: random.Random) -> None:
        self.domain, self.label, self.rng = domain, label, rng
        self.is_we = not domain.is_personal and rng.random() < 0.5
        self.topics: set[str] = set()
        self._nouns: Fillings = dict(grammar.US if self.is_we else grammar.ONE) | {"i": Noun("I")}
        self._used: set[Noun] = set()

    def suits(self, template: Template) -> bool:
        """Say whether a pattern fits the speaker and speaks of nothing that was spoken of before."""
        return template.suits(label=self.label, is_we=self.is_we) and not template.topics & self.topics

    def fill(self, text: str, fillings: Fillings | None = None) -> str:
        """Choose between the ``[a|b]`` of a pattern and fill its ``{slots}``.

        ``fillings`` go before the word lists of the domain. ``{was dish}`` agrees with the dish, ``{dish 2}`` is
        another one than ``{dish}``, ``{bare own}`` has no article.
        """
        here: Fillings = dict(fillings or {})
        text = _CHOICE.sub(lambda match: self.rng.choice(match[1].split("|")), text)
        while "{" in text:
            text = _SLOT.sub(lambda match: self._slot(match[1], here), text)
        return text

    def _slot(self, slot: str, here: Fillings) -> str:
        """Return what goes into one slot; ``here`` keeps the words of the pattern at hand."""
        head, _, rest = slot.partition(" ")
        if head == "bare":
            return grammar.bare(self._noun(rest, here).text)
        if head in ("was", "am"):
            return grammar.agreeing(head, self._noun(rest, here))
        return self._noun(slot, here).text

    def _noun(self, key: str, here: Fillings) -> Noun:
        """Return the word for a slot, and choose it if this is the first time."""
        if key in here or key in self._nouns:
            return here[key] if key in here else self._nouns[key]
        name = key.split()[0]
        nouns = here if name in _CHANGING else self._nouns
        free = [noun for noun in self.domain.lists[name] if noun not in self._used]
        nouns[key] = noun = self.rng.choice(free or self.domain.lists[name])
        self._used.add(noun)
        return noun
