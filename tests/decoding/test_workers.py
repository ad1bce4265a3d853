"""Processes that share work: when they are started, and that the results are the same whoever makes them."""

import os
import signal
import sys
import threading
import time
from contextlib import suppress
from functools import partial

import pytest
import torch

from nmt_attn.decoding import workers as workers_module
from nmt_attn.decoding.workers import MOST, Workers, processes_here
from nmt_attn.errors import NmtError, UserError

under_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="work is shared under Linux alone")


def answer(items, factor=1):
    return [(factor * item, os.getpid()) for item in items]


def pause(items):
    time.sleep(0.3)
    return [os.getpid()] * len(items)


def refuse_large(items):
    if max(items) > 5:
        raise UserError("too large")
    return list(items)


def compute(items):
    weight = torch.arange(64.0 * 64).view(64, 64)
    torch.rand(500, 500) @ torch.rand(500, 500)
    return [(torch.get_num_threads(), (weight @ weight).sum().item())] * len(items)


def daemon(items):
    return [processes_here(torch.device("cpu"), 4)] * len(items)


def give(work):
    return work


@pytest.fixture
def make_workers(monkeypatch):
    made = []

    def make(work, count=3, pays_from=0.0):
        monkeypatch.setattr(workers_module, "PAYS_FROM", pays_from)
        made.append(Workers(work, partial(give, work), count))
        return made[-1]

    yield make
    for workers in made:
        workers.close()


def started(workers):
    """The same, when its processes are there."""
    end = time.monotonic() + 60
    while not workers.ready:
        assert time.monotonic() < end
        with suppress(UserError):
            workers.share([0])
        time.sleep(0.05)
    return workers


@pytest.fixture(scope="module")
def answering():
    """For several tests, which leave them as they are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workers_module, "PAYS_FROM", 0.0)
        workers = started(Workers(answer, partial(give, answer), 3))
    yield workers
    workers.close()


@under_linux
def test_results_are_in_order_and_come_from_all_processes(answering):
    workers = answering
    for count in (0, 1, 2, 3, 7, 100):
        results = workers.share(range(count), 10)
        assert [value for value, _ in results] == [10 * item for item in range(count)]
        assert os.getpid() not in {pid for _, pid in results}


@under_linux
def test_until_they_are_ready_this_process_works(make_workers):
    workers = make_workers(answer)
    assert workers.share(range(5)) == answer(range(5))
    assert workers.processes == 3
    assert os.getpid() not in {pid for _, pid in started(workers).share(range(5))}


def test_what_takes_less_time_than_starting_them_is_done_here(make_workers):
    workers = make_workers(answer, pays_from=60.0)
    for _ in range(5):
        assert workers.share(range(3000)) == answer(range(3000))
    assert workers.processes == 0


@under_linux
def test_they_are_started_once_the_time_alone_and_the_time_to_come_are_long_enough(make_workers):
    workers = make_workers(pause, count=2, pays_from=2.0)
    workers.share(range(2))  # 0.3 s each
    workers.share(range(2))
    assert workers.processes == 0
    workers.share(range(12))  # for four times as many, some 0.9 s, on top of 1.2 s
    assert workers.processes == 2


@pytest.mark.parametrize("count", [1, 2, 3, 8])
@pytest.mark.parametrize("items", [1, 500, 3000, 9000])
def test_shares_do_not_depend_on_who_works_on_them(monkeypatch, count, items):
    monkeypatch.setattr(workers_module, "PAYS_FROM", 1e9)
    shares = []
    workers = Workers(lambda share: shares.append(len(share)) or list(share), partial(give, answer), count)
    assert workers.share(range(items)) == list(range(items))
    assert len(shares) % count == 0 or items < count
    assert max(shares) <= workers_module.LARGEST_SHARE
    assert max(shares) - min(shares) <= 1


@under_linux
def test_a_process_computes_with_one_thread_and_as_its_parent_does(make_workers):
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        (_, here), *_ = compute([0])  # so that the parent's threads are there
        results = started(make_workers(compute)).share(range(3))
    finally:
        torch.set_num_threads(before)
    assert {threads for threads, _ in results} == {1}
    assert [value for _, value in results] == pytest.approx([here] * 3)


@under_linux
@pytest.mark.parametrize("is_started", [False, True])
def test_an_error_of_the_work_is_raised_here_and_work_goes_on(make_workers, is_started):
    workers = make_workers(refuse_large)
    if is_started:
        started(workers)
    with pytest.raises(UserError, match="too large"):
        workers.share([1, 2, 9])
    assert workers.share([1, 2, 3]) == [1, 2, 3]


@under_linux
def test_a_process_that_is_killed_is_one_line_and_work_goes_on(make_workers):
    workers = started(make_workers(pause))
    victim = workers.share(range(3))[1]
    threading.Timer(0.1, os.kill, (victim, signal.SIGKILL)).start()
    with pytest.raises(NmtError, match=r"ended from outside.*decoding\.processes=1 starts none"):
        workers.share(range(3))
    assert workers.share(range(3)) == [os.getpid()] * 3  # until there are new ones
    assert os.getpid() not in started(workers).share(range(3))


@under_linux
def test_a_process_that_is_killed_in_a_pause_is_replaced(make_workers):
    workers = started(make_workers(pause))
    os.kill(workers.share(range(3))[1], signal.SIGKILL)
    end = time.monotonic() + 20
    while workers.processes and time.monotonic() < end:
        time.sleep(0.02)
    assert workers.share(range(3)) == [os.getpid()] * 3
    assert workers.processes == 3


@under_linux
def test_after_an_interruption_no_answer_goes_to_the_wrong_question(make_workers):
    workers = started(make_workers(pause))
    previous = signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    try:
        with pytest.raises(KeyboardInterrupt):
            workers.share(range(3))
    finally:
        signal.signal(signal.SIGALRM, previous)
    assert workers.share(range(3)) == [os.getpid()] * 3


def take_turns(workers):
    results = {}

    def ask(number):
        results[number] = [[value for value, _ in workers.share(range(number, number + 20))] for _ in range(10)]

    threads = [threading.Thread(target=ask, args=(number,), daemon=True) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert results == {number: [list(range(number, number + 20))] * 10 for number in range(4)}


@under_linux
def test_threads_take_turns(answering):
    take_turns(answering)


@under_linux
def test_threads_take_turns_from_the_start(make_workers):
    take_turns(make_workers(answer))


@under_linux
def test_a_daemon_works_alone(make_workers):
    assert started(make_workers(daemon)).share([1]) == [1]


def test_the_number_of_processes_follows_threads_device_and_platform(monkeypatch):
    cpu, cuda = torch.device("cpu"), torch.device("cuda")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(torch, "get_num_threads", lambda: 6)
    assert [processes_here(cpu, wished) for wished in (None, 1, 4, 40)] == [6, 1, 4, 40]
    assert processes_here(cuda, 4) == 1
    monkeypatch.setattr(torch, "get_num_threads", lambda: 96)
    assert processes_here(cpu, None) == MOST
    monkeypatch.setattr(sys, "platform", "darwin")
    assert processes_here(cpu, 4) == 1
