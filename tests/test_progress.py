"""Progress of stages: a bar on a terminal, plain lines elsewhere, nothing of what is done at once."""

import io
import re
import subprocess
import sys
import time

import pytest

from nmt_attn import progress
from nmt_attn.progress import Progress, Unseen


class Terminal(io.StringIO):
    """What a terminal would be given."""

    def isatty(self):
        return True


def a_terminal(monkeypatch):
    """Let standard error be one; in the test itself, as pytest puts its own in place after the fixtures."""
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(progress, "QUIET_SECONDS", 0.0)
    return screen


def test_what_is_done_at_once_is_not_mentioned(capsys):
    with Progress("reading", 3, "lines") as stage:
        stage.update(3)
    assert capsys.readouterr() == ("", "")


def test_a_long_stage_leaves_a_line_in_a_log(capsys, monkeypatch):
    monkeypatch.setattr(progress, "QUIET_SECONDS", 0.0)
    with Progress("reading", 4_000, "lines") as stage:
        stage.update(4_000)
        time.sleep(0.05)
    output, log = capsys.readouterr()
    assert output == ""
    assert re.fullmatch(r"reading: 4,000 lines in 0\.\d s, [\d.]+k/s\n", log)


def test_lines_of_a_log_say_rate_and_time_left(capsys, monkeypatch):
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0.0)
    with Progress("reading", 8, "lines") as stage:
        time.sleep(0.2)
        stage.update(2)
    (line,) = capsys.readouterr().err.splitlines()
    assert re.fullmatch(r"reading: 2 of 8 lines, [\d.]+/s, 00:0\d left", line)


def test_a_stage_that_is_not_counted_is_named(capsys, monkeypatch):
    monkeypatch.setattr(progress, "QUIET_SECONDS", 0.0)
    with Progress("counting words"):
        pass
    assert re.fullmatch(r"counting words: in 0\.0 s\n", capsys.readouterr().err)


def test_a_stage_that_fails_leaves_no_line_of_success(capsys, monkeypatch):
    monkeypatch.setattr(progress, "QUIET_SECONDS", 0.0)
    with pytest.raises(KeyError), Progress("reading", 2, "lines"):
        raise KeyError
    assert capsys.readouterr().err == ""


def test_a_terminal_gets_a_bar_with_rate_and_time_left_that_goes_again(monkeypatch):
    terminal = a_terminal(monkeypatch)
    with Progress("reading", 8, "lines") as stage:
        for _ in range(4):
            time.sleep(0.15)
            stage.share(0.125)
        screen = terminal.getvalue()
    last = screen.rsplit("\r", 1)[1]
    assert re.fullmatch(r"reading:  50%\|.*\| 4/8 \[00:00<00:0\d, +[\d.]+ lines/s\] *", last)
    assert terminal.getvalue().endswith("\r")
    assert "in 0." not in terminal.getvalue()


def test_a_terminal_is_told_at_once_of_what_cannot_be_counted(monkeypatch):
    terminal = a_terminal(monkeypatch)
    with Progress("counting words"):
        assert "counting words" in terminal.getvalue()
    assert terminal.getvalue().endswith("\r")


def test_a_bar_starts_no_thread():
    """A process with threads cannot be copied, and copies are what many sentences are shared by."""
    script = (
        "import io, sys\n"
        "from nmt_attn.progress import Progress\n"
        "from nmt_attn.starter import can_be_copied\n"
        "sys.stderr.isatty = lambda: True\n"
        "with Progress('reading', 8, 'lines') as stage:\n"
        "    stage.update(1)\n"
        "    print(can_be_copied())\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == ("True\n" if sys.platform.startswith("linux") else "False\n")


def test_what_is_unseen_says_nothing(capsys):
    with Unseen("reading", 2, "lines") as stage:
        stage.update(1)
        stage.share(0.5)
    assert capsys.readouterr() == ("", "")
