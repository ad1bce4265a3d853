"""Translation speed compared with a naive stepwise beam search with the same weights in the same run.

Processes share the sentences as they do for ``nmt translate`` (only one with ``--set decoding.processes=1``); they are
started beforehand. The naive search is the textbook one: one sentence at a time, source keys projected anew at each
step, the log-softmax of the whole vocabulary, and hypotheses kept in Python lists. All variants translate the same
sentences.

    python scripts/benchmarks/bench_translate.py --model runs/fra-eng --input test.source
    python scripts/benchmarks/bench_translate.py --model runs/fra-eng --input test.source --beams 5 \
        --precisions fp32 bf16 int8 --set decoding.pruning=3 --reference test.reference.0
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from bench_train import device_name, peak_rate, product_counter
from torch import Tensor
from torch.nn import functional as F

from nmt_attn.decoding.hypothesis import SearchOptions
from nmt_attn.decoding.translator import SHARE, Translator
from nmt_attn.device import Compute
from nmt_attn.evaluation.scores import bleu
from nmt_attn.inference.frozen_linear import FrozenLinear
from nmt_attn.model.network import TranslationModel
from nmt_attn.model.step import DecoderState
from nmt_attn.text.tokenizer import BOS, EOS


@dataclass(frozen=True)
class NaiveHypothesis:
    """A hypothesis of the naive search."""

    tokens: list[int]
    log_prob: float
    state: DecoderState[Tensor]  # one row


@torch.inference_mode()
def naive_beam(model: TranslationModel, source: Sequence[int], options: SearchOptions) -> list[int]:
    """Translate one sentence (source ids with EOS) as textbooks do; the hypotheses of a step share a call."""
    device = model.device
    lengths = torch.tensor([len(source)], device=device)
    source_read, start = model.read(torch.tensor([source], device=device), lengths)
    running = [NaiveHypothesis([BOS], 0.0, start)]
    done: list[NaiveHypothesis] = []
    for _ in range(int(options.max_lengths(lengths))):
        encoded = model.decoder.attention.precompute(source_read.states, source_read.mask)
        state = DecoderState.join([one.state for one in running])
        last = torch.tensor([one.tokens[-1] for one in running], device=device)
        step = model.decoder.step(model.decoder.token_parts(last), state, encoded)
        log_probs = F.log_softmax(model.next_logits(step.readout), dim=-1)  # (k, V)
        totals = log_probs + torch.tensor([one.log_prob for one in running], device=device).unsqueeze(1)
        values, places = totals.flatten().topk(options.beam_size)
        going: list[NaiveHypothesis] = []
        for value, place in zip(values.tolist(), places.tolist(), strict=True):
            parent, token = divmod(place, totals.shape[1])
            state = step.state.select(torch.tensor([parent], device=device))
            one = NaiveHypothesis([*running[parent].tokens, token], value, state)
            (done if token == EOS else going).append(one)
        if len(done) >= options.beam_size or not going:
            break
        running = going
    best = max(done or running, key=lambda one: one.log_prob / options.normaliser(len(one.tokens) - 1))
    return [token for token in best.tokens if token not in (BOS, EOS)]


@dataclass
class Variant:
    """One way to translate, and its totals so far."""

    name: str
    translate: Callable[[list[str]], list[str]]
    sentences: list[str]
    compute: Compute
    beam: int
    output: list[str] | None = None
    seconds: float = 0.0
    done: int = 0

    def run(self) -> None:
        """Translate the sentences once more."""
        began = time.perf_counter()
        self.output = self.translate(self.sentences)
        self.seconds += time.perf_counter() - began
        self.done += len(self.sentences)

    @property
    def rate(self) -> float:
        """Sentences per second."""
        return self.done / self.seconds


def own(name: str, translator: Translator, beam: int, sentences: list[str]) -> Variant:
    """Make the variant that translates as ``nmt translate`` does with a file."""

    def translate(lines: list[str]) -> list[str]:
        return translator.translate(lines, beam_size=beam)

    return Variant(name, translate, sentences, translator.compute, beam)


def one_by_one(name: str, translator: Translator, beam: int, sentences: list[str]) -> Variant:
    """Make the variant that translates as ``nmt translate`` does with lines that come slowly."""

    def translate(lines: list[str]) -> list[str]:
        return [translator.translate([line], beam_size=beam)[0] for line in lines]

    return Variant(name, translate, sentences, translator.compute, beam)


def naive(name: str, translator: Translator, beam: int, sentences: list[str]) -> Variant:
    """Make the variant that translates with the naive search."""
    options = SearchOptions(**{**vars(translator.options), "beam_size": beam})

    def translate(lines: list[str]) -> list[str]:
        encoded = translator.tokenizer.encode_source(lines)
        return translator.tokenizer.decode([naive_beam(translator.model, [*ids, EOS], options) for ids in encoded])

    return Variant(name, translate, sentences, translator.compute, beam)


def make_variants(arguments: argparse.Namespace, sentences: list[str]) -> list[Variant]:
    """Make all variants to compare; the naive ones come last."""
    few = sentences[:: max(1, len(sentences) // arguments.few)][: arguments.few]
    variants, slow = [], []
    for precision in arguments.precisions:
        overrides = [*arguments.overrides, f"decoding.precision={precision}"]
        translator = Translator.load(arguments.model, device=arguments.device, overrides=overrides)
        if translator.workers is not None:
            translator.workers.start()
            while not translator.workers.ready:
                time.sleep(0.1)
        for beam in arguments.beams:
            name = f"beam {beam}, {precision}"
            variants.append(own(name, translator, beam, sentences))
            variants.append(one_by_one(f"{name}, one sentence at a time", translator, beam, few))
            if precision == arguments.precisions[0]:
                slow.append(naive(f"beam {beam}, naive", translator, beam, few))
    return [*variants, *slow]


def flop_per_sentence(translator_of: Variant) -> float:
    """Count the FLOP of the matrix products per sentence, averaged over all sentences.

    They are translated a few at a time, so that this process computes all products itself.
    """
    with product_counter() as counter:
        for begin in range(0, len(translator_of.sentences), SHARE):
            translator_of.translate(translator_of.sentences[begin : begin + SHARE])
    return float(counter.get_total_flops()) / len(translator_of.sentences)


def int8_rate() -> float:
    """Measure the same rate as :func:`bench_train.peak_rate` for products with int8 weights."""
    size = 2048
    layer, inputs = (
        FrozenLinear(torch.rand(size, size), None, Compute(torch.device("cpu"), "int8"), bounded=True),
        torch.rand(size, size),
    )
    fastest = float("inf")
    for _ in range(8):
        began = time.perf_counter()
        layer(inputs)
        fastest = min(fastest, time.perf_counter() - began)
    return 2 * size**3 / fastest


def summarise(variants: list[Variant], references: list[list[str]] | None, language: str) -> list[dict[str, object]]:
    """Return one row of figures per variant."""
    naive_rates = {one.beam: one.rate for one in variants if one.name.endswith("naive")}
    peaks = {one.compute.precision: one.compute for one in variants}
    rates = {name: int8_rate() if name == "int8" else peak_rate(compute) for name, compute in peaks.items()}
    # Products of int8 are not counted, but there are as many of them; the first variant of a beam has the whole input.
    counted: dict[int, Variant] = {}
    for one in variants:
        if one.compute.precision != "int8":
            counted.setdefault(one.beam, one)
    flop = {beam: flop_per_sentence(one) for beam, one in counted.items()}
    rows = []
    for one in variants:
        row: dict[str, object] = {"search": one.name, "sentences/s": round(one.rate, 1)}
        row["tokens/s"] = round(one.rate * sum(len(line.split()) for line in one.output or []) / len(one.sentences))
        row["times naive"] = round(one.rate / naive_rates[one.beam], 1)
        if one.beam in flop:
            row["share of the matrix-product bound"] = round(
                one.rate * flop[one.beam] / rates[one.compute.precision], 3
            )
        if references is not None and len(one.sentences) == len(references):
            found = bleu(one.output or [], references, lowercase=False, language=language)
            row["BLEU"] = "n/a" if found is None else round(found, 2)
        rows.append(row)
    return rows


def main() -> None:
    """Translate with all variants in turn, several times, and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--input", type=Path, required=True, help="sentences, one a line")
    parser.add_argument("--reference", type=Path, action="append", default=[], help="for BLEU")
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--beams", type=int, nargs="+", default=[1, 5])
    parser.add_argument("--precisions", nargs="+", default=["fp32"], choices=["fp32", "bf16", "int8"])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--few", type=int, default=50, help="sentences of the slow searches in each repeat")
    parser.add_argument("--json", action="store_true", help="print one JSON object a row")
    arguments = parser.parse_args()
    sentences = arguments.input.read_text(encoding="utf-8").splitlines()
    references = _references(arguments.reference)
    variants = make_variants(arguments, sentences)
    for one in variants:
        one.translate(one.sentences[:100])
    for repeat in range(arguments.repeats):
        for one in variants:
            one.run()
        shown = ", ".join(f"{one.name} {one.rate:,.0f}" for one in variants)
        print(f"repeat {repeat + 1}: {shown} sentences/s", file=sys.stderr, flush=True)
    rows = summarise(variants, references, "")
    if arguments.json:
        print("\n".join(json.dumps(row) for row in rows))
        return
    print(f"{len(sentences):,} sentences, {device_name(variants[0].compute)}, {torch.get_num_threads()} threads\n")
    columns = list(dict.fromkeys(key for row in rows for key in row))
    print(f"| {' | '.join(columns)} |\n|{' --- |' * len(columns)}")
    for row in rows:
        print(f"| {' | '.join(str(row.get(column, '')) for column in columns)} |")


def _references(files: Sequence[Path]) -> list[list[str]] | None:
    """Read the references of each sentence; an empty line in any file but the first is no reference."""
    if not files:
        return None
    columns = zip(*(path.read_text(encoding="utf-8").splitlines() for path in files), strict=True)
    return [[one for place, one in enumerate(found) if one or not place] for found in columns]


if __name__ == "__main__":
    main()
