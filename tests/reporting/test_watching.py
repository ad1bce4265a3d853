"""Watching a training that goes on meanwhile, on a terminal that is none."""

import io
import json
import os
import threading
import time

import pytest

from nmt_attn.errors import InputError
from nmt_attn.lock import locked
from nmt_attn.reporting.watching import Screen, about_line, draw_once, screen_of, watch
from nmt_attn.runs.curves import WatchedRun, run_to_watch
from tests.runs.made_runs import make_run, trained_line, valid_line


@pytest.fixture(autouse=True)
def size(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "24")


def add(run, *entries):
    with run.metrics_file.open("a") as file:
        file.writelines(f"{json.dumps(entry)}\n" for entry in entries)


def test_it_follows_a_training_to_its_end(tmp_path):
    run, stream = make_run(tmp_path / "a"), io.StringIO()
    ready, go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def train():
        with locked(run.path):
            ready.set()
            go_on.wait(10)
            add(run, *(trained_line(step) for step in range(20, 200, 20)), valid_line(180, loss=0.5, bleu=77.7))
            ended.wait(10)

    seen = []

    def sleep(seconds):
        seen.append(stream.getvalue())
        go_on.set()
        if "step 180" in seen[-1]:
            ended.set()
            thread.join()
        time.sleep(0.005)

    thread = threading.Thread(target=train)
    thread.start()
    ready.wait(10)
    watch(WatchedRun(run.path), Screen(stream, color=False, moves=True), 0.01, sleep)
    thread.join()
    assert "running; nothing logged yet, waiting for its first steps" in seen[0]
    shown = stream.getvalue()
    assert "running, step 180, epoch 18.0 of 3" in shown
    assert "BLEU 77.7" in shown
    assert "no checkpoint (it ended before its first checkpoint), step 180" in shown.split("\x1b[J")[-1]


def test_a_drawing_takes_the_place_of_the_one_before(monkeypatch):
    stream = io.StringIO()
    screen = Screen(stream, color=False, moves=True)
    size = screen.size
    for lines in (["one", "two"], ["three"], ["four"]):
        screen.show(lines, size)
    assert stream.getvalue() == "one\ntwo\n\r\x1b[2A\x1b[Jthree\n\r\x1b[1A\x1b[Jfour\n"
    monkeypatch.setenv("COLUMNS", "60")
    assert screen.was_resized
    screen.show(["four"], size)  # the size has changed while it was drawn
    assert screen.was_resized
    screen.show(["five"], screen.size)
    assert stream.getvalue().endswith("\x1b[2J\x1b[Hfive\n")
    assert not screen.was_resized


@pytest.mark.parametrize(
    ("term", "no_color", "color", "moves"),
    [("xterm", "", True, True), ("xterm", "1", False, True), ("dumb", "", False, False), ("", "", False, False)],
)
def test_what_a_terminal_can_do(monkeypatch, term, no_color, color, moves):
    monkeypatch.setenv("TERM", term)
    monkeypatch.setenv("NO_COLOR", no_color)
    screen = screen_of(io.StringIO())
    assert (screen.color, screen.moves) == (color, moves)


def test_a_terminal_that_can_do_nothing_gets_plain_text_and_only_what_is_new(tmp_path):
    run, stream = make_run(tmp_path / "a", log=[trained_line(20)]), io.StringIO()
    looks = []

    def sleep(seconds):
        looks.append(1)
        if len(looks) == 30:
            raise KeyboardInterrupt

    with locked(run.path), pytest.raises(KeyboardInterrupt):
        watch(WatchedRun(run.path), Screen(stream, color=False, moves=False), 0.001, sleep)
    assert "\x1b" not in stream.getvalue()
    assert stream.getvalue().count("running, step 20") == 1


@pytest.mark.parametrize("lines", ["1", "2", "5", "9", "10", "24", "70"])
@pytest.mark.parametrize("columns", ["5", "40", "150"])
def test_a_drawing_never_scrolls(tmp_path, monkeypatch, lines, columns):
    monkeypatch.setenv("LINES", lines)
    monkeypatch.setenv("COLUMNS", columns)
    log = [*(trained_line(step) for step in range(20, 200, 20)), valid_line(180, loss=0.5, bleu=77.7)]
    run, stream = make_run(tmp_path / "a", 180, log=log), io.StringIO()
    watch(WatchedRun(run.path), Screen(stream, color=False, moves=True), 1.0)
    shown = stream.getvalue().split("\n")
    assert len(shown) <= max(int(lines), 2)
    assert max(map(len, shown)) < int(columns)


def test_once_gives_plain_text_also_of_labels(tmp_path):
    log = [trained_line(20), valid_line(20, loss=0.4, accuracy=91.0, f1=90.0, metric="accuracy")]
    run = make_run(tmp_path / "a", 20, best=20, log=log, config="task: classification\n")
    lines = draw_once(WatchedRun(run.path))
    assert lines[0].endswith("best checkpoint: accuracy 91.00 at step 20")
    assert any("validation: accuracy" in line for line in lines)
    assert any("texts/s" in line for line in lines)
    assert all(line.isprintable() for line in lines)


def test_a_run_of_which_nothing_is_there_but_its_lock(tmp_path):
    with locked(tmp_path / "new"):
        watched = WatchedRun(run_to_watch(tmp_path / "new"))
        watched.look()
        assert "running; nothing logged yet" in about_line(watched)
    watched.look()
    assert "no run (not a folder)" in about_line(watched)


def test_left_out_it_is_the_one_in_training_else_the_one_trained_last(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="no run under runs/"):
        run_to_watch(None)
    old = make_run(tmp_path / "runs" / "old", 20, log=[trained_line(20)])
    new = make_run(tmp_path / "runs" / "new", 20, log=[trained_line(20)])
    for path in (old.metrics_file, old.config_file, old.path / "latest"):
        os.utime(path, (1e9, 1e9))
    make_run(tmp_path / "runs" / "new.old-1", 20)
    assert run_to_watch(None).name == "new"
    with locked(old.path):
        assert run_to_watch(None).name == "old"
        with locked(tmp_path / "runs" / "begun"):  # it prepares its data
            assert run_to_watch(None).name == "begun"
    assert run_to_watch(new.path) == new.path
    assert str(run_to_watch(type(new.path)("old"))) == "runs/old"


def test_what_cannot_be_watched(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    for name, says in (("gone", "no such run"), ("folder", r"not a run \(no config.yaml in it\)")):
        with pytest.raises(InputError, match=says):
            run_to_watch(type(tmp_path)(name))
