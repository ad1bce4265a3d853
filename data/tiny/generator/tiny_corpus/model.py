"""The kinds of entry that fill the slots of a sentence frame."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Noun:
    """A noun in both languages; ``mass`` nouns take "some"/"du", the others take "a"/"un"."""

    en: str
    fr: str
    feminine: bool
    mass: bool = False
    tags: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Adjective:
    """An adjective (or profession): French masculine and feminine, before or after the noun."""

    en: str
    fr: str
    fr_feminine: str
    before: bool = False


@dataclass(frozen=True)
class Subject:
    """The one who does it. ``person`` counts je, tu, il, nous, vous, ils from 1 to 6."""

    en: str
    fr: str
    person: int
    feminine: bool = False
    pronoun: bool = False
    tags: frozenset[str] = field(default_factory=frozenset)

    @property
    def plural(self) -> bool:
        """Return whether French adjectives take the plural (formal "vous" is one person)."""
        return self.person in (4, 6)


@dataclass(frozen=True)
class Phrase:
    """A verb phrase headed by its infinitive, or any other pair of texts (times, places, names)."""

    en: str
    fr: str
    tags: frozenset[str] = field(default_factory=frozenset)

    @property
    def negatable(self) -> bool:
        """Return whether "ne ... pas" needs no change of article (un, du, des become "de")."""
        words = self.fr.replace("'", " ").split()
        return not {"un", "une", "des", "du"} & set(words) and "de la" not in self.fr and "de l'" not in self.fr


def phrases(*lines: str) -> list[Phrase]:
    """Read phrases written "English|French", with any tags after a further "|"."""
    return [Phrase(en, fr, frozenset(tags)) for en, fr, *tags in (line.split("|") for line in lines)]


Entry = Noun | Adjective | Subject | Phrase
