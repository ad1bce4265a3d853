"""Machinery behind ``data/sentiment/generator/make_sentiment_corpus.py``; the words are in ``material/``."""
