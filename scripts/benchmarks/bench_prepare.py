"""Measure ``nmt prepare``: pairs a second and peak memory, by size of the corpus and by number of processes.

The corpora are made by ``make_large_corpus.py`` where they are missing. Memory is the sum of the resident sets of all
processes, looked at five times a second: memory that they share is counted in each of them.

    python scripts/benchmarks/bench_prepare.py --pairs 200000 1000000 --processes 1 2
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from make_large_corpus import write

PAGE, TICKS = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_CLK_TCK")
_SECONDS_BETWEEN_LOOKS = 0.2


@dataclass(frozen=True)
class Measured:
    """A run of ``nmt prepare``."""

    pairs: int
    processes: int | None
    seconds: float
    busy_seconds: float
    """Processor time of all processes: it does not depend on what else the machine does."""
    megabytes: float
    """Peak of the resident memory of all processes together."""


def _look(root: int) -> dict[int, tuple[int, float]]:
    """Return the resident bytes, and the seconds of processor time, of a process and of all that it has started."""
    children: dict[int, list[int]] = {}
    found: dict[int, tuple[int, float]] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            parent, ticks = int(fields[1]), int(fields[11]) + int(fields[12])
            found[int(entry.name)] = int((entry / "statm").read_text().split()[1]) * PAGE, ticks / TICKS
        except (OSError, IndexError):
            continue
        children.setdefault(parent, []).append(int(entry.name))
    family, open_ones = {}, [root]
    while open_ones:
        one = open_ones.pop()
        if one in found:
            family[one] = found[one]
        open_ones += children.get(one, [])
    return family


def measure(corpus: Path, pairs: int, processes: int | None, sets: list[str]) -> Measured:
    """Prepare a corpus from the start, into a folder that is deleted again."""
    folder = corpus.with_suffix(".prepared")
    wished = [f"data.corpus.path={corpus}", f"data.directory={folder}", *sets]
    command = [sys.executable, "-m", "nmt_attn", "prepare", "--force"]
    command += ["--processes", str(processes)] if processes is not None else []
    for one in wished:
        command += ["--set", one]
    began, peak = time.monotonic(), 0
    busy: dict[int, float] = {}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while process.poll() is None:
        family = _look(process.pid)
        peak = max(peak, sum(size for size, _ in family.values()))
        busy |= {number: spent for number, (_, spent) in family.items()}
        time.sleep(_SECONDS_BETWEEN_LOOKS)
    seconds = time.monotonic() - began
    shutil.rmtree(folder, ignore_errors=True)
    if process.returncode:
        raise SystemExit(f"nmt prepare ended with {process.returncode}")
    return Measured(pairs, processes, seconds, sum(busy.values()), peak / 1e6)


def main() -> None:
    """Read the command line, measure, print a line each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, nargs="+", default=[200_000])
    parser.add_argument("--processes", type=int, nargs="+", default=[None])
    parser.add_argument("--folder", type=Path, default=Path("bench-prepare"), help="for the corpora")
    parser.add_argument("--set", dest="sets", action="append", default=[], metavar="KEY=VALUE")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    for pairs in given.pairs:
        corpus = given.folder / f"{pairs}.tsv"
        if not corpus.exists():
            write(corpus, pairs)
        for processes in given.processes:
            one = measure(corpus, pairs, processes, given.sets)
            print(
                f"{pairs:>10,} pairs, processes {processes or 'auto'}: {one.seconds:7.1f} s, "
                f"{pairs / one.seconds:9,.0f} pairs/s, {1e6 * one.busy_seconds / pairs:6.1f} µs of processor a pair, "
                f"{one.megabytes:7,.0f} MB",
                flush=True,
            )


if __name__ == "__main__":
    main()
