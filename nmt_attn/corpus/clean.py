"""Dropping pairs that teach nothing, each under a reason that is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from nmt_attn.config import FilterConfig
from nmt_attn.corpus.pairs import Pair
from nmt_attn.text.normalise import Normaliser

Reason = Literal["blank", "empty", "too_long", "length_ratio", "identical", "duplicate"]

# In the order in which they are tried; a pair is counted under the first that fits.
REASONS: tuple[Reason, ...] = ("blank", "empty", "too_long", "length_ratio", "identical", "duplicate")

# Between very short sentences ("Go." and "Allez-vous-en !") a large ratio is no sign of a wrong pair.
_SHORTEST_COMPARED = 20


@dataclass(frozen=True, slots=True)
class CleanPair:
    """A pair that was kept: as raw text without stray spaces, and as the tokenizer will see it."""

    raw: Pair
    normalised: Pair


class Cleaner:
    """Filters pairs, remembers those it has seen, and counts what it drops.

    Args:
        config: what to drop.
        source: normalises the source side.
        target: normalises the target side; None: as the source side.
    """

    def __init__(self, config: FilterConfig, source: Normaliser, target: Normaliser | None = None) -> None:
        self._config, self._source, self._target = config, source, target or source
        self._seen: set[tuple[str, str]] = set()
        self.drops: Counter[Reason] = Counter(dict.fromkeys(REASONS, 0))

    def clean(self, pairs: Iterable[Pair | None]) -> Iterator[CleanPair]:
        """The pairs to learn from. None stands for a blank line; all of :data:`REASONS` apply."""
        for candidate in self.present(pairs):
            if (reason := self._fault(candidate.normalised)) is not None:
                self.drops[reason] += 1
            else:
                yield candidate

    def present(self, pairs: Iterable[Pair | None]) -> Iterator[CleanPair]:
        """The pairs that have two sides; ``blank`` and ``empty`` alone apply (a given test set is not thinned out)."""
        for pair in pairs:
            if pair is None:
                self.drops["blank"] += 1
                continue
            raw = Pair(self._source.tidy(pair.source), self._target.tidy(pair.target))
            normalised = Pair(self._source(raw.source), self._target(raw.target))
            if normalised.source and normalised.target:
                yield CleanPair(raw, raw if normalised == raw else normalised)
            else:
                self.drops["empty"] += 1

    def _fault(self, pair: Pair) -> Reason | None:
        """Why a pair of two non-empty sides is dropped; None keeps it."""
        config = self._config
        if max(pair.source.count(" "), pair.target.count(" ")) >= config.max_words:
            return "too_long"
        shorter, longer = sorted((len(pair.source), len(pair.target)))
        if max(longer, _SHORTEST_COMPARED) > config.max_length_ratio * max(shorter, _SHORTEST_COMPARED):
            return "length_ratio"
        if config.identical and pair.source == pair.target:
            return "identical"
        if config.duplicates:
            sides = (pair.source, pair.target)
            if sides in self._seen:
                return "duplicate"
            self._seen.add(sides)
        return None
