"""Sentence pairs in, token ids on disk out."""
