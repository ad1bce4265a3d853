"""Language codes: whatever people write (``eng``, ``zh_CN``, ``cmn``, ``ja_JP``) in the one form of BCP 47.

langcodes is imported inside the functions, because it is read into memory with all codes that there are.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from itertools import takewhile

UNSPACED_SCRIPTS = frozenset(
    (
        *("Hans", "Hant", "Hani", "Hanb", "Bopo", "Jpan", "Hira", "Kana", "Hrkt"),
        *("Thai", "Laoo", "Khmr", "Mymr", "Tibt", "Lana", "Tale", "Talu", "Tavt", "Java", "Bali", "Yiii"),
    )
)
"""ISO 15924 codes of scripts whose readers see words without spaces between them."""

DOTTED_I = frozenset(("tr", "az", "azj", "crh", "gag"))
"""Languages in which the small letter of I is ı, and that of İ is i (Unicode's SpecialCasing.txt, and their kin)."""

SOLID_SCRIPTS = frozenset(("Hans", "Hant", "Hani", "Hanb", "Bopo", "Jpan", "Hira", "Kana", "Hrkt", "Yiii"))
"""Scripts in which no space stands between sentences either; a Thai sentence is parted from the next by a space."""

DOTTED_ORDINALS = frozenset(
    (
        *("de", "gsw", "lb", "da", "no", "nb", "nn", "is", "fo", "fi", "et", "lv", "hu", "tr", "az", "eu"),
        *("cs", "sk", "sl", "hr", "bs", "sr", "sh", "pl", "hsb", "dsb"),
    )
)
"""Languages that write an ordinal as a number and a full stop, as German does: am 3. Mai."""

_LONGEST_SHOWN = 40  # characters of a code in a message; the longest that exist are about as long


def standard_code(code: str) -> str:
    """Return the BCP 47 form of a language code, such as ``zh`` for ``cmn`` and ``ja-JP`` for ``ja_JP``.

    Private codes such as ``x-dates`` stand for what is no language and are taken as they are.

    Raises:
        ValueError: there is no such code; the message names the nearest one.
    """
    import langcodes
    from langcodes.tag_parser import LanguageTagError

    try:
        standard = langcodes.standardize_tag(code.strip(), macro=True) if code.strip() else ""
        known = bool(standard) and langcodes.tag_is_valid(standard)
    except LanguageTagError:
        known = False
    if not known:
        nearest = _nearest(code.strip().lower())
        advice = f"did you mean {nearest}?" if nearest else "known are such as en, fra, zh-Hant"
        shown = code if len(code) <= _LONGEST_SHOWN else code[:_LONGEST_SHOWN] + "…"
        raise ValueError(f"unknown language code {shown!r}; {advice} (for what is no language: x- and a name)")
    return standard


def script_of(code: str) -> str:
    """Return the script that a language is written in by default, as an ISO 15924 code such as ``Latn``.

    Args:
        code: as :func:`standard_code` gives it; an empty or private one has the script ``Zyyy``.
    """
    import langcodes

    if not code or code.lower().startswith("x-"):
        return "Zyyy"
    return langcodes.get(code).maximize().script or "Zyyy"


def has_no_spaces(code: str) -> bool:
    """Say whether words stand without spaces between them in a language."""
    return script_of(code) in UNSPACED_SCRIPTS


def sentence_space(code: str) -> str:
    """Return what stands between two sentences of a language: a space, or nothing as in Chinese."""
    return "" if script_of(code) in SOLID_SCRIPTS else " "


def word_space(code: str) -> str:
    """Return what stands between two words of a language: a space, or nothing as in Chinese and Thai."""
    return "" if has_no_spaces(code) else " "


def has_dotted_ordinals(code: str) -> bool:
    """Say whether a full stop behind a number makes it an ordinal in a language."""
    return code.lower().split("-")[0] in DOTTED_ORDINALS


def has_dotted_i(code: str) -> bool:
    """Say whether a language has two letters i, one with and one without a dot, as Turkish has."""
    language, *rest = code.lower().split("-")
    return language in DOTTED_I and not {"cyrl", "arab"} & set(rest)


def _nearest(code: str) -> str | None:
    """Return the common code that shares most of its beginning with ``code``: people write ``german`` and ``frn``."""

    def likeness(candidate: str) -> tuple[int, float]:
        shared = sum(1 for _ in takewhile(lambda letters: letters[0] == letters[1], zip(candidate, code, strict=False)))
        return shared, difflib.SequenceMatcher(None, candidate, code).ratio()

    best = max(common_codes(), key=likeness)
    return best if likeness(best)[0] else None


def common_codes() -> Iterator[str]:
    """Yield the codes of two letters, and those of three that stand for the same languages."""
    from langcodes.data_dicts import LANGUAGE_ALPHA3, LANGUAGE_ALPHA3_BIBLIOGRAPHIC

    for short in LANGUAGE_ALPHA3:
        if len(short) == 2:
            yield short
            yield LANGUAGE_ALPHA3[short]
    for short in LANGUAGE_ALPHA3_BIBLIOGRAPHIC:
        yield LANGUAGE_ALPHA3_BIBLIOGRAPHIC[short]
