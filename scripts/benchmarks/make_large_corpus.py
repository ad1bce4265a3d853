"""Write a corpus of made-up pairs of any size, to measure how ``nmt prepare`` grows: nobody can learn from it.

Words are drawn by a Zipf law from a vocabulary of made-up words for each side; 1 % of the pairs are duplicates of
earlier ones, and 5 % share their source or their target with an earlier one, as in real corpora. The same arguments
give the same file.

    python scripts/benchmarks/make_large_corpus.py 1000000 large.tsv
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

DUPLICATES, SHARED = 0.01, 0.05
_BLOCK = 100_000
_KEPT = 10_000  # earlier pairs that are taken up again
_MEAN_WORDS = 12


def words(count: int, letters: str, generator: np.random.Generator) -> list[str]:
    """Make up different words of two to five syllables."""
    vowels = "aeiouéè" if "é" in letters else "aeiou"
    found: dict[str, None] = {}
    while len(found) < count:
        syllables = generator.integers(1, 5) + 1
        picks = generator.integers(0, 1 << 30, size=(int(syllables), 2))
        found["".join(letters[a % len(letters)] + vowels[b % len(vowels)] for a, b in picks)] = None
    return list(found)


class Side:
    """A language of made-up words, the frequent ones first."""

    def __init__(self, vocabulary: int, letters: str, generator: np.random.Generator) -> None:
        self._words = words(vocabulary, letters, generator)
        self._generator = generator
        shares = 1.0 / np.arange(1, vocabulary + 1)
        self._sums = np.cumsum(shares / shares.sum())

    def sentences(self, count: int) -> list[str]:
        """Draw sentences of 3 words or more."""
        lengths = 3 + self._generator.poisson(_MEAN_WORDS - 3, size=count)
        drawn = np.searchsorted(self._sums, self._generator.random(int(lengths.sum()))).tolist()
        names, found, start = self._words, [], 0
        for length in lengths.tolist():
            text = " ".join([names[min(word, len(names) - 1)] for word in drawn[start : start + length]])
            found.append(f"{text[0].upper()}{text[1:]}.")
            start += length
        return found


def write(path: Path, pairs: int, vocabulary: int = 50_000, seed: int = 1) -> None:
    """Write ``pairs`` lines of ``source<TAB>target``."""
    generator = np.random.default_rng(seed)
    source = Side(vocabulary, "bdfgklmnprstvz", generator)
    target = Side(vocabulary, "bcdflmnprstvéç", generator)
    earlier: list[tuple[str, str]] = []
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for start in range(0, pairs, _BLOCK):
            count = min(_BLOCK, pairs - start)
            block = list(zip(source.sentences(count), target.sentences(count), strict=True))
            kinds, places = generator.random(count), generator.integers(0, _KEPT, size=count)
            for index in np.flatnonzero(kinds < DUPLICATES + SHARED).tolist() if earlier else []:
                old, kind = earlier[int(places[index]) % len(earlier)], kinds[index]
                if kind < DUPLICATES:
                    block[index] = old
                elif kind < DUPLICATES + SHARED / 2:
                    block[index] = (old[0], block[index][1])
                else:
                    block[index] = (block[index][0], old[1])
            file.writelines(f"{one}\t{other}\n" for one, other in block)
            earlier = block[:_KEPT]


def main() -> None:
    """Read the command line and write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", type=int)
    parser.add_argument("path", type=Path)
    parser.add_argument("--vocabulary", type=int, default=50_000, help="different words of each side")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    write(given.path, given.pairs, given.vocabulary, given.seed)


if __name__ == "__main__":
    main()
