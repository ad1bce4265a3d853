"""Unicode normalisation: the same for training text, test files and a sentence typed by hand.

An exported model has this file beside it, so it needs nothing but Python.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nmt_attn.config import NormaliseConfig

# Format characters that are seen: Arabic number signs and the like. The others steer layout and are removed.
_VISIBLE_FORMAT = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")

# The zero-width joiners are letters' spelling from Arabic to Sinhala (Persian, Hindi, …) and stray bytes elsewhere.
_JOINERS = "\u200c\u200d"
_STRAY_JOINER = re.compile(f"(?<![\u0600-\u0dff])[{_JOINERS}]+|[{_JOINERS}]+(?![\u0600-\u0dff])")

_QUOTES = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u2035\u02bc\u00b4\u0060\uff07", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u2036\uff02", '"'),
    }
)

_QUOTE = re.compile("[" + "".join(map(chr, _QUOTES)) + "]")

# Letters whose mark is part of the letter, so that decomposition does not take it off.
_FOLDED_LETTERS = str.maketrans(
    {
        "œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE", "ß": "ss", "ẞ": "SS", "ø": "o", "Ø": "O",
        "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ł": "l", "Ł": "L",
        "ħ": "h", "Ħ": "H", "ı": "i", "ĸ": "k", "ŧ": "t", "Ŧ": "T", "ŋ": "n", "Ŋ": "N",
    }
)  # fmt: skip

# The blocks of combining diacritical marks. Marks of other scripts (Hindi vowels, say) are spelling and stay.
_DIACRITICS = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+")

# Nothing of this needs tidying (but for the number of spaces): a quick way past the tables for most text.
_VISIBLE = re.compile("[ -~\u00a1-\u00ac\u00ae-\u05ff\u2010-\u2027]*")
# Nothing of this needs a second pass: Latin letters in one piece, and common punctuation.
_ORDINARY = re.compile("[ -~\u00a1-\u00ac\u00ae-\u0148\u014a-\u017f\u2010-\u2027]*")

_MOST_PASSES = 8


class _CharacterTable(dict[int, str]):
    """A table for ``str.translate`` that asks a function about each character once."""

    def __init__(self, replacement: Callable[[str], str]) -> None:
        super().__init__()
        self._replacement = replacement

    def __missing__(self, code: int) -> str:
        new = self._replacement(chr(code))
        self[code] = new
        return new


def _tidied(character: str) -> str:
    category = unicodedata.category(character)
    if category in ("Zs", "Zl", "Zp") or character.isspace():
        return " "
    if category == "Cs":  # half of a pair: no encoding can hold it
        return "\ufffd"
    if category == "Cc" or (category == "Cf" and character not in _VISIBLE_FORMAT and character not in _JOINERS):
        return ""
    return character


def _set_off(character: str) -> str:
    return f" {character} " if unicodedata.category(character)[0] in "PS" else character


def _basic(character: str) -> str:
    if character in ".!?":
        return f" {character} "
    return character if unicodedata.category(character)[0] in "LM" or character in _JOINERS else " "


_TIDY = _CharacterTable(_tidied)
_PUNCTUATION = {"split": _CharacterTable(_set_off), "basic": _CharacterTable(_basic)}


def tidy(text: str) -> str:
    """Only what no reader sees: one plain space for any white space, no control or zero-width characters.

    The result has no line break, no lone surrogate, and no space at either end. References are kept in this form.
    """
    if not _VISIBLE.fullmatch(text):
        text = text.translate(_TIDY)
        if "\u200c" in text or "\u200d" in text:
            text = _STRAY_JOINER.sub("", text)
    return " ".join(text.split())


def _defaults() -> NormaliseConfig:
    from nmt_attn.config import NormaliseConfig

    return NormaliseConfig()


@dataclass(frozen=True)
class Normaliser:
    """Text as the tokenizer sees it. Applying it again changes nothing."""

    config: NormaliseConfig = field(default_factory=_defaults)

    def __call__(self, text: str) -> str:
        """Tidy ``text``, then apply what the configuration asks for."""
        text = tidy(text)
        ordinary = _ORDINARY.fullmatch(text)
        text = self._once(text)
        if ordinary:
            return text
        # A few rare characters take two rounds (U+1FEF becomes a backtick, which then becomes an apostrophe).
        for _ in range(_MOST_PASSES):
            again = self._once(text)
            if again == text:
                break
            text = again
        return text

    def _once(self, text: str) -> str:
        config = self.config
        text = tidy(text)
        plain = text.isascii()
        if config.quotes and _QUOTE.search(text):
            text = text.translate(_QUOTES)
        if not plain:
            text = self._compose(text)
        if config.lowercase:
            text = text.lower()
        if config.ascii_fold and not plain:
            text = self._compose(_fold(text))
        if config.punctuation != "keep":
            text = text.translate(_PUNCTUATION[config.punctuation])
        # U+2581 stands for a space inside sentencepiece, so in a text it would turn into one.
        return " ".join(text.replace("\u2581", "_").split())

    def _compose(self, text: str) -> str:
        if self.config.unicode == "none":
            return text
        return unicodedata.normalize("NFKC" if self.config.unicode == "nfkc" else "NFC", text)


def _fold(text: str) -> str:
    """Letters without their marks: é becomes e, œ becomes oe; recomposed, for the sake of other scripts."""
    bare = _DIACRITICS.sub("", unicodedata.normalize("NFD", text.translate(_FOLDED_LETTERS)))
    return unicodedata.normalize("NFC", bare.translate(_FOLDED_LETTERS))
