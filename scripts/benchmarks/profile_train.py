"""A profile of training time, and the speed of matrix products relative to what the machine can do.

    python scripts/benchmarks/profile_train.py --config configs/fra-eng.yaml --set data.corpus.path=FILE

Runs steps as ``nmt train`` makes them: some are timed, some count multiplications, some run under torch's profiler.
Prints the share of time of each kind of work, the operators that take longest, and the rate of the products beside that
of one large product on the same machine. On a GPU the times are those of its kernels.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

import torch
from bench_train import count_flop, measure, own_step, peak_rate
from torch.profiler import ProfilerActivity, profile

from nmt_attn.config.loading import load_config
from nmt_attn.corpus.prepare import prepare
from nmt_attn.device import Compute, choose_compute

KINDS: dict[str, tuple[str, ...]] = {
    "optimiser and clipping": ("adam", "foreach", "vector_norm", "multi_tensor"),
    "matrix products": ("mm", "addmv", "::mv", "::dot", "_linear_pointwise", "linear", "gemm", "gemv", "cutlass"),
    "embeddings and picking rows": ("embedding", "index", "gather", "scatter"),
    "softmax and loss": ("softmax", "logsumexp", "amax", "nll_loss"),
    "casts and copies": ("copy_", "_to_copy", "cat", "stack", "clone", "memcpy"),
    "fresh memory": ("empty", "zeros", "zero_", "fill_", "resize_", "memset"),
    "random numbers": ("random_", "bernoulli", "dropout", "uniform_", "distribution"),
    "sigmoid and tanh": ("sigmoid", "tanh"),
    "sums": ("sum",),
    "other elementwise work": ("aten::", "kernel"),
}
"""Kinds of work with parts of operator names; an operator is of the first kind that has a part of its name."""


def kind_of(operator: str) -> str:
    """Return the kind of work that the profiler's ``operator`` does."""
    lowered = operator.lower()
    found = (kind for kind, parts in KINDS.items() if any(part in lowered for part in parts))
    return next(found, "Python, autograd and the rest")


def main() -> None:
    """Profile a training and print the results."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--seconds", type=float, default=20.0, help="for the clock")
    parser.add_argument("--steps", type=int, default=30, help="under the profiler")
    parser.add_argument("--operators", type=int, default=20, help="how many are listed")
    arguments = parser.parse_args()
    config = load_config(arguments.config, arguments.overrides)
    compute = choose_compute(config.training.device, config.training.precision)
    torch.manual_seed(config.seed)
    steps = own_step(config, prepare(config).data, compute)
    speed = measure(steps, arguments.seconds, warmup=5, compute=compute)
    flop, peak = count_flop(steps, 20), peak_rate(compute)
    activities = [ProfilerActivity.CPU] + [ProfilerActivity.CUDA] * (compute.device.type == "cuda")
    with profile(activities=activities) as profiler:
        for _ in range(arguments.steps):
            next(steps)()
    rate = speed.rate * flop
    print(f"{speed.rate:,.0f} target tokens/s, each {flop / 1e6:.1f} MFLOP of products: {rate / 1e9:,.0f} GFLOP/s")
    print(f"one large product here: {peak / 1e9:,.0f} GFLOP/s in {compute.precision}; of that {rate / peak:.0%}\n")
    print_shares(profiler, compute, arguments.operators)


def print_shares(profiler: profile, compute: Compute, count: int) -> None:
    """Print two tables: kinds of work, and the operators that take longest."""
    on_gpu = compute.device.type == "cuda"
    events = [
        (e.key, e.self_device_time_total if on_gpu else e.self_cpu_time_total, e.count) for e in profiler.key_averages()
    ]
    total = sum(time for _, time, _ in events)
    kinds: Counter[str] = Counter()
    for name, time, _ in events:
        kinds[kind_of(name)] += time
    print("| kind of work | share |\n| --- | --- |")
    for kind, time in kinds.most_common():
        print(f"| {kind} | {time / total:.1%} |")
    print("\n| operator | share | calls |\n| --- | --- | --- |")
    for name, time, calls in sorted(events, key=lambda event: -event[1])[:count]:
        print(f"| {name} | {time / total:.1%} | {calls:,} |")


if __name__ == "__main__":
    main()
