"""Unicode normalisation: the same for training text, test files and a sentence typed by hand.

An exported model has this file beside it, so it needs nothing but Python.
"""

from __future__ import annotations

import html
import html.entities
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nmt_attn.config.schema import NormaliseConfig

# Format characters that are read: number signs, and what holds hieroglyphs, shorthand and music together.
_VISIBLE_FORMAT = frozenset(
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
    + "".join(map(chr, (*range(0x13430, 0x13440), *range(0x1BCA0, 0x1BCA4), *range(0x1D173, 0x1D17B))))
)

# Spelling in some places and stray bytes in others, which :func:`_spelling` and _FLAG tell apart.
_WORD_BREAK, _NON_JOINER, _JOINER, _VOWEL_SEPARATOR = "\u200b", "\u200c", "\u200d", "\u180e"
_ZERO_WIDTH = _WORD_BREAK + _NON_JOINER + _JOINER + _VOWEL_SEPARATOR
_TAGS = "\U000e0020-\U000e007f"

# Scripts in which a letter's shape depends on its neighbours: Arabic to Burmese, those of the Philippines to Lepcha,
# Tifinagh, and those that came to Unicode later (Javanese, Chakma, Adlam, …).
_SHAPING = (
    "\u0600-\u109f\u1700-\u1c7f\u1cd0-\u1cff\u2d30-\u2d7f\ua800-\ua95f\ua980-\uaaff\uabc0-\uabff\ufb50-\ufdff"
    "\ufe70-\ufefc\U00010a00-\U00010aff\U00010b80-\U00010baf\U00010d00-\U00010fff\U00011000-\U00011fff"
    "\U0001e900-\U0001e95f"
)
# Those of them that have no spaces between words: Thai, Lao, Tibetan, Burmese, Khmer, Tai, Balinese, Javanese, Cham.
_UNSPACED = "\u0e00-\u109f\u1780-\u17ff\u1950-\u19ff\u1a20-\u1aaf\u1b00-\u1b7f\ua980-\ua9ff\uaa00-\uaadf"
_MONGOLIAN = "\u1800-\u18af"
_PICTURES = (
    "\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u24c2\u25a0-\u27bf\u2900-\u297f\u2b00-\u2bff"
    "\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
)

_SHAPING_LETTER, _UNSPACED_LETTER, _MONGOLIAN_LETTER, _PICTURE = (
    re.compile(f"[{ranges}]") for ranges in (_SHAPING, _UNSPACED, _MONGOLIAN, _PICTURES)
)
_BEFORE_A_JOINER = re.compile(f"[{_PICTURES}\ufe0f\U000e007f]")  # a picture may end with a selector or as a flag

_RUN = re.compile(f"[{_ZERO_WIDTH}]+")
# A flag such as that of Scotland is a picture, letters that are not seen, and an end of them.
_FLAG = re.compile(f"([{_PICTURES}]\ufe0f?[\U000e0020-\U000e007e]{{1,32}}\U000e007f)|[{_TAGS}]+")
_RARE = re.compile(f"[{_ZERO_WIDTH}{_TAGS}]")

# A picture in several characters, which must not be set apart: flags, skin tones, families and professions.
_EMOJI = re.compile(
    "[\U0001f1e6-\U0001f1ff]{2}|[0-9#*]\ufe0f?\u20e3"
    f"|[{_PICTURES}](?:[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff\u20e3{_TAGS}]|\u200d(?=[{_PICTURES}])[{_PICTURES}])*"
)
_SELECTORS = "\ufe0e\ufe0f\u20e3"
"""Characters that say how a picture is to look; without it they mean nothing."""

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

# The blocks of combining diacritical marks, without the one that makes a key of a digit. Marks of other scripts (Hindi
# vowels, say) are spelling and stay.
_DIACRITICS = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20e2\u20e4-\u20ff\ufe20-\ufe2f]+")

# Nothing of this needs tidying (but for the number of spaces): a quick way past the tables for most text.
_VISIBLE = re.compile("[ -~\u00a1-\u00ac\u00ae-\u05ff\u2010-\u2027]*")
# Nothing of this needs a second pass: Latin letters in one piece, and common punctuation.
_ORDINARY = re.compile("[ -~\u00a1-\u00ac\u00ae-\u0148\u014a-\u017f\u2010-\u2027]*")

_MOST_PASSES = 8

_ENTITY = re.compile("&(#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
# An ampersand that was escaped again and again, matched in one go.
_AMPERSANDS = re.compile("&(?:(?:amp|AMP|#0{0,4}38|#[xX]0{0,4}26);)+")
# Each round takes away one level; so many are no text but a trap that takes time.
_MOST_ENTITIES = 64

# Letters right behind the sign: "a < b" is none, nor is "<3".
_TAG = re.compile("</?[A-Za-z][^<>]*>|<!--.*?-->|<![A-Za-z][^<>]*>")


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
    if character == "\ufffa":  # between a word and a note on how it is read
        return " "
    if category == "Cc" or (category == "Cf" and character not in _VISIBLE_FORMAT and not _RARE.match(character)):
        return ""
    return character


def _set_off(character: str) -> str:
    return f" {character} " if unicodedata.category(character)[0] in "PS" else character


def _basic(character: str) -> str:
    if character in ".!?":
        return f" {character} "
    if character in _SELECTORS:
        return ""
    return character if unicodedata.category(character)[0] in "LM" or character in _ZERO_WIDTH else " "


_TIDY, _SET_OFF, _BASIC = map(_CharacterTable, (_tidied, _set_off, _basic))


def tidy(text: str) -> str:
    """Take out what no reader sees: one plain space for any white space, no control character, nothing stray.

    Characters without width that are spelling stay, such as joiners in emoji (docs/text.md lists all).
    The result has no line break, no lone surrogate, and no space at either end. References are kept in this form.
    """
    if not _VISIBLE.fullmatch(text):
        text = text.translate(_TIDY)
        if _RARE.search(text):
            text = _RUN.sub(_spelling, _FLAG.sub(lambda flag: flag[1] or "", text))
    return " ".join(text.split())


def _spelling(run: re.Match[str]) -> str:
    """Keep, of some characters without width, those that mean something between their neighbours."""
    before, after = run.string[run.start() - 1 : run.start()], run.string[run.end() : run.end() + 1]
    if _BEFORE_A_JOINER.match(before) and _PICTURE.match(after):
        return _JOINER if _JOINER in run[0] else ""
    kept = set()
    if _SHAPING_LETTER.match(before) or _SHAPING_LETTER.match(after):
        kept |= {_JOINER, _NON_JOINER}
    if _MONGOLIAN_LETTER.match(before):
        kept.add(_VOWEL_SEPARATOR)
    # A break at the end of a text or beside a space says nothing.
    if before.strip() and after.strip() and (_UNSPACED_LETTER.match(before) or _UNSPACED_LETTER.match(after)):
        kept.add(_WORD_BREAK)
    return "".join(character for character in run[0] if character in kept)


def resolve_entities(text: str) -> str:
    """Put characters in place of HTML entities, ``&eacute;`` and ``&#39;``, also of those written twice, ``&amp;amp;``.

    Only what ends in a semicolon is one: ``?a=1&copy=2`` stays.
    """
    for _ in range(_MOST_ENTITIES):
        resolved = _ENTITY.sub(_entity, _AMPERSANDS.sub("&", text))
        if resolved == text:
            break
        text = resolved
    return text


def remove_tags(text: str) -> str:
    """Put a space in place of HTML tags such as ``<br />``, and of comments."""
    for _ in range(_MOST_ENTITIES):
        cleared = _TAG.sub(" ", text)
        if cleared == text:
            break
        text = cleared
    return text


def _entity(found: re.Match[str]) -> str:
    known = found[1][0] == "#" or found[1] + ";" in html.entities.html5
    return html.unescape(found[0]) if known else found[0]


def lowercase(text: str, *, dotted_i: bool = False) -> str:
    """Lowercase a text.

    Args:
        text: any.
        dotted_i: as in Turkish, where the small letter of I is ı, and that of İ is i.
    """
    if dotted_i:
        text = text.replace("I\u0307", "i").replace("İ", "i").replace("I", "ı")
        return text.lower().replace("i\u0307", "i")
    return text.lower()


def _defaults() -> NormaliseConfig:
    from nmt_attn.config.schema import NormaliseConfig

    return NormaliseConfig()


@dataclass(frozen=True)
class Normaliser:
    """Normaliser that gives text as the tokenizer sees it. Applying it again changes nothing."""

    config: NormaliseConfig = field(default_factory=_defaults)
    dotted_i: bool = False  # the language has the small letters i and ı, which only lowercasing asks about

    def __call__(self, text: str) -> str:
        """Tidy ``text``, then apply what the configuration asks for."""
        return self.of_tidy(self.tidy(text))

    def of_tidy(self, text: str) -> str:
        """Apply to a text that is tidy what the configuration asks for."""
        markup = (self.config.html_entities and "&" in text) or (self.config.html_tags and "<" in text)
        ordinary = _ORDINARY.fullmatch(text) and not markup
        text = self._once(text)
        if ordinary:
            return text
        # A few rare characters take two rounds (U+1FEF becomes a backtick, which then becomes an apostrophe).
        for _ in range(_MOST_PASSES):
            again = self._once(self.tidy(text))
            if again == text:
                break
            text = again
        return text

    def tidy(self, text: str) -> str:
        """Return ``text`` as raw text is kept: tidied, without entities and tags where they are to go."""
        if self.config.html_entities and "&" in text:
            text = resolve_entities(text)
        if self.config.html_tags and "<" in text:
            text = remove_tags(tidy(text))
        return tidy(text)

    def _once(self, text: str) -> str:
        config = self.config
        plain = text.isascii()
        if config.quotes and _QUOTE.search(text):
            text = text.translate(_QUOTES)
        if not plain:
            text = self._compose(text)
        if config.lowercase:
            text = lowercase(text, dotted_i=self.dotted_i)
        if config.ascii_fold and not plain:
            text = self._compose(_fold(text))
        if config.punctuation != "keep":
            text = text.translate(_BASIC) if config.punctuation == "basic" else _split(text)
        # U+2581 stands for a space inside sentencepiece, so in a text it would turn into one.
        return " ".join(text.replace("\u2581", "_").split())

    def _compose(self, text: str) -> str:
        if self.config.unicode == "none":
            return text
        return unicodedata.normalize("NFKC" if self.config.unicode == "nfkc" else "NFC", text)


def _split(text: str) -> str:
    """Set punctuation and symbols off by spaces; a picture of several characters is one symbol."""
    if text.isascii():
        return text.translate(_SET_OFF)
    pieces, place = [], 0
    for emoji in _EMOJI.finditer(text):
        if emoji.end() - emoji.start() > 1:
            pieces += [text[place : emoji.start()].translate(_SET_OFF), " ", emoji[0], " "]
            place = emoji.end()
    return "".join([*pieces, text[place:].translate(_SET_OFF)])


def _fold(text: str) -> str:
    """Take the marks off letters: é becomes e, œ becomes oe; recompose, for the sake of other scripts."""
    bare = _DIACRITICS.sub("", unicodedata.normalize("NFD", text.translate(_FOLDED_LETTERS)))
    return unicodedata.normalize("NFC", bare.translate(_FOLDED_LETTERS))
