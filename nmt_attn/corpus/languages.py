"""Assignment of texts to the two languages: by code, whatever form it has, and by name."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from nmt_attn.config.language_codes import standard_code

# Headings of tables, in English and in the language itself.
_NAMES = {
    "ar": "arabic العربية", "bg": "bulgarian български", "ca": "catalan català", "cs": "czech čeština",
    "da": "danish dansk", "de": "german deutsch", "el": "greek ελληνικά", "en": "english", "eo": "esperanto",
    "es": "spanish español", "et": "estonian eesti", "eu": "basque euskara", "fa": "persian farsi فارسی",
    "fi": "finnish suomi", "fr": "french français", "ga": "irish gaeilge", "he": "hebrew עברית", "hi": "hindi हिन्दी",
    "hr": "croatian hrvatski", "hu": "hungarian magyar", "id": "indonesian", "is": "icelandic íslenska",
    "it": "italian italiano", "ja": "japanese 日本語", "ka": "georgian ქართული", "ko": "korean 한국어", "la": "latin",
    "lt": "lithuanian", "lv": "latvian", "nl": "dutch nederlands", "no": "norwegian norsk", "pl": "polish polski",
    "pt": "portuguese português", "ro": "romanian română", "ru": "russian русский", "sk": "slovak slovenčina",
    "sl": "slovenian slovene", "sr": "serbian српски", "sv": "swedish svenska", "sw": "swahili", "th": "thai ไทย",
    "tr": "turkish türkçe", "uk": "ukrainian українська", "ur": "urdu اردو", "vi": "vietnamese", "zh": "chinese 中文",
}  # fmt: skip
_LONGEST = 40  # characters of a code or a heading
_CODES = {name: code for code, names in _NAMES.items() for name in names.split()}


@lru_cache(maxsize=4096)
def _standard(code: str) -> str:
    """Return the BCP 47 form of a code; one that has none stands for itself."""
    if len(code) > _LONGEST:
        return code.lower()
    try:
        return standard_code(code.strip().replace("_", "-"))
    except ValueError:
        return code.strip().lower()


@dataclass(frozen=True)
class Languages:
    """The languages of a corpus, as BCP 47 codes."""

    source: str
    target: str

    def side(self, code: str) -> str | None:
        """Say whether ``code`` is that of the ``source`` or of the ``target``; regions do not matter.

        Regions do matter where the two sides differ in nothing else.
        """
        found = [side for side in ("source", "target") if same_language(code, getattr(self, side))]
        if len(found) == 2:
            found = [side for side in found if _standard(code) == _standard(getattr(self, side))]
        return found[0] if len(found) == 1 else None

    def named(self, heading: str) -> str | None:
        """Say which side the heading of a column means: a code, the name of a language, or the side itself."""
        words = heading.casefold().replace("_", " ").replace("-", " ").split()
        if not words or len(words) > 4 or len(heading) > _LONGEST:
            return None
        if words[0] in ("source", "src"):
            return "source"
        if words[0] in ("target", "tgt", "trg", "translation"):
            return "target"
        return self.side(_CODES.get(words[0], heading) if len(words) > 1 else _CODES.get(words[0], words[0]))


def language_named(heading: str) -> str | None:
    """Return the code of the language whose name a heading begins with, in English or in the language itself."""
    words = heading.casefold().split()
    return _CODES.get(words[0]) if words and len(words) <= 4 else None


def same_language(one: str, other: str) -> bool:
    """Say whether two codes mean the same language; scripts count where both name one, regions never do."""
    language, script = _parts(_standard(one))
    other_language, other_script = _parts(_standard(other))
    return language == other_language and (not script or not other_script or script == other_script)


def _parts(code: str) -> tuple[str, str]:
    """Split a code into language and script; a private code is one whole."""
    if code.lower().startswith("x-"):
        return code.lower(), ""
    language, *rest = code.split("-")
    return language.lower(), next((part.lower() for part in rest if len(part) == 4 and part.isalpha()), "")
