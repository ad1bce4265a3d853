"""Text to ids, and to the pieces that they stand for, with a loaded sentencepiece model."""

from __future__ import annotations

from collections.abc import Sequence

from sentencepiece import SentencePieceProcessor

from nmt_attn.text.normalise import Normaliser


def sample(
    processor: SentencePieceProcessor, normaliser: Normaliser, sentences: Sequence[str], alpha: float
) -> list[list[int]]:
    """Normalise and tokenise sentences at random, each in one of its many ways to be cut up: ids."""
    ids: list[list[int]] = [
        processor.encode(normaliser(sentence), out_type=int, enable_sampling=True, alpha=alpha, nbest_size=-1)
        for sentence in sentences
    ]
    return ids


def encode(processor: SentencePieceProcessor, normaliser: Normaliser, sentences: Sequence[str]) -> list[list[int]]:
    """Normalise and tokenise sentences: ids."""
    normalised = [normaliser(sentence) for sentence in sentences]
    encoded: list[list[int]] = processor.encode(normalised, out_type=int) if normalised else []
    return encoded


def encode_normalised(processor: SentencePieceProcessor, sentences: Sequence[str]) -> list[list[int]]:
    """Tokenise sentences that are normalised already, on one thread: ids."""
    encoded: list[list[int]] = processor.encode(list(sentences), out_type=int, num_threads=1) if sentences else []
    return encoded


def pieces(processor: SentencePieceProcessor, normaliser: Normaliser, sentences: Sequence[str]) -> list[list[str]]:
    """Normalise and tokenise sentences: the written form of their ids."""
    normalised = [normaliser(sentence) for sentence in sentences]
    written: list[list[str]] = processor.encode(normalised, out_type=str) if normalised else []
    return written
