#!/usr/bin/env python3
"""Writer of the bundled English-French corpus ``data/tiny/eng-fra.tsv``.

The corpus is generated: hand-written pairs plus sentence frames filled from word lists (see the
modules in ``data/tiny/generator/tiny_corpus``). The same seed gives the same file, byte for byte.
"""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path

from tiny_corpus import (
    balance,
    fixed,
    frames_actions,
    frames_people,
    frames_places,
    frames_social,
    frames_things,
    frames_world,
    held_out,
    nouns,
    style,
)
from tiny_corpus.template import Pair, draw

LICENCE = "CC0-1.0, written for nmt"
SEED = 20240607
DEFAULT_OUTPUT = Path(__file__).resolve().parent.parent / "eng-fra.tsv"
FRAMES = (
    frames_actions.FRAMES
    + frames_things.FRAMES
    + frames_people.FRAMES
    + frames_places.FRAMES
    + frames_world.FRAMES
    + frames_social.FRAMES
)
POOL = 2.5  # pairs drawn for one that a frame asks for
SHARE = 0.31  # of the pairs a frame asks for, the part that is kept
WANTED = 12  # pairs a word form should occur in
LEAST = 6  # pairs a word form must occur in, unless it comes from a hand-written pair


def build_pairs() -> list[Pair]:
    """Return all pairs: the hand-written ones, and a balanced choice of what the frames give."""
    by_hand = [pair for pair in fixed.PAIRS if not held_out.is_held_out(pair)]
    taken = {english for english, _ in by_hand}
    groups = []
    for number, frame in enumerate(FRAMES):
        rng = random.Random(f"{SEED}/{number}")
        drawn = draw(frame, round(frame.count * POOL), rng, nouns.GENDERS, taken)
        groups.append([pair for pair in drawn if not held_out.is_held_out(pair)])
    groups = balance.without_rare_words(groups, by_hand, LEAST)
    quotas = [round(frame.count * SHARE) for frame in FRAMES]
    groups = balance.thin(groups, by_hand, quotas, WANTED)
    groups = balance.without_rare_words(groups, by_hand, LEAST)
    rng = random.Random(SEED)
    generated = [style.vary(pair, rng) for group in groups for pair in group]
    unique = dict.fromkeys(by_hand + generated)
    return sorted(unique, key=lambda pair: (len(pair[0]), pair))


def corpus_text() -> str:
    """Return the text of the whole file."""
    return "".join(f"{english}\t{french}\t{LICENCE}\n" for english, french in build_pairs())


def main() -> int:
    """Write the corpus, or with --check compare it with the file on disk."""
    parser = argparse.ArgumentParser(description="Write the bundled English-French corpus.")
    parser.add_argument("--output", type=Path, default=DEFAULT_OUTPUT, help="where to write it (default: %(default)s)")
    parser.add_argument("--check", action="store_true", help="only check that the file is up to date")
    options = parser.parse_args()
    text = corpus_text()
    if options.check:
        if options.output.is_file() and options.output.read_bytes() == text.encode():
            return 0
        print(f"{options.output} is not what make_tiny_corpus.py generates", file=sys.stderr)
        return 1
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_bytes(text.encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
