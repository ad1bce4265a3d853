"""Digests of pairs: numbers by which duplicates and groups are found without the texts.

Two pairs are taken for the same by 128 bits, which no corpus is large enough to see go wrong. Sentences are compared by
64 bits: if two different ones ever had the same, two groups would be held together that need not be, and no sentence
would be known from another part.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nmt_attn.corpus.pairs import Pair

Digests = NDArray[np.uint64]
"""A row for each pair, (N, 5), with these columns."""

PAIR_HIGH, PAIR_LOW, SOURCE, SOURCE_KEY, TARGET_KEY = range(5)
COLUMNS = 5


def comparison_key(text: str) -> str:
    """Return what two sentences have in common when they count as the same: letters, marks and digits, without case.

    A text that has none of these is its own key. I, İ, i and ı count as one letter, whatever the language.
    """
    if text.isascii():
        return text.lower().translate(_WORDLIKE) or text
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    folded = folded.replace("ı", "i").replace("i\u0307", "i")
    # Spaces go too: "porte-monnaie" and "porte monnaie" must not lie in different parts.
    return folded.translate(_WORDLIKE) or text


class _Wordlike(dict[int, str | None]):
    """Table for ``str.translate`` that drops all but letters, marks and numbers."""

    def __missing__(self, code: int) -> str | None:
        new = chr(code) if unicodedata.category(chr(code))[0] in "LMN" else None
        self[code] = new
        return new


_WORDLIKE = _Wordlike()


def stable_hash(text: str) -> int:
    """Return 64 bits that depend on ``text`` alone, on every machine."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8"), digest_size=8).digest(), "big")


def digests_of(pairs: Sequence[Pair]) -> Digests:
    """Return the digests of normalised pairs."""
    found = b"".join(part for pair in pairs for part in _parts(pair.source, pair.target))
    return np.frombuffer(found, dtype=">u8").reshape(len(pairs), COLUMNS).astype(np.uint64)


def _parts(source: str, target: str) -> tuple[bytes, ...]:
    sides = f"{source}\n{target}".encode()  # a normalised text holds no line break
    return (
        hashlib.blake2b(sides, digest_size=16).digest(),
        *(
            hashlib.blake2b(text.encode(), digest_size=8).digest()
            for text in (source, comparison_key(source), comparison_key(target))
        ),
    )
