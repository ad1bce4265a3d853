"""Answers to a stream of lines: each as soon as it can be, in order, batched when input is ahead."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

Line = TypeVar("Line")
Result = TypeVar("Result")

BATCH_LINES = 1024
"""Lines that a process answers at once when input comes faster than the answers."""


def answer_lines(
    lines: Iterable[Line],
    answer: Callable[[Sequence[Line]], Sequence[Result]],
    batch_lines: int = BATCH_LINES,
) -> Iterator[Result]:
    """Yield the answer to each line, in order.

    A thread reads ahead while the model works. What has come in by the time the model is free is answered
    together, at most ``batch_lines`` lines; a line that comes alone is answered alone, at once.

    Args:
        lines: the input; an error raised while reading it is raised here.
        answer: gives the answers to a list of lines, as many.
        batch_lines: most lines in a batch; 1 answers every line before the next is looked at.
    """
    incoming: queue.Queue[Line | _End] = queue.Queue(maxsize=4 * batch_lines)
    threading.Thread(target=_read_ahead, args=(lines, incoming), daemon=True).start()
    end: _End | None = None
    while end is None:
        first = incoming.get()
        batch: list[Line] = []
        end = _take(first, batch)
        while end is None and len(batch) < batch_lines:
            try:
                end = _take(incoming.get_nowait(), batch)
            except queue.Empty:
                break
        if batch:
            yield from answer(batch)
    if end.error is not None:
        raise end.error


class _End:
    """The end of the input, and the error that ended it, if one did."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def _read_ahead(lines: Iterable[Line], incoming: queue.Queue[Line | _End]) -> None:
    try:
        for line in lines:
            incoming.put(line)
    except BaseException as error:
        incoming.put(_End(error))
    else:
        incoming.put(_End(None))


def _take(item: Line | _End, batch: list[Line]) -> _End | None:
    """Put a line into the batch, or return the end of the input."""
    if isinstance(item, _End):
        return item
    batch.append(item)
    return None
