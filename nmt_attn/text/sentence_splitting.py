"""Division of a line into its sentences, and of what is too long to be translated at once into smaller parts.

An exported model has this file beside it, so it needs nothing but Python.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

Sizes = Callable[[list[str]], list[int]]
"""Gives the sizes of several texts; two of them side by side are taken to be as large as both together."""

Span = tuple[int, int]
"""Beginning and end of a part of a text."""


@dataclass(frozen=True)
class Limits:
    """Limits of what may be translated at once."""

    tokens: int  # a longer text is cut in any case; at least 1
    sentences: int | None = None  # more of them are cut apart; None: they stay together while there is room
    usual_tokens: int | None = None  # several sentences that are longer together are cut apart too
    ordinals: bool = False  # a full stop behind a number does not end a sentence, as in German


@dataclass(frozen=True)
class Part:
    """A piece of a line that is translated by itself."""

    text: str
    begins: bool = True  # with a sentence; False: the piece before it is of the same sentence
    spaced: bool = True  # white space stands before it in the line


@dataclass(frozen=True)
class Division:
    """A line in parts, in order; nothing but white space is lost."""

    parts: tuple[Part, ...]
    long: bool = False  # the line has more tokens than can be translated at once

    @property
    def texts(self) -> list[str]:
        """The texts of the parts."""
        return [part.text for part in self.parts]

    def joined(self, texts: list[str], sentence_space: str, word_space: str) -> str:
        """Join the translations of the parts, but for empty ones.

        Args:
            texts: one translation per part.
            sentence_space: what stands between two sentences.
            word_space: what stands between two pieces of a sentence.
        """
        pieces: list[str] = []
        for part, text in zip(self.parts, texts, strict=True):
            if text:
                space = sentence_space if part.begins else word_space
                pieces += [space, text] if pieces else [text]
        return "".join(pieces)


def divide(text: str, limits: Limits, sizes: Sizes) -> Division:
    """Cut a line into what can be translated at once.

    Where sentences are told apart, neighbours stay together as far as ``limits`` allows. A sentence that is too long
    by itself is cut as :func:`cut` does.
    """
    long = len(text) > limits.tokens and sizes([text])[0] > limits.tokens  # every token has at least one letter
    if not long and limits.sentences is None:
        return Division((Part(text),))
    found = _sentences(text, limits.ordinals)
    if not long and _is_usual(text, len(found), limits, sizes):
        return Division((Part(text),))
    parts: list[Part] = []
    for begin, end in _grouped(text, found, limits, sizes):
        fits = end - begin <= limits.tokens
        pieces = [(begin, end)] if fits else _each_cut(text, [(begin, end)], limits.tokens, sizes, limits.ordinals)
        for place, (first, last) in enumerate(pieces):
            parts.append(Part(text[first:last], not place, not first or text[first - 1].isspace()))
    return Division(tuple(parts), long)


def cut(text: str, most: int, sizes: Sizes, *, ordinals: bool = False) -> list[str]:
    """Cut a text into parts of a size that is at most ``most``, in order; nothing but white space is lost.

    A text that has to be cut is cut into single sentences, also where several would fit: that is what models are
    trained on. Parts of a sentence are as large as they may be.

    Args:
        text: the text.
        most: at least 1; a single letter may be larger.
        sizes: gives the sizes of several texts.
        ordinals: see :func:`sentences`.
    """
    return [text[begin:end] for begin, end in _each_cut(text, [(0, len(text))], most, sizes, ordinals)]


def sentences(text: str, *, ordinals: bool = False) -> list[str]:
    """Cut a text into its sentences; nothing but the white space between them is lost.

    Where it is not clear whether a sentence ends, none does: a part that is no sentence is translated worse than two
    sentences together. So abbreviations, initials, pauses and quotations within a sentence stay where they are.

    Args:
        text: one line.
        ordinals: a full stop behind a number does not end a sentence, as in German.

    Returns:
        At least one; if there are several, each has letters.
    """
    return [text[begin:end] for begin, end in _sentences(text, ordinals)]


# --- what is too much at once --------------------------------------------------------------------------------


def _is_usual(text: str, count: int, limits: Limits, sizes: Sizes) -> bool:
    """Say whether a line of ``count`` sentences is translated as it is."""
    if count == 1:
        return True
    if limits.sentences is None or count > limits.sentences:
        return False
    most = limits.usual_tokens
    return most is None or len(text) <= most or sizes([text])[0] <= most


def _grouped(text: str, found: list[Span], limits: Limits, sizes: Sizes) -> list[Span]:
    """Join neighbouring sentences, as many as may be; leave them single where ``limits`` gives no number."""
    if (limits.sentences or 1) == 1:
        return found
    most = min(limits.tokens, limits.usual_tokens or limits.tokens)
    return _packed(text, found, most, sizes, limits.sentences)


def _packed(text: str, spans: list[Span], most: int, sizes: Sizes, count: int | None = None) -> list[Span]:
    """Join neighbours, as many as fit, at most ``count`` of them."""
    packed: list[Span] = []
    room = members = 0
    for (begin, end), size in zip(spans, sizes([text[begin:end] for begin, end in spans]), strict=True):
        if packed and size <= room and (count is None or members < count):
            packed[-1] = (packed[-1][0], end)
            members += 1
        else:
            packed.append((begin, end))
            room, members = most, 1
        room -= size
    return packed


_PAUSES = re.compile(r"(?<=[!?…;؛])\s+|(?<=\.\.)\s+")
_CLAUSES = re.compile(r"(?<=[,:،、，：])\s+|(?<=[、，：])")
_WORDS = re.compile(r"\s+")


def _cut(text: str, span: Span, most: int, sizes: Sizes, ordinals: bool) -> list[Span]:
    """Cut a span that is too large into parts."""
    begin, end = span
    if end - begin <= 1:
        return [span]
    found = [(begin + first, begin + last) for first, last in _sentences(text[begin:end], ordinals)]
    if len(found) > 1:
        return _each_cut(text, found, most, sizes, ordinals)
    for boundary in (_PAUSES, _CLAUSES, _WORDS):
        found = list(_between(text, span, boundary))
        if len(found) > 1:
            return _packed(text, _each_cut(text, found, most, sizes, ordinals), most, sizes)
    middle = (begin + end) // 2
    return _each_cut(text, [(begin, middle), (middle, end)], most, sizes, ordinals)


def _each_cut(text: str, spans: list[Span], most: int, sizes: Sizes, ordinals: bool) -> list[Span]:
    found: list[Span] = []
    for span, size in zip(spans, sizes([text[begin:end] for begin, end in spans]), strict=True):
        found += [span] if size <= most else _cut(text, span, most, sizes, ordinals)
    return found


def _between(text: str, span: Span, boundary: re.Pattern[str]) -> Iterator[Span]:
    """Yield the parts of a span between the boundaries in it, without empty ones."""
    begin, end = span
    for found in boundary.finditer(text, begin, end):
        if begin < found.start():
            yield begin, found.start()
        begin = found.end()
    if begin < end:
        yield begin, end


# --- sentences -----------------------------------------------------------------------------------------------

# Ends that need no space behind them: Chinese and Japanese, Hindi, Khmer, Burmese, Ethiopic, Arabic questions.
_FULL = "。｡！？।॥។៕။።፧؟"
_STOPS = ".!?…‼⁇⁈⁉‽۔։"
_CLOSERS = "\"'”’»›)\\]}“‘」』）】》〉"
_GREEK_QUESTION = "(?<=[\u0370-\u03ff\u1f00-\u1fff]);"

_END = re.compile(
    "(?P<said>「[^「」]*」|『[^『』]*』)\\s*"
    f"|(?P<run>[{_FULL}{_STOPS}]+|{_GREEK_QUESTION})"
    f"(?P<quotes>[{_CLOSERS}]*(?:\\s[»›](?=\\s|$))?)(?P<space>\\s*)"
)
_POSSIBLE = re.compile(f"[{_FULL}]|(?:[{_STOPS}]|{_GREEK_QUESTION})(?:[{_CLOSERS}]|\\s[»›])*\\s")
_LETTER = re.compile(r"[^\W\d_]")
_LETTER_OR_DIGIT = re.compile(r"[^\W_]")
_WORD = re.compile(r"[^\W_](?:[\w'’]*\w)?\.?")

_TITLES = frozenset(
    (
        *("Mr", "Mrs", "Ms", "Mx", "Dr", "Drs", "Prof", "Profs", "St", "Sta", "Ste", "Mt", "Ft", "Rev", "Fr", "Hon"),
        *("Gen", "Col", "Maj", "Capt", "Cpt", "Cmdr", "Lt", "Sgt", "Cpl", "Adm", "Sen", "Rep", "Gov", "Pres", "Supt"),
        *("Messrs", "Mme", "Mmes", "Mlle", "Mlles", "MM", "Mgr", "Hr", "Frl", "Ing", "Dipl", "Mag", "Hrsg", "Maître"),
        *("Sr", "Sra", "Sres", "Sras", "Srta", "Dra", "Profa", "Lic", "Dña", "Exmo", "Exma", "Sig", "Sigg", "Dott"),
        *("Avv", "Arch", "Dhr", "Mevr", "Mej", "Sn", "Av", "Doç", "Tel", "Bd", "Ave", "Blvd", "Rd", "Bros", "Jr"),
        *("Fig", "Vol", "Dept", "Univ", "Проф", "Акад", "डॉ", "प्रो", "Δρ"),
    )
)
"""Behind these, with their capital, a name or a number follows; some of them are words without it."""

_ABBREVIATIONS = frozenset(
    (
        *("mr", "mrs", "ms", "dr", "prof", "vs", "viz", "approx", "esp", "cf", "eds", "incl", "excl", "c.-à-d"),
        *("bzw", "ca", "evtl", "ggf", "ggfs", "inkl", "exkl", "sog", "bspw", "vgl", "zzgl", "abzgl", "gem", "mind"),
        *("mme", "mmes", "mlle", "mlles", "env", "srta", "sra", "avda", "dott", "bijv", "resp", "dvs", "evt", "eks"),
        *("tzn", "tzw", "inż", "mgr", "ul", "np", "např", "tzv", "проф", "акад", "ул", "тыс", "млн", "руб", "örn"),
    )
)
"""Behind these a sentence goes on, however they are written."""

_BEFORE_NUMBERS = frozenset(
    (
        *("no", "nos", "nr", "num", "núm", "p", "pp", "pg", "pág", "págs", "s", "fig", "figs", "vol", "vols", "n°"),
        *("ch", "chap", "sec", "sect", "art", "abs", "abb", "bd", "kap", "tab", "eq", "op", "ver", "ed", "blz", "kl"),
        *("jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec", "стр", "рис", "см"),
    )
)
"""Abbreviations where a number follows; else they may be words of their own."""

_ACRONYM = re.compile(r"(?:[^\W\d_]{1,3}\.)+[^\W\d_]{1,3}")
_NUMBER = re.compile(r"\d{1,3}|[IVXLC]+")

_LETTERS_ALONE = frozenset("IяЯéőaày")
"""Words of one letter that may end a sentence: I and its like in Russian, and some of French, Portuguese, Hungarian."""

_BEGINNINGS = frozenset(
    (
        *("I", "I'm", "I’m", "I'll", "I've", "We", "You", "He", "She", "It", "It's", "They", "This", "That", "There"),
        *("The", "These", "Those", "What", "Why", "When", "Where", "How", "But", "And", "If", "Then", "My", "Your"),
        *("Our", "Their", "His", "Her", "Please", "Let's", "Let’s", "Don't", "Don’t", "Can", "Do", "Is", "Are"),
    )
)
"""Words that begin a sentence where they have a capital, and are no names: in the U.S. We live there."""


def _sentences(text: str, ordinals: bool) -> list[Span]:
    if not _POSSIBLE.search(text):  # most lines
        return [(0, len(text))]
    cased = text != text.lower()  # else a small letter says nothing
    last = max((found.start() for found in _LETTER.finditer(text)), default=0)
    found: list[Span] = []
    begin = checked = 0
    lettered = False
    for end in _END.finditer(text):
        if end.end() > last:
            break
        stop = end.end("said") if end["said"] else end.end("quotes")
        lettered = lettered or bool(_LETTER.search(text, checked, stop))
        checked = stop
        if lettered and _ends(text, end, cased, ordinals):
            found.append((begin, stop))
            begin, lettered = end.end(), False
    return [*found, (begin, len(text))] if found else [(0, len(text))]


def _ends(text: str, end: re.Match[str], cased: bool, ordinals: bool) -> bool:
    """Say whether a sentence ends at what looks like its end; something follows."""
    following = text[end.end()]
    if said := end["said"]:  # 「…。」「…。」, but not 「…。」と言った
        return said[-2] in _FULL and (following in "「『" or end.end() > end.end("said"))
    run, quotes, spaced = end["run"], end["quotes"], bool(end["space"])
    if run[-1] in _FULL:
        quoting = run[-1] in "！？" and following == "と"
        return spaced or (following in "「『“（《" if quotes else not quoting)
    first = _LETTER_OR_DIGIT.search(text, end.end(), end.end() + 20)
    if not spaced or first is None or (first[0].islower() and (cased or quotes)):
        return False
    if run == ".":
        return not _goes_on(text, end.start(), first.start(), ordinals)
    return bool(run.strip(".…"))  # dots alone are a pause


def _goes_on(text: str, stop: int, following: int, ordinals: bool) -> bool:
    """Say whether the full stop at ``stop`` belongs to its word, and the sentence goes on at ``following``."""
    before = text[max(0, stop - 40) : stop]
    word = "" if before[-1:].isspace() else before.split()[-1] if before.split() else ""
    at_the_beginning = len(before.strip()) == len(word)
    word = word.lstrip("«»„“‘\"'’(¿¡[{‹›—–-")
    following_word = _WORD.match(text, following, following + 20)
    next_word = following_word[0] if following_word else ""
    if word in _TITLES or word.casefold() in _ABBREVIATIONS:
        return True
    if word.casefold() in _BEFORE_NUMBERS and next_word[:1].isdigit():
        return True
    if _NUMBER.fullmatch(word) and (ordinals or (at_the_beginning and word.isdigit())):
        return True  # am 3. Mai; or the number of an item of a list
    if _ACRONYM.fullmatch(word):
        return word.casefold() in ("e.g", "i.e") or next_word not in _BEGINNINGS
    if len(word) == 1 and word.isalpha() and ord(word) < 0x1100:  # no syllable such as that of Korean
        initials = len(next_word) == 2 and next_word.endswith(".")
        if word in _LETTERS_ALONE and not initials:
            return at_the_beginning
        return next_word not in _BEGINNINGS
    return False
