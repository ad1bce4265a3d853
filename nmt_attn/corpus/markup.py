"""Markup taken for text: web pages, SGML test sets, XML. Sentences may speak of tags; files that consist of them are
another matter.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

SAMPLE = 100
"""Lines that are looked at."""

_PAGE = re.compile(r"<!doctype\s+html|<(html|head|body)(\s[^<>\t]*)?>", re.IGNORECASE)
_DECLARATION = re.compile(r"<\?xml\s|<!doctype\s|<!--", re.IGNORECASE)
_STRUCTURE = re.compile(
    r"</?(srcset|refset|tstset|mteval|dataset|collection|doc|seg|hl|chapter|speaker|xliff|tmx|corpus|text|p|s|"
    r"html|head|body|title|meta|link|script|div|table)(\s[^<>\t]*)?/?>",
    re.IGNORECASE,
)
_TAG_ALONE = re.compile(r"</?[a-z][\w:.-]*(\s[^<>\t]*)?/?>", re.IGNORECASE)
_ENCLOSED = re.compile(r"<([a-z][\w:.-]*)(\s[^<>]*)?>.*</\1\s*>", re.IGNORECASE)
_PAIR = re.compile(r"[^\t]*[^\t\s][^\t]*\t[^\t]*\S")

_MOST_OF_THEM = 0.8


def markup_in(lines: Sequence[str]) -> str | None:
    """Name what a text really is, by its first lines: ``a web page``, ``XML`` or ``SGML``; None where it is text.

    A line that is a tag, or stands between one and its end, is markup. A file begins with such a line and has others,
    or most of its lines are such. A line with a tab between two texts is a pair, whatever it speaks of.
    """
    sample = [line.strip() for line in lines[:SAMPLE] if line.strip()]
    if not sample:
        return None
    first = sample[0]
    if not _is_pair(first):
        if _PAGE.match(first) and (first[1] == "!" or _is_markup(first) or _others(sample)):
            return "a web page"
        if _DECLARATION.match(first):
            return _kind(sample)
        if _STRUCTURE.match(first) and _is_markup(first) and ("=" in first or _others(sample)):
            return _kind(sample)
    share = sum(_is_markup(line) for line in sample) / len(sample)
    return _kind(sample) if len(sample) >= 5 and share >= _MOST_OF_THEM else None


def _is_pair(line: str) -> bool:
    """Say whether there is a tab between two texts, and the line is not enclosed in a tag as a whole."""
    return bool(_PAIR.match(line)) and not _ENCLOSED.fullmatch(line)


def _is_markup(line: str) -> bool:
    return not _is_pair(line) and bool(
        _TAG_ALONE.fullmatch(line) or _ENCLOSED.fullmatch(line) or _DECLARATION.match(line)
    )


def _others(sample: Sequence[str]) -> bool:
    """Say whether structure follows the first line, or nothing does."""
    return len(sample) == 1 or any(_STRUCTURE.match(line) and not _is_pair(line) for line in sample[1:])


def _kind(sample: Sequence[str]) -> str:
    if any(_PAGE.match(line) for line in sample[:5]):
        return "a web page"
    return "XML" if sample[0].startswith("<?xml") else "SGML or XML"


def is_web_page(beginning: bytes) -> bool:
    """Say whether a file that begins like this is HTML, or what some servers say in XML, instead of text or TMX."""
    text = beginning.removeprefix(b"\xef\xbb\xbf").decode("utf-8", errors="replace")
    found = markup_in(text.splitlines())
    return found == "a web page" or (found == "XML" and re.search(r"<(Error|html)\b", text) is not None)
