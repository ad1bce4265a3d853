"""``nmt runs``, ``nmt inspect`` and ``nmt watch`` as a user types them, on runs that were really trained."""

import fcntl
import json
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from nmt_attn.lock import is_held, locked
from tests.conftest import ROOT, write_toy
from tests.in_process import nmt_here
from tests.runs.made_runs import make_run, trained_line


@pytest.fixture
def folder(trained, trained_classifier, tmp_path):
    """A translation and a classification run, one moved aside, one damaged, and a folder that is no run."""
    shutil.copytree(trained / "runs" / "toy", tmp_path / "runs" / "toy")
    shutil.copytree(trained / "data", tmp_path / "data")
    shutil.copytree(trained_classifier / "runs" / "opinions", tmp_path / "runs" / "opinions")
    make_run(tmp_path / "runs" / "toy.old-1", 20, log=[trained_line(20)])
    make_run(tmp_path / "runs" / "broken", 20).config_file.write_text("[")
    (tmp_path / "runs" / "other").mkdir()
    return tmp_path


def by_name(folder):
    done = nmt_here(folder, "runs", "--json")
    assert (done.code, done.err) == (0, "")
    return {run["name"]: run for run in json.loads(done.out)}


def test_runs_lists_what_there_is(folder):
    runs = by_name(folder)
    states = {name: run["state"] for name, run in runs.items()}
    assert states == {
        "toy": "finished", "opinions": "finished", "toy.old-1": "stopped", "broken": "damaged", "other": "no run",
    }  # fmt: skip
    toy, opinions = runs["toy"], runs["opinions"]
    assert (toy["task"], toy["metric"], toy["steps"], toy["epochs"]) == ("translation", "bleu", 912, 12.0)
    assert toy["best"] > 80
    assert toy["command"] == ["nmt", "train", "--config", "toy.yaml"]
    assert (opinions["task"], opinions["metric"]) == ("classification", "accuracy")
    assert toy["best_checkpoint"].startswith("runs/toy/checkpoints/")
    done = nmt_here(folder, "runs")
    assert done.code == 0
    lines = done.out.splitlines()
    assert len(lines) == 6
    assert any(re.match(r"toy +translation +finished +912 +12\.0 +BLEU \d+", line) for line in lines)
    assert any(line.startswith("broken") and "config.yaml" in line for line in lines)


def test_runs_of_a_folder_that_is_empty_or_not_there(tmp_path):
    assert "no such folder" in nmt_here(tmp_path, "runs").error
    (tmp_path / "mine").mkdir()
    done = nmt_here(tmp_path, "runs", "mine")
    assert (done.code, done.out) == (0, "")
    assert "no runs in it" in done.err
    assert nmt_here(tmp_path, "runs", "mine", "--json").out == "[]\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--delete"], "takes the names of runs"),
        (["--delete", "toy"], "no terminal to ask on; --yes"),
        (["--delete", "toy", "other", "--yes"], "not a run (no config.yaml in it)"),
        (["--delete", "toy", "nothing", "--yes"], "no such run"),
        (["--delete", "toy", "--yes", "--json"], "--json has no effect"),
        (["--yes"], "--yes has no effect"),
    ],
)
def test_a_refused_deletion_has_changed_nothing(folder, arguments, says):
    done = nmt_here(folder, "runs", *arguments)
    assert done.code == 2
    assert says in done.error


def test_deleting_says_what_is_freed(folder):
    with locked(folder / "runs" / "toy"):
        assert "being trained" in nmt_here(folder, "runs", "--delete", "toy.old-1", "toy", "--yes").error
    done = nmt_here(folder, "runs", "--delete", "toy.old-1", "broken", "--yes")
    assert done.code == 0
    assert re.search(r"runs/toy\.old-1: deleted, .* freed\n", done.out)
    assert "2 runs deleted" in done.out
    assert set(by_name(folder)) == {"toy", "opinions", "other"}
    assert nmt_here(folder, "runs", "runs", "--delete=opinions", "--yes").code == 0
    assert set(by_name(folder)) == {"toy", "other"}


def test_inspect_says_what_each_thing_is(folder):
    for path, kind in (
        ("runs/toy", "run"), ("runs/opinions", "run"), ("runs/toy/latest", "checkpoint"), ("data/toy", "prepared data"),
        ("runs/toy/tokenizer", "tokenizer"), ("runs/opinions/metrics.jsonl", "log of a training"),
        ("runs/toy/config.yaml", "configuration"),
    ):  # fmt: skip
        done = nmt_here(folder, "inspect", path, "--json")
        assert (done.code, done.err) == (0, "")
        assert json.loads(done.out)["kind"] == kind
        assert nmt_here(folder, "inspect", path).code == 0
    values = json.loads(nmt_here(folder, "inspect", "runs/toy", "--json").out)
    assert values["languages"] == "en → fr"
    assert values["weights"]["total"] == sum(
        values["weights"][part] for part in ("encoder", "decoder", "attention", "embeddings", "output")
    )
    labels = json.loads(nmt_here(folder, "inspect", "runs/opinions", "--json").out)["vocabulary"]
    assert (labels["labels"], labels["named"]) == (2, "neg, pos")
    assert "config.yaml" in nmt_here(folder, "inspect", "runs/broken").error


@pytest.mark.parametrize("arguments", [["runs"], ["runs", "--json"], ["inspect", "runs/toy"], ["watch", "--once"]])
def test_none_of_them_needs_torch(folder, arguments):
    code = (
        "import sys; sys.modules['torch'] = None\n"  # an import of it fails
        f"sys.argv = ['nmt', *{arguments}]\nfrom nmt_attn.cli.app import main; main()"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, env=environment, timeout=60)
    assert done.returncode == 0, done.stderr.decode()


def test_a_pipe_gets_one_plain_drawing(folder, monkeypatch):
    monkeypatch.setenv("COLUMNS", "90")
    for run, title in (("toy", "validation: BLEU"), ("runs/opinions", "validation: accuracy")):
        done = nmt_here(folder, "watch", run)
        assert (done.code, done.err) == (0, "")
        lines = done.out.splitlines()
        assert lines[0].startswith(f"runs/{run.removeprefix('runs/')}: finished (the budget is used up), step ")
        assert any(title in line for line in lines)
        assert all(line.isprintable() and len(line) <= 90 for line in lines[1:])
    assert "no effect where standard output is no terminal" in nmt_here(folder, "watch", "--every", "2").error
    assert "no effect beside --once" in nmt_here(folder, "watch", "--once", "--every", "2").error
    assert "no such run" in nmt_here(folder, "watch", "tyo").error


def test_without_plotext_it_says_how_to_install_it(folder, monkeypatch):
    monkeypatch.setattr("nmt_attn.cli.watch.find_spec", lambda name: None)
    assert "pip install 'nmt-attn[watch]'" in nmt_here(folder, "watch").error


# --- on a terminal --------------------------------------------------------------------------------------------------


def _take_terminal() -> None:
    """Be what a shell starts on a terminal: where the tests run in the background they ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, folder: Path, *arguments: str, rows: int = 30, columns: int = 90, **environment: str) -> None:
        self.master, slave = pty.openpty()
        self.resize(rows, columns)
        ours = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "LINES", "NO_COLOR")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "nmt_attn", *arguments],
            cwd=folder, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
            env={**ours, "PYTHONPATH": str(ROOT), "TERM": "xterm", **environment},
            preexec_fn=_take_terminal,
        )  # fmt: skip
        os.close(slave)
        self.text = ""

    def resize(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read_until(self, pattern: str, seconds: float = 60.0) -> str:
        """Read until something is shown; an end of the program before is a failure."""
        end = time.monotonic() + seconds
        while not re.search(pattern, self.text):
            assert time.monotonic() < end, self.text[-2000:]
            if not self._read():
                break
        assert re.search(pattern, self.text), self.text[-2000:]
        return self.text

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def wait(self, seconds: float = 60.0) -> int:
        end = time.monotonic() + seconds
        while self._read() and time.monotonic() < end:
            pass
        code = self.process.wait(timeout=60)
        os.close(self.master)
        return code

    def _read(self) -> bool:
        """Read what there is; false at the end."""
        if select.select([self.master], [], [], 0.1)[0]:
            try:
                data = os.read(self.master, 1 << 16)
            except OSError:
                return False
            self.text += data.decode("utf-8", "replace")
            return bool(data)
        return self.process.poll() is None


@pytest.fixture
def terminal_of():
    """Makes terminals, on which nothing runs any more when the test is over."""
    made: list[Terminal] = []

    def make(*arguments, **named) -> Terminal:
        made.append(Terminal(*arguments, **named))
        return made[-1]

    yield make
    for terminal in made:
        terminal.process.kill()
        terminal.process.wait()


@pytest.mark.parametrize(("answer", "deleted"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_a_terminal_is_asked(folder, terminal_of, answer, deleted):
    terminal = terminal_of(folder, "runs", "--delete", "toy.old-1")
    assert "runs/toy.old-1 (" in terminal.read_until(r"Delete this run\? \[y/N\] ")
    terminal.type(answer)
    assert terminal.wait() == 0
    assert ("deleted, " in terminal.text) == deleted
    assert ("nothing deleted" in terminal.text) == (not deleted)
    assert (folder / "runs" / "toy.old-1").exists() == (not deleted)


def test_watch_follows_a_training_that_is_really_running(tmp_path, terminal_of):
    write_toy(tmp_path)
    settings = ["training.max_steps=60", "training.validation.every_steps=30", "training.validation.max_sentences=4"]
    sets = [word for setting in settings for word in ("--set", setting)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        [sys.executable, "-m", "nmt_attn", "train", "--config", "toy.yaml", *sets],
        cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as training:  # fmt: skip
        while not is_held(tmp_path / "runs" / "toy"):  # torch is being loaded
            assert training.poll() is None
            time.sleep(0.02)
        terminal = terminal_of(tmp_path, "watch", "--every", "0.2")
        code = terminal.wait()
        assert training.wait(timeout=60) == 0
    assert code == 0
    assert "running" in terminal.text
    assert "\x1b[J" in terminal.text
    last = terminal.text.split("\x1b[J")[-1]
    assert "finished (the budget is used up), step 60 of 60, epoch 0.8" in last
    assert "loss: training" in last
    runs = json.loads(nmt_here(tmp_path, "runs", "--json").out)
    assert [run["state"] for run in runs] == ["finished"]
    assert runs[0]["command"] == ["nmt", "train", "--config", "toy.yaml", *sets]


def test_ctrl_c_ends_the_watching_as_asked(folder, terminal_of):
    with locked(folder / "runs" / "toy"):
        terminal = terminal_of(folder, "watch", "toy", NO_COLOR="1")
        terminal.read_until("Ctrl-C ends the watching")
        terminal.resize(24, 70)
        shown = terminal.read_until(r"\x1b\[2J\x1b\[H")
        assert "\x1b[38" not in shown
        terminal.type("\x03")
        assert terminal.wait() == 0
    assert "Traceback" not in terminal.text
    assert "interrupted" not in terminal.text
