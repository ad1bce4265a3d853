"""Guesses of languages, from the names of files and headings and from a few English words; and how sure they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from nmt_attn.config.language_codes import common_codes, standard_code
from nmt_attn.corpus.languages import language_named

UNKNOWN = ("x-source", "x-target")
"""Private codes for what is not known: no rule of a language is then applied."""

_CODE = re.compile(r"(?P<language>[A-Za-z]{2,3})([-_][A-Za-z]{2,4})?")
_ENGLISH = frozenset(
    ("the", "a", "of", "to", "and", "is", "are", "was", "you", "i", "it", "he", "she", "do", "not", "that", "what")
)


@dataclass(frozen=True)
class GuessedLanguages:
    """Two languages, and where they were seen."""

    source: str
    target: str
    reason: str
    """What they were guessed from; empty where they are not known."""

    @property
    def known(self) -> bool:
        """Return whether they were guessed from anything."""
        return bool(self.reason)

    def turned(self) -> GuessedLanguages:
        """Return them the other way round."""
        return GuessedLanguages(self.target, self.source, self.reason)


NOT_KNOWN = GuessedLanguages(*UNKNOWN, "")


@cache
def _known_codes() -> frozenset[str]:
    return frozenset(common_codes())


def code_of(word: str) -> str | None:
    """Return the BCP 47 form of a word that is a usual language code, such as ``eng`` or ``zh_CN``."""
    found = _CODE.fullmatch(word)
    if found is None or found["language"].lower() not in _known_codes():
        return None
    try:
        return standard_code(word.replace("_", "-"))
    except ValueError:
        return None


def from_name(name: str) -> GuessedLanguages:
    """Guess from two codes side by side in the name of a file, such as ``eng-fra.tsv``."""
    words = [word for word in re.split(r"[^A-Za-z]+", name) if word]
    for one, other in pairwise(words):
        codes = code_of(one), code_of(other)
        if codes[0] and codes[1] and codes[0] != codes[1] and len(one) == len(other):
            return GuessedLanguages(codes[0], codes[1], f"the name {name}")
    return NOT_KNOWN


def from_heading(cells: Sequence[str]) -> GuessedLanguages:
    """Guess from the first row of a table, if two of its cells name languages."""
    named = [code for cell in cells if (code := code_of(cell.strip()) or language_named(cell)) is not None]
    if len(named) == 2 and named[0] != named[1]:
        return GuessedLanguages(named[0], named[1], "the first line")
    return NOT_KNOWN


def checked_by_english(guess: GuessedLanguages, pairs: Iterable[tuple[str, str]]) -> GuessedLanguages:
    """Turn a guess round if one of its languages is English, and the other column is the English one."""
    english = [code.split("-")[0] == "en" for code in (guess.source, guess.target)]
    if sum(english) != 1:
        return guess
    shares = [0, 0]
    for pair in pairs:
        for side, text in enumerate(pair):
            shares[side] += sum(word in _ENGLISH for word in re.findall(r"[a-z]+", text.lower()))
    seen = max(shares)
    if seen < 3 or min(shares) * 2 > seen:  # too little to go by, or names and borrowed words on both sides
        return guess
    return guess if english[shares.index(seen)] else guess.turned()
