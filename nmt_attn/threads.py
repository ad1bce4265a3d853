"""How many threads there is a processor for, and how they wait for each other. Nothing here imports torch."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping, MutableMapping
from pathlib import Path

GNU_CHOICES = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")
"""Variables by which users say how threads of GNU's OpenMP are to wait."""

WAITING = {
    "GOMP_SPINCOUNT": "5000",  # GNU's OpenMP, which torch brings along on Linux: turns of a loop
    "KMP_BLOCKTIME": "0",  # LLVM's and Intel's: milliseconds
}
"""For how long a thread that waits for others keeps its processor busy.

By default it does so for many milliseconds. Beside another busy process the thread that all wait for may not even have
a processor: those that wait hold it. So they are to sleep soon, but not at once, since waking up takes longer than most
waits on a quiet machine.
"""

CHOICES = {*GNU_CHOICES, *WAITING}
"""Variables by which users say themselves how threads are to wait; one is enough for nothing to be set."""

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")
"""Variables by which users say how many threads torch is to have."""

GROUPS = Path("/sys/fs/cgroup")
GROUPS_OF_PROCESS = Path("/proc/self/cgroup")


def let_threads_sleep(environment: MutableMapping[str, str] = os.environ, *, watched: bool = False) -> None:
    """Let threads that wait for each other sleep after a short while; where the user has said how, that stays.

    OpenMP reads the environment when it is loaded, so this has to come before torch is imported.

    Args:
        environment: what is changed.
        watched: whether neighbours are watched for (:mod:`nmt_attn.training.neighbours`); GNU's OpenMP is then left
            as it is.
    """
    if not any(name in environment for name in CHOICES):
        environment.update({name: value for name, value in WAITING.items() if not (watched and name in GNU_CHOICES)})


def wished_threads(environment: Mapping[str, str] = os.environ) -> int | None:
    """How many threads the user's environment asks for; None: it says nothing that is a number."""
    for name in THREADS:
        first = environment.get(name, "").split(",")[0].strip()
        if first.isdecimal() and int(first) > 0:
            return int(first)
    return None


def usable_processors() -> int:
    """How many processors this process may keep busy: those that it may run on, and what its container grants it.

    A quota of parts of a processor counts by its whole ones: threads that wait for one that has used up its share of
    time would wait for long.
    """
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = min(_quotas(GROUPS, GROUPS_OF_PROCESS), default=math.inf)
    return max(1, min(allowed, math.floor(quota))) if quota < math.inf else allowed


def _quotas(groups: Path, of_process: Path) -> Iterator[float]:
    """The processors that each control group grants which this process is in: cgroup version 2 and 1."""
    try:
        lines = of_process.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, group = rest.partition(":")
        if not controllers:  # version 2
            for folder in _and_above(groups, group):
                yield from _quota(folder / "cpu.max")
        elif "cpu" in controllers.split(","):
            for mount in (groups / controllers, groups / "cpu"):
                for folder in _and_above(mount, group):
                    yield from _quota(folder / "cpu.cfs_quota_us", folder / "cpu.cfs_period_us")


def _and_above(mount: Path, group: str) -> Iterator[Path]:
    """The folder of a group and those of the groups that it is in; in a container often only the last is there."""
    folder = mount / group.strip().lstrip("/")
    while folder != mount and mount in folder.parents:
        yield folder
        folder = folder.parent
    yield mount


def _quota(*files: Path) -> Iterator[float]:
    """Processors from "quota period" in one file or two, both in microseconds; nothing where there is no limit."""
    try:
        quota, period = " ".join(file.read_text(encoding="utf-8") for file in files).split()
        if quota != "max" and int(quota) > 0 and int(period) > 0:
            yield int(quota) / int(period)
    except (OSError, ValueError):
        return
