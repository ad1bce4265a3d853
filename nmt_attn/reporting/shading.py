"""Shading of a weighed text: how dark each word is, which of them stand out, and the sentences that say so."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from nmt_attn.classification.weighed_text import WeighedText, goes_on
from nmt_attn.reporting.attention_maps import MISSING

LEVELS = 20
"""Shades between none and the darkest."""

STANDING_OUT = 3.0
"""Times the mean weight from which on a word is shown with its share, so that it can be found without colours."""

# Embeddings, overrides and isolates of directions reach beyond the word; half a surrogate pair cannot be written, and
# what is no character may not stand in XML.
_UNSAFE = re.compile("[\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")

LEFT_TO_RIGHT_MARK = "\u200e"
"""Stands, without being seen, behind an Arabic or Hebrew word in an English sentence, which goes on to the right."""

_LONGEST_NAMED = 40

Colour = tuple[int, int, int]
"""Red, green and blue, 0 to 255."""


@dataclass(frozen=True)
class Ramp:
    """The colours of the shades, from none to the heaviest."""

    none: Colour
    heaviest: Colour

    def background(self, level: int) -> Colour:
        """Return the colour of a level, 0 to :data:`LEVELS`."""
        part = level / LEVELS
        red, green, blue = (round(a + part * (b - a)) for a, b in zip(self.none, self.heaviest, strict=True))
        return red, green, blue

    def ink(self, level: int) -> Colour:
        """Return black or white, whichever is read better on a level (contrast of WCAG 2: always 4.5 or more)."""
        return (0, 0, 0) if _luminance(self.background(level)) > 0.179 else (255, 255, 255)


LIGHT = Ramp((255, 255, 255), (31, 78, 121))
DARK = Ramp((22, 26, 31), (150, 205, 255))


def _luminance(colour: Colour) -> float:
    """Return the relative luminance of a colour of sRGB, 0 to 1."""
    parts = (value / 255 for value in colour)
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@dataclass(frozen=True)
class ShadedUnit:
    """A word or piece as it is shown."""

    text: str  # nothing in it moves a cursor or a line
    spaced: bool  # a space stands before it
    breaks: bool  # a line may begin with it
    weight: float
    level: int  # 0 to LEVELS, relative to the largest weight of the text
    stands_out: bool

    @property
    def percent(self) -> str:
        """Its share of the attention, in percent."""
        return percent(self.weight)

    def divided(self) -> tuple[str, str]:
        """Divide it into the word and the punctuation after it, so that a figure can stand between them."""
        tail = "".join(takewhile(_is_punctuation, reversed(self.text)))[::-1]
        return (self.text.removesuffix(tail), tail) if len(tail) < len(self.text) else (self.text, "")


def shaded_units(weighed: WeighedText) -> list[ShadedUnit]:
    """Return the units of a text as they are shown."""
    weights = weighed.weights
    largest = max(weights, default=0.0)
    least = STANDING_OUT * math.fsum(weights) / max(1, len(weights))
    top = -1 if largest == 0 or is_even(weights) else weights.index(largest)
    units = []
    for place, (unit, weight) in enumerate(zip(weighed.units, weights, strict=True)):
        spaced = place > 0 and (weighed.spaced[place] or place == weighed.cut_at)
        units.append(
            ShadedUnit(
                shown(unit),
                spaced=spaced,
                breaks=spaced or (place > 0 and not goes_on(weighed.units[place - 1], unit)),
                weight=weight,
                level=round(LEVELS * (weight / largest)) if largest else 0,
                stands_out=place == top or weight >= least > 0,
            )
        )
    return units


def is_even(weights: Sequence[float]) -> bool:
    """Say whether there are several weights and none is larger than another, but for rounding."""
    return len(weights) > 1 and max(weights) - min(weights) <= 1e-6 * max(weights)


def shown(text: str) -> str:
    """Strip a text of what would move the cursor or the line, or turn the letters after it around."""
    safe = "".join(_safe(character) for character in text)
    return safe if safe.strip() else "␣" * max(1, len(safe))


def _safe(character: str) -> str:
    if character.isspace():
        return " "  # a break of the line, of whatever kind
    return MISSING if unicodedata.category(character) == "Cc" or _UNSAFE.match(character) else character


def percent(weight: float) -> str:
    """Write a share of 1 in percent: whole ones from 1 on, tenths below."""
    if weight >= 0.0095:
        return f"{100 * weight:.0f}"
    if weight == 0:
        return "0"
    return f"{100 * weight:.1f}" if weight >= 0.0005 else "<0.1"


def probability_in_words(weighed: WeighedText) -> str:
    """Write the probability of the label: ``97.3 %``, and never that something is certain."""
    if weighed.probability >= 0.9995:
        return ">99.9 %"
    return f"{100 * weighed.probability:.1f} %" if weighed.probability >= 0.0005 else "<0.1 %"


def headline(weighed: WeighedText) -> tuple[str, str]:
    """Return the label and its probability."""
    return shown(weighed.label), probability_in_words(weighed)


def mark(weighed: WeighedText) -> tuple[int, str] | None:
    """Return the place of the unit before which something was left out, and the words that say so."""
    if not weighed.left_out:
        return (0, "[no text]") if not weighed.units else None
    place = len(weighed.units) if weighed.cut_at is None else weighed.cut_at
    return place, f"[… {weighed.left_out:,} token{'s' if weighed.left_out != 1 else ''} not read …]"


@dataclass(frozen=True)
class HeavyWord:
    """A word of which one place got much attention."""

    word: str  # without punctuation; shortened where it is long
    weight: float  # of the place that got the most
    times: int  # places where it stands
    total: float  # weight of them all

    def __str__(self) -> str:
        """Write it as ``awful 12 %``, and what all of its places got where there are several."""
        others = f" ({percent(self.total)} % in {self.times:,} places)" if self.times > 1 else ""
        return f"{self.word} {percent(self.weight)} %{others}"


def heaviest_words(weighed: WeighedText, most: int = 5) -> list[HeavyWord]:
    """Return the words with the most attention; case and punctuation around a word make no difference.

    They go by the place that got the most: a word like "the" has much in all, but nowhere is it looked at.
    """
    places: dict[str, list[int]] = {}
    for place, unit in enumerate(weighed.units):
        places.setdefault(_core(unit).casefold(), []).append(place)
    words = []
    for group in places.values():
        heaviest = max(group, key=weighed.weights.__getitem__)
        total = math.fsum(weighed.weights[place] for place in group)
        words.append(HeavyWord(_named(weighed.units[heaviest]), weighed.weights[heaviest], len(group), total))
    return sorted((word for word in words if word.weight > 0), key=lambda word: -word.weight)[:most]


def _named(unit: str) -> str:
    word = shown(_core(unit))
    short = word if len(word) <= _LONGEST_NAMED else f"{word[: _LONGEST_NAMED - 1]}…"
    return (
        short + LEFT_TO_RIGHT_MARK
        if any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in short)
        else short
    )


def most_attention(weighed: WeighedText) -> str:
    """Say which words got the most attention, and how much of it the end of the text got."""
    end = f"; the end of the text {percent(weighed.end_weight)} %" if weighed.end_weight >= 0.0005 else ""
    if not any(weighed.weights):
        return f"No word got attention{end}."
    if is_even(weighed.weights):
        return f"The attention is the same everywhere: {percent(weighed.weights[0])} % each{end}."
    return f"Most attention: {', '.join(map(str, heaviest_words(weighed)))}{end}."


def legend(weighed: WeighedText, steps: int = 4) -> list[tuple[int, str]]:
    """Return some levels with the share that each stands for; none where no word got attention."""
    largest = max(weighed.weights, default=0.0)
    levels = [LEVELS * step // steps for step in range(steps + 1)] if largest else []
    return [(level, f"{percent(largest * level / LEVELS)} %") for level in levels]


def _core(unit: str) -> str:
    """Strip a word of the punctuation and spaces around it, unless it is nothing else."""
    tail = sum(1 for _ in takewhile(_is_punctuation, reversed(unit)))
    kept = unit[: len(unit) - tail]
    head = sum(1 for _ in takewhile(_is_punctuation, kept))
    return kept[head:] or unit


def _is_punctuation(character: str) -> bool:
    return unicodedata.category(character)[0] in "PZ"
