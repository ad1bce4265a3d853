"""Figures about a corpus by which sizes are suggested: how much there is, and how many different words."""

from __future__ import annotations

from collections import Counter
from functools import cached_property

_MOST_DISTINCT = 100_000  # above that, more makes no difference
_MOST_KEPT = 20_000


class DataFigures:
    """Counter of the texts of a corpus, side by side: source and target of pairs, or the text alone.

    An even sample of them is kept, of 10,000 to 20,000: corpora are often sorted by length.
    """

    def __init__(self, sides: int) -> None:
        self.texts = 0
        """Pairs or texts so far."""
        self.blank = 0
        self.labels: Counter[str] = Counter()
        self._distinct: set[int] = set()
        self._sample: list[tuple[str, ...]] = []
        self._step = 1
        self._sides = sides

    def add(self, *texts: str) -> None:
        """Count a pair, or a text."""
        if self.texts % self._step == 0:
            self._sample.append(texts)
            if len(self._sample) > _MOST_KEPT:
                self._sample = self._sample[::2]
                self._step *= 2
        self.texts += 1
        if len(self._distinct) < _MOST_DISTINCT:
            self._distinct.add(hash(texts[0].casefold()))

    @property
    def distinct(self) -> int:
        """Return the number of different sources, or texts; at most 100,000."""
        return len(self._distinct)

    @cached_property
    def _columns(self) -> list[list[str]]:
        return [[texts[side] for texts in self._sample] for side in range(self._sides)]

    def fewest_words(self, joint: bool) -> int:
        """Return the number of different words that a vocabulary is learned from: of both sides, or of the poorer."""
        words = [{word for text in column for word in text.split()} for column in self._columns]
        return len(set().union(*words)) if joint else min(map(len, words))

    def most_characters(self, joint: bool) -> int:
        """Return the number of different characters that a vocabulary has to hold."""
        characters = [set().union(*column) for column in self._columns]
        return len(set().union(*characters)) if joint else max(map(len, characters))

    def most_subwords(self, wanted: int, joint: bool) -> int:
        """Return the number of subwords, up to ``wanted``, that the texts have enough for.

        A fifth of them is left out, as the part that is trained on is smaller than the whole.
        """
        from nmt_attn.text.sentencepiece_training import fitting_size

        most = [[text for number, text in enumerate(texts) if number % 5] for texts in self._columns]
        together = [[text for texts in most for text in texts]] if joint else most
        return min(fitting_size(wanted, texts) for texts in together)

    def usual_longest(self) -> int:
        """Return the number of words that 95 of 100 texts do not exceed."""
        lengths = sorted(len(text.split()) for column in self._columns for text in column)
        return lengths[int(0.95 * (len(lengths) - 1))] if lengths else 0
