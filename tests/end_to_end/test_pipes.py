"""``nmt translate`` in a pipe: whatever comes in, a line out for each line, in order, in time and in bounds."""

import json
import os
import pty
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nmt_attn.decoding import workers
from nmt_attn.parallel import Pool
from tests.conftest import ROOT, run_nmt, toy_corpus
from tests.in_process import nmt_here

KNOWN, ITS_TRANSLATION = b"Big dog.", b"Granda hundo."


@contextmanager
def running(
    folder: Path, *arguments: str, program: tuple[str, str] = ("-m", "nmt_attn")
) -> Iterator[subprocess.Popen[bytes]]:
    """``nmt translate``, ready to be written to."""
    with subprocess.Popen(
        [sys.executable, *program, "translate", *arguments],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        # A shell lets what it runs in the background ignore Ctrl-C, and so would all that the tests start from there.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        try:
            yield process
        finally:
            process.kill()
            with suppress(BrokenPipeError):
                process.stdin.close()


@pytest.fixture(scope="module")
def translating(trained: Path) -> Iterator[subprocess.Popen[bytes]]:
    """One process for many examples; that it is still there after all of them is part of what is tested."""
    with running(trained) as process:
        yield process
        process.stdin.close()
        assert process.wait(30) == 0


ODD = [
    b"\xef\xbb\xbfBig dog.",
    b"Big dog.\r",
    b"\x00",
    b"\xed\xa0\x80",  # a lone surrogate
    b"   ",
    b"\x85",
    "\u200f\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd".encode(),  # right to left
    "\U0001f469\u200d\U0001f469\u200d\U0001f467 \U0001f3f3\ufe0f\u200d\U0001f308".encode(),
    "\u2028a\u2029".encode(),
]
repeated = st.tuples(st.characters(exclude_categories=["Cs"]), st.integers(1, 900)).map(lambda one: one[0] * one[1])
strange = st.one_of(
    st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.binary(max_size=40),
    st.sampled_from(ODD),
    repeated.map(str.encode),
).map(lambda line: line.replace(b"\n", b" "))


def check_that_lines_and_their_order_are_kept(translating, lines, seed):
    places = random.Random(seed)
    for _ in range(3):
        lines.insert(places.randrange(len(lines) + 1), KNOWN)
    translating.stdin.write(b"".join(line + b"\n" for line in lines))
    translating.stdin.flush()
    answers = [translating.stdout.readline() for _ in lines]
    assert all(answer.endswith(b"\n") for answer in answers)
    for line, answer in zip(lines, answers, strict=True):
        answer.decode("utf-8")
        if line in (KNOWN, KNOWN + b"\r", b"\xef\xbb\xbf" + KNOWN):
            assert answer == ITS_TRANSLATION + b"\n"
        if not line.strip():
            assert answer == b"\n"


@given(st.lists(strange, min_size=1, max_size=12), st.integers(0, 2**32))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_keep_the_lines_and_their_order(translating, lines, seed):
    check_that_lines_and_their_order_are_kept(translating, lines, seed)


@pytest.mark.slow
@given(st.lists(strange, min_size=1, max_size=12), st.integers(0, 2**32))
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_many_bytes_keep_the_lines_and_their_order(translating, lines, seed):
    check_that_lines_and_their_order_are_kept(translating, lines, seed)


@pytest.mark.parametrize(
    "kind",
    ["sentences", pytest.param("words", marks=pytest.mark.slow), pytest.param("one word", marks=pytest.mark.slow)],
)
def test_a_line_of_a_megabyte_is_one_line(trained, kind):
    words = {"words": b"big red cat ", "one word": b"catdog", "sentences": b"Big red cat sees house. "}[kind]
    long = words * (2**20 // len(words))
    done = run_nmt(trained, "translate", "--beam", "1", stdin=KNOWN + b"\n" + long + b"\n" + KNOWN + b"\n")
    assert done.returncode == 0, done.stderr
    first, middle, last, end = done.stdout.split("\n")
    assert first == last == ITS_TRANSLATION.decode()
    assert middle
    assert not end
    assert "line 2 is long" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("processes", [1, 2])
def test_a_hundred_thousand_lines_in_less_than_a_gigabyte(trained, processes):
    resource = pytest.importorskip("resource")
    sources = [source.encode() for source, _ in toy_corpus(500)]
    with running(trained, "--set", f"decoding.processes={processes}") as process:
        writer = threading.Thread(target=_write_many, args=(process, sources, 100_000))
        writer.start()
        count = sum(1 for _ in process.stdout)
        writer.join()
        assert process.wait(60) == 0
    assert count == 100_000
    unit = 1 if sys.platform == "darwin" else 1024
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit < 2**30


def _write_many(process: subprocess.Popen[bytes], sources: list[bytes], count: int) -> None:
    for number in range(count):
        process.stdin.write(sources[number % len(sources)] + b"\n")
    process.stdin.close()


def test_lines_that_come_slowly_are_answered_within_a_second(trained):
    with running(trained) as process:
        process.stdin.write(KNOWN + b"\n")
        process.stdin.flush()
        assert process.stdout.readline() == ITS_TRANSLATION + b"\n"  # the model is loaded now
        waits = []
        for _ in range(5):
            time.sleep(0.2)
            began = time.perf_counter()
            process.stdin.write(KNOWN + b"\n")
            process.stdin.flush()
            assert process.stdout.readline() == ITS_TRANSLATION + b"\n"
            waits.append(time.perf_counter() - began)
        assert sorted(waits)[2] < 1.0


def test_ctrl_c_ends_a_waiting_translator_quietly(trained):
    with running(trained) as process:
        process.stdin.write(KNOWN + b"\n")
        process.stdin.flush()
        assert process.stdout.readline() == ITS_TRANSLATION + b"\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        assert process.stderr.read() == b""


def test_a_closed_pipe_ends_it_quietly(trained):
    with running(trained) as process:
        process.stdin.write(KNOWN + b"\n")
        process.stdin.flush()
        assert process.stdout.readline() == ITS_TRANSLATION + b"\n"
        process.stdout.close()
        process.stdin.write(KNOWN + b"\n")
        process.stdin.close()
        assert process.wait(60) == 0
        assert process.stderr.read() == b""


SHARED = ("--set", "decoding.processes=2")
under_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="lines are shared under Linux alone")


AT_ONCE = (
    "-c",
    "from nmt_attn.decoding import workers; workers.PAYS_FROM = 0; import nmt_attn.__main__ as it; it.main()",
)
"""The program, but for its patience: other processes are started as soon as there are many lines."""


def children(pid: int) -> list[int]:
    """The processes that one has started, with those that they have started."""
    try:
        own = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []
    return [*own, *(other for child in own for other in children(child))]


def wait_until_gone(pids: list[int]) -> None:
    end = time.monotonic() + 20
    while any(Path(f"/proc/{pid}").exists() for pid in pids) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


@under_linux
def test_many_lines_are_shared_by_processes_to_the_same_effect(trained, monkeypatch):
    sources = [source.encode() for source, _ in toy_corpus(700, seed=12)]
    lines = [*sources, *(odd for odd in ODD if b"\x00" not in odd), b"", *sources[:500]]  # a file would be no text
    (trained / "many").write_bytes(b"\n".join(lines) + b"\n")
    alone = nmt_here(trained, "translate", "--input", "many", checked=False)
    tasks = []
    share = Pool.map
    monkeypatch.setattr(workers, "PAYS_FROM", 0.0)
    monkeypatch.setattr(Pool, "ready", True)  # so that they are waited for
    monkeypatch.setattr(Pool, "map", lambda pool, given: share(pool, (tasks.append(one) or one for one in given)))
    shared = nmt_here(trained, "translate", "--input", "many", *SHARED, checked=False)
    assert shared.code == 0, shared.err
    assert tasks
    assert shared.out.count("\n") == len(lines)
    assert shared.out == alone.out


@under_linux
@pytest.mark.parametrize("ending", ["interrupted", "killed", "closed"])
def test_however_it_ends_no_process_is_left_behind(trained, ending):
    sources = [source.encode() for source, _ in toy_corpus(3000, seed=13)]
    with running(trained, *SHARED, program=AT_ONCE) as process:
        writer = threading.Thread(target=_write_for_ever, args=(process, sources), daemon=True)
        writer.start()
        while len(pids := children(process.pid)) < 3:  # what comes in first is answered before there is much
            assert process.stdout.readline()
        assert len(pids) == 3  # two that work, and the one that they are copies of
        if ending == "interrupted":
            process.send_signal(signal.SIGINT)
        elif ending == "killed":
            process.kill()
        process.stdout.close()
        assert process.wait(60) == {"interrupted": 130, "killed": -signal.SIGKILL, "closed": 0}[ending]
        wait_until_gone(pids)
        assert process.stderr.read() == b""
        writer.join(20)


def _write_for_ever(process: subprocess.Popen[bytes], sources: list[bytes]) -> None:
    try:
        while True:
            process.stdin.write(b"\n".join(sources) + b"\n")
    except (BrokenPipeError, ValueError):
        pass


def test_shuffled_and_in_any_batches_the_output_is_the_same_to_the_byte(trained):
    sources = [source for source, _ in toy_corpus(150, seed=11)]
    outputs = {}
    for size in (1, 7, 64):
        order = random.Random(size).sample(range(150), 150)
        stdin = "".join(sources[place] + "\n" for place in order)
        done = run_nmt(trained, "translate", "--batch-lines", str(size), stdin=stdin)
        assert done.returncode == 0, done.stderr
        lines = done.stdout.split("\n")[:-1]
        outputs[size] = [line for _, line in sorted(zip(order, lines, strict=True))]
    assert outputs[1] == outputs[7] == outputs[64]


def test_typed_alone_it_is_a_prompt_with_a_history(trained, tmp_path):
    pytest.importorskip("readline")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(tmp_path), "TERM": "dumb"}
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "nmt_attn", "translate"], cwd=trained, stdin=theirs, stdout=theirs, stderr=theirs,
        env=environment, start_new_session=True,
    ) as process:  # fmt: skip
        os.close(theirs)
        _read_until(ours, b"> ")
        os.write(ours, KNOWN + b"\n")
        assert ITS_TRANSLATION in _read_until(ours, b"> ")
        os.write(ours, b"\x10\n")  # Ctrl-P: the line before
        assert ITS_TRANSLATION in _read_until(ours, b"> ")
        os.write(ours, b"\x04")
        assert process.wait(60) == 0
    os.close(ours)
    assert KNOWN in (tmp_path / "nmt" / "history").read_bytes()


def _read_until(terminal: int, mark: bytes) -> bytes:
    """What the terminal shows until ``mark`` stands at its end."""
    shown = b""
    while not shown.endswith(mark):
        shown += os.read(terminal, 1024)
    return shown


def test_json_says_everything_in_lower_precision_too(trained):
    for precision in ("fp32", "bf16", "int8", "auto"):
        done = run_nmt(trained, "translate", "--json", "--nbest", "2", "--precision", precision, stdin=KNOWN + b"\n")
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        assert found["source"] == KNOWN.decode()
        assert found["translation"] == ITS_TRANSLATION.decode()
        assert len(found["nbest"]) == 2
    wrong = run_nmt(trained, "translate", "--precision", "int4", stdin=b"")
    assert wrong.returncode == 2
    assert wrong.stderr.count("\n") == 1
