"""The wishes by which lines are translated, and the answers: the same for a command line and for any other caller."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from nmt_attn.errors import UserError

if TYPE_CHECKING:
    from nmt_attn.decoding.sampling import SamplingOptions
    from nmt_attn.decoding.translation import Translation
    from nmt_attn.decoding.translator import Translator

OWN_NAMES: Mapping[str, str] = MappingProxyType({})
"""No other names for the wishes than those of the fields."""


def one_line(text: str) -> str:
    """Return a sentence that may hold line breaks as one line: there they are white space."""
    return " ".join(text.split("\n"))


@dataclass(frozen=True)
class Answer:
    """The translations of one line and, if asked for, its word alignment."""

    line: str
    found: list[Translation]  # best first; at least one
    links: list[tuple[int, int]] | None = None  # between words; None where they are not asked for

    @property
    def best(self) -> Translation:
        """The best translation."""
        return self.found[0]

    def to_text(self, number: int, nbest: int) -> str:
        """Return the answer as lines: the translation with its alignment, if there is one, or an n-best list.

        Args:
            number: of the line, from 0; it stands before each translation of an n-best list.
            nbest: the number of translations that was asked for.
        """
        if self.links is not None:  # of a blank line too, so that each line has the same columns
            return f"{self.best.text}\t{' '.join(f'{source}-{target}' for source, target in self.links)}\n"
        if nbest == 1:
            return self.best.text + "\n"
        return "".join(f"{number}\t{one.score:.4f}\t{one.text}\n" for one in self.found)

    def written(self, number: int, nbest: int, *, as_json: bool) -> str:
        """Return the answer as it is written: as :meth:`to_text`, or as a line of JSON."""
        return json.dumps(self.to_json(), ensure_ascii=False) + "\n" if as_json else self.to_text(number, nbest)

    def to_json(self) -> dict[str, Any]:
        """Return the answer as plain values: source, translation, score, nbest, parts, and alignment if asked for."""
        nbest = [
            {"text": one.text, "score": round(one.score, 4), "log_prob": round(one.log_prob, 4)} for one in self.found
        ]
        return {
            "source": self.line,
            "translation": self.best.text,
            "score": nbest[0]["score"],
            "nbest": nbest,
            "parts": self.best.parts,
            **({} if self.links is None else {"alignment": self.links}),
        }


@dataclass(frozen=True)
class TranslationRequest:
    """The wishes by which each line is translated.

    Args:
        beam_size: hypotheses that the search keeps; None: as the model is configured.
        nbest: translations per line.
        mbr: candidates of which the one is taken that the others agree with most; 0: the best is taken.
        prefix: what every translation begins with.
        alignments: add which word comes from which.
        replace_unknown: where the model knows no word, copy the source word that it looked at most. The translator has
            to be loaded for it, with ``write_unknown``.
        sampling: draw translations at random instead of searching the best.
    """

    beam_size: int | None = None
    nbest: int = 1
    mbr: int = 0
    prefix: str = ""
    alignments: bool = False
    replace_unknown: bool = False
    sampling: SamplingOptions | None = None

    @property
    def candidates(self) -> int:
        """The number of translations that the search returns per line."""
        return max(self.nbest, self.mbr)

    def check(self, translator: Translator, names: Mapping[str, str] = OWN_NAMES) -> None:
        """Refuse wishes that contradict each other or that the model cannot fulfil.

        Args:
            translator: with the model.
            names: what the caller calls the wishes, by field, for the message; those left out go by their fields.

        Raises:
            UserError: one cannot be fulfilled.
        """
        said = {field: names.get(field, field) for field in self.__dataclass_fields__}
        for field, least in (("nbest", 1), ("mbr", 0), ("beam_size", 1)):
            value = getattr(self, field)
            if value is not None and value < least:
                raise UserError(f"{said[field]} {value}: must be at least {least}")
        if self.mbr == 1:
            raise UserError(f"{said['mbr']} 1 leaves nothing to choose from; give 2 or more, or leave it out")
        if self.sampling is None and self.candidates > (self.beam_size or translator.options.beam_size):
            needed = f"{said['beam_size']} {self.candidates}"
            raise UserError(f"{self.candidates} candidates need a beam of that size; add {needed}")
        if self.sampling is not None and self.prefix:
            raise UserError(f"{said['prefix']} is not for {said['sampling']}; leave out one of them")
        if self.mbr and self.nbest > 1:
            raise UserError(f"{said['mbr']} chooses one translation; leave out {said['nbest']}")
        if self.alignments and self.nbest > 1:
            raise UserError(f"{said['alignments']} is for the best translation; leave out {said['nbest']}")
        if (self.alignments or self.replace_unknown) and not translator.model.attends:
            wish = said["alignments" if self.alignments else "replace_unknown"]
            raise UserError(f"this model has no attention (model.attention.score: none), by which {wish} goes")

    def answers(self, translator: Translator, lines: Sequence[str]) -> list[Answer]:
        """Translate a batch of lines; :meth:`check` has found nothing wrong."""
        found = translator.nbest(
            lines, self.candidates, beam_size=self.beam_size, sampling=self.sampling, prefix=self.prefix
        )
        if self.mbr:
            from nmt_attn.decoding.mbr import minimum_bayes_risk  # sacrebleu takes its time

            found = [[minimum_bayes_risk(candidates, drawn=self.sampling is not None)] for candidates in found]
        links: list[list[tuple[int, int]] | None] = [None] * len(lines)
        if self.alignments:
            from nmt_attn.decoding.alignment import links_in_words

            links = [links_in_words(parts) for parts in translator.align_parts(lines, [nbest[0] for nbest in found])]
        return [Answer(*answer) for answer in zip(lines, found, links, strict=True)]
