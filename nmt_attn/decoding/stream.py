"""Translating a stream of lines: each answered as soon as it can be, in order, batched when input is ahead."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

Result = TypeVar("Result")

BATCH_LINES = 256
"""Lines translated at once when input comes faster than they are translated."""


def translate_lines(
    lines: Iterable[str],
    translate: Callable[[Sequence[str]], Sequence[Result]],
    batch_lines: int = BATCH_LINES,
) -> Iterator[Result]:
    """Yield the translation of each line, in order.

    A thread reads ahead while the model works. What has come in by the time the model is free is translated
    together, at most ``batch_lines`` lines; a line that comes alone is translated alone, at once.

    Args:
        lines: the input; an error raised while reading it is raised here.
        translate: translates a list of lines to a list of equal length.
        batch_lines: most lines in a batch; 1 answers every line before the next is looked at.
    """
    incoming: queue.Queue[str | _End] = queue.Queue(maxsize=4 * batch_lines)
    threading.Thread(target=_read_ahead, args=(lines, incoming), daemon=True).start()
    end: _End | None = None
    while end is None:
        first = incoming.get()
        batch: list[str] = []
        end = _take(first, batch)
        while end is None and len(batch) < batch_lines:
            try:
                end = _take(incoming.get_nowait(), batch)
            except queue.Empty:
                break
        if batch:
            yield from translate(batch)
    if end.error is not None:
        raise end.error


class _End:
    """The end of the input, and the error that ended it, if one did."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def _read_ahead(lines: Iterable[str], incoming: queue.Queue[str | _End]) -> None:
    try:
        for line in lines:
            incoming.put(line)
    except BaseException as error:
        incoming.put(_End(error))
    else:
        incoming.put(_End(None))


def _take(item: str | _End, batch: list[str]) -> _End | None:
    """Put a line into the batch, or return the end of the input."""
    if isinstance(item, _End):
        return item
    batch.append(item)
    return None
