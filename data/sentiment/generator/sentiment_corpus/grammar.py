"""English grammar for filled patterns: articles, agreement, comparatives, capitals."""

from __future__ import annotations

import re

from .material import Noun

ONE = {"I": Noun("I"), "me": Noun("me"), "my": Noun("my"), "mine": Noun("mine"), "myself": Noun("myself")}
US = {
    "I": Noun("we", True),
    "me": Noun("us", True),
    "my": Noun("our", True),
    "mine": Noun("ours", True),
    "myself": Noun("ourselves", True),
}
# Adjectives that say the utmost, or what has no degrees: neither "very" nor "more" goes with them.
_UTMOST = frozenset((
    "absurd", "ancient", "awful", "brilliant", "broken", "correct", "delicious", "dreadful", "empty", "endless",
    "excellent", "excessive", "faulty", "fascinating", "filthy", "freezing", "great", "impossible", "incomplete",
    "lifeless", "magical", "neglected", "new", "outdated", "outrageous", "overpriced", "perfect", "spotless",
    "stunning", "superb", "unbearable", "unforgettable", "unreadable", "useless", "wonderful", "wrong", "worn",
    "mechanical",
))  # fmt: skip
_AN = re.compile(r"\b([Aa]) (?=(?!one\b|uni|use|euro)[aeiouAEIOU]|hour|honest|8|11\b|18\b)")
_VOWELS = "aeiou"


def with_articles(text: str) -> str:
    """Turn "a" into "an" where a vowel sound follows."""
    return _AN.sub(r"\1n ", text)


def bare(phrase: str) -> str:
    """Return a noun phrase without its indefinite article."""
    return re.sub(r"^an? ", "", phrase)


def agreeing(word: str, noun: Noun) -> str:
    """Return the form of a verb or pronoun ("was", "am") that agrees with a noun or with "I"."""
    if word == "am":
        return "are" if noun.is_plural else "am"
    return {"was": "were"}[word] if noun.is_plural else word


def has_degrees(adjective: str) -> bool:
    """Say whether an adjective can be stepped up: "very cold", not "very perfect"."""
    return adjective.split()[0] not in _UTMOST


def comparative(adjective: str) -> str:
    """Return the comparative of an adjective of one word: "hotter", "friendlier", "more useful"."""
    if adjective in ("good", "bad"):
        return "better" if adjective == "good" else "worse"
    if adjective.endswith(("ed", "ing")):
        return f"more {adjective}"
    syllables = len(re.findall(f"[{_VOWELS}]+", adjective.removesuffix("e")))
    if re.search(r"[^aeiou]y$", adjective) and syllables <= 2:
        return adjective[:-1] + "ier"
    if adjective.endswith("e") and syllables == 1:
        return adjective + "r"
    if syllables > 1:
        return f"more {adjective}"
    if re.search(r"[^aeiou][aeiou][bdgmnpt]$", adjective):
        return adjective + adjective[-1] + "er"
    return adjective + "er"


def tidy(text: str) -> str:
    """Finish a text: single spaces, articles, a capital after each full stop."""
    text = with_articles(re.sub(r" +", " ", text).strip())
    return re.sub(r"(^|[.!?] )([a-z])", lambda match: match[1] + match[2].upper(), text)


def comparable(text: str) -> str:
    """Return a text in lower case without punctuation: equal for texts that differ in nothing else."""
    return " ".join(re.findall(r"\w+", text.lower()))
