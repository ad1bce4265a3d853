"""The place of this process among those that were started together, as torchrun or Slurm tell it.

Nothing here imports torch.
"""

from __future__ import annotations

import os
import re
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from io import StringIO

from nmt_attn.errors import UserError

TORCHRUN = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
"""Variables that torchrun, and whatever starts processes as it does, sets for each of them."""

FIRST_PORT, PORTS = 20000, 20000
"""Ports from which the number of a Slurm job picks one, on which its processes meet."""


@dataclass(frozen=True)
class Place:
    """The place of a process among those that were started together."""

    rank: int = 0
    size: int = 1
    local_rank: int = 0  # among those of this machine
    local_size: int = 1
    address: str = ""  # where the processes meet
    port: int = 0
    restarts: int = 0  # how often the group was started anew after a failure
    launch: str = ""  # names the launch, the same after a restart; empty: nobody has launched this process

    @property
    def on_one_machine(self) -> bool:
        """True if all processes run on this machine."""
        return self.local_size == self.size


def place_here(environment: Mapping[str, str] = os.environ) -> Place:
    """Return the place of this process; alone unless torchrun or Slurm's srun have started it.

    Raises:
        UserError: the variables contradict each other, or one is missing.
    """
    if "RANK" in environment and "WORLD_SIZE" in environment:
        return _of_torchrun(environment)
    if _number(environment, "SLURM_STEP_NUM_TASKS", 1) > 1 and "SLURM_PROCID" in environment:
        return _of_slurm(environment)
    return Place()


def _of_torchrun(environment: Mapping[str, str]) -> Place:
    missing = [name for name in TORCHRUN if not environment.get(name)]
    if missing:
        raise UserError(
            f"the environment has RANK and WORLD_SIZE, as several processes that train together have, but no "
            f"{' and no '.join(missing)}; start them with torchrun, or unset RANK"
        )
    rank, size = _number(environment, "RANK"), _number(environment, "WORLD_SIZE")
    name = environment.get("TORCHELASTIC_RUN_ID", "none")
    place = Place(
        rank,
        size,
        _number(environment, "LOCAL_RANK", 0),
        _number(environment, "LOCAL_WORLD_SIZE", 1),
        environment["MASTER_ADDR"],
        _number(environment, "MASTER_PORT"),
        _number(environment, "TORCHELASTIC_RESTART_COUNT", 0),
        f"torchrun {name}" if name != "none" else f"process {os.getppid()} on {socket.gethostname()}",
    )
    return _checked(place)


def _of_slurm(environment: Mapping[str, str]) -> Place:
    job = environment.get("SLURM_JOB_ID", "0")
    nodes = environment.get("SLURM_STEP_NODELIST") or environment.get("SLURM_JOB_NODELIST", "")
    tasks = _per_node(environment.get("SLURM_STEP_TASKS_PER_NODE", "1"))
    here = _number(environment, "SLURM_NODEID", 0)
    place = Place(
        _number(environment, "SLURM_PROCID"),
        _number(environment, "SLURM_STEP_NUM_TASKS"),
        _number(environment, "SLURM_LOCALID", 0),
        tasks[min(here, len(tasks) - 1)],
        environment.get("MASTER_ADDR") or first_host(nodes),
        _number(environment, "MASTER_PORT", FIRST_PORT + int(re.sub(r"\D", "", job) or 0) % PORTS),
        _number(environment, "SLURM_RESTART_COUNT", 0),
        f"Slurm job {job}",
    )
    return _checked(place)


def first_host(nodes: str) -> str:
    """Return the first host of a list as Slurm writes it: ``gpu[03-05,9],login1`` gives ``gpu03``."""
    found = re.match(r"([^,\[]*)(?:\[(\d+)[^\]]*\]([^,\[]*))?", nodes)
    host = "".join(part or "" for part in found.groups()) if found else ""
    return host or "127.0.0.1"


def _per_node(text: str) -> list[int]:
    """Return the tasks of each node from Slurm's ``2(x3),1``."""
    counts: list[int] = []
    for part in text.split(","):
        found = re.fullmatch(r"(\d+)(?:\(x(\d+)\))?", part.strip())
        if found:
            counts += [int(found[1])] * int(found[2] or 1)
    return counts or [1]


def _checked(place: Place) -> Place:
    if not (0 <= place.rank < place.size and 0 <= place.local_rank < place.local_size and place.port < 2**16):
        raise UserError(
            f"the environment says that this is process {place.rank} of {place.size}, and on this machine "
            f"{place.local_rank} of {place.local_size}, at port {place.port}; start the processes with torchrun"
        )
    return place


def _number(environment: Mapping[str, str], name: str, default: int | None = None) -> int:
    text = environment.get(name, "")
    if not text and default is not None:
        return default
    if not re.fullmatch(r"\d{1,9}", text):
        raise UserError(f"the environment variable {name} is {text[:40]!r}, which is no number of processes")
    return int(text)


def is_first(*, here: bool = False) -> bool:
    """Say whether this is the first of the processes that were started together, or ``here`` on this machine.

    What is wrong with their command is met by all of them, and said by that one.
    """
    try:
        place = place_here()
    except UserError:
        return True
    return (place.local_rank if here else place.rank) == 0


@contextmanager
def notes_of_main(place: Place) -> Iterator[None]:
    """Let only the main process write notes to standard error while the block runs."""
    with redirect_stderr(sys.stderr if place.rank == 0 else StringIO()):
        yield
