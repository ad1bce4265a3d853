"""Training speed compared with a naive loop, in one process on the same data.

The naive loop is the textbook one: batches of 128 sentences in random order, padded to the longest, and a Python loop
over target positions that computes the attention (its key projection included) and the whole output layer at each of
them. The plain loop is that of ``nmt train`` with the reference versions against which the tests check the fast ones.
All train a network of the same sizes; target tokens are counted without padding.

    python scripts/benchmarks/bench_train.py --config configs/fra-eng.yaml --set data.corpus.path=FILE
    python scripts/benchmarks/bench_train.py --config configs/fra-eng.yaml --set data.corpus.path=FILE \\
        --loops nmt  # its memory
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from unittest import mock

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from nmt_attn.config.loading import load_config
from nmt_attn.config.schema import Config
from nmt_attn.corpus.batches import Batch, Batcher
from nmt_attn.corpus.dataset import Dataset
from nmt_attn.corpus.prepare import prepare
from nmt_attn.device import Compute, choose_compute, peak_memory
from nmt_attn.kernels import additive_attention
from nmt_attn.kernels import output_loss as training_loss
from nmt_attn.kernels.cuda_graphs import GraphCache, replaying
from nmt_attn.kernels.matmul import CPU_INFO, matmul
from nmt_attn.model import attention
from nmt_attn.model.decoder import Decoder
from nmt_attn.model.network import TranslationModel
from nmt_attn.model.recurrence import LayerState, Recurrence
from nmt_attn.tasks import translation_loss as training_batch
from nmt_attn.tasks.translation import TranslationTask
from nmt_attn.tasks.translation_loss import batch_loss, to_device
from nmt_attn.training.batch_size import choose_batch_tokens
from nmt_attn.training.optimiser import make_optimiser

NAIVE_BATCH = 128


class NaiveSeq2Seq(nn.Module):
    """The textbook network in the sizes of a configuration: additive attention, one GRU layer per side."""

    def __init__(self, config: Config, source_size: int, target_size: int) -> None:
        super().__init__()
        width, hidden = config.model.embedding_size, config.model.decoder.hidden_size
        source_width = 2 * config.model.encoder.hidden_size
        self.source_embedding = nn.Embedding(source_size, width)
        self.target_embedding = nn.Embedding(target_size, width)
        self.encoder = nn.GRU(width, config.model.encoder.hidden_size, bidirectional=True, batch_first=True)
        self.bridge = nn.Linear(source_width, hidden)
        self.query, self.key = nn.Linear(hidden, hidden), nn.Linear(source_width, hidden)
        self.energy = nn.Linear(hidden, 1)
        self.cell = nn.GRU(width + source_width, hidden, batch_first=True)
        self.readout = nn.Linear(hidden + source_width + width, config.model.readout_size)
        self.output = nn.Linear(config.model.readout_size, target_size)
        self.dropout = nn.Dropout(config.model.dropout)

    def forward(self, source: Tensor, targets: Tensor, labels: Tensor) -> Tensor:
        """Compute the loss summed over all positions, padding included, as textbooks do: (B, S), (B, T), (B, T)."""
        states, last = self.encoder(self.dropout(self.source_embedding(source)))  # (B, S, 2H)
        hidden = torch.tanh(self.bridge(torch.cat([last[0], last[1]], dim=-1))).unsqueeze(0)
        loss = states.new_zeros(())
        for position in range(targets.shape[1]):
            embedded = self.dropout(self.target_embedding(targets[:, position : position + 1]))  # (B, 1, E)
            scores = self.energy(torch.tanh(self.query(hidden[0]).unsqueeze(1) + self.key(states)))  # (B, S, 1)
            context = torch.bmm(F.softmax(scores, dim=1).transpose(1, 2), states)  # (B, 1, 2H)
            output, hidden = self.cell(torch.cat([embedded, context], dim=-1), hidden)
            readout = torch.tanh(self.readout(torch.cat([output, context, embedded], dim=-1)))
            loss = loss + F.cross_entropy(self.output(self.dropout(readout[:, 0])), labels[:, position])
        return cast(Tensor, loss)


def _batch_tokens(task: TranslationTask, config: Config, compute: Compute) -> int:
    """Return the target tokens of a batch, as a training has them."""
    wished, device = config.training.batch_tokens, compute.device.type
    return choose_batch_tokens(wished, device, task.training_tokens, task.reference_tokens)


def naive_step(config: Config, data: Dataset, compute: Compute) -> Iterator[Callable[[], int]]:
    """Yield training steps of the naive loop; each, when called, returns the number of its target tokens."""
    with torch.device(compute.device):
        model = NaiveSeq2Seq(config, data.tokenizer.source_size, data.tokenizer.target_size)
    optimiser = torch.optim.Adam(model.parameters(), config.training.learning_rate)
    pairs = data.pairs("train")
    batcher = Batcher(pairs, _batch_tokens(TranslationTask(config, data), config, compute))
    generator = np.random.default_rng(config.seed)

    def step(batch: Batch) -> int:
        targets = torch.from_numpy(batch.targets)
        labels = torch.zeros(targets.numel(), dtype=torch.int64)
        labels[torch.from_numpy(batch.positions)] = torch.from_numpy(batch.labels)
        optimiser.zero_grad()
        arrays = (torch.from_numpy(batch.source), targets, labels.view_as(targets))
        loss = model(*(array.to(compute.device) for array in arrays))
        loss.backward()
        optimiser.step()
        return batch.tokens

    while True:
        batch = batcher.batch(generator.choice(len(batcher.pairs), NAIVE_BATCH, replace=False))
        yield lambda batch=batch: step(batch)  # type: ignore[misc]


def own_step(config: Config, data: Dataset, compute: Compute) -> Iterator[Callable[[], int]]:
    """Yield training steps as ``nmt train`` makes them."""
    with torch.device(compute.device):
        model = TranslationModel(config.model, data.tokenizer.source_size, data.tokenizer.target_size)
    optimiser = make_optimiser(model, config.training)
    task = TranslationTask(config, data)
    batcher = task.batches(_batch_tokens(task, config, compute))
    graphs = GraphCache() if config.training.cuda_graphs and compute.device.type == "cuda" else None

    def step(batch: Batch) -> int:
        optimiser.zero_grad()
        with replaying(graphs):
            loss = batch_loss(
                model, to_device(batch, compute.device), compute, label_smoothing=config.training.label_smoothing
            )
        (loss.objective / batch.tokens).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), config.training.clip_norm or 1e9)
        optimiser.step()
        return batch.tokens

    epoch = 0
    while True:
        for indices in batcher.epoch(epoch):
            batch = batcher.batch(indices)
            yield lambda batch=batch: step(batch)  # type: ignore[misc]
        epoch += 1


def _plain_recurrence(layer: Recurrence, inputs: Tensor, state: LayerState | None = None) -> tuple[Tensor, LayerState]:
    return layer.forward_plain(inputs, state or layer.initial_state(inputs))


@contextmanager
def plain_paths() -> Iterator[None]:
    """Compute the network by the reference versions of its parts inside the block."""
    with ExitStack() as stack:
        for target, name, plain in (
            (Decoder, "can_be_fused", lambda self: False),
            (attention, "additive_scores", additive_attention.additive_scores_plain),
            (training_batch, "output_loss", training_loss.output_loss_plain),
            (Recurrence, "forward", _plain_recurrence),
        ):
            stack.enter_context(mock.patch.object(target, name, plain))
        yield


def plain_step(config: Config, data: Dataset, compute: Compute) -> Iterator[Callable[[], int]]:
    """Yield the steps of :func:`own_step` by the reference versions."""

    def step(fast: Callable[[], int]) -> int:
        with plain_paths():
            return fast()

    for fast in own_step(config, data, compute):
        yield lambda fast=fast: step(fast)  # type: ignore[misc]


@dataclass
class Speed:
    """A number of target tokens and the seconds that they took."""

    tokens: int = 0
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Target tokens per second."""
        return self.tokens / self.seconds

    def __add__(self, other: Speed) -> Speed:
        return Speed(self.tokens + other.tokens, self.seconds + other.seconds)


def synchronize(compute: Compute) -> None:
    """Wait until a GPU has done all its work."""
    if compute.device.type == "cuda":
        torch.cuda.synchronize()


def measure(steps: Iterator[Callable[[], int]], seconds: float, warmup: int, compute: Compute) -> Speed:
    """Measure the speed over about ``seconds``, after ``warmup`` steps that do not count."""
    for _ in range(warmup):
        next(steps)()
    synchronize(compute)
    tokens, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        tokens += next(steps)()
    synchronize(compute)
    return Speed(tokens, time.perf_counter() - began)


def peak_rate(compute: Compute) -> float:
    """Measure the FLOP/s of one large matrix product in the precision of ``compute``: the upper bound here."""
    dtype = torch.bfloat16 if compute.precision == "bf16" else torch.float32
    size = 8192 if compute.device.type == "cuda" else 2048
    left, right = (torch.rand(size, size, device=compute.device, dtype=dtype) for _ in range(2))
    fastest = float("inf")
    for _ in range(8):
        synchronize(compute)
        began = time.perf_counter()
        matmul(left, right.t())
        synchronize(compute)
        fastest = min(fastest, time.perf_counter() - began)
    return 2 * size**3 / fastest


def product_counter() -> FlopCounterMode:
    """Return a context that counts the FLOP of matrix products; an addition and a multiplication are two."""

    def by_onednn(inputs: Sequence[int], weight: Sequence[int], *_: object, **__: object) -> int:
        return 2 * math.prod(inputs) * weight[0]

    def in_place(_: Sequence[int], left: Sequence[int], right: Sequence[int], *__: object, **___: object) -> int:
        return 2 * math.prod(left) * right[-1]

    def by_cudnn(inputs: Sequence[int], weights: Sequence[Sequence[int]], *_: object, **__: object) -> int:
        steps, batch, _ = inputs
        return 2 * steps * batch * sum(math.prod(weight) for weight in weights if len(weight) == 2)

    def back_by_cudnn(inputs: Sequence[int], weights: Sequence[Sequence[int]], *_: object, **__: object) -> int:
        return 2 * by_cudnn(inputs, weights)  # for the inputs, and for the weights

    unknown = {
        torch.ops.mkldnn._linear_pointwise: by_onednn,
        torch.ops.aten.addmm_: in_place,
        torch.ops.aten._cudnn_rnn: by_cudnn,
        torch.ops.aten._cudnn_rnn_backward: back_by_cudnn,
    }
    return FlopCounterMode(display=False, custom_mapping=unknown)


def count_flop(steps: Iterator[Callable[[], int]], count: int) -> float:
    """Count the FLOP of the matrix products per target token, over ``count`` steps."""
    with product_counter() as counter:
        tokens = sum(next(steps)() for _ in range(count))
    return float(counter.get_total_flops()) / tokens


LOOPS: dict[str, Callable[[Config, Dataset, Compute], Iterator[Callable[[], int]]]] = {
    "nmt": own_step,
    "plain": plain_step,
    "naive": naive_step,
}


@dataclass
class Loop:
    """One of the loops, and its totals so far."""

    name: str
    steps: Iterator[Callable[[], int]]
    compute: Compute
    total: Speed


def main() -> None:
    """Measure the loops in turn, several times, and print the overall speed of each, and the ratios."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--config", type=Path)
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--loops", nargs="+", choices=LOOPS, default=["nmt", "naive"])
    # Short turns, so that a machine that is slow for a minute is slow for all; many, because batches of random
    # sentences differ much in their padding.
    parser.add_argument("--repeats", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=15.0, help="of each loop in each repeat")
    parser.add_argument("--json", action="store_true", help="print one JSON object at the end")
    parser.add_argument("--peers", action="store_true", help="say how other toolkits are timed, and do nothing else")
    arguments = parser.parse_args()
    if arguments.peers:
        print(PEERS)
        return
    if arguments.config is None:
        parser.error("--config is missing")
    config = load_config(arguments.config, arguments.overrides)
    data = prepare(config).data
    compute = choose_compute(config.training.device, config.training.precision)
    torch.manual_seed(config.seed)
    computes = dict.fromkeys(LOOPS, compute) | {"naive": Compute(compute.device, "fp32")}
    loops = [Loop(name, LOOPS[name](config, data, computes[name]), computes[name], Speed()) for name in arguments.loops]
    for repeat in range(arguments.repeats):
        speeds = [measure(one.steps, arguments.seconds, 0 if repeat else 3, one.compute) for one in loops]
        for one, speed in zip(loops, speeds, strict=True):
            one.total += speed
        shown = ", ".join(f"{one.name} {speed.rate:,.0f}" for one, speed in zip(loops, speeds, strict=True))
        print(f"repeat {repeat + 1}: {shown} target tokens/s", file=sys.stderr, flush=True)
    figures = summarise(config, data, loops)
    print(json.dumps(figures) if arguments.json else "\n".join(f"{key}: {value}" for key, value in figures.items()))


def summarise(config: Config, data: Dataset, loops: list[Loop]) -> dict[str, object]:
    """Return the figures that are printed at the end."""
    first, model = loops[0], config.model
    compute = first.compute
    figures: dict[str, object] = {
        "network": f"{model.decoder.style} {model.cell} {model.attention.score}, embeddings {model.embedding_size}, "
        f"hidden {model.decoder.hidden_size}, readout {model.readout_size}, vocabulary {data.tokenizer.target_size:,}",
        "machine": f"{device_name(compute)}, {compute.precision}, {torch.get_num_threads()} threads, "
        f"torch {torch.__version__}",
    }
    for one in loops:
        how = " with CUDA graphs" if one.name == "nmt" and config.training.cuda_graphs else ""
        figures[f"{one.name}{how}, target tokens/s"] = round(one.total.rate)
    for one in loops[1:]:
        figures[f"{first.name} / {one.name}"] = round(first.total.rate / one.total.rate, 2)
    if first.name != "naive":
        peak, flop = peak_rate(compute), count_flop(first.steps, 20)
        figures["FLOP of products a target token, million"] = round(flop / 1e6, 1)
        figures["a large product here, GFLOP/s"] = round(peak / 1e9)
        figures["share of the matrix-product bound"] = round(first.total.rate * flop / peak, 3)
    if len(loops) == 1:
        figures |= {f"peak {kind} memory, MiB": round(size / 2**20) for kind, size in peak_memory().items()}
    return figures


def device_name(compute: Compute) -> str:
    """Return the name of the GPU, or of the processor where the system gives it."""
    if compute.device.type == "cuda":
        return torch.cuda.get_device_name(compute.device)
    found = re.search(r"model name\s*:\s*(.+)", CPU_INFO.read_text() if CPU_INFO.exists() else "")
    return found[1] if found else platform.processor()


PEERS = """\
No code of other toolkits is here; this is how to put them beside nmt by hand, on one machine, on one afternoon.

1. Data: `nmt prepare --config configs/fra-eng.yaml`, then give them the training sentences and the tokenizer's
   pieces of them, so that all count the same target tokens. Count tokens without padding, BOS left out, EOS in.
2. Network: one layer, bidirectional GRU encoder 512 a direction, GRU decoder 512, additive (`mlp`, `bahdanau`)
   attention, embeddings 256, vocabulary 8,000, dropout 0.2, Adam. Say so where a toolkit cannot have one of these.
3. Environment: one virtual environment each, the toolkit's release with the dependencies that it names; note what had
   to be mended. The same number of threads (OMP_NUM_THREADS), the same torch where it allows that.
4. Time: leave out start-up and the first hundred steps; validation and checkpoints off; at least three turns of two
   minutes, in turn with `scripts/benchmarks/bench_train.py --loops nmt`. Report all turns.
"""


if __name__ == "__main__":
    main()
