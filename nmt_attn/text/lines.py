"""The lines that a model was trained on: how many sentences they held, and so what it can translate at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

from nmt_attn.config.language_codes import has_dotted_ordinals
from nmt_attn.text.line_division import Limits
from nmt_attn.text.sentence_splitting import sentences

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

COMMON = 0.05
"""Share of training lines that must have so many sentences if a model is to be trusted with them."""

USUAL = 0.99
"""Share of training lines that are not longer than what counts as usual."""

# More lines say nothing new.
_MOST_LINES = 200_000

SplitSentences = Literal["auto", "on", "off"]


class TrainingLines(BaseModel):
    """The source side of the training pairs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    several: float = Field(ge=0.0, le=1.0)
    """Share of lines with more than one sentence."""
    common_sentences: int = Field(ge=1)
    """The most sentences that at least :data:`COMMON` of the lines have."""
    usual_tokens: int = Field(ge=1)
    """Tokens that :data:`USUAL` of the lines do not exceed, without their end."""

    @staticmethod
    def step(count: int) -> int:
        """Say which of ``count`` lines are looked at: each one, or each second, third, … of very many."""
        return max(1, -(-count // _MOST_LINES))

    @classmethod
    def of(cls, sources: Sequence[str], tokens: Sequence[int] | NDArray[np.int64], language: str) -> TrainingLines:
        """Measure training lines.

        Args:
            sources: raw source lines, at least one: all, or of very many each one by :meth:`step`.
            tokens: how many tokens each line has.
            language: code of theirs; empty where it is not known.
        """
        import numpy as np  # which takes long to load, and commands that only read a tokenizer's files do without

        ordinals = has_dotted_ordinals(language)
        counts = np.array([len(sentences(source, ordinals=ordinals)) for source in sources])
        common = 1
        while float((counts > common).mean()) >= COMMON:
            common += 1
        return cls(
            several=round(float((counts > 1).mean()), 5),
            common_sentences=common,
            usual_tokens=max(1, int(np.quantile(np.asarray(tokens), USUAL, method="higher"))),
        )


def limits_of(lines: TrainingLines | None, split: SplitSentences, most_tokens: int, language: str) -> Limits:
    """Say what may be translated at once.

    Args:
        lines: what a model was trained on; None: that was not recorded, and ``auto`` is ``off``.
        split: see ``decoding.split_sentences``.
        most_tokens: what is longer is cut in any case.
        language: code of the source language; empty where it is not known.
    """
    ordinals = has_dotted_ordinals(language)
    if split == "on":
        return Limits(most_tokens, 1, None, ordinals)
    if split == "auto" and lines is not None:
        return Limits(most_tokens, lines.common_sentences, lines.usual_tokens, ordinals)
    return Limits(most_tokens, ordinals=ordinals)
