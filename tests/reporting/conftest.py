"""What the tests of reports need: a small corpus of our own."""

from tests.small_corpus import configure, corpus, pairs

__all__ = ["configure", "corpus", "pairs"]
