"""Material and grammar behind ``scripts/make_tiny_corpus.py`` (the bundled English-French corpus)."""
