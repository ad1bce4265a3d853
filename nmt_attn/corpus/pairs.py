"""Elements of a corpus: a sentence and its translation."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pair:
    """A source sentence and one translation of it."""

    source: str
    target: str


@dataclass(frozen=True, slots=True)
class ExtraColumns:
    """A line with more columns than its file has, which therefore is no pair: a tab has got into a sentence."""

    place: str
    """File and line."""
    columns: int
    usual: int

    @property
    def fault(self) -> str:
        """Fault of the line, in a few words."""
        if self.columns > self.usual:
            return f"{self.columns} columns where most lines have {self.usual}"
        return "the third column is no attribution, as it is on other lines"


Line = Pair | ExtraColumns | None
"""Content of a line of a corpus; None for a blank one."""
