"""The speed of training and translation, alone and beside another process that keeps one processor busy.

Each turn runs the real commands: `nmt train` with each configuration for some seconds, and `nmt translate` where a
model and a file are given. They run first alone, then beside a process that only loops. Several environments, such as
how threads wait for each other, can be compared; they take turns, so that a slow minute of the machine affects all.

    python scripts/benchmarks/bench_neighbour.py --config configs/tiny.yaml
    python scripts/benchmarks/bench_neighbour.py --config configs/fra-eng.yaml --set data.corpus.path=FILE --repeats 3 \
        --environment "" --environment OMP_WAIT_POLICY=ACTIVE --model runs/fra-eng --input test.source
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from nmt_attn.config.loading import load_config
from nmt_attn.corpus.prepare import prepare


@contextmanager
def neighbour(wanted: bool) -> Iterator[None]:
    """Run a process that keeps one processor busy inside the block, if wanted."""
    if not wanted:
        yield
        return
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        time.sleep(0.5)
        yield
    finally:
        process.kill()
        process.wait()


def command(words: Sequence[str], environment: str) -> float:
    """Run `nmt` with an environment such as "A=1 B=2"; return the seconds that it took."""
    variables = dict(pair.split("=", 1) for pair in environment.split())
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "nmt_attn", *words], env={**os.environ, **variables}, capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(f"nmt {' '.join(words)}:\n{done.stderr[-2000:]}")
    return time.monotonic() - began


def training_speed(config: str, sets: Sequence[str], seconds: float, environment: str) -> float:
    """Measure the target tokens per second of `nmt train`, from its first step to its last."""
    name = f"bench-neighbour-{os.getpid()}"
    data = load_config(Path(config), sets).data_directory
    ours = [
        *sets,
        f"name={name}",
        f"data.directory={data}",
        f"training.max_minutes={seconds / 60}",
        "training.validation.every_steps=1000000",
        "training.validation.max_sentences=8",
    ]
    run = Path("runs") / name
    try:
        command(["train", "--config", config, *(word for one in ours for word in ("--set", one))], environment)
        log = (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    finally:
        shutil.rmtree(run, ignore_errors=True)
    last = json.loads(log[-1])
    return float(last["target_tokens"] / last["minutes"] / 60)


def translation_speed(model: Path, source: Path, environment: str) -> float:
    """Measure the sentences per second of `nmt translate`, its start-up included."""
    with source.open("rb") as file:
        sentences = sum(1 for _ in file)
    words = ["translate", "--model", str(model), "--input", str(source), "--output", os.devnull]
    return sentences / command(words, environment)


def main() -> None:
    """Print a table, and a line of JSON for each measurement on the way."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", action="append", default=[], help="train with it; may be given several times")
    parser.add_argument("--set", action="append", default=[], dest="sets", help="as for nmt train")
    parser.add_argument("--model", type=Path, help="translate with it, where --input is given, too")
    parser.add_argument("--input", type=Path, help="sentences to translate")
    parser.add_argument("--environment", action="append", help='variables such as "A=1 B=2"; "" is that of today')
    parser.add_argument("--seconds", type=float, default=25, help="of each training")
    parser.add_argument("--repeats", type=int, default=3, help="turns")
    options = parser.parse_args()
    environments = options.environment or [""]
    for config in options.config:
        prepare(load_config(Path(config), options.sets))
    results: dict[tuple[str, str, bool], list[float]] = {}
    for _ in range(options.repeats):
        for name in [*options.config, *(["translate"] if options.model and options.input else [])]:
            for environment in environments:
                for busy in (False, True):
                    with neighbour(busy):
                        speed = (
                            translation_speed(options.model, options.input, environment)
                            if name == "translate"
                            else training_speed(name, options.sets, options.seconds, environment)
                        )
                    results.setdefault((name, environment, busy), []).append(speed)
                    line = {"work": name, "environment": environment, "busy": busy, "per second": round(speed, 1)}
                    print(json.dumps(line), file=sys.stderr, flush=True)
    print("| work | environment | quiet, /s | beside, /s | beside ÷ quiet |\n| --- | --- | --- | --- | --- |")
    for name, environment, busy in results:
        if not busy:
            quiet, beside = (statistics.median(results[name, environment, each]) for each in (False, True))
            print(f"| {name} | {environment or '-'} | {quiet:,.0f} | {beside:,.0f} | {beside / quiet:.2f} |")


if __name__ == "__main__":
    main()
