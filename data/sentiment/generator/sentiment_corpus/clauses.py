"""Clauses of praise and of blame.

What stands in one list as praise stands in the mirrored place as blame: "not cold at all" beside "not fresh at all",
"I looked for a mistake and found none" beside "I looked for a smile and found none". So no single word decides.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from . import grammar
from .material import LABELS, Aspect, Domain, Noun, Shared, Template
from .scene import Deck, Fillings, Scene

TRIES = 40
OTHER = {"neg": "pos", "pos": "neg"}
# Kinds of clause, with how often they are tried first.
DECIDING = {"own": 8, "claim": 84, "thing": 4, "outcome": 4}
FURTHER = {"own": 15, "claim": 80, "thing": 5}
CONCEDED = {"own": 15, "claim": 80, "thing": 5}
PLAIN = 0.85  # share of the claims that do without a word of the other side, such as "not cold"


def adjective_fillings(aspect: Aspect, label: str, rng: random.Random) -> Fillings:
    """Choose adjectives of the label (x) and of the other one (y), also with one word, and with degrees."""
    fillings: Fillings = {}
    for letter, side, degree in (("x", label, "er"), ("y", OTHER[label], "yer")):
        words = rng.sample(aspect.adjectives[side], len(aspect.adjectives[side]))
        plain = [word for word in words if " " not in word]
        mild = [word for word in words if grammar.has_degrees(word)]
        steps = [grammar.comparative(word) for word in plain if word in mild]
        chosen = {"": words, " plain": plain, " mild": mild}
        fillings |= {letter + kind: Noun(found[0]) for kind, found in chosen.items() if found}
        fillings |= {f"{letter} 2": Noun(words[1])}
        fillings |= {degree: Noun(steps[0])} if steps else {}
    return fillings


class ClauseWriter:
    """Source of clauses for the reviews of one domain."""

    def __init__(self, shared: Shared, domain: Domain, rng: random.Random) -> None:
        self.domain, self.rng = domain, rng
        self._aspects = Deck(domain.aspects, rng)
        self._claims = Deck(shared.claims, rng)
        self._conceded = Deck(shared.conceded_claims, rng)
        self._tables = {
            "own": {label: Deck(domain.clauses[label], rng) for label in LABELS},
            "thing": {label: Deck(shared.things, rng) for label in LABELS},
            "outcome": {label: Deck(shared.outcomes[label], rng) for label in LABELS},
            "verdict": {label: Deck(shared.verdicts[label], rng) for label in LABELS},
            "expectation": {label: Deck(shared.expectations[label], rng) for label in LABELS},
        }

    def write(self, scene: Scene, kinds: dict[str, int], *, conceded: bool = False) -> str | None:
        """Write a clause of one of the kinds, or None. A conceded one speaks against the label of the review."""
        label = OTHER[scene.label] if conceded else scene.label
        for _ in range(TRIES):
            kind = self.rng.choices(list(kinds), list(kinds.values()))[0]
            made = self._claim(scene, label, conceded) if kind == "claim" else self._other(scene, label, kind, conceded)
            if made is None:
                continue
            text, topics = made
            scene.topics |= topics
            return text
        return None

    def _claim(self, scene: Scene, label: str, conceded: bool) -> tuple[str, frozenset[str]] | None:
        """Write that something was good, or bad, or not bad."""
        aspect = self._aspects.draw(lambda item: not item.topics & scene.topics)
        deck = self._conceded if conceded else self._claims
        is_plain = self.rng.random() < PLAIN
        pattern = deck.draw(lambda item: item.suits(label=label, is_we=scene.is_we) and ("{y" in item.text) != is_plain)
        if aspect is None or pattern is None:
            return None
        nouns = self._nouns(scene, aspect)
        fillings = adjective_fillings(aspect, label, self.rng) | {"n": nouns[0], "n 2": nouns[1]}
        wanted = [
            word for word in ("er", "yer", "x mild", "y mild", "x plain", "y plain") if f"{{{word}}}" in pattern.text
        ]
        if any(word not in fillings for word in wanted):
            return None
        return scene.fill(pattern.text, fillings), aspect.topics

    def _nouns(self, scene: Scene, aspect: Aspect) -> Sequence[Noun]:
        """Choose two nouns of an aspect."""
        return self.rng.sample(self.domain.lists[aspect.nouns], 2)

    def _other(self, scene: Scene, label: str, kind: str, conceded: bool) -> tuple[str, frozenset[str]] | None:
        """Write a clause from the patterns of a kind."""

        def suits(item: Template) -> bool:
            fits = item.suits(label=label, is_we=scene.is_we) and not item.topics & scene.topics
            return fits and not (conceded and item.is_drastic)

        pattern = self._tables[kind][label].draw(suits)
        topic = {"own": "", "outcome": "expectation"}.get(kind, kind)
        if pattern is None or topic in scene.topics:
            return None
        choose = self.rng.choice
        fillings = {
            "token": Noun(choose(self.domain.things[OTHER[label]])),
            "own": Noun(choose(self.domain.things[label])),
            "hope": Noun(choose(self.domain.expected["pos"])),
            "fear": Noun(choose(self.domain.expected["neg"])),
            "act": Noun(choose(self.domain.acts)),
        }
        return scene.fill(pattern.text, fillings), pattern.topics | ({topic} - {""})
