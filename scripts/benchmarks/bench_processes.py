"""Training speed of two processes with one thread each, as a ratio to one process with two threads.

Both are the real ``nmt train``, in turn, several times; the speed is that of the run's log, without the first lines. A
neighbour, if wanted, is another process that computes all the time, as on a machine that others use too.

    python scripts/benchmarks/bench_processes.py --config configs/tiny.yaml
    python scripts/benchmarks/bench_processes.py --config configs/fra-eng.yaml --set data.corpus.path=FILE --neighbour
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

WAYS = {"1 process, 2 threads": (1, 2), "2 processes, 1 thread": (2, 1)}
WARMUP = 1
"""Lines of the log that are left out."""


def speed(config: str, sets: list[str], name: str, processes: int, threads: int, seconds: float) -> float:
    """Train for so long, and return the median of the logged target tokens per second."""
    own = [
        f"name={name}", f"training.processes={processes}", f"training.threads={threads}", "training.max_epochs=null",
        "training.max_steps=null", f"training.max_minutes={seconds / 60}", "training.device=cpu",
        "training.validation.every_steps=1000000",
    ]  # fmt: skip
    words = [word for one in [*sets, *own] for word in ("--set", one)]
    command = [sys.executable, "-m", "nmt_attn", "train", "--config", config, "--force", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    lines = (Path("runs") / name / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    found = [json.loads(line).get("tokens_per_second") for line in lines]
    speeds = [one for one in found if one is not None][WARMUP:]
    if not speeds:
        raise SystemExit(f"runs/{name}: too few steps were logged; give more --seconds")
    return statistics.median(speeds)


@contextmanager
def neighbour(*, there: bool) -> Iterator[None]:
    """Let another process compute during the block."""
    if not there:
        yield
        return
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        busy.kill()
        busy.wait()


def main() -> None:
    """Measure, and print one line for each turn and the ratio of the medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", required=True)
    parser.add_argument("--set", dest="sets", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--seconds", type=float, default=60.0, help="of each training")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--neighbour", action="store_true", help="beside a process that computes all the time")
    given = parser.parse_args()
    found: dict[str, list[float]] = {way: [] for way in WAYS}
    name = f"bench-processes-{os.getpid()}"
    with neighbour(there=given.neighbour):
        for turn in range(given.turns):
            for way in list(WAYS) if turn % 2 == 0 else list(WAYS)[::-1]:
                found[way].append(speed(given.config, given.sets, name, *WAYS[way], given.seconds))
                print(f"turn {turn + 1}, {way}: {found[way][-1]:,.0f} target tokens/s", flush=True)
    one, two = (statistics.median(speeds) for speeds in found.values())
    print(f"two processes are {two / one:.2f} times as fast as two threads (medians of {given.turns})")


if __name__ == "__main__":
    main()
