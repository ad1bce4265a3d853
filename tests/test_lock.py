"""One at a time, and a lock never outlives its holder."""

import fcntl
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading

import pytest

from nmt_attn import lock as module
from nmt_attn.errors import NmtError
from nmt_attn.lock import held_beside, is_held, locked
from tests.conftest import ROOT

HOLD = """
import sys, time
from pathlib import Path
from nmt_attn.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the lock on ``tmp_path / "folder"``."""
    command = [sys.executable, "-c", HOLD, str(tmp_path / "folder")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        yield process
        process.kill()


def test_the_second_is_told_who_is_the_first(tmp_path, holder):
    with pytest.raises(NmtError) as refused, locked(tmp_path / "folder"):
        pytest.fail("held twice")
    says = rf"folder: in use by process {holder.pid} on {re.escape(socket.gethostname())} since \d{{4}}-\d\d-\d\d \d\d:"
    assert re.search(says, str(refused.value))
    assert "\n" not in str(refused.value)


def test_a_lock_ends_with_its_process_however_that_ends(tmp_path, holder):
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    assert (tmp_path / ".folder.lock").exists()
    with locked(tmp_path / "folder"):
        assert json.loads((tmp_path / ".folder.lock").read_text())["pid"] == os.getpid()
    assert list(tmp_path.iterdir()) == []


def test_other_folders_and_later_times_are_free(tmp_path):
    with locked(tmp_path / "a"), locked(tmp_path / "b"):
        again = locked(tmp_path / "c" / ".." / "a")
        with pytest.raises(NmtError, match="in use"):
            again.__enter__()
    with locked(tmp_path / "a"):
        pass


def test_folders_made_for_a_lock_go_again_unless_they_are_used(tmp_path):
    with locked(tmp_path / "runs" / "a"):
        pass
    assert list(tmp_path.iterdir()) == []
    with locked(tmp_path / "runs" / "a"):
        (tmp_path / "runs" / "a").mkdir()
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["a"]


def test_a_file_taken_away_under_the_waiting_is_no_lock(tmp_path, monkeypatch):
    """Whoever opened the file before its holder deleted it must not believe that the deleted file is the lock."""
    real, opened = module._take, []

    def take(descriptor):
        if not opened:
            (tmp_path / ".a.lock").unlink()  # as the holder does when it is done
        opened.append(descriptor)
        real(descriptor)

    monkeypatch.setattr(module, "_take", take)
    with locked(tmp_path / "a"):
        assert len(opened) == 2
        assert (tmp_path / ".a.lock").exists()


def test_where_there_are_no_locks_it_goes_on_with_a_word_about_it(tmp_path, monkeypatch, capsys):
    def none(descriptor):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(module, "_take", none)
    with locked(tmp_path / "a"):
        pass
    assert "warning" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(NmtError, match="cannot write"), locked(tmp_path / "file" / "a"):
        pytest.fail("held in a file")


def test_others_see_that_it_is_held_without_taking_it(tmp_path, holder):
    (tmp_path / ".left.lock").touch()  # by a process that was killed
    assert is_held(tmp_path / "folder")
    assert not is_held(tmp_path / "left")
    assert not is_held(tmp_path / "other")
    assert held_beside(tmp_path) == ["folder"]
    os.mkfifo(tmp_path / ".pipe.lock")
    assert not is_held(tmp_path / "pipe")
    holder.kill()
    holder.wait()
    assert held_beside(tmp_path) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == [".folder.lock", ".left.lock", ".pipe.lock"]


def test_who_looks_does_not_keep_another_from_it(tmp_path):
    path = tmp_path / ".folder.lock"
    path.touch()
    descriptor = os.open(path, os.O_RDWR)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    threading.Timer(0.03, os.close, [descriptor]).start()  # as long as a look takes, and longer
    with locked(tmp_path / "folder"):
        assert is_held(tmp_path / "folder")
