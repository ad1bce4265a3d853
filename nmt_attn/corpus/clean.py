"""Filter of pairs that teach nothing, each dropped under a reason that is counted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html.entities import html5
from typing import Literal, get_args

from nmt_attn.config.schema import FilterConfig
from nmt_attn.corpus.pairs import ExtraColumns, Line, Pair
from nmt_attn.text.normalise import Normaliser

Reason = Literal[
    "blank", "columns", "empty", "too_long", "too_many_characters", "length_ratio", "identical", "duplicate"
]

# In the order in which they are tried; a pair is counted under the first that fits.
REASONS: tuple[Reason, ...] = get_args(Reason)

_ENTITY = re.compile(r"&(#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")

# Between very short sentences ("Go." and "Allez-vous-en !") a large ratio is no sign of a wrong pair.
_SHORTEST_COMPARED = 20


@dataclass(frozen=True, slots=True)
class CleanPair:
    """A pair that was kept: as raw text without stray spaces, and as the tokenizer will see it."""

    raw: Pair
    normalised: Pair


def has_entity(text: str) -> bool:
    """Say whether a text holds an HTML entity, such as ``&amp;``, ``&#39;`` or ``&#x2019;``."""
    if "&" not in text:
        return False
    return any(name.startswith("#") or f"{name};" in html5 for name in _ENTITY.findall(text))


class Cleaner:
    """Filter of pairs, each looked at for itself, that counts what it drops; duplicates are found later.

    Args:
        config: what to drop.
        source: normaliser of the source side.
        target: normaliser of the target side; None: as the source side.
    """

    def __init__(self, config: FilterConfig, source: Normaliser, target: Normaliser | None = None) -> None:
        self._config, self._source, self._target = config, source, target or source
        self.drops: Counter[Reason] = Counter(dict.fromkeys(REASONS, 0))
        self.with_entities = 0
        """Pairs that hold HTML entities which the normaliser leaves as they are."""
        self._entities_stay = not source.config.html_entities
        self.first_extra: ExtraColumns | None = None
        """The first line that was dropped for its columns."""

    def clean(self, pairs: Iterable[Line]) -> Iterator[CleanPair]:
        """Yield the pairs to learn from. None: a blank line. All of :data:`REASONS` but ``duplicate`` apply."""
        for candidate in self.present(pairs):
            if (reason := self._fault(candidate.normalised)) is not None:
                self.drops[reason] += 1
            else:
                yield candidate

    def present(self, pairs: Iterable[Line]) -> Iterator[CleanPair]:
        """Yield the pairs that have two sides (a given test set is not thinned out).

        ``blank``, ``columns`` and ``empty`` alone apply.
        """
        for pair in pairs:
            if pair is None:
                self.drops["blank"] += 1
                continue
            if isinstance(pair, ExtraColumns):
                self.drops["columns"] += 1
                self.first_extra = self.first_extra or pair
                continue
            if self._entities_stay:
                self.with_entities += has_entity(pair.source) or has_entity(pair.target)
            raw = Pair(self._source.tidy(pair.source), self._target.tidy(pair.target))
            normalised = Pair(self._source.of_tidy(raw.source), self._target.of_tidy(raw.target))
            if normalised.source and normalised.target:
                yield CleanPair(raw, raw if normalised == raw else normalised)
            else:
                self.drops["empty"] += 1

    def _fault(self, pair: Pair) -> Reason | None:
        """Return the reason to drop a pair of two non-empty sides; None keeps it."""
        config = self._config
        if max(pair.source.count(" "), pair.target.count(" ")) >= config.max_words:
            return "too_long"
        if max(len(pair.source), len(pair.target)) > config.max_characters:
            return "too_many_characters"
        shorter, longer = sorted((len(pair.source), len(pair.target)))
        if max(longer, _SHORTEST_COMPARED) > config.max_length_ratio * max(shorter, _SHORTEST_COMPARED):
            return "length_ratio"
        if config.identical and pair.source == pair.target:
            return "identical"
        return None
