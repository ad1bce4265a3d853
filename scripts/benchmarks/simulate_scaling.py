"""Simulated training speed of 1 to 256 processes, from figures that were measured with one.

A step of the simulation is what a step of ``nmt train`` is: each process computes its share of the batch, in a time
that varies; then all wait for the slowest, add up their gradients in a ring, and update their weights. It is arithmetic
on the figures given, no measurement; what it leaves out makes real trainings slower, not faster.

    python scripts/benchmarks/simulate_scaling.py
    python scripts/benchmarks/simulate_scaling.py --weights 50e6 --rate 50e3 --batch-tokens 65536 --gigabits 10 100 400
    python scripts/benchmarks/simulate_scaling.py --steps 1024:17.7 4096:18 16384:22.3 65536:57.1 --copies 0.00033

The last form takes steps as they were measured, tokens and milliseconds: on a GPU a small batch takes as long as none.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace

import numpy as np

PROCESSES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
STEPS = 2000
BYTES = {"none": 4, "bf16": 2}


@dataclass(frozen=True)
class Figures:
    """The figures of one process and of the network between them."""

    weights: float
    rate: float  # target tokens per second, forward and backward; without effect where steps are given
    steps: tuple[tuple[float, float], ...]  # tokens of a step, rising, and its seconds, the update included
    update: float  # seconds for each update, whatever the batch: clipping, Adam, copies for the exchange
    varies: float  # standard deviation of the computing time, as a share of it
    batch_tokens: float  # of the global batch, on one process; see ``grows``
    bits: float  # per second, between the slowest two machines
    latency: float  # seconds for a message
    bytes_each: int  # of a gradient
    grows: bool  # batch_tokens are those of each process, so the global batch grows with their number


def exchange_seconds(figures: Figures, processes: int) -> float:
    """Return the time to add up the gradients in a ring: 2 (N - 1) messages of 1/N of them each."""
    messages = 2 * (processes - 1)
    return messages * (figures.weights * figures.bytes_each * 8 / processes / figures.bits + figures.latency)


def computing_seconds(figures: Figures, tokens: float) -> float:
    """Return the time in which a process computes the gradient of so many tokens."""
    if not figures.steps:
        return tokens / figures.rate
    sizes, seconds = zip(*figures.steps, strict=True)
    if tokens > sizes[-1]:  # as long for each token as between the largest two
        slope = (seconds[-1] - seconds[-2]) / (sizes[-1] - sizes[-2])
        return float(seconds[-1] + slope * (tokens - sizes[-1]))
    return float(np.interp(tokens, sizes, seconds))


def tokens_per_second(figures: Figures, processes: int, seed: int = 1) -> float:
    """Simulate :data:`STEPS` steps."""
    tokens = figures.batch_tokens * (processes if figures.grows else 1)
    usual = computing_seconds(figures, tokens / processes)
    spread = np.sqrt(np.log1p(figures.varies**2))
    times = usual * np.random.default_rng(seed).lognormal(-(spread**2) / 2, spread, (STEPS, processes))
    seconds = float(times.max(axis=1).mean()) + exchange_seconds(figures, processes) + figures.update
    return tokens / seconds


def _step(text: str) -> tuple[float, float]:
    tokens, milliseconds = map(float, text.split(":"))
    return tokens, milliseconds / 1000


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=float, default=10e6, help="number of weights")
    parser.add_argument("--rate", type=float, default=50e3, help="target tokens per second of one process")
    parser.add_argument(
        "--steps", type=_step, nargs="+", default=[], metavar="TOKENS:MS", help="measured steps, two or more"
    )
    parser.add_argument("--update", type=float, help="seconds of an update, besides the tokens (0.002; with --steps 0)")
    parser.add_argument("--copies", type=float, default=0.0, help="seconds in which gradients are copied together")
    parser.add_argument("--varies", type=float, default=0.1, help="share by which the computing time varies")
    parser.add_argument("--batch-tokens", type=float, default=65536, help="training.batch_tokens")
    parser.add_argument("--gigabits", type=float, nargs="+", default=[10, 100, 400], help="Gbit/s of the network")
    parser.add_argument("--latency", type=float, default=30e-6, help="seconds for a message")
    parser.add_argument("--compression", choices=list(BYTES), default="none", help="training.gradient_compression")
    parser.add_argument("--each", action="store_true", help="batch tokens are those of each process")
    given = parser.parse_args()
    if len(given.steps) == 1:
        parser.error("--steps: give two or more")
    update = given.update if given.update is not None else 0.0 if given.steps else 0.002
    print(f"| processes | {' | '.join(f'{one:g} Gbit/s' for one in given.gigabits)} |")
    print(f"| ---: | {' | '.join('---:' for _ in given.gigabits)} |")
    for processes in PROCESSES:
        cells = []
        for gigabits in given.gigabits:
            figures = Figures(
                given.weights, given.rate, tuple(sorted(given.steps)), update + given.copies * (processes > 1),
                given.varies, given.batch_tokens, gigabits * 1e9, given.latency, BYTES[given.compression], given.each,
            )  # fmt: skip
            alone = replace(figures, update=update)
            speed = tokens_per_second(figures, processes) / tokens_per_second(alone, 1)
            cells.append(f"{speed:.2f} ({speed / processes:.0%})")
        print(f"| {processes} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
