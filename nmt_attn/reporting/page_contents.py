"""The contents of a report or of a comparison, as values: what a page or a terminal shows, in its order.

Nothing here knows HTML. :mod:`nmt_attn.reporting.report_page` makes a page of it, :mod:`nmt_attn.reporting.tables`
text for a terminal, and ``dataclasses.asdict`` JSON.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

Cell = str | float | int | None
"""A value of a table; None is shown as a dash."""


@dataclass(frozen=True)
class Column:
    """A column of a table."""

    name: str
    digits: int | None = None  # of numbers: decimal places; None: text, or whole numbers
    bar: bool = False  # also draw the number as a bar, from 0 to the largest of the column
    explanation: str = ""  # one sentence, for who does not know the word


@dataclass(frozen=True)
class Table:
    """A table with a title."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    note: str = ""  # a sentence or two: how to read it, or why it is empty
    kind: Literal["table"] = "table"


@dataclass(frozen=True)
class Curve:
    """A line in a plot."""

    name: str
    x: Sequence[float]
    y: Sequence[float]  # as many; no NaN


@dataclass(frozen=True)
class View:
    """One way to look at a plot: the same curves over another axis."""

    name: str  # such as "by step" or "by time"
    x_label: str
    curves: Sequence[Curve]


@dataclass(frozen=True)
class Plot:
    """A plot, with several views where there are several axes to look along."""

    title: str
    y_label: str
    views: Sequence[View]  # at least one
    style: Literal["line", "bars", "calibration"] = (
        "line"  # calibration: points, and the diagonal that they should be on
    )
    log_y: bool = False
    note: str = ""
    kind: Literal["plot"] = "plot"


@dataclass(frozen=True)
class Code:
    """A text in a fixed-width font, such as a configuration."""

    title: str
    text: str
    kind: Literal["code"] = "code"


Item = Table | Plot | Code


@dataclass(frozen=True)
class Section:
    """A part of the page."""

    name: str  # for links: letters and dashes
    title: str
    introduction: str  # a sentence or two in plain words: what the part shows, and what to look for
    items: Sequence[Item]


@dataclass(frozen=True)
class Card:
    """A figure that stands at the top."""

    name: str  # such as BLEU
    value: str  # such as 39.4
    interval: str = ""  # such as "38.2 to 40.6"
    explanation: str = ""  # the signature, or how it was computed


@dataclass(frozen=True)
class Word:
    """A word of a hypothesis."""

    text: str
    spaced: bool  # a space stands before it
    found: bool  # it is in one of the references, as often as it is written
    confidence: float | None = None  # the model's probability of it, given what stands before; None: not known


@dataclass(frozen=True)
class Output:
    """A hypothesis of one system."""

    words: Sequence[Word]
    chrf: float  # of the sentence, 0 to 100; of a label: the probability of the right one, in percent
    exact: bool  # it is one of the references


@dataclass(frozen=True)
class SentenceRow:
    """A test sentence."""

    number: int  # its line in the test split, from 1
    source: str  # or the text that has a label
    references: Sequence[str]
    outputs: Sequence[Output]  # one for each system
    tags: Sequence[str] = ()  # what can be filtered by, such as "question", "number", "rare word", "repeats"


@dataclass(frozen=True)
class TreeNode:
    """A hypothesis in the beam, as one more token on its parent."""

    parent: int  # place of the parent in the list; -1: the beginning of the sentence
    text: str  # of the token; empty: the end of the sentence
    probability: float  # of the token, given what stands before
    log_prob: float  # of all tokens up to here, in nats
    state: Literal["chosen", "ended", "dropped", "followed"]  # chosen: part of the translation that won


@dataclass(frozen=True)
class AttentionMap:
    """The attention over the source while a translation was written, and how the search came to it."""

    number: int  # of the sentence, see SentenceRow
    why: str  # such as "worst by chrF"
    source: Sequence[str]  # S pieces, the end of the sentence included
    target: Sequence[str]  # T pieces, the end of the sentence included
    weights: Sequence[Sequence[float]]  # T rows of S; empty for a model without attention
    confidence: Sequence[float]  # T: probability of each piece
    tree: Sequence[TreeNode] = ()


@dataclass(frozen=True)
class PageContents:
    """Everything that a page shows."""

    title: str  # the name of the run, or those that are compared
    subtitle: str  # what it is, in one sentence
    systems: Sequence[str]  # names of the systems whose outputs the sentences have; at least one
    cards: Sequence[Card]
    sections: Sequence[Section]
    sentences: Sequence[SentenceRow] = ()
    attention: Sequence[AttentionMap] = ()
    languages: tuple[str, str] = ("", "")  # BCP 47 codes of source and target, for screen readers and directions
    footer: str = ""  # version, date
    notes: Sequence[str] = field(default_factory=tuple)  # what should be known first, such as that data is missing
    kind: Literal["translations", "labels"] = "translations"  # what the outputs are
