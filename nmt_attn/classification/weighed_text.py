"""Weighed text: what a classifier read, the label it gave, and how much it attended to each word or piece."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Self

from nmt_attn.errors import InputError
from nmt_attn.text.tokenizer import SPACE

# Scripts that have no spaces between words: Thai, Lao, Tibetan, Burmese, Khmer, Tai, Balinese, Javanese, Cham;
# Chinese, Japanese and Yi with their punctuation and wide letters. Korean has spaces.
_UNSPACED = re.compile(
    "[\u0e00-\u109f\u1780-\u17ff\u1950-\u19ff\u1a20-\u1aaf\u1b00-\u1b7f\ua980-\ua9ff\uaa00-\uaadf"
    "\u2e80-\u312f\u31a0-\ua4cf\uf900-\ufaff\uff01-\uff9f\U0001b000-\U0001b16f\U00020000-\U0003ffff]"
)
_BYTE = re.compile(r"<0x([0-9A-Fa-f]{2})>")
_OPENING = ("Ps", "Pi")


@dataclass(frozen=True)
class WeighedText:
    """A text with its label and the attention that each unit of it, a word or a piece, got.

    ``weights`` and ``end_weight`` sum to 1; all of them are 0 in a model without attention.

    >>> from nmt_attn.classification.weighed_text import WeighedText
    >>> weighed = WeighedText.of_pieces(
    ...     ["▁A", "▁bor", "ing", "▁film", "."],
    ...     [0.05, 0.3, 0.4, 0.1, 0.05],
    ...     label="neg",
    ...     probability=0.9,
    ...     end_weight=0.1,
    ... )
    >>> weighed.text
    'A boring film.'

    Raises:
        ValueError: units, spaces and weights are not equally many, or the place of the cut is not in the text.
        InputError: the attention or the probability is no number from 0 to 1.
    """

    label: str  # the predicted one
    probability: float  # of the label
    units: tuple[str, ...]  # as written, without marks of spaces
    spaced: tuple[bool, ...]  # a space stands before the unit
    weights: tuple[float, ...]  # the attention to each unit
    end_weight: float = 0.0  # the attention to the token that ends the text
    left_out: int = 0  # tokens that were not read, as the text is longer than the limit
    cut_at: int | None = None  # they stood before this unit; None: at the very end, or nothing was left out

    def __post_init__(self) -> None:
        if not len(self.units) == len(self.spaced) == len(self.weights):
            raise ValueError(f"{len(self.units)} units, {len(self.spaced)} spaces and {len(self.weights)} weights")
        if self.cut_at is not None and not 0 <= self.cut_at <= len(self.units):
            raise ValueError(f"cut before unit {self.cut_at} of {len(self.units)}")
        for value in (self.probability, self.end_weight, *self.weights):
            if not 0 <= value <= 1.1:  # beyond what rounding does, or no number, as after a training that diverged
                raise InputError(
                    f"the model gives {value} as an attention or a probability: its weights are damaged; "
                    "use another checkpoint"
                )

    @classmethod
    def of_pieces(
        cls,
        pieces: Sequence[str],
        weights: Sequence[float],
        *,
        label: str,
        probability: float,
        end_weight: float = 0.0,
        left_out: int = 0,
        cut_at: int | None = None,
    ) -> Self:
        """Make one of sentencepiece's pieces, in which ``▁`` is a space. Pieces of bytes become the letters they spell.

        >>> WeighedText.of_pieces(["▁", "<0xC3>", "<0xA9>", "t"], [0, 0.5, 0.25, 0.25], label="a", probability=1).units
        ('', 'é', 't')

        Args:
            pieces: without the end of the text.
            weights: one a piece.
            label: the predicted one.
            probability: of the label.
            end_weight: the attention to the end of the text.
            left_out: tokens that were not read.
            cut_at: the piece before which they stood; None: at the very end.
        """
        whole = cls(
            label=label,
            probability=float(probability),
            units=tuple(pieces),
            spaced=tuple(piece.startswith(SPACE) for piece in pieces),
            weights=tuple(map(float, weights)),
            end_weight=float(end_weight),
            left_out=left_out,
            cut_at=cut_at,
        )
        spelt = whole._merged(lambda run, after: all(map(_BYTE.fullmatch, (run[-1], after))), _spelt)
        units = (unit.removeprefix(SPACE).replace(SPACE, " ") for unit in spelt.units)
        return replace(spelt, units=tuple(units))

    @property
    def text(self) -> str:
        """The units put together again: what was read of the text, with a space where the middle was left out."""
        parts = []
        for place, (unit, spaced) in enumerate(zip(self.units, self.spaced, strict=True)):
            parts.append(f" {unit}" if place and (spaced or place == self.cut_at) else unit)
        return "".join(parts)

    def in_words(self) -> Self:
        """Merge pieces into words, whose attention is the sum over their pieces; punctuation stays with its word.

        Scripts without spaces between words stay in pieces.

        >>> weighed.in_words().units
        ('A', 'boring', 'film.')
        >>> [round(weight, 2) for weight in weighed.in_words().weights]
        [0.05, 0.7, 0.15]
        """
        return self._merged(lambda word, after: goes_on("".join(word), after), "".join)

    def _merged(self, belongs: Callable[[Sequence[str], str], bool], join: Callable[[Sequence[str]], str]) -> Self:
        """Merge units with those after them that belong to them, unless a space or a cut parts them."""
        spans = list(self._spans(belongs))
        cut_at = self.cut_at
        if cut_at is not None:
            cut_at = next((place for place, span in enumerate(spans) if span.start >= cut_at), len(spans))
        return replace(
            self,
            units=tuple(join(self.units[span.start : span.stop]) for span in spans),
            spaced=tuple(self.spaced[span.start] for span in spans),
            weights=tuple(math.fsum(self.weights[span.start : span.stop]) for span in spans),
            cut_at=cut_at,
        )

    def _spans(self, belongs: Callable[[Sequence[str], str], bool]) -> Iterator[range]:
        start = 0
        for place in range(1, len(self.units) + 1):
            if (
                place in (len(self.units), self.cut_at)
                or self.spaced[place]
                or not belongs(self.units[start:place], self.units[place])
            ):
                yield range(start, place)
                start = place


def goes_on(word: str, piece: str) -> bool:
    """Say whether a piece with no space before it goes on with the word, or what stands for one, before it.

    It does in scripts with spaces between words. In those without, each piece stands for itself, but for punctuation,
    marks and signs of repetition, which stay with what they belong to.

    >>> goes_on("bor", "ing"), goes_on("猫", "が"), goes_on("猫", "。"), goes_on("猫。", "GPU")
    (True, False, True, False)
    """
    if not word or not piece:
        return True  # a space that is a piece of its own
    letter = next((character for character in reversed(word) if unicodedata.category(character)[0] not in "PSZ"), "")
    spaced = not (_UNSPACED.match(letter or word[-1]) or _UNSPACED.match(piece))
    if spaced or unicodedata.category(word[-1]) in _OPENING:
        return True
    category = unicodedata.category(piece[0])
    return category not in _OPENING and (category[0] in "PSM" or category == "Lm")


def _spelt(pieces: Sequence[str]) -> str:
    found = [_BYTE.fullmatch(piece) for piece in pieces]
    values = bytes(int(match[1], 16) for match in found if match)
    return values.decode("utf-8", errors="replace") if values else "".join(pieces)
