"""Pairs out of TMX, the XML of translation memories: streamed, and without what XML can be made to do."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any
from xml.parsers import expat

from nmt_attn.corpus.guessed_languages import NOT_KNOWN, GuessedLanguages, code_of
from nmt_attn.corpus.languages import Languages, same_language
from nmt_attn.corpus.pairs import Pair
from nmt_attn.errors import InputError
from nmt_attn.text.normalise import tidy
from nmt_attn.text.reading import MAX_LINE_BYTES

_BEGINS = re.compile(rb"(\xef\xbb\xbf|\xff\xfe|\xfe\xff)?\s*<(\?xml|!doctype\s+tmx|tmx\s|!--)", re.IGNORECASE)
_ROOT = re.compile(rb"<tmx(\s[^<]*?)?>|<tmx\s", re.IGNORECASE)

_VARIANT = re.compile(r"""<tuv\s[^>]*?\b(?:xml:)?lang\s*=\s*["']([\w-]+)["']""", re.IGNORECASE)
_SOURCE = re.compile(r"""\bsrclang\s*=\s*["']([\w-]+)["']""", re.IGNORECASE)

BEGINNING = 1 << 12
"""Bytes in which the root element is looked for."""

# Codes of the format that a segment was cut out of: what is between them is no text (TMX 1.4b, 3.2). hi is.
_CODES = frozenset(("bpt", "ept", "ph", "it", "ut"))
_DEEPEST = 100


def is_tmx(beginning: bytes) -> bool:
    """Say whether a file that begins like this is TMX."""
    plain = beginning.replace(b"\0", b"")  # of UTF-16
    if not _BEGINS.match(plain):
        return False
    root = _ROOT.search(plain)
    # A table may begin with the word <tmx>: then no markup follows it.
    return root is not None and (plain.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")[:5] != b"<tmx>")


def languages_of_tmx(beginning: bytes) -> GuessedLanguages:
    """Guess the two languages of a translation memory: those of its first variants, of which its header has the source.

    Not known where there are none in ``beginning``.
    """
    text = beginning.replace(b"\0", b"").decode("utf-8", "replace")
    seen = dict.fromkeys(code for raw in _VARIANT.findall(text) if (code := code_of(raw)) is not None)
    if len(seen) < 2:
        return NOT_KNOWN
    one, other = list(seen)[:2]
    stated = _SOURCE.search(text)
    if stated is not None and same_language(stated[1], other):
        one, other = other, one
    return GuessedLanguages(one, other, "the languages in it")


def read_tmx(
    chunks: Iterator[bytes], name: str, languages: Languages, max_pairs: int | None = None
) -> Iterator[Pair | None]:
    """Yield the pairs of all units: each variant of the source language with each of the target language.

    A unit that lacks one of the two gives a pair with an empty side.

    Args:
        chunks: the file.
        name: what to call it in messages.
        languages: regions do not matter, but where a unit has the very code that is asked for, only that counts.
        max_pairs: how many pairs to read; None: all.

    Raises:
        InputError: it is not well formed, declares entities, or has no unit with both languages.
    """
    reader = _Reader(name, languages)
    yield from islice(reader.pairs(chunks), max_pairs)


class _Reader:
    """Collector of what the parser meets, into units."""

    def __init__(self, name: str, languages: Languages) -> None:
        self._name, self._languages = name, languages
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.EntityDeclHandler = self._refuse_entity
        self._parser.SkippedEntityHandler = self._refuse_unknown_entity
        self._found: list[Pair] = []
        self._seen: Counter[str] = Counter()
        self._both = False
        self._path: list[str] = []
        self._variants: list[tuple[str, str]] = []  # language, text
        self._language = ""
        self._segment: list[str] | None = None
        self._length = 0
        self._codes = 0  # that we are inside of

    def pairs(self, chunks: Iterator[bytes]) -> Iterator[Pair]:
        for chunk in chunks:
            self._feed(chunk, last=False)
            yield from self._found
            self._found.clear()
        self._feed(b"", last=True)
        yield from self._found
        if not self._both:
            held = ", ".join(f"{tidy(code)[:20]}" for code, _ in self._seen.most_common(8)) or "none"
            raise InputError(
                f"{self._name}: no unit has both {self._languages.source} and {self._languages.target}; its languages "
                f"are {held}; set data.source_lang and data.target_lang to two of them"
            )

    def _feed(self, chunk: bytes, *, last: bool) -> None:
        try:
            self._parser.Parse(chunk, last)
        except expat.ExpatError as error:
            what = expat.ErrorString(error.code) or "damaged"
            raise InputError(f"{self._name}, line {error.lineno}: not well-formed XML: {what}") from None
        except (ValueError, LookupError):  # an encoding that Python does not know, or that is none of bytes
            raise InputError(f"{self._name}: its XML is in an encoding that cannot be read; save it as UTF-8") from None

    def _place(self) -> str:
        return f"{self._name}, line {self._parser.CurrentLineNumber}"

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        tag = tag.lower()
        self._path.append(tag)
        if len(self._path) > _DEEPEST:
            raise InputError(f"{self._place()}: nested too deeply; this is no translation memory")
        if tag == "tu":
            self._variants.clear()
        elif tag == "tuv":
            codes = (value for name, value in attributes.items() if name.lower() in ("xml:lang", "lang"))
            self._language = next(codes, "")
        elif tag == "seg":
            self._segment, self._length, self._codes = [], 0, 0
        elif tag in _CODES:
            self._codes += 1

    def _end(self, tag: str) -> None:
        tag = tag.lower()
        self._path.pop()
        if tag == "seg" and self._segment is not None:
            self._variants.append((self._language, "".join(self._segment)))
            self._segment = None
        elif tag == "tu":
            self._unit()
        elif tag in _CODES:
            self._codes -= 1

    def _text(self, text: str) -> None:
        if self._segment is None or self._codes:
            return
        self._length += len(text)
        if self._length > MAX_LINE_BYTES:
            raise InputError(f"{self._place()}: a segment of more than {MAX_LINE_BYTES:,} characters; refused")
        self._segment.append(text)

    def _unit(self) -> None:
        self._seen.update(language for language, _ in self._variants)
        sources, targets = self._of("source"), self._of("target")
        self._both = self._both or bool(sources and targets)
        pairs = (Pair(source, target) for source in sources or [""] for target in targets or [""])
        self._found.extend(pairs)

    def _of(self, side: str) -> list[str]:
        """Return the texts of one side; only those with the very code that is asked for, if there are any."""
        wanted = self._languages.source if side == "source" else self._languages.target
        exact = [text for code, text in self._variants if code.replace("_", "-").lower() == wanted.lower()]
        if exact:
            return exact
        return [
            text
            for code, text in self._variants
            if code and same_language(code, wanted) and self._languages.side(code) == side
        ]

    def _refuse_entity(self, entity: str, *rest: Any) -> None:
        raise InputError(
            f"{self._place()}: it declares an entity (&{tidy(entity)[:40]};), which no honest translation memory does, "
            "so it is refused"
        )

    def _refuse_unknown_entity(self, entity: str, *rest: Any) -> None:
        raise InputError(f"{self._place()}: unknown entity &{tidy(entity)[:40]};; write the character itself")
