"""The number of threads that have a processor, and the way they wait for each other. Nothing here imports torch."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping, MutableMapping
from pathlib import Path

GNU_CHOICES = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")
"""Environment variables by which users set how threads of GNU's OpenMP wait."""

WAITING = {
    "GOMP_SPINCOUNT": "5000",  # GNU's OpenMP, which torch brings along on Linux: turns of a loop
    "KMP_BLOCKTIME": "0",  # LLVM's and Intel's: milliseconds
}
"""The time for which a thread that waits for others keeps its processor busy.

By default that is many milliseconds. Beside another busy process, the thread that all wait for may have no processor,
because those that wait hold it. So they should sleep soon, but not at once: on a quiet machine waking up takes longer
than most waits.
"""

CHOICES = {*GNU_CHOICES, *WAITING}
"""Environment variables by which users set how threads wait; where any of them is set, we set nothing."""

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")
"""Environment variables by which users set the number of torch's threads."""

GROUPS = Path("/sys/fs/cgroup")
GROUPS_OF_PROCESS = Path("/proc/self/cgroup")


def let_threads_sleep(environment: MutableMapping[str, str] = os.environ, *, watched: bool = False) -> None:
    """Let threads that wait for each other sleep after a short while, unless the user has chosen otherwise.

    OpenMP reads the environment when it is loaded, so this must precede the import of torch.

    Args:
        environment: the environment to change.
        watched: whether neighbours are watched for (:mod:`nmt_attn.training.neighbours`); GNU's OpenMP is then left
            unchanged.
    """
    if not any(name in environment for name in CHOICES):
        environment.update({name: value for name, value in WAITING.items() if not (watched and name in GNU_CHOICES)})


def leave_numpy_alone(environment: MutableMapping[str, str] = os.environ) -> None:
    """Let numpy start no threads for matrix products, which torch makes here, unless the user has chosen otherwise.

    numpy starts them when it is imported, and a process with threads cannot be copied, see :mod:`nmt_attn.starter`.
    """
    environment.setdefault("OPENBLAS_NUM_THREADS", "1")


def wished_threads(environment: Mapping[str, str] = os.environ) -> int | None:
    """Return the number of threads that the user's environment asks for; None if it gives no number."""
    for name in THREADS:
        first = environment.get(name, "").split(",")[0].strip()
        if first.isdecimal() and int(first) > 0:
            return int(first)
    return None


def usable_processors() -> int:
    """Count the processors that this process may keep busy: those it may run on, within the quota of its container.

    A fractional quota is rounded down: threads would wait long for one that has used up its share of time.
    """
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = min(_quotas(GROUPS, GROUPS_OF_PROCESS), default=math.inf)
    return max(1, min(allowed, math.floor(quota))) if quota < math.inf else allowed


def _quotas(groups: Path, of_process: Path) -> Iterator[float]:
    """Yield the processors granted by each control group of this process: cgroup versions 2 and 1."""
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
    """Yield the folders of a group and of the groups above it; in a container often only the topmost exists."""
    folder = mount / group.strip().lstrip("/")
    while folder != mount and mount in folder.parents:
        yield folder
        folder = folder.parent
    yield mount


def _quota(*files: Path) -> Iterator[float]:
    """Yield the processors of "quota period" (microseconds) in one file or two; nothing if there is no limit."""
    try:
        quota, period = " ".join(file.read_text(encoding="utf-8") for file in files).split()
        if quota != "max" and int(quota) > 0 and int(period) > 0:
            yield int(quota) / int(period)
    except (OSError, ValueError):
        return
