#!/usr/bin/env python3
"""Writer of the bundled corpus of labelled reviews ``data/sentiment/reviews.tsv``.

The corpus is generated: reviews written by hand, plus sentence frames filled from word lists (see the text files in
``data/sentiment/generator/material``). The same seed gives the same file, byte for byte.
"""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path

from sentiment_corpus.grammar import comparable
from sentiment_corpus.material import FOLDER, LABELS, read_material
from sentiment_corpus.reviews import Review, ReviewWriter

SEED = 20261201
REVIEWS_PER_LABEL = 2500
MOST_TRIES = 40  # for one review that a domain is asked for
DEFAULT_OUTPUT = Path(__file__).resolve().parent.parent / "reviews.tsv"
HELD_OUT = FOLDER / "held_out.tsv"


def held_out() -> list[Review]:
    """Return the demo reviews, which are kept out of the corpus."""
    rows = [line.split("\t") for line in HELD_OUT.read_text(encoding="utf-8").splitlines()]
    return [Review(label, text) for label, text in rows]


def build_reviews() -> list[Review]:
    """Return all reviews, shuffled: those written by hand, and as many others as each label still needs.

    Raises:
        RuntimeError: the material of a domain is used up.
    """
    shared, domains = read_material()
    seen = {comparable(review.text) for review in held_out()}
    reviews = [Review(label, text) for domain in domains for label in LABELS for text in domain.by_hand[label]]
    seen |= {comparable(review.text) for review in reviews}
    needed = {label: REVIEWS_PER_LABEL - sum(review.label == label for review in reviews) for label in LABELS}
    for number, domain in enumerate(domains):
        writer = ReviewWriter(shared, domain, random.Random(f"{SEED}/{domain.name}"))
        for label in LABELS:
            count = round(needed[label] / (len(domains) - number))
            needed[label] -= count
            for _ in range(count * MOST_TRIES):
                review = writer.write(label) if count else None
                if review is not None and comparable(review.text) not in seen:
                    seen.add(comparable(review.text))
                    reviews.append(review)
                    count -= 1
            if count:
                raise RuntimeError(
                    f"{domain.name}: {count} {label} reviews could not be written; add clauses to its file"
                )
    random.Random(SEED).shuffle(reviews)
    return reviews


def corpus_text() -> str:
    """Return the text of the whole file."""
    return "".join(f"{review.label}\t{review.text}\n" for review in build_reviews())


def main() -> int:
    """Write the corpus, or with --check compare it with the file on disk."""
    parser = argparse.ArgumentParser(description="Write the bundled corpus of labelled reviews.")
    parser.add_argument("--output", type=Path, default=DEFAULT_OUTPUT, help="where to write it (default: %(default)s)")
    parser.add_argument("--check", action="store_true", help="only check that the file is up to date")
    options = parser.parse_args()
    text = corpus_text()
    if options.check:
        if options.output.is_file() and options.output.read_bytes() == text.encode():
            return 0
        print(f"{options.output} is not what make_sentiment_corpus.py generates", file=sys.stderr)
        return 1
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_bytes(text.encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
