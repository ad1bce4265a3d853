r"""A comparison of attention scores: the quality of each by source length, all trained with one configuration.

    python scripts/benchmarks/compare_attention.py --config configs/fra-eng.yaml --set training.max_epochs=3 \
        --set model.encoder.hidden_size=256 --edges 3 5 7 9 11 13 --plot by_length.png
    python scripts/benchmarks/compare_attention.py --config configs/reverse.yaml --set training.max_minutes=3 \
        --set training.max_epochs=1000 --scores none additive --metric exact --unit characters --buckets 10

    python scripts/benchmarks/compare_attention.py --config configs/dates.yaml \
        --scores dot scaled_dot general additive location --metric exact --unit characters \
        --sentence "Tuesday 27 Sep 1994" --maps maps.png

Each score is a run of its own, runs/NAME-SCORE; a run that exists continues where it was cut off. The result is a table
in Markdown. --plot draws it too; --maps draws the attention of each score over one sentence.
"""

from __future__ import annotations

import argparse
import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from nmt_attn.config.loading import load_config
from nmt_attn.config.schema import Config
from nmt_attn.corpus.prepare import prepare
from nmt_attn.decoding.alignment import Alignment
from nmt_attn.decoding.translator import Translator
from nmt_attn.evaluation.scores import Score, Scorer
from nmt_attn.reporting.attention_maps import Fonts, draw
from nmt_attn.runs.directory import RunDirectory
from nmt_attn.training.train import train

METRICS: dict[str, Callable[[Scorer, Sequence[str], Sequence[Sequence[str]]], Score]] = {
    "bleu": Scorer.bleu,
    "exact": Scorer.exact,
}
UNITS: dict[str, Callable[[str], int]] = {"words": lambda text: len(text.split()), "characters": len}


@dataclass(frozen=True)
class Bucket:
    """Test sentences of similar length."""

    shortest: int
    longest: int
    rows: list[int]

    @property
    def label(self) -> str:
        """The range of lengths in it."""
        return str(self.shortest) if self.shortest == self.longest else f"{self.shortest}-{self.longest}"


def buckets_between(lengths: Sequence[int], edges: Sequence[int]) -> list[Bucket]:
    """Divide sentences at the edges: up to the first, up to the second, … up to the longest; no bucket is empty."""
    bounds = [min(lengths) - 1, *sorted(edge for edge in edges if edge < max(lengths)), max(lengths)]
    spans = [(low + 1, high) for low, high in itertools.pairwise(bounds)]
    found = [Bucket(low, high, [i for i, n in enumerate(lengths) if low <= n <= high]) for low, high in spans]
    return [bucket for bucket in found if bucket.rows]


def equal_buckets(lengths: Sequence[int], count: int) -> list[Bucket]:
    """Divide sentences into buckets of about equal size; sentences of one length stay together."""
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    found: list[list[int]] = [[]]
    for row in order:
        full = len(found[-1]) >= len(lengths) / count
        if full and lengths[row] != lengths[found[-1][-1]]:
            found.append([])
        found[-1].append(row)
    return [Bucket(lengths[rows[0]], lengths[rows[-1]], rows) for rows in found]


def trained(config: Config) -> Translator:
    """Return a translator of the run of ``config``, after training the run as far as it is not trained yet."""
    outcome = train(config, resume=RunDirectory(config.run_directory).has_checkpoint())
    print(outcome.summary(), flush=True)
    if outcome.interrupted:
        raise SystemExit(130)
    return Translator.load(config.run_directory)


def main() -> None:
    """Train, translate, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--scores", nargs="+", default=["none", "dot", "general", "additive"])
    parser.add_argument("--metric", choices=METRICS, default="bleu")
    parser.add_argument("--unit", choices=UNITS, default="words", help="of the length of a source")
    parser.add_argument("--buckets", type=int, default=6, help="as many, about equally large")
    parser.add_argument("--edges", type=int, nargs="+", help="the longest source of each bucket but the last, instead")
    parser.add_argument("--plot", type=Path, help="draw the table (.png, .svg)")
    parser.add_argument("--maps", type=Path, help="draw what each score looks at in --sentence (.png, .svg)")
    parser.add_argument("--sentence", help="for --maps; the first test sentence unless given")
    arguments = parser.parse_args()
    base = load_config(arguments.config, arguments.overrides)
    shared = [*arguments.overrides, f"data.directory={base.data_directory}"]
    data = prepare(load_config(arguments.config, shared)).data
    held_out = data.held_out("test")
    if not held_out.sources:
        parser.error(f"{data.directory} has no test sentences; set data.split.test")
    scorer = Scorer(
        language=base.data.target_lang, lowercase=data.tokenizer.lowercase, tokenize=base.evaluation.tokenize
    )
    lengths = [UNITS[arguments.unit](source) for source in held_out.sources]
    groups = buckets_between(lengths, arguments.edges) if arguments.edges else equal_buckets(lengths, arguments.buckets)
    metric, table, maps = METRICS[arguments.metric], {}, {}
    for score in arguments.scores:
        sets = [*shared, f"name={base.name}-{score}", f"model.attention.score={score}"]
        translator = trained(load_config(arguments.config, sets))
        found = translator.translate(held_out.sources)
        maps[score] = translator.align(arguments.sentence or held_out.sources[0])
        table[score] = [
            figure(metric(scorer, [found[row] for row in rows], [held_out.references[row] for row in rows]))
            for rows in [list(range(len(found))), *(group.rows for group in groups)]
        ]
    print(f"\n| score | all | {' | '.join(f'{group.label} {arguments.unit}' for group in groups)} |")
    print(f"| --- |{' --- |' * (len(groups) + 1)}")
    print(f"| sentences | {len(held_out.sources)} | {' | '.join(str(len(group.rows)) for group in groups)} |")
    for score, row in table.items():
        print(f"| `{score}` | {' | '.join(f'{value:.1f}' for value in row)} |")
    if arguments.plot is not None:
        plot(arguments.plot, groups, table, arguments.metric, arguments.unit)
    if arguments.maps is not None:
        plot_maps(arguments.maps, maps)


def figure(score: Score) -> float:
    """Return the number of a score; NaN where BLEU has nothing to count."""
    return math.nan if score.score is None else score.score


def plot(path: Path, groups: list[Bucket], table: dict[str, list[float]], metric: str, unit: str) -> None:
    """Plot one line per score over the buckets."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for score, row in table.items():
        axes.plot([group.label for group in groups], row[1:], marker="o", label=score)
    axes.set_xlabel(f"length of the source, {unit}")
    axes.set_ylabel({"bleu": "BLEU", "exact": "exact matches, %"}[metric])
    axes.set_ylim(0, 104 if metric == "exact" else None)
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=130)


def plot_maps(path: Path, maps: dict[str, Alignment]) -> None:
    """Draw the attention maps of all scores side by side."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    fonts = Fonts()
    columns = min(3, len(maps))
    rows = -(-len(maps) // columns)
    figure = Figure(figsize=(4.8 * columns, 3.4 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    for place, (score, alignment) in enumerate(maps.items(), start=1):
        axes = figure.add_subplot(rows, columns, place)
        draw(axes, alignment, fonts)
        axes.set_xlabel(score)
    figure.savefig(path, dpi=100)


if __name__ == "__main__":
    main()
