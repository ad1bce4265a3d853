"""Checks of what Python callers hand over."""

from __future__ import annotations

from collections.abc import Iterable


def list_of_texts(given: Iterable[str], name: str) -> list[str]:
    """Return the sentences as a list, which may be walked through more than once.

    Raises:
        TypeError: a text alone, which would be taken letter by letter, or something that is no text.
    """
    if isinstance(given, str):
        raise TypeError(f"{name}: a list of texts is expected, not a text alone; put it into a list: [text]")
    if isinstance(given, bytes) or not isinstance(given, Iterable):
        raise TypeError(f"{name}: a list of texts (str) is expected, not {kind_of(given)}")
    sentences = list(given)
    for place, sentence in enumerate(sentences):
        if not isinstance(sentence, str):
            raise TypeError(f"{name}[{place}]: a text (str) is expected, not {kind_of(sentence)}")
    return sentences


def kind_of(value: object) -> str:
    """Name the type of a value, for messages."""
    return "None" if value is None else type(value).__name__
