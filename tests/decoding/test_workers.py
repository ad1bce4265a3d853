"""Processes that share work: order, errors, and that none is left behind."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import torch

from nmt_attn.decoding.workers import MOST, Workers, processes_here
from nmt_attn.errors import NmtError, UserError

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="work is shared under Linux alone")


@pytest.fixture
def make_workers():
    made = []

    def make(work, count=3):
        made.append(Workers(work, count))
        return made[-1]

    yield make
    for workers in made:
        workers.close()


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and was not asked for its exit code does not."""
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def wait_for(condition, seconds=20.0):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    assert condition()


def test_results_are_in_order_and_come_from_all_processes(make_workers):
    workers = make_workers(lambda items, factor: [(factor * item, os.getpid()) for item in items])
    for count in (0, 1, 2, 3, 7, 100):
        results = workers.share(range(count), 10)
        assert [value for value, _ in results] == [10 * item for item in range(count)]
        pids = {pid for _, pid in results}
        assert len(pids) == min(count, 3)
        assert os.getpid() not in pids


def test_a_process_computes_with_one_thread_and_as_its_parent_does(make_workers):
    before, weight = torch.get_num_threads(), torch.rand(64, 64)
    torch.set_num_threads(2)
    try:
        torch.rand(500, 500) @ torch.rand(500, 500)  # so that the parent's threads are there
        workers = make_workers(lambda items: [(torch.get_num_threads(), (weight @ weight).sum().item())] * len(items))
        results = workers.share(range(3))
    finally:
        torch.set_num_threads(before)
    assert {threads for threads, _ in results} == {1}
    assert [value for _, value in results] == pytest.approx([(weight @ weight).sum().item()] * 3)


def test_large_shares_go_through(make_workers):
    items = ["x" * 1000 + str(number) for number in range(5000)]
    assert make_workers(lambda some: some).share(items) == items


def test_an_error_of_the_work_is_raised_here_and_work_goes_on(make_workers):
    def work(items, *, limit=5):
        if max(items) > limit:
            raise UserError("too large")
        return items

    workers = make_workers(work)
    with pytest.raises(UserError, match="too large"):
        workers.share([1, 2, 9])
    assert workers.share([1, 2, 3]) == [1, 2, 3]


@pytest.mark.parametrize("at_work", [True, False])
def test_a_process_that_is_killed_is_one_line_and_work_goes_on(make_workers, at_work):
    def work(items, *, pause=0.3 * at_work):
        time.sleep(pause)
        return [os.getpid()] * len(items)

    workers = make_workers(work)
    victim = workers.share(range(3))[1]
    if at_work:
        threading.Timer(0.1, os.kill, (victim, signal.SIGKILL)).start()
    else:
        os.kill(victim, signal.SIGKILL)
        wait_for(lambda: not alive(victim))
    with pytest.raises(NmtError, match="ended from outside"):
        workers.share(range(3))
    assert len(set(workers.share(range(3)))) == 3


def test_after_an_interruption_no_answer_goes_to_the_wrong_question(make_workers):
    workers = make_workers(lambda items: time.sleep(0.5) or list(items))
    previous = signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    try:
        with pytest.raises(KeyboardInterrupt):
            workers.share([1, 2, 3])
    finally:
        signal.signal(signal.SIGALRM, previous)
    assert workers.share([4, 5, 6]) == [4, 5, 6]


def test_threads_take_turns(make_workers):
    workers, results = make_workers(lambda items: list(items)), {}

    def ask(number):
        results[number] = [workers.share(range(number, number + 20)) for _ in range(10)]

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {number: [list(range(number, number + 20))] * 10 for number in range(4)}


def test_closing_ends_the_processes(make_workers):
    workers = make_workers(lambda items: [os.getpid()] * len(items))
    pids = workers.share(range(3))
    assert all(map(alive, pids))
    workers.close()
    assert not any(map(alive, pids))


KILLED = """
import os, time
from nmt_attn.decoding.workers import Workers

workers = Workers(lambda items: [os.getpid()] * len(items), 3)
print(*workers.share(range(3)), flush=True)
time.sleep(60)
"""


def test_no_process_outlives_a_parent_that_is_killed():
    with subprocess.Popen([sys.executable, "-c", KILLED], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(pids) == 3
        assert all(map(alive, pids))
        parent.kill()
        parent.wait()
        wait_for(lambda: not any(map(alive, pids)))


def test_ctrl_c_is_the_parents_to_answer(make_workers):
    workers = make_workers(lambda items: [os.getpid()] * len(items))
    pids = workers.share(range(3))
    for pid in pids:
        os.kill(pid, signal.SIGINT)
    assert workers.share(range(3)) == pids


def test_a_daemon_works_alone(make_workers):
    assert make_workers(lambda items: [processes_here(torch.device("cpu"), 4)] * len(items)).share([1]) == [1]


def test_how_many_there_are(monkeypatch):
    cpu, cuda = torch.device("cpu"), torch.device("cuda")
    monkeypatch.setattr(torch, "get_num_threads", lambda: 6)
    assert [processes_here(cpu, wished) for wished in (None, 1, 4, 40)] == [6, 1, 4, 40]
    assert processes_here(cuda, 4) == 1
    monkeypatch.setattr(torch, "get_num_threads", lambda: 96)
    assert processes_here(cpu, None) == MOST
    monkeypatch.setattr(sys, "platform", "darwin")
    assert processes_here(cpu, 4) == 1
