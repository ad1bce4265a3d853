"""The pieces of a sentencepiece model: which are needed, and of a serialised one counted and taken out.

A model is a protobuf message: a row of fields, of which those with the number 1 are the pieces, in the order of their
ids.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain

from sentencepiece import SentencePieceProcessor

from nmt_attn.errors import ConfigError, InputError

_PIECE = 1


def load_model(model: bytes, special_ids: tuple[int, int, int, int]) -> SentencePieceProcessor:
    """Load a serialised model.

    Args:
        model: as sentencepiece has written it.
        special_ids: the ids that padding, unknown tokens, beginnings and ends must have in it.

    Raises:
        InputError: it is no model, or has other special ids.
    """
    try:
        processor = SentencePieceProcessor(model_proto=model)
    except RuntimeError:
        raise InputError("the tokenizer's model is no sentencepiece model") from None
    special = (processor.pad_id(), processor.unk_id(), processor.bos_id(), processor.eos_id())
    if special != special_ids:
        raise InputError(f"the tokenizer's model has {special} as pad, unk, bos, eos; expected {special_ids}")
    return processor


def count_pieces(model: bytes) -> int:
    """Count the pieces of a model; for other bytes, return some number not larger than that of the bytes."""
    return sum(number == _PIECE for number, _ in _fields(model))


def piece_texts(model: bytes, most: int) -> list[str]:
    """Return the texts of the first pieces of a model; it is not loaded for that, so it may hold anything."""
    texts: list[str] = []
    for number, field in _fields(model):
        if number != _PIECE:
            continue
        if len(texts) == most:
            break
        _, place = _varint(field, 0)
        _, place = _varint(field, place)
        inside = field[place:]
        text = next((inner for name, inner in _fields(inside) if name == _PIECE), b"")
        texts.append(text[_varint(text, _varint(text, 0)[1])[1] :].decode("utf-8", "replace"))
    return texts


def keep_pieces(model: bytes, kept: Collection[int]) -> bytes:
    """Return the model with only the pieces ``kept``, whose ids become 0, 1, … in their order."""
    fields, place = [], 0
    for number, field in _fields(model):
        if number != _PIECE or place in kept:
            fields.append(field)
        place += number == _PIECE
    return b"".join(fields)


def needed_pieces(
    model: SentencePieceProcessor, sentences: Iterable[Sequence[int]], unknown: int, last_special: int
) -> set[int]:
    """Return the pieces that sentences of ids hold, and those that any other is written with: letters and bytes.

    Args:
        model: a loaded model.
        sentences: of its ids.
        unknown: the id of an unknown token.
        last_special: the last id of the tokens that stand for no text, which are kept too.

    Raises:
        ConfigError: the sentences hold none.
    """
    found = set(chain.from_iterable(sentences))
    if found <= {unknown}:
        raise ConfigError(
            f"a joint vocabulary of {model.get_piece_size():,} tokens has none for one of the two languages; "
            "raise data.tokenizer.vocab_size, or set data.tokenizer.joint to false"
        )
    return found | {
        token
        for token in range(model.get_piece_size())
        if token <= last_special or model.is_byte(token) or len(model.id_to_piece(token)) == 1
    }


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the number and the bytes, number included, of each field."""
    place = 0
    while place < len(message):
        begin = place
        tag, place = _varint(message, place)
        kind = tag & 7
        if kind in (0, 2):
            value, place = _varint(message, place)
            place += value if kind == 2 else 0
        else:
            place += {1: 8, 5: 4}.get(kind, 0)
        yield tag >> 3, message[begin:place]


def _varint(message: bytes, place: int) -> tuple[int, int]:
    """Read the number that begins at ``place``, seven bits per byte; return it and where the next thing begins."""
    value = shift = 0
    while place < len(message):
        byte = message[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80 or shift > 63:
            break
    return value, place
