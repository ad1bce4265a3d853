"""Training speed beside a naive loop, in one process on the same data.

The naive loop is the one of the classroom: batches of 128 sentences in random order, padded to the longest, a
Python loop over target positions that computes the attention (its key projection included) and the whole output
layer at each of them. Both train a network of the same sizes; what is counted is target tokens without padding.

    python scripts/bench_train.py --config configs/fra-eng.yaml --set data.corpus.path=FILE
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nmt_attn.config import Config
from nmt_attn.config_file import load_config
from nmt_attn.corpus.batches import Batch, Batcher
from nmt_attn.corpus.prepare import PreparedData, prepare
from nmt_attn.model.device import Compute, choose_compute
from nmt_attn.model.network import TranslationModel
from nmt_attn.training.batch import batch_loss, to_device
from nmt_attn.training.optimiser import make_optimiser

NAIVE_BATCH = 128


class NaiveSeq2Seq(nn.Module):
    """The classroom network, in the sizes of a configuration: additive attention, one GRU layer a side."""

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
        """The loss summed over all positions, padding included, as the classroom has it: (B, S), (B, T), (B, T)."""
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


def naive_step(config: Config, data: PreparedData, compute: Compute) -> Iterator[Callable[[], int]]:
    """Training steps of the naive loop; each, when called, returns its target tokens."""
    with torch.device(compute.device):
        model = NaiveSeq2Seq(config, data.tokenizer.source_size, data.tokenizer.target_size)
    optimiser = torch.optim.Adam(model.parameters(), config.training.learning_rate)
    batcher = Batcher(data.pairs("train"), config.training.batch_tokens)
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


def own_step(config: Config, data: PreparedData, compute: Compute) -> Iterator[Callable[[], int]]:
    """Training steps as ``nmt train`` makes them."""
    with torch.device(compute.device):
        model = TranslationModel(config.model, data.tokenizer.source_size, data.tokenizer.target_size)
    optimiser = make_optimiser(model, config.training)
    batcher = Batcher(data.pairs("train"), config.training.batch_tokens, config.training.batch_sentences, config.seed)

    def step(batch: Batch) -> int:
        optimiser.zero_grad(set_to_none=False)
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


@dataclass
class Speed:
    """Target tokens and the seconds they took."""

    tokens: int = 0
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Target tokens a second."""
        return self.tokens / self.seconds

    def __add__(self, other: Speed) -> Speed:
        return Speed(self.tokens + other.tokens, self.seconds + other.seconds)


def measure(steps: Iterator[Callable[[], int]], seconds: float, warmup: int, compute: Compute) -> Speed:
    """Run for about ``seconds``, after ``warmup`` steps that do not count."""
    for _ in range(warmup):
        next(steps)()
    tokens, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        tokens += next(steps)()
        if compute.device.type == "cuda":
            torch.cuda.synchronize()
    return Speed(tokens, time.perf_counter() - began)


def main() -> None:
    """Measure both in turn, several times, and print what each did in all of its time, and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="KEY=VALUE")
    # Short turns, so that a machine that is slow for a minute is slow for both; many, because batches of random
    # sentences differ much in their padding.
    parser.add_argument("--repeats", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=15.0, help="of each loop in each repeat")
    arguments = parser.parse_args()
    config = load_config(arguments.config, arguments.overrides)
    data = prepare(config).data
    compute = choose_compute(config.training.device, config.training.precision)
    torch.manual_seed(config.seed)
    own, naive = own_step(config, data, compute), naive_step(config, data, Compute(compute.device, "fp32"))
    own_total, naive_total, ratios = Speed(), Speed(), []
    for repeat in range(arguments.repeats):
        own_speed = measure(own, arguments.seconds, 0 if repeat else 3, compute)
        naive_speed = measure(naive, arguments.seconds, 0 if repeat else 1, compute)
        own_total, naive_total = own_total + own_speed, naive_total + naive_speed
        ratios.append(own_speed.rate / naive_speed.rate)
        print(
            f"repeat {repeat + 1}: nmt {own_speed.rate:,.0f}, naive {naive_speed.rate:,.0f} target tokens/s, "
            f"{ratios[-1]:.1f} x",
            flush=True,
        )
    model = config.model
    print(
        f"in all: nmt {own_total.rate:,.0f}, naive {naive_total.rate:,.0f} target tokens/s; "
        f"ratio {own_total.rate / naive_total.rate:.1f} (repeats {min(ratios):.1f} to {max(ratios):.1f}); "
        f"{model.decoder.style} {model.cell} {model.attention.score}, embeddings {model.embedding_size}, hidden "
        f"{model.decoder.hidden_size}, readout {model.readout_size}, vocabulary {data.tokenizer.target_size:,}, "
        f"{compute.device.type} {compute.precision}, {torch.get_num_threads()} threads, torch {torch.__version__}"
    )


if __name__ == "__main__":
    main()
