"""The cut of texts that are too long to be read as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

Token = TypeVar("Token")


@dataclass(frozen=True)
class TextCut:
    """The part of a long text that is read, in tokens."""

    most: int
    keep: Literal["head", "tail", "both"]

    def __call__(self, tokens: Sequence[Token]) -> list[Token]:
        """Return what is read of a text: its first ``most`` tokens, its last ones, or half of each."""
        head = self.head(len(tokens))
        if head is None:
            return list(tokens)
        return [*tokens[:head], *tokens[len(tokens) - (self.most - head) :]]

    def head(self, length: int) -> int | None:
        """Return the number of tokens that are read before the cut; None where nothing is cut."""
        if length <= self.most:
            return None
        return {"head": self.most, "tail": 0, "both": (self.most + 1) // 2}[self.keep]
