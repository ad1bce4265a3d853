"""A pool of processes: order, errors, threads, main modules, and that none is left behind."""

import logging
import operator
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from nmt_attn.errors import UserError
from nmt_attn.parallel import ENDED, Pool
from nmt_attn.starter import PoolError, can_be_copied

ROOT = Path(__file__).parent.parent

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="work is shared under Linux alone")


class Awkward(Exception):
    """An error that cannot be made from its words."""

    def __init__(self, one, other):
        super().__init__(f"{one} and {other}")


# What the processes do: functions of a module that they can import.


def setup(work, *arguments):
    return partial(work, *arguments)


def failing():
    raise UserError("there is nothing to work with")


def with_a_thread():
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    return abs


def times(factor, task):
    return factor * task, os.getpid()


def slow_first(task):
    time.sleep(0.4 if task == 0 else 0.0)
    return task


def pause(seconds, task):
    time.sleep(seconds)
    return os.getpid()


def length(task):
    return task * 2


def refuse(kind, task):
    if task == 3:
        raise kind("three", *(["four"] if kind is Awkward else []))
    return task


def unpicklable(task):
    return lambda: task


def environment(name):
    return os.environ.get(name), len(list(Path("/proc/self/task").iterdir()))


def logs(factor, task):
    logging.getLogger(f"new {task}").debug("nobody reads this")
    return factor * task


def loud(task):
    print("not a result")
    return task


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and was not asked for its exit code does not."""
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def wait_for(condition, seconds=20.0):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    assert condition()


def working(work, *arguments, count=2, **more):
    return Pool(partial(setup, work, *arguments), count, **more)


def pids(pool):
    """The processes of a pool, each of which is made to answer once."""
    return list(pool.map(range(pool.count)))


@contextmanager
def interrupted_after(seconds):
    previous = signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


# --- results -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 100])
def test_results_are_in_order_and_made_elsewhere(count):
    with working(times, 10, count=3) as pool:
        results = list(pool.map(range(count)))
    assert [value for value, _ in results] == [10 * task for task in range(count)]
    assert os.getpid() not in {pid for _, pid in results}


def test_all_processes_work():
    with working(pause, 0.2, count=3) as pool:
        assert len(set(pids(pool))) == 3


def test_a_slow_task_does_not_change_the_order():
    with working(slow_first) as pool:
        assert list(pool.map(range(20))) == list(range(20))


def test_tasks_are_taken_as_results_are_taken():
    taken = []
    with working(operator.neg) as pool:
        results = pool.map((taken.append(number) or number for number in range(1000)), ahead=5)
        for number in range(10):
            assert next(results) == -number
            assert len(taken) <= number + 6


def test_large_tasks_and_results_go_through():
    texts = ["x" * (1 << 22) + str(number) for number in range(6)]
    with working(length) as pool:
        assert list(pool.map(texts)) == [text * 2 for text in texts]


def test_the_environment_is_that_of_the_caller_and_what_is_added(monkeypatch):
    monkeypatch.setenv("NMT_OURS", "kept")
    with working(environment, environment={"NMT_MORE": "added"}) as pool:
        assert list(pool.map(["NMT_OURS", "NMT_MORE", "NMT_NONE"])) == [("kept", 1), ("added", 1), (None, 1)]


def test_nothing_is_written_to_standard_output(capfd):
    with working(loud) as pool:
        assert list(pool.map([1, 2])) == [1, 2]
    assert capfd.readouterr() == ("", "")


# --- threads -------------------------------------------------------------------------------------------------------


def test_many_threads_share_a_pool():
    with working(times, 1, count=3) as pool, ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda first: [value for value, _ in pool.map(range(first, first + 40))], range(20)))
    assert found == [list(range(first, first + 40)) for first in range(20)]


def test_a_caller_whose_threads_hold_locks_can_start_one():
    release, holding = threading.Event(), threading.Barrier(3)
    locks = [logging._lock, sys.stderr.lock if hasattr(sys.stderr, "lock") else threading.Lock()]

    def hold(lock):
        with lock:
            holding.wait(20)
            release.wait(60)

    for lock in locks:
        threading.Thread(target=hold, args=(lock,), daemon=True).start()
    holding.wait(20)
    try:
        with working(logs, 2) as pool:
            assert list(pool.map(range(4))) == [0, 2, 4, 6]
    finally:
        release.set()


def test_pools_started_by_many_threads_at_once_do_not_hold_each_other_open():
    def use(factor):
        with working(times, factor) as pool:
            victim = next(iter(pool.map([0])))[1]
            os.kill(victim, signal.SIGKILL)
            with pytest.raises(PoolError, match="ended from outside"):
                list(pool.map(range(10)))
        return factor

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(use, range(4))) == list(range(4))


# --- errors --------------------------------------------------------------------------------------------------------


def test_an_error_of_the_work_is_raised_here_and_work_goes_on():
    with working(refuse, UserError) as pool:
        results = pool.map(range(6))
        assert [next(results) for _ in range(3)] == [0, 1, 2]
        with pytest.raises(UserError, match="three") as caught:
            next(results)
        assert "in refuse" in caught.value.__notes__[0]
        assert list(pool.map([4, 5, 6])) == [4, 5, 6]


def test_an_error_that_cannot_be_sent_is_described():
    with working(refuse, Awkward) as pool, pytest.raises(RuntimeError, match="Awkward: three and four"):
        list(pool.map(range(6)))


def test_a_result_that_cannot_be_sent_is_an_error():
    with working(unpicklable) as pool, pytest.raises(Exception, match="pickle"):
        list(pool.map([1]))


def test_an_error_of_the_setup_is_raised_by_the_first_task():
    with Pool(failing, 2) as pool:
        wait_for(lambda: pool.ready)
        with pytest.raises(UserError, match="nothing to work with"):
            list(pool.map([1, 2, 3]))
        wait_for(lambda: not pool.alive)


def test_a_setup_that_leaves_a_thread_behind_is_refused():
    with Pool(with_a_thread, 2) as pool, pytest.raises(PoolError, match="has left 1 threads behind"):
        list(pool.map([1]))


def test_a_setup_that_cannot_be_sent_is_an_error_at_once():
    with pytest.raises(Exception, match="pickle"):
        Pool(lambda: abs, 2)


def test_no_interpreter_is_one_line(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(PoolError, match="no process to share the work can be started: No such file"):
        working(abs)


@pytest.mark.parametrize("signal_number", [signal.SIGKILL, signal.SIGTERM])
def test_a_worker_that_is_killed_at_work_is_one_line(signal_number):
    with working(pause, 0.3) as pool:
        victim, other = pids(pool)
        threading.Timer(0.1, os.kill, (victim, signal_number)).start()
        began = time.monotonic()
        with pytest.raises(PoolError, match="ended from outside, perhaps for lack of memory"):
            list(pool.map(range(40)))
        assert time.monotonic() - began < 4
        wait_for(lambda: not alive(other))
        assert not pool.alive


def test_a_starter_that_is_killed_is_one_line_and_leaves_nobody_behind():
    pool = working(pause, 0.1)
    workers = pids(pool)
    os.kill(pool._process.pid, signal.SIGKILL)
    with pytest.raises(PoolError, match="ended from outside"):
        list(pool.map(range(400)))
    del pool
    wait_for(lambda: not any(map(alive, workers)))


def test_a_caller_that_loses_patience_ends_all_at_once():
    with working(pause, 30) as pool:
        wait_for(lambda: pool.ready)
        began = time.monotonic()
        with interrupted_after(0.3), pytest.raises(KeyboardInterrupt):
            list(pool.map(range(4)))
        assert time.monotonic() - began < 5
        assert not pool.alive


# --- the end -------------------------------------------------------------------------------------------------------


def test_closing_ends_the_processes_at_once_and_twice_is_once():
    pool = working(pause, 0.1)
    workers = pids(pool)
    assert all(map(alive, workers))
    pool.close()
    pool.close()
    wait_for(lambda: not any(map(alive, workers)), 5)
    with pytest.raises(PoolError, match="ended from outside"):
        list(pool.map([1]))


def test_a_pool_that_nobody_holds_any_more_ends():
    pool = working(pause, 0.1)
    workers = pids(pool)
    del pool
    wait_for(lambda: not any(map(alive, workers)))


def test_ctrl_c_is_the_callers_to_answer():
    with working(pause, 0.2) as pool:
        workers = pids(pool)
        assert all(os.getpgid(pid) == pool._process.pid != os.getpgrp() for pid in workers)
        for pid in workers:
            os.kill(pid, signal.SIGINT)
        assert set(pids(pool)) == set(workers)


def test_a_copy_of_the_caller_leaves_them_alone():
    with working(pause, 0.1) as pool:
        workers = pids(pool)
        copy = os.fork()
        if copy == 0:
            alive_there = pool.alive
            pool.close()
            os._exit(int(alive_there))
        assert os.waitpid(copy, 0)[1] == 0
        assert set(pids(pool)) == set(workers)


BUSY = """
import os, signal, sys, threading, time
from functools import partial
from nmt_attn.parallel import Pool
from tests.test_parallel import pause, pids, setup

signal.signal(signal.SIGINT, signal.default_int_handler)  # what runs in the background begins without it
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # and below nohup without this one
copied = partial(setup, pause, 0.2) if "copied" in sys.argv else None
pool = Pool(partial(setup, pause, 0.2), 3, copied=copied)
assert pool.copied is ("copied" in sys.argv)
print(pool._process.pid, *pids(pool), flush=True)
if "busy" in sys.argv:
    list(Pool.map(pool, [0] * 100))
elif "idle" in sys.argv:
    time.sleep(60)
"""


@contextmanager
def caller(*arguments, code=BUSY):
    with subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        yield process, [int(pid) for pid in process.stdout.readline().split()]


@pytest.mark.parametrize("way", ["copied", "new"])
@pytest.mark.parametrize("state", ["busy", "idle"])
@pytest.mark.parametrize("signal_number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_no_process_outlives_its_caller(state, signal_number, way):
    with caller(state, way) as (process, workers):
        assert len(workers) == 4
        assert all(map(alive, workers))
        process.send_signal(signal_number)
        process.wait(20)
        wait_for(lambda: not any(map(alive, workers)), 5)


@pytest.mark.parametrize("way", ["copied", "new"])
def test_no_process_outlives_a_caller_that_has_nothing_more_to_do(way):
    with caller(way) as (process, workers):
        assert process.wait(20) == 0
        assert process.stderr.read() == ""
        wait_for(lambda: not any(map(alive, workers)), 5)


EARLY = """
import time
from functools import partial
from nmt_attn.parallel import Pool

pool = Pool(partial(time.sleep, 30), 2)
print(pool._process.pid, flush=True)
"""


def test_a_caller_that_ends_does_not_wait_for_a_pool_that_is_not_ready():
    began = time.monotonic()
    with caller(code=EARLY) as (process, (starter,)):
        assert process.wait(20) == 0
    assert time.monotonic() - began < 15
    wait_for(lambda: not alive(starter), 5)


COPIED = """
import os, sys
from functools import partial
from nmt_attn.parallel import Pool
from nmt_attn.starter import PoolError
from tests.test_parallel import refuse, setup, times

sys.stdout.write("before, and not flushed\\n")
here = lambda: partial(times, 10)  # what cannot be pickled goes along with a copy
with Pool(None, 2, copied=here) as pool:
    found = list(pool.map(range(20)))
    assert [value for value, _ in found] == list(range(0, 200, 10))
    assert len({pid for _, pid in found} - {os.getpid()}) == 2
    os.kill(found[0][1], 9)
    try:
        list(pool.map(range(20)))
    except PoolError as error:
        print(error)
with Pool(partial(setup, refuse, KeyError), 2, copied=lambda: partial(refuse, KeyError)) as pool:
    print(pool.copied)
    try:
        list(pool.map(range(5)))
    except KeyError as error:
        print(error)
"""


def test_a_process_without_threads_is_copied():
    done = subprocess.run(
        [sys.executable, "-c", COPIED], capture_output=True, text=True, cwd=ROOT, timeout=60, check=False
    )
    lines = done.stdout.splitlines()
    assert done.stderr == ""
    assert lines[:2] == ["before, and not flushed", ENDED]
    assert lines[2] in ("True", "False")  # threads of the first pool may still be on their way out
    assert lines[3:] == ["'three'"]


def test_a_process_with_threads_is_never_copied():
    stop = threading.Event()
    other = threading.Thread(target=stop.wait)
    other.start()
    try:
        assert not can_be_copied()
        with Pool(partial(setup, times, 10), 2, copied=failing) as pool:
            assert not pool.copied
            assert [value for value, _ in pool.map([1, 2])] == [10, 20]
    finally:
        stop.set()
        other.join()


# --- the caller's main module ----------------------------------------------------------------------------------------

SCRIPT = """
import pathlib
with pathlib.Path("runs").open("a") as runs:
    runs.write("run\\n")
import operator
from functools import partial
from nmt_attn.parallel import Pool

with Pool(partial(operator.attrgetter, "imag"), 2) as pool:
    print(list(pool.map([1j, 2j, 3j])))
"""


@pytest.mark.parametrize("way", ["script", "module", "standard input", "argument"])
def test_the_callers_main_module_is_not_run_again(tmp_path, way):
    (tmp_path / "script.py").write_text(SCRIPT)
    command = {"script": ["script.py"], "module": ["-m", "script"], "standard input": ["-"], "argument": ["-c", SCRIPT]}
    done = subprocess.run(
        [sys.executable, *command[way]], input=SCRIPT if way == "standard input" else "", capture_output=True,
        text=True, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=60,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("[1.0, 2.0, 3.0]\n", "")
    assert (tmp_path / "runs").read_text() == "run\n"


def test_modules_are_found_where_the_caller_finds_them(tmp_path, monkeypatch):
    (tmp_path / "far_away.py").write_text("def setup():\n    return abs\n")
    monkeypatch.syspath_prepend(tmp_path)
    import far_away

    with Pool(far_away.setup, 2) as pool:
        assert list(pool.map([-1, -2])) == [1, 2]


def test_neither_torch_nor_numpy_is_loaded():
    code = "import sys, nmt_attn.parallel; print({'torch', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert done.stdout == "set()\n"
