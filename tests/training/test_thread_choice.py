"""A training takes as many threads as pay: tried with a clock of our own, where it is not obvious."""

from __future__ import annotations

from unittest.mock import Mock

import pytest
import torch

from nmt_attn.training import threads as module
from nmt_attn.training.threads import choose_threads, computing_with, threads_of


class Machine:
    """One on which a step takes so many seconds with so many threads."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, usable: int, seconds: dict[int, float]) -> None:
        self.seconds, self.now, self.threads = seconds, 0.0, max(64, usable)
        self.tried: list[int] = []
        monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
        monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
        monkeypatch.setattr(torch, "get_num_threads", lambda: self.threads)
        monkeypatch.setattr(torch, "set_num_threads", self.set)
        monkeypatch.setattr(module, "usable_processors", lambda: usable)

    def set(self, threads: int) -> None:
        self.threads = threads

    def step(self) -> None:
        self.tried.append(self.threads)
        self.now += self.seconds[self.threads]

    def choose(self, wished: int | None = None) -> int:
        return choose_threads(wished, self.step, clock=lambda: self.now)


@pytest.mark.parametrize(
    ("usable", "seconds", "expected"),
    [
        (64, {64: 9.0, 32: 5.0, 16: 3.0, 8: 1.0, 4: 2.0}, 8),
        (64, {64: 1.0, 32: 2.0}, 64),
        (64, {64: 1.0, 32: 1.01, 16: 1.04, 8: 1.2, 4: 1.4}, 16),  # more would hardly be faster
        (6, {6: 1.0, 3: 1.1, 1: 2.5}, 6),
        (3, {3: 2.0, 1: 1.0}, 1),
    ],
)
def test_the_fastest_number_is_taken(
    monkeypatch: pytest.MonkeyPatch, usable: int, seconds: dict[int, float], expected: int
) -> None:
    machine = Machine(monkeypatch, usable, seconds)
    assert machine.choose() == expected
    assert set(machine.tried) == set(seconds)  # what is hopeless is not tried
    assert machine.threads == 64  # as before


@pytest.mark.parametrize("usable", [1, 2])
def test_nothing_is_tried_where_it_is_obvious(monkeypatch: pytest.MonkeyPatch, usable: int) -> None:
    machine = Machine(monkeypatch, usable, {})
    assert machine.choose() == usable


def test_what_is_wished_for_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(monkeypatch, 64, {})
    assert machine.choose(wished=5) == 5
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    machine.threads = 7  # as torch reads it
    assert machine.choose() == 7
    assert machine.choose(wished=5) == 5


def test_threads_are_put_back() -> None:
    before = torch.get_num_threads()

    def fail() -> None:
        with computing_with(before + 2):
            assert torch.get_num_threads() == before + 2
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert torch.get_num_threads() == before


def test_no_batch_is_made_where_nothing_is_tried():
    """Of a large corpus it would take a second."""
    trainer = Mock()
    trainer.settings.threads = 3
    trainer.group.size = trainer.group.local_size = 1
    trainer.compute.device.type = "cpu"
    assert threads_of(trainer) == 3
    trainer.source.in_order.assert_not_called()
