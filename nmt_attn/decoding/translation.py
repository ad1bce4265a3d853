"""Translations of lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nmt_attn.text.line_division import Division, Part


@dataclass(frozen=True)
class TranslatedPart:
    """A part of a line, and the tokens of its translation."""

    source: Part
    tokens: tuple[int, ...]


@dataclass(frozen=True)
class Translation:
    """One translation of a line."""

    text: str
    score: float  # log-probability over the length penalty, the sum of the parts'; what n-best lists are ordered by
    log_prob: float  # in nats
    tokens: tuple[int, ...] = ()  # as the model wrote it, without EOS
    made_of: tuple[TranslatedPart, ...] = ()  # where the line was not translated at once
    long: bool = False  # it has more tokens than the model is given at once

    @classmethod
    def of_parts(cls, line: Division, chosen: Sequence[Translation], spaces: tuple[str, str]) -> Translation:
        """Put a translation of each part of a line side by side.

        Args:
            line: the line in parts.
            chosen: a translation of each.
            spaces: texts that stand between two sentences of the translation, and between two words.
        """
        return cls(
            line.joined([one.text for one in chosen], *spaces),
            sum(one.score for one in chosen),
            sum(one.log_prob for one in chosen),
            tuple(token for one in chosen for token in one.tokens),
            tuple(TranslatedPart(part, one.tokens) for part, one in zip(line.parts, chosen, strict=True)),
            line.long,
        )

    @property
    def parts(self) -> int:
        """The number of parts that the line was translated in."""
        return max(1, len(self.made_of))
