"""Scores of parts of the test sentences: by length, by rare words, with numbers, names, negation and questions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from nmt_attn.analysis.sentence_statistics import SentenceStatistics
from nmt_attn.analysis.words import WordCutter, bucket, bucket_names

LENGTHS = (1, 4, 7, 10, 16, 26, 41)
"""Words from which a range of source lengths begins."""

FREQUENCIES = (0, 1, 2, 5, 10, 100)
"""Occurrences in the training part from which a range begins."""

_NEGATION = {
    "en": {"not", "no", "never", "nobody", "nothing", "none", "nor", "neither", "nowhere", "cannot"},
    "fr": {"ne", "n", "non", "pas", "jamais", "rien", "personne", "aucun", "aucune", "ni"},
    "de": {"nicht", "kein", "keine", "keinen", "keinem", "keiner", "nie", "niemals", "niemand", "nichts", "nein"},
    "es": {"no", "nunca", "jamás", "nadie", "nada", "ningún", "ninguna", "ninguno", "ni", "tampoco"},
    "it": {"non", "no", "mai", "nessuno", "nessuna", "niente", "nulla", "né"},
    "pt": {"não", "nunca", "jamais", "ninguém", "nada", "nenhum", "nenhuma", "nem"},
    "nl": {"niet", "geen", "nooit", "niemand", "niets", "nergens", "nee"},
    "ru": {"не", "нет", "ни", "никогда", "никто", "ничего", "нельзя"},
}
"""Words that negate, by language; in English also what ends in n't."""

_QUESTION = ("?", "？", "؟", ";")


@dataclass(frozen=True)
class Slice:
    """The scores of a part of the sentences."""

    name: str
    sentences: int
    bleu: float | None  # None: no 4-gram to count
    chrf: float | None
    exact: float | None  # percent
    length_ratio: float | None


@dataclass(frozen=True)
class Slicing:
    """A way to divide the sentences."""

    title: str
    note: str
    slices: list[Slice]


def tags_of(source: str, language: str, cutter: WordCutter) -> list[str]:
    """Say what a source sentence holds of the things that translations often get wrong."""
    words = cutter(source)
    tags = []
    if any(character.isdigit() for character in source):
        tags.append("number")
    if _has_name(source, language, cutter):
        tags.append("name")
    if _negates(words, language):
        tags.append("negation")
    if source.rstrip(" \"'»”)").endswith(_QUESTION):
        tags.append("question")
    return tags


def _has_name(source: str, language: str, cutter: WordCutter) -> bool:
    """Say whether a word begins with a capital that is not the first; German nouns all do, so there it says nothing."""
    if language.split("-")[0] == "de":
        return False
    words = WordCutter(cutter.language)(source)
    inner = [word for before, word in pairwise(words) if before not in '.!?:"“«¿¡-–']
    return any(word[0].isupper() and word.split("'")[0].split("’")[0] != "I" for word in inner)


def _negates(words: Sequence[str], language: str) -> bool:
    code = language.split("-")[0]
    known = _NEGATION.get(code, set())
    lowered = {word.lower() for word in words}
    parts = {part for word in lowered for part in word.replace("’", "'").split("'")} if code == "fr" else lowered
    return bool(known & parts) or (code == "en" and any(word.replace("’", "'").endswith("n't") for word in lowered))


def rarest_counts(sources: Sequence[str], cutter: WordCutter, trained: Counter[str]) -> list[int]:
    """Return how often the rarest word of each source was seen in training; punctuation is left out."""
    found = []
    for source in sources:
        words = [word for word in cutter(source) if word[0].isalnum()]
        found.append(min((trained[word] for word in words), default=max(FREQUENCIES)))
    return found


def slicings(
    statistics: SentenceStatistics,
    sources: Sequence[str],
    tags: Sequence[Sequence[str]],
    cutter: WordCutter,
    trained: Counter[str],
) -> list[Slicing]:
    """Divide the test sentences in all ways.

    Args:
        statistics: of the translations.
        sources: the source sentences.
        tags: what each of them holds, see :func:`tags_of`.
        cutter: of the source language.
        trained: how often the training part has each source word.
    """
    lengths = [bucket(max(1, len(cutter(source))), LENGTHS) for source in sources]
    rarest = [bucket(count, FREQUENCIES) for count in rarest_counts(sources, cutter, trained)]
    kinds = ["number", "name", "negation", "question"]
    every = np.arange(len(sources))
    return [
        Slicing(
            "By source length",
            "Words of the source, punctuation included.",
            _by_range(statistics, np.array(lengths), bucket_names(LENGTHS)),
        ),
        Slicing(
            "By the rarest source word",
            "How often the training part has the word of the sentence that it has least often.",
            _by_range(statistics, np.array(rarest), bucket_names(FREQUENCIES)),
        ),
        Slicing(
            "By what the source holds",
            "A sentence may be in several rows. Names: words with a capital that do not begin the sentence.",
            [
                slice_of(statistics, kind, np.flatnonzero([kind in some for some in tags]))
                for kind in kinds
                if any(kind in some for some in tags)
            ]
            + [
                slice_of(statistics, "none of these", np.flatnonzero([not some for some in tags])),
                slice_of(statistics, "all sentences", every),
            ],
        ),
    ]


def _by_range(
    statistics: SentenceStatistics, places: np.ndarray[tuple[int], np.dtype[np.int64]], names: Sequence[str]
) -> list[Slice]:
    found = [slice_of(statistics, name, np.flatnonzero(places == place)) for place, name in enumerate(names)]
    return [one for one in found if one.sentences]


def slice_of(statistics: SentenceStatistics, name: str, rows: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Slice:
    """Compute the scores of some sentences."""
    return Slice(
        name,
        len(rows),
        statistics.bleu(rows),
        statistics.chrf(rows),
        statistics.exact_share(rows),
        statistics.length_ratio(rows),
    )
