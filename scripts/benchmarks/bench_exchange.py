"""Seconds that the exchange of gradients takes in an update, by the number of weights.

    torchrun --standalone --nproc-per-node 2 scripts/benchmarks/bench_exchange.py --device cpu
    torchrun --standalone --nproc-per-node 4 scripts/benchmarks/bench_exchange.py --device cuda

Started without torchrun, or as a single process, it exchanges with itself: what is left is the cost of the copies.
"""

from __future__ import annotations

import argparse
import socket
import statistics
import time

import torch
from torch import nn

from nmt_attn.device import choose_compute
from nmt_attn.distributed.devices import device_of
from nmt_attn.distributed.environment import Place, place_here
from nmt_attn.distributed.group import ProcessGroup
from nmt_attn.distributed.torch_group import formed
from nmt_attn.training.exchange import GradientExchange

WIDTH = 1000
"""Columns of the weight matrices, of which a network of this size has about twenty."""


def milliseconds(weights: int, device: torch.device, group: ProcessGroup, compression: str, turns: int) -> float:
    """Return the median time of an exchange, after some to warm up."""
    rows = max(1, weights // (20 * WIDTH))
    parameters = [nn.Parameter(torch.zeros(rows, WIDTH, device=device)) for _ in range(20)]
    exchange = GradientExchange(parameters, group, compression)
    loss = torch.zeros((), device=device)
    found = []
    for turn in range(turns + 3):
        for parameter in parameters:
            parameter.grad = torch.ones_like(parameter)
        group.barrier()
        if device.type == "cuda":
            torch.cuda.synchronize()
        began = time.perf_counter()
        exchange(loss, loss)
        if device.type == "cuda":
            torch.cuda.synchronize()
        if turn >= 3:
            found.append(1000 * (time.perf_counter() - began))
    return statistics.median(found)


def main() -> None:
    """Print a line for each number of weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=float, nargs="+", default=[1e6, 10e6, 50e6, 200e6])
    parser.add_argument("--device", default="auto")
    parser.add_argument("--turns", type=int, default=10)
    given = parser.parse_args()
    place = place_here()
    if place.size == 1:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            place = Place(address="127.0.0.1", port=free.getsockname()[1])
    compute = choose_compute(device_of(given.device, place))
    with formed(place, compute.device.type, 60.0) as group:
        for weights in given.weights:
            times = [milliseconds(int(weights), compute.device, group, one, given.turns) for one in ("none", "bf16")]
            if group.is_main:
                print(
                    f"{group.size} x {compute.device.type}, {weights / 1e6:g} million weights: "
                    f"{times[0]:.2f} ms, in bf16 {times[1]:.2f} ms",
                    flush=True,
                )


if __name__ == "__main__":
    main()
