"""Streams of lines: order, batches, errors."""

import threading
import time

import pytest

from nmt_attn.decoding.stream import answer_lines


def test_every_line_is_answered_in_order_in_bounded_batches():
    sizes = []

    def translate(batch):
        sizes.append(len(batch))
        return [line.upper() for line in batch]

    lines = [f"line {number}" for number in range(1000)]
    assert list(answer_lines(lines, translate, 64)) == [line.upper() for line in lines]
    assert max(sizes) <= 64


def test_what_comes_in_while_the_model_works_is_batched():
    sizes = []
    come = threading.Event()

    def lines():
        yield "first"
        come.wait(5)
        yield from map(str, range(10))

    def translate(batch):
        sizes.append(len(batch))
        come.set()
        time.sleep(0.2)
        return batch

    assert len(list(answer_lines(lines(), translate))) == 11
    assert sizes[0] == 1
    assert len(sizes) <= 3


def test_a_line_is_answered_while_the_next_is_still_awaited():
    answered = threading.Event()

    def lines():
        yield "first"
        assert answered.wait(5)
        yield "second"

    results = answer_lines(lines(), list)
    assert next(results) == "first"
    answered.set()
    assert list(results) == ["second"]


def test_an_error_of_the_input_comes_after_what_was_read():
    def lines():
        yield "good"
        raise OSError("gone")

    results = answer_lines(lines(), list)
    assert next(results) == "good"
    with pytest.raises(OSError, match="gone"):
        next(results)
