"""The real commands where there are few processors: threads follow, and the opening line says how many."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from tests.conftest import ROOT, write_toy
from tests.in_process import nmt_here

BRIEF = ["model.embedding_size=8", "model.encoder.hidden_size=8", "model.decoder.hidden_size=8",
         "training.max_steps=2", "training.device=cpu", "training.validation.max_sentences=2"]  # fmt: skip
SETS = [word for one in BRIEF for word in ("--set", one)]
QUOTA_FILES = {"cpu/nmt_test": ("cpu.cfs_quota_us", "100000"), "nmt_test": ("cpu.max", "100000 100000")}


@pytest.fixture(autouse=True)
def threads_as_before() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def train(folder: Path, enter: Callable[[], object] | None = None, *words: str, **variables: str) -> str:
    """Train a little in a process that begins with ``enter``; what it says."""
    unset = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "NMT_MODEL")
    environment = {name: value for name, value in os.environ.items() if name not in unset}
    done = subprocess.run(
        [sys.executable, "-m", "nmt_attn", "train", "--config", "toy.yaml", "--force", *SETS, *words],
        cwd=folder,
        preexec_fn=enter,
        env={**environment, "PYTHONPATH": str(ROOT), **variables},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.fixture
def one_processor() -> Iterator[Path]:
    """A control group that grants one processor, where this machine lets us make one."""
    for name, (file, quota) in QUOTA_FILES.items():
        group = Path("/sys/fs/cgroup") / name
        if not group.parent.is_mount() and not (group.parent / "cgroup.procs").exists():
            continue
        try:
            group.mkdir()
        except OSError:
            continue
        try:
            if (group / file).exists():
                (group / file).write_text(quota)
                yield group
                return
        except OSError:
            continue
        finally:
            group.rmdir()
    pytest.skip("no control group can be made here")


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system has no affinity")
def test_one_processor_that_it_may_run_on_is_one_thread(tmp_path: Path) -> None:
    write_toy(tmp_path)
    here = min(os.sched_getaffinity(0))
    assert "on cpu (1 thread) in " in train(tmp_path, lambda: os.sched_setaffinity(0, {here}))


def test_one_processor_of_a_control_group_is_one_thread(tmp_path: Path, one_processor: Path) -> None:
    write_toy(tmp_path)
    said = train(tmp_path, lambda: (one_processor / "cgroup.procs").write_text(str(os.getpid())))
    assert "on cpu (1 thread) in " in said


def test_threads_are_those_asked_for_and_stay_when_the_run_goes_on(tmp_path: Path) -> None:
    write_toy(tmp_path)
    assert "on cpu (3 threads) in " in train(tmp_path, None, "--threads", "3")
    sets = [word for one in (*BRIEF[:3], "training.max_steps=4", *BRIEF[4:]) for word in ("--set", one)]
    going_on = nmt_here(tmp_path, "train", "--config", "toy.yaml", "--resume", *sets)
    assert "on cpu (3 threads) in " in going_on.err
    assert "on cpu (2 threads) in " in train(tmp_path, None, OMP_NUM_THREADS="2")
    both = nmt_here(tmp_path, "train", "--config", "toy.yaml", "--threads", "2", "--set", "training.threads=3")
    assert both.error == "--threads and --set training.threads say the same thing; keep one of them"


def test_translation_takes_threads_and_refuses_none(tmp_path: Path) -> None:
    write_toy(tmp_path)
    train(tmp_path)
    one, three = (nmt_here(tmp_path, "translate", "--threads", threads, "Big dog.") for threads in "13")
    assert one.code == 0, one.err
    assert one.out == three.out
    for command in (["translate", "x"], ["attend", "x"], ["eval"], ["score"]):
        assert "--threads" in nmt_here(tmp_path, *command, "--threads", "0").error
