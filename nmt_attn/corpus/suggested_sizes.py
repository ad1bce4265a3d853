"""Sizes that suit an amount of data, each with its reason: the vocabulary, the network, the held-out part."""

from __future__ import annotations

from dataclasses import dataclass

from nmt_attn.config.language_codes import has_no_spaces, script_of
from nmt_attn.corpus.data_figures import DataFigures

_FEWEST_SUBWORDS = 200
_SURE = 0.8
_TRIES = 6
_CLOSED = 400  # different words


@dataclass(frozen=True)
class Sizes:
    """A network, and how long it is trained, for up to so many sentence pairs or texts."""

    most: int
    vocabulary: int
    embedding: int
    encoder: int
    decoder: int
    dropout: float
    epochs: int
    learning_rate: str


_OF_PAIRS = (
    Sizes(2_000, 500, 64, 64, 128, 0.3, 60, "4e-3"),
    Sizes(20_000, 1_500, 192, 192, 256, 0.3, 20, "3e-3"),
    Sizes(100_000, 4_000, 256, 256, 512, 0.3, 30, "2e-3"),
    Sizes(1_000_000, 8_000, 256, 512, 512, 0.2, 30, "2e-3"),
    Sizes(10**12, 16_000, 512, 512, 1024, 0.1, 10, "1e-3"),
)
_OF_TEXTS = (
    Sizes(10_000, 4_000, 64, 32, 0, 0.3, 12, "5e-3"),
    Sizes(10**12, 10_000, 128, 64, 0, 0.3, 3, "2e-3"),
)


@dataclass(frozen=True)
class Vocabulary:
    """Kind and size of a tokenizer."""

    kind: str
    size: int
    reason: str


def sizes_for_pairs(count: int) -> Sizes:
    """Return sizes for so many pairs to train on."""
    return next(sizes for sizes in _OF_PAIRS if count <= sizes.most)


def sizes_for_texts(count: int) -> Sizes:
    """Return sizes for so many texts to train on."""
    return next(sizes for sizes in _OF_TEXTS if count <= sizes.most)


def share_vocabulary(source: str, target: str) -> bool:
    """Say whether two languages gain by one vocabulary: they are written in one script, or it is not known."""
    return script_of(source) == script_of(target)


def vocabulary_of_pairs(figures: DataFigures, sizes: Sizes, *, joint: bool) -> Vocabulary:
    """Choose subwords where the corpus has enough of them, else whole words or characters."""
    words, characters = figures.fewest_words(joint), figures.most_characters(joint)
    few = f"only {words:,} different words"
    if words <= _CLOSED and words * 3 <= figures.texts:
        return Vocabulary("word", words + 100, f"{few}, so each can be a token")
    fitting = _fitting(figures, max(sizes.vocabulary, 2 * characters), joint=joint)
    if fitting >= max(_FEWEST_SUBWORDS, 2 * characters):
        enough = fitting >= sizes.vocabulary
        return Vocabulary("unigram", fitting, "so that a training shows each token often" if enough else few)
    return Vocabulary("char", characters + 100, f"{few}, too few to learn subwords from")


def _fitting(figures: DataFigures, wanted: int, *, joint: bool) -> int:
    """Return a number of subwords, up to ``wanted``, of which it has been tried that the texts have enough for them.

    What the texts have enough for depends on the number that is asked for, so a smaller one is tried again.
    """
    for _ in range(_TRIES):
        most = figures.most_subwords(wanted, joint)
        if most >= wanted:
            return wanted
        wanted = int(_SURE * most) // 50 * 50
        if wanted < _FEWEST_SUBWORDS:
            break
    return 0


def vocabulary_of_texts(figures: DataFigures, sizes: Sizes, language: str) -> Vocabulary:
    """Choose whole words, of which a classifier can say which it looks at; subwords or characters without spaces."""
    if not has_no_spaces(language):
        return Vocabulary("word", sizes.vocabulary, "whole words, so that nmt attend can shade them")
    characters = figures.most_characters(joint=True)
    return Vocabulary("char", characters + 100, "words without spaces between them")


def held_out(distinct: int, *, parts: int = 2) -> int:
    """Return the number of sentences to hold out for each of valid and test: a twentieth, at most 2,000."""
    if distinct < 10 * parts:
        return 0
    return max(1, min(2000, distinct // 20))
