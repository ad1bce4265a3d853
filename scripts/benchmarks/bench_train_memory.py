"""Measure how the memory of ``nmt train`` grows with the steps, and how soon the first one is done, on a large store.

A small network is trained on prepared data of any size. Resident memory is looked at five times a second, and told
apart: what the process holds itself (anonymous), and pages of files, such as the store, which the system takes back as
it likes. Memory that grows with the steps would be anonymous.

    python scripts/benchmarks/make_large_corpus.py 1000000 large.tsv
    nmt prepare --set data.corpus.path=large.tsv --set data.directory=large --set data.tokenizer.sample=50000
    python scripts/benchmarks/bench_train_memory.py --steps 1000 --set data.corpus.path=large.tsv \\
        --set data.directory=large --set data.tokenizer.sample=50000
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

_SECONDS_BETWEEN_LOOKS = 0.2
_SMALL = (
    "model.embedding_size=32", "model.encoder.hidden_size=32", "model.decoder.hidden_size=32",
    "training.batch_tokens=512", "training.device=cpu", "training.validation.samples=0",
)  # fmt: skip


@dataclass(frozen=True)
class Look:
    """What was seen of the process at one moment."""

    seconds: float
    step: int
    own: int
    """Bytes of anonymous memory."""
    files: int
    """Bytes of files and shared memory."""


def _memory(process: int) -> tuple[int, int]:
    found = {"RssAnon": 0, "RssFile": 0, "RssShmem": 0}
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name in found:
            found[name] = int(rest.split()[0]) * 1024
    return found["RssAnon"], found["RssFile"] + found["RssShmem"]


def _last_step(metrics: Path) -> int:
    """Return the last step in the log of a run; 0 before there is one."""
    try:
        with metrics.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - 65_536))
            lines = file.read().split(b"\n")[:-1]
    except OSError:
        return 0
    steps = [json.loads(line).get("step", 0) for line in lines[-20:] if line.startswith(b"{") and line.endswith(b"}")]
    return max(steps, default=0)


def train(steps: int, sets: list[str]) -> list[Look]:
    """Train from the start, in a run that is deleted again, and look on."""
    run = Path("runs", f"bench-memory-{os.getpid()}")
    wished = [*_SMALL, f"name={run.name}", f"training.max_steps={steps}", *sets]
    command = [sys.executable, "-m", "nmt_attn", "train"]
    command += [part for one in wished for part in ("--set", one)]
    looks, began = [], time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None:
        own, files = _memory(process.pid)
        looks.append(Look(time.monotonic() - began, _last_step(run / "metrics.jsonl"), own, files))
        time.sleep(_SECONDS_BETWEEN_LOOKS)
    shutil.rmtree(run, ignore_errors=True)
    if process.returncode:
        raise SystemExit(f"nmt train ended with {process.returncode}")
    return looks


def main() -> None:
    """Read the command line, train, print a line each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--set", dest="sets", action="append", default=[], metavar="KEY=VALUE")
    given = parser.parse_args()
    looks = train(given.steps, given.sets)
    first = next(look for look in looks if look.step)
    print(f"the log says step {first.step} after {first.seconds:.1f} s")
    for tenth in range(11):
        look = next((look for look in looks if look.step >= tenth * given.steps / 10 and look.step), looks[-1])
        print(f"step {look.step:>7,}: {look.own / 1e6:7,.0f} MB of its own, {look.files / 1e6:7,.0f} MB of files")


if __name__ == "__main__":
    main()
