"""The choice of sacreBLEU's tokenizer, which cuts text into the words that BLEU counts, by language or by name.

Chinese scripts                              zh         characters; anything between them as 13a does
Japanese                                     ja-mecab   words of MeCab's IPA dictionary; char where it is missing
Korean                                       ko-mecab   morphemes of mecab-ko-dic; 13a where it is missing
other languages without spaces (Thai, …)     char       characters
all others                                   13a        words and punctuation, as in WMT
"""

from __future__ import annotations

import http.client
import importlib.util
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sacrebleu.metrics.bleu import BLEU

from nmt_attn.config.language_codes import has_no_spaces, script_of
from nmt_attn.errors import UserError

CHINESE = frozenset(("Hans", "Hant", "Hani", "Hanb", "Bopo"))
JAPANESE = frozenset(("Jpan", "Hira", "Kana", "Hrkt"))
KOREAN = frozenset(("Kore", "Hang", "Jamo"))
"""Korean scripts by their ISO 15924 codes."""

_MECAB = {"ja-mecab": ("MeCab", "ipadic"), "ko-mecab": ("mecab_ko", "mecab_ko_dic")}
"""The modules that sacreBLEU needs for a tokenizer."""

_FETCHED = ("spm", "flores101", "flores200", "spBLEU-1K")
"""Tokenizers that are sentencepiece models, which sacreBLEU fetches when they are first used."""

_PATIENCE_SECONDS = 30.0
"""Seconds to wait for a server that does not answer."""


@dataclass(frozen=True)
class BleuTokenizer:
    """A tokenizer of sacreBLEU."""

    name: str
    note: str | None = None  # why it is not the one that the language should have

    @property
    def unit(self) -> str:
        """The unit into which it cuts text, for messages."""
        return "characters" if self.name in ("zh", "char") else "words"


def bleu_tokenizer(language: str, setting: str = "auto") -> BleuTokenizer:
    """Choose the tokenizer for BLEU.

    Args:
        language: BCP 47 code of the target language; an empty or private code counts as a language with spaces.
        setting: see ``evaluation.tokenize``.
    """
    if setting != "auto":
        return BleuTokenizer(setting)
    spoken, script = language.split("-")[0].lower(), script_of(language)
    if spoken == "ja" and script in JAPANESE:
        return _by_mecab("ja-mecab", "char", "Japanese")
    if spoken == "ko" and script in KOREAN:
        return _by_mecab("ko-mecab", "13a", "Korean")
    if script in CHINESE:
        return BleuTokenizer("zh")
    return BleuTokenizer("char" if has_no_spaces(language) else "13a")


def _by_mecab(wanted: str, instead: str, language: str) -> BleuTokenizer:
    if _is_installed(wanted):
        return BleuTokenizer(wanted)
    return BleuTokenizer(
        instead,
        f"BLEU cuts {language} with {instead}, as MeCab is not installed; with it ({_advice()}) scores are those of "
        f"{wanted}, which others report",
    )


def _is_installed(tokenizer: str) -> bool:
    return all(importlib.util.find_spec(module) is not None for module in _MECAB.get(tokenizer, ()))


def _advice() -> str:
    return "pip install 'nmt-attn[mecab]'"


def make_bleu(tokenizer: BleuTokenizer, *, lowercase: bool) -> BLEU:
    """Make sacreBLEU's metric with a tokenizer.

    Raises:
        UserError: the tokenizer is not installed, or cannot be fetched.
    """
    name = tokenizer.name
    if not _is_installed(name):
        raise UserError(f"evaluation.tokenize: {name} needs MeCab; install it ({_advice()}), or choose another")
    try:
        with _not_waiting_forever():
            # force: no advice about detokenising to the user of a model that was trained on split punctuation.
            return BLEU(lowercase=lowercase, tokenize=name, force=True)
    except (OSError, RuntimeError, AssertionError, ImportError, http.client.HTTPException, SystemExit) as error:
        reason = " ".join(str(getattr(error, "reason", error)).split())[:200] or type(error).__name__
        if name in _FETCHED:
            raise UserError(
                f"evaluation.tokenize: {name} is a model that sacreBLEU fetches once and keeps under {_kept_in()}; it "
                f"cannot be fetched or read ({reason}). Delete what is there and try again, or choose another"
            ) from None
        raise UserError(f"evaluation.tokenize: {name} cannot be used: {reason}") from None


def _kept_in() -> Path:
    """Return the folder of sacreBLEU's models, found by the same rule as sacreBLEU does."""
    return Path(os.environ.get("SACREBLEU", "~/.sacrebleu")) / "models"


@contextmanager
def _not_waiting_forever() -> Iterator[None]:
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_PATIENCE_SECONDS)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
