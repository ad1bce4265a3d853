"""Sentence frames: an English and a French template whose slots are filled from word lists.

In a template, ``{x}`` is the entry in slot x; ``{x.the}``, ``{x.a+}`` or ``{x.my.c}`` a noun phrase
(determiner, "+" for plural, and the slot of an adjective); ``{x~c}`` or ``{x~c~the+}`` the adjective
in slot c agreeing with x; ``{do s|phrase|tense|adverb}``, ``{ask ...}`` and ``{wh ...}`` a verb phrase,
where the phrase is a slot or a literal text. Inner braces are filled first.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from . import english, french
from .model import Adjective, Entry, Noun, Phrase, Subject

Binding = dict[str, Any]
Pair = tuple[str, str]
_SLOT = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class Frame:
    """A sentence pattern in both languages and how many pairs to draw from it."""

    count: int
    en: str
    fr: str
    slots: dict[str, Sequence[Entry]]
    fits: Callable[[Binding], bool] | None = None


def frame(
    count: int, en: str, fr: str, fits: Callable[[Binding], bool] | None = None, **slots: Sequence[Entry]
) -> Frame:
    """Build a frame; the keyword arguments are its slots."""
    return Frame(count, en, fr, slots, fits)


class Renderer:
    """Filler of the slots in one language's template."""

    def __init__(self, language: str, genders: dict[str, str]) -> None:
        self.is_french = language == "fr"
        self.genders = genders

    def render(self, template: str, binding: Binding) -> str:
        """Return the finished sentence."""
        text = template
        while "{" in text:
            text = _SLOT.sub(lambda match: self._slot(match[1], binding), text)
        text = re.sub(" +", " ", french.glue(text) if self.is_french else text).strip()
        text = re.sub(r" (?=[.,])" if self.is_french else r" (?=[.,?])", "", text)
        return text[0].upper() + text[1:]

    def _slot(self, code: str, binding: Binding) -> str:
        for operation in ("do", "ask", "wh"):
            if code.startswith(operation + " "):
                return self._verb(operation, code[len(operation) + 1 :], binding)
        if "~" in code:
            return self._agreement(code, binding)
        name, *forms = code.split(".")
        entry: Entry = binding[name]
        if isinstance(entry, Noun):
            adjective = binding[forms[1]] if len(forms) > 1 else None
            assert adjective is None or isinstance(adjective, Adjective)
            form = forms[0] if forms else "bare"
            return french.noun(entry, form, adjective) if self.is_french else english.noun(entry, form, adjective)
        if forms and not self.is_french:
            return f"{english.indefinite(entry.en)} {entry.en}"
        return entry.fr if self.is_french else entry.en

    def _agreement(self, code: str, binding: Binding) -> str:
        name, adjective_name, *form = code.split("~")
        entry, adjective = binding[name], binding.get(adjective_name)
        if not self.is_french:
            return adjective.en if adjective else adjective_name
        word = adjective if isinstance(adjective, Adjective) else adjective_name
        if isinstance(entry, Subject):
            return french.agree(word, is_feminine=entry.feminine, is_plural=entry.plural)
        assert isinstance(entry, Noun)
        return french.agree_with_noun(entry, word, form[0] if form else "the")

    def _verb(self, operation: str, code: str, binding: Binding) -> str:
        name, phrase, tense, adverb = ([*code.split("|"), ""])[:4]
        subject = binding[name]
        assert isinstance(subject, Subject), code
        if phrase in binding:
            entry = binding[phrase]
            phrase = entry.fr if self.is_french else entry.en
        if self.is_french:
            function = {"do": french.do, "ask": french.ask, "wh": french.wh}[operation]
            return function(subject, phrase, tense, adverb, self.genders)
        return (english.do if operation == "do" else english.ask)(subject, phrase, tense, adverb)


def suitable(binding: Binding) -> bool:
    """Say whether no entry is tagged "not-x" beside one tagged "x": no child who pays the bill, and so on."""
    tags: set[str] = set()
    for entry in binding.values():
        if isinstance(entry, Subject | Phrase | Noun):
            tags |= entry.tags
    return not any(f"not-{tag}" in tags for tag in tags)


def _decks(slots: dict[str, Sequence[Entry]], rng: random.Random) -> Iterator[Binding]:
    """Yield endless bindings that use every entry of a slot equally often."""
    decks: dict[str, list[Entry]] = {name: [] for name in slots}
    while True:
        for name, entries in slots.items():
            if not decks[name]:
                decks[name] = rng.sample(list(entries), len(entries))
        yield {name: deck.pop() for name, deck in decks.items()}


def draw(entry: Frame, count: int, rng: random.Random, genders: dict[str, str], taken: set[str]) -> list[Pair]:
    """Draw up to ``count`` pairs from a frame, none whose English was taken before."""
    en, fr = Renderer("en", genders), Renderer("fr", genders)
    pairs: list[Pair] = []
    for _, binding in zip(range(count * 12), _decks(entry.slots, rng), strict=False):
        if len(pairs) == count:
            break
        if not suitable(binding) or (entry.fits and not entry.fits(binding)):
            continue
        source = en.render(entry.en, binding)
        if source not in taken:
            taken.add(source)
            pairs.append((source, fr.render(entry.fr, binding)))
    return pairs
