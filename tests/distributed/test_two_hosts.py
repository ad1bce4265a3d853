"""Two machines in one: network namespaces joined by a cable, on each of them torchrun. Only root can make them.

A worker is killed, the cable is cut, and the whole second machine dies and comes back: the training goes on each time.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import torch

from nmt_attn.runs.checkpoint import load_weights
from nmt_attn.runs.directory import RunDirectory
from tests.conftest import write_prepared_toy

ROOT = Path(__file__).parent.parent.parent
STEPS = 260
WORDS = [
    word
    for one in (
        "data.directory=data/toy", "training.max_epochs=null", f"training.max_steps={STEPS}", "training.threads=1",
        "training.timeout=10", "training.checkpoint_steps=20", "training.batch_tokens=200", "model.dropout=0.3",
        "training.validation={max_sentences: 4, every_steps: 100}",
    )
    for word in ("--set", one)
]  # fmt: skip
SHARED = {"TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1"}
"""Without it torchrun does not tell a machine that comes later where the processes meet."""

HOSTS = ("nmt-host-0", "nmt-host-1")
MINUTES = 12


def ip(*words: str) -> bool:
    return subprocess.run(["ip", *words], capture_output=True, check=False).returncode == 0


def link(state: str) -> None:
    assert ip("-n", HOSTS[1], "link", "set", "cable1", state)


@pytest.fixture
def hosts() -> Iterator[None]:
    if shutil.which("ip") is None or not ip("netns", "add", HOSTS[0]):
        pytest.skip("network namespaces are not permitted here")
    try:
        made = ip("netns", "add", HOSTS[1])
        made = made and ip(
            "link", "add", "cable0", "netns", HOSTS[0], "type", "veth", "peer", "cable1", "netns", HOSTS[1]
        )
        for number, host in enumerate(HOSTS):
            made = made and ip("-n", host, "address", "add", f"10.77.0.{number + 1}/24", "dev", f"cable{number}")
            made = made and all(ip("-n", host, "link", "set", one, "up") for one in ("lo", f"cable{number}"))
        if not made:
            pytest.skip("machines joined by a cable cannot be pretended here")
        yield
    finally:
        for host in HOSTS:
            ip("netns", "delete", host)


def start(folder: Path, host: int, words: list[str]) -> subprocess.Popen[bytes]:
    """Start torchrun on a host, as the first process of a session."""
    launcher = [
        "ip", "netns", "exec", HOSTS[host], sys.executable, "-m", "torch.distributed.run", "--nnodes", "2",
        "--nproc-per-node", "1", "--rdzv-backend", "c10d", "--rdzv-endpoint", "10.77.0.1:29517", "--rdzv-id", "cable",
        "--local-addr", f"10.77.0.{host + 1}", "--max-restarts", "9", "--monitor-interval", "1",
        "--rdzv-conf", f"is_host={1 - host}",
    ]  # fmt: skip
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": "1",
        **SHARED,
        "GLOO_SOCKET_IFNAME": f"cable{host}",
    }
    with (folder / f"host{host}.log").open("ab") as log:
        return subprocess.Popen(
            [*launcher, "-m", "nmt_attn", "train", "--config", "toy.yaml", *words],
            cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip


def workers_of(agent: subprocess.Popen[bytes]) -> list[int]:
    """The processes that an agent has started."""
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(agent.pid)], capture_output=True, text=True, check=False)
    return [int(pid) for pid in found.stdout.split()]


def worker_of(agent: subprocess.Popen[bytes]) -> int:
    """The one that trains."""
    return workers_of(agent)[0]


def kill_host(agent: subprocess.Popen[bytes]) -> None:
    """Kill all processes of a host at once."""
    for pid in (agent.pid, *workers_of(agent)):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    agent.wait()


def step(folder: Path) -> int:
    """The step of the last checkpoint of the run."""
    names = [path.name for path in (folder / "runs" / "disturbed" / "checkpoints").glob("*")]
    return max((int(name) for name in names if re.fullmatch(r"\d+", name)), default=0)


def wait_for_step(folder: Path, wanted: int, end: float) -> int:
    while (now := step(folder)) < wanted:
        said = "\n".join(path.read_text(errors="replace")[-2000:] for path in folder.glob("*.log"))
        assert time.monotonic() < end, f"still at step {now}: {said}"
        time.sleep(0.2)
    return now


def final(folder: Path, name: str) -> dict[str, torch.Tensor]:
    checkpoint = RunDirectory(folder / "runs" / name).all_checkpoints()[-1]
    assert int(checkpoint.name) == STEPS
    return load_weights(checkpoint, torch.device("cpu"))


@pytest.mark.slow
@pytest.mark.usefixtures("hosts")
def test_a_killed_worker_a_cut_cable_and_a_dead_host_change_nothing(tmp_path):
    folder, end = write_prepared_toy(tmp_path), time.monotonic() + MINUTES * 60
    alone = [sys.executable, "-m", "nmt_attn", "train", "--config", "toy.yaml", *WORDS, "--set", "name=undisturbed"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([*alone, "--processes", "2"], cwd=folder, env=environment, check=True, capture_output=True)

    words = [*WORDS, "--set", "name=disturbed"]
    agents = [start(folder, host, words) for host in range(2)]
    try:
        at = wait_for_step(folder, 40, end)
        os.kill(worker_of(agents[1]), signal.SIGKILL)

        at = wait_for_step(folder, at + 40, end)
        link("down")
        time.sleep(30)
        assert step(folder) <= at + 40  # nothing was learned without the other
        link("up")

        wait_for_step(folder, at + 80, end)
        kill_host(agents[1])
        time.sleep(30)  # torchrun takes it for alive for 15 seconds
        agents[1] = start(folder, 1, words)

        assert [agent.wait(max(1.0, end - time.monotonic())) for agent in agents] == [0, 0]
    finally:
        for agent in agents:
            if agent.poll() is None:
                kill_host(agent)
    undisturbed, disturbed = final(folder, "undisturbed"), final(folder, "disturbed")
    assert all(torch.equal(undisturbed[name], disturbed[name]) for name in undisturbed)
