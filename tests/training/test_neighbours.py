"""Watching for other processes that want the processors."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nmt_attn.training import neighbours
from nmt_attn.training.neighbours import Watch, seconds_without_processor

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc is Linux's")


def switches(shares: list[float]) -> list[tuple[int, bool]]:
    """When a watch that looks each second switches, and to what, given what threads have waited in each second."""
    found: list[tuple[int, bool]] = []
    waited = [0.0]
    seconds = [0.0]
    watch = Watch(lambda: waited[0], lambda on: found.append((int(seconds[0]), on)), clock=lambda: seconds[0])
    for share in shares:
        seconds[0] += 1.0
        waited[0] += share
        watch.look()
    return found


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ([0.01] * 20, []),
        ([0.01, 0.7, 0.4, 0.4, 0.4], [(2, True)]),
        ([0.7, 0.4, 0.0, 0.0, 0.0, 0.0], [(1, True), (5, False)]),
        ([0.7, 0.0, 0.0, 0.4, 0.0, 0.0, 0.0], [(1, True), (7, False)]),
        ([0.7, 0.0, 0.0, 0.0, 0.7, 0.7], [(1, True), (4, False), (5, True)]),
        ([-5.0, 0.0], []),  # a thread has ended, and what it has waited is no longer counted
    ],
)
def test_it_switches_at_once_and_back_when_it_has_been_calm(shares, expected):
    assert switches(shares) == expected


@linux
def test_the_system_tells_for_how_long_threads_have_waited(monkeypatch, tmp_path):
    assert seconds_without_processor() is not None
    monkeypatch.setattr(neighbours, "TASKS", tmp_path / "nothing")
    assert seconds_without_processor() is None


SWITCHED = """
import ctypes, sys, time, torch
from nmt_attn.training.neighbours import _Sleepiness

torch.set_num_threads(2)
torch.ones(1 << 20).exp_()
threads = lambda: len(list(__import__("pathlib").Path("/proc/self/task").iterdir()))
before, sleepiness = threads(), _Sleepiness()
sleepiness.switch(on=True)
time.sleep(1)
during = threads()
sleepiness.switch(on=False)
time.sleep(1)
print(before, during, threads())
"""


@linux
def test_it_makes_threads_that_go_again():
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", SWITCHED], env=environment, capture_output=True, text=True, check=True)
    before, during, after = map(int, done.stdout.split())
    assert during > before
    assert after == before


def test_who_has_said_how_threads_are_to_wait_is_not_meddled_with(monkeypatch):
    monkeypatch.setattr(neighbours.torch, "get_num_threads", lambda: 2)
    started: list[object] = []
    monkeypatch.setattr(neighbours, "Watch", lambda *arguments: started.append(arguments))
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    with neighbours.watching_neighbours():
        pass
    assert not started
