"""Small changes of the source that a reader would hardly notice, and what they cost."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from nmt_attn.analysis.sentence_statistics import SentenceStatistics
from nmt_attn.evaluation.scores import References, Scorer
from nmt_attn.progress import Stages, Unseen, Watch

SENTENCES = 200
"""Sentences that are changed and translated again."""

_ENDS = ".!?。！？؟"


@dataclass(frozen=True)
class Change:
    """The effect of one kind of change."""

    name: str
    sentences: int  # that it changed
    before: float  # chrF of these as they were
    after: float


def typo(text: str, seed: int = 1) -> str:
    """Let two neighbouring letters inside of the longest word change places; the same text gives the same typo.

    >>> typo("The weather is fine.") in ("The waether is fine.", "The wetaher is fine.", "The weahter is fine.")
    True
    """
    words = text.split(" ")
    place = max(range(len(words)), key=lambda one: len(words[one]))
    word, draw = words[place], random.Random(f"{seed} {text}")
    inner = [at for at in range(1, len(word) - 2) if word[at : at + 2].isalpha() and word[at] != word[at + 1]]
    if not inner:
        return text
    at = draw.choice(inner)
    words[place] = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return " ".join(words)


def without_end(text: str) -> str:
    """Take the final punctuation mark away.

    >>> without_end("Is it fine?")
    'Is it fine'
    """
    return text[:-1].rstrip() if text and text[-1] in _ENDS else text


CHANGES: dict[str, Callable[[str], str]] = {
    "a typo": typo,
    "lower case": str.lower,
    "no final punctuation": without_end,
}


def robustness(
    translate: Callable[[Sequence[str], Watch], Sequence[str]],
    scorer: Scorer,
    sources: Sequence[str],
    statistics: SentenceStatistics,
    references: References,
    stages: Stages = Unseen,
) -> list[Change]:
    """Translate changed sources, and compare with the translations of the unchanged ones.

    Args:
        translate: the model; the second argument is told how far it is.
        scorer: of the target language.
        sources: those of which some are changed: every n-th, so that at most ``SENTENCES`` are.
        statistics: of their translations.
        references: of each.
        stages: shows how far it is.
    """
    chosen = range(0, len(sources), -(-len(sources) // SENTENCES)) if sources else range(0)
    changed = {
        name: {row: change(sources[row]) for row in chosen if change(sources[row]) != sources[row]}
        for name, change in CHANGES.items()
    }
    texts = [text for some in changed.values() for text in some.values()]
    with stages("translating changed sentences", len(texts), "sentences") as stage:
        again = iter(translate(texts, stage.share))  # all at once: that is quicker, and several processes share them
    return [
        Change(
            name,
            len(some),
            statistics.chrf(np.array(list(some))) or 0.0,
            scorer.chrf(list(islice(again, len(some))), [references[row] for row in some]).score or 0.0,
        )
        for name, some in changed.items()
        if some
    ]
