"""Pieces are counted and taken out without loading the model."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sentencepiece import SentencePieceProcessor

from nmt_attn.config.loading import load_config
from nmt_attn.text.sentencepiece_model import count_pieces, keep_pieces
from nmt_attn.text.tokenizer import Tokenizer


def model(kind: str) -> bytes:
    data = load_config(None, [f"data.tokenizer.kind={kind}", "data.tokenizer.vocab_size=26"]).data
    text = ["one two three four five six seven"] * 3, ["eka dva tri kvar"] * 3
    return Tokenizer.train(data, *text, same_ids=True).source_model


@pytest.mark.parametrize("kind", ["unigram", "bpe", "char", "word"])
def test_pieces_are_counted_as_sentencepiece_counts_them(kind: str) -> None:
    content = model(kind)
    assert count_pieces(content) == SentencePieceProcessor(model_proto=content).get_piece_size()


@given(st.binary(max_size=100))
@settings(max_examples=200, deadline=None)
def test_any_bytes_can_be_counted(message: bytes) -> None:
    assert 0 <= count_pieces(message) <= len(message)


@given(st.data())
@settings(max_examples=30, deadline=None)
def test_what_is_kept_keeps_its_order(data: st.DataObject) -> None:
    content = model("unigram")
    before = SentencePieceProcessor(model_proto=content)
    kept = data.draw(st.sets(st.integers(4, before.get_piece_size() - 1), min_size=1)) | {0, 1, 2, 3}
    after = SentencePieceProcessor(model_proto=keep_pieces(content, kept))
    assert [after.id_to_piece(token) for token in range(after.get_piece_size())] == [
        before.id_to_piece(token) for token in sorted(kept)
    ]


def test_a_model_that_keeps_everything_is_the_same() -> None:
    content = model("unigram")
    assert keep_pieces(content, range(count_pieces(content))) == content
