"""Filter of labelled texts: each one that is dropped is counted under its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from nmt_attn.config.schema import FilterConfig
from nmt_attn.corpus.labelled_text import LabelledLine, PartName
from nmt_attn.text.normalise import Normaliser

REASONS = ("blank", "empty", "duplicate", "held_out")


@dataclass(frozen=True, slots=True)
class CleanText:
    """A labelled text that was kept: as raw text without stray spaces, and as the tokenizer will see it."""

    label: str
    raw: str
    normalised: str
    place: str
    part: PartName | None


class TextCleaner:
    """Filter of labelled texts that remembers those it has seen and counts what it drops.

    Args:
        config: what to drop.
        normaliser: of the language of the texts.
    """

    def __init__(self, config: FilterConfig, normaliser: Normaliser) -> None:
        self._config, self._normaliser = config, normaliser
        self._labels_of: dict[str, set[str]] = {}  # of each training text
        self.drops: Counter[str] = Counter(dict.fromkeys(REASONS, 0))

    def clean(self, lines: Iterable[LabelledLine]) -> Iterator[CleanText]:
        """Yield the texts that say something; repeated ones only where they are to be held out."""
        for line in lines:
            if line is None:
                self.drops["blank"] += 1
                continue
            raw = self._normaliser.tidy(line.text)
            normalised = self._normaliser(raw)
            if not normalised:
                self.drops["empty"] += 1
            elif line.part in ("valid", "test") or not self._is_repeated(line.label, normalised):
                yield CleanText(line.label, raw, raw if raw == normalised else normalised, line.place, line.part)

    def _is_repeated(self, label: str, text: str) -> bool:
        """Say whether a text is to be dropped because it occurred before with the same label; remember it."""
        labels = self._labels_of.setdefault(text, set())
        repeated = label in labels and self._config.duplicates
        self.drops["duplicate"] += repeated
        labels.add(label)
        return repeated

    @property
    def contradictions(self) -> int:
        """Number of training texts that occurred with several labels."""
        return sum(len(labels) > 1 for labels in self._labels_of.values())
