"""Whole reviews: clauses put into a shape, with plain facts around them."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from . import clauses, grammar
from .clauses import ClauseWriter
from .material import LABELS, Domain, Shared, Template
from .scene import Deck, Scene

FEWEST_WORDS, MOST_WORDS = 8, 60
SHAPES = {"plain": 80, "turning": 15, "expecting": 5}  # of a hundred reviews
WISHED_WORDS = (10, 50, 19)  # least, most and commonest length that facts are added for
MOST_FACTS = 5
OPENED = 0.75  # share of the reviews that begin with where and when
_PART = re.compile(r"\b([CDEFVX])\b")


@dataclass(frozen=True)
class Review:
    """A labelled text. ``deciding`` are the clauses that give the label; a text written by hand has none marked."""

    label: str
    text: str
    deciding: tuple[str, ...] = ()


def count_words(text: str) -> int:
    """Count words as runs of characters between spaces."""
    return len(text.split())


def is_of_fair_length(text: str) -> bool:
    """Say whether a text has neither too few nor too many words for the corpus."""
    return FEWEST_WORDS <= count_words(text) <= MOST_WORDS


def _has_both_partners(text: str) -> bool:
    """Say whether one review speaks of a husband and of a wife, which readers would stumble over."""
    return "my husband" in text.lower() and "my wife" in text.lower()


class ReviewWriter:
    """Source of reviews of one domain."""

    def __init__(self, shared: Shared, domain: Domain, rng: random.Random) -> None:
        self.domain, self.rng = domain, rng
        self.clauses = ClauseWriter(shared, domain, rng)
        self._shapes = {
            label: {
                kind: Deck([s for s in shapes if s.only_for in ("", label)], rng)
                for kind, shapes in shared.shapes.items()
            }
            for label in LABELS
        }
        self._openings = Deck(domain.openings, rng)
        self._facts = Deck(domain.facts, rng)

    def write(self, label: str) -> Review | None:
        """Write a review, or None where the parts that were drawn do not go together."""
        scene = Scene(self.domain, label, self.rng)
        kind = self.rng.choices(list(SHAPES), list(SHAPES.values()))[0]
        shape = self._shapes[label][kind].draw(lambda _: True)
        assert shape is not None
        parts = self._parts(scene, shape)
        if parts is None:
            return None
        pattern = _PART.sub(lambda match: parts[match[1]], scene.fill(shape.text))
        text = grammar.tidy(self._with_facts(scene, pattern))
        if not is_of_fair_length(text) or _has_both_partners(text):
            return None
        return Review(label, text, tuple(parts[letter] for letter in "DEV" if letter in parts))

    def _parts(self, scene: Scene, shape: Template) -> dict[str, str] | None:
        """Write the clauses of a shape by their letters."""
        parts: dict[str, str] = {}
        for letter in _PART.findall(shape.text):
            kinds = {
                "D": clauses.DECIDING,
                "E": clauses.FURTHER,
                "V": {"verdict": 1},
                "X": {"expectation": 1},
            }.get(letter, clauses.CONCEDED)
            clause = self.clauses.write(scene, kinds, conceded=letter in "CF")
            if clause is None:
                return None
            parts[letter] = clause
        return parts

    def _with_facts(self, scene: Scene, pattern: str) -> str:
        """Put an opening and facts in the place of the stars, up to a length drawn by chance."""
        stretches = pattern.split("*")
        added: list[list[str]] = [[] for _ in stretches[1:]]
        wished = self.rng.triangular(*WISHED_WORDS)
        length = count_words(pattern)
        opening = self._fact(scene, self._openings) if self.rng.random() < OPENED else None
        if opening is not None and length < MOST_WORDS - 15:
            added[0].append(opening)
            length += count_words(opening)
        for _ in range(MOST_FACTS):
            fact = self._fact(scene, self._facts) if length < wished else None
            if fact is None:
                break
            self.rng.choice(added).append(fact)
            length += count_words(fact)
        joined = [" ".join(facts) + " " + stretch for facts, stretch in zip(added, stretches[1:], strict=True)]
        return stretches[0] + " ".join(joined)

    def _fact(self, scene: Scene, deck: Deck[Template]) -> str | None:
        """Write a sentence that takes no side."""
        template = deck.draw(scene.suits)
        if template is None:
            return None
        scene.topics |= template.topics
        return scene.fill(template.text) + "."
