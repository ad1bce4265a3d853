"""Elements of a corpus of labelled texts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PartName = Literal["train", "valid", "test"]


@dataclass(frozen=True, slots=True)
class LabelledText:
    """A text and its label, as they stand in a file."""

    label: str
    text: str
    place: str
    """File and line, or the name of its file in an archive."""
    part: PartName | None = None
    """Part that it belongs to, where the corpus is split already."""


LabelledLine = LabelledText | None
"""Content of a line; None for a blank one."""
