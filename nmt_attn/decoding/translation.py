"""Translations of lines."""

from __future__ import annotations

from dataclasses import dataclass

from nmt_attn.text.sentence_splitting import Part


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

    @property
    def parts(self) -> int:
        """The number of parts that the line was translated in."""
        return max(1, len(self.made_of))
