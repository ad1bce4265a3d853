"""Material and grammar behind ``data/tiny/generator/make_tiny_corpus.py`` (the bundled English-French corpus)."""
