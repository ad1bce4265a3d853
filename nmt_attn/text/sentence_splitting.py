"""Sentences of a line, told apart where it is clear that one ends.

An exported model has this file beside it, so it needs nothing but Python.
"""

from __future__ import annotations

import re

Span = tuple[int, int]
"""Beginning and end of a part of a text."""

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
    return [text[begin:end] for begin, end in spans_of_sentences(text, ordinals)]


def spans_of_sentences(text: str, ordinals: bool) -> list[Span]:
    """Find the sentences of a text by their places; see :func:`sentences`."""
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
