"""The sections of a page about a run: what was trained, on what, how it went, and its configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from nmt_attn.config.differences import changed_values
from nmt_attn.config.loading import dump_config
from nmt_attn.config.schema import Config
from nmt_attn.corpus.manifest import Manifest, SplitCounts
from nmt_attn.reporting.page_contents import Cell, Code, Column, Curve, Item, Plot, Section, Table, View
from nmt_attn.reporting.preparation import REASONS
from nmt_attn.runs.directory import RunDirectory
from nmt_attn.runs.metrics import read_metrics
from nmt_attn.runs.record import read_record
from nmt_attn.runs.summary import RunSummary

DATA_INTRODUCTION = "What it learned from. Nothing is dropped in silence."


def training_section(run: RunDirectory, summary: RunSummary, config: Config, place: str) -> Section:
    """Show what was trained, and its learning curves.

    Args:
        run: the run.
        summary: of it.
        config: its configuration.
        place: the machine and precision that the test sentences were translated, or texts classified, with.
    """
    log = list(read_metrics(run.metrics_file)) if run.metrics_file.exists() else []
    rates = [values["tokens_per_second"] for values in log if _has(values, "tokens_per_second")]
    record, classifies = read_record(run.path), config.task == "classification"
    minutes = None if summary.minutes is None else f"{summary.minutes:.1f} minutes, validations included"
    facts: list[list[Cell]] = [
        ["run", str(run.path)],
        ["state", summary.state],
        ["network", _network(config)],
        ["weights", None if summary.weights is None else f"{summary.weights:,}"],
        ["trained", f"{summary.steps or 0:,} steps, {summary.epochs or 0:.1f} epochs, {minutes or 'time unknown'}"],
        ["speed", f"{sorted(rates)[len(rates) // 2]:,.0f} tokens/s (median)" if rates else None],
        ["best checkpoint", None if summary.best_checkpoint is None else summary.best_checkpoint.name],
        ["command", None if summary.command is None else " ".join(summary.command)],
        ["nmt", None if record is None else record.nmt_version],
        ["classified on" if classifies else "translated on", place],
    ]  # fmt: skip
    table = Table("Facts", [Column("what"), Column("value")], [row for row in facts if row[1] is not None])
    unit = "text" if classifies else "token"
    note = f"How it was trained, and how it learned. The loss is the cross-entropy in nats a {unit}."
    return Section("training", "Training", note, [table, *curves(log, unit)])


def _network(config: Config) -> str:
    """Describe the network in a line."""
    model = config.model
    encoder = f"{model.encoder.layers} × {model.encoder.hidden_size} encoder"
    if config.task == "classification":
        rest = f"a layer of {model.classifier.size} before the labels"
    else:
        rest = f"{model.decoder.layers} × {model.decoder.hidden_size} decoder ({model.decoder.style})"
    return f"{encoder}, {rest}, {model.cell.upper()}, attention: {model.attention.score}"


def curves(log: Sequence[Mapping[str, Any]], unit: str) -> list[Item]:
    """Draw the learning curves of a log, by step and by time; nothing where there is nothing to draw.

    Args:
        log: lines of ``metrics.jsonl``.
        unit: what the loss is the mean of: token or text.
    """
    clock = _Clock(log)
    plots = [
        ("Loss", f"nats a {unit}", [("training", "train", "loss"), ("validation", "valid", "loss")], False),
        ("Validation scores", "percent", [(name, "valid", key) for name, key in _SCORES], False),
        ("Learning rate", "learning rate", [("learning rate", "train", "learning_rate")], False),
        ("Speed", "tokens/s", [("training", "train", "tokens_per_second")], False),
    ]
    found: list[Item] = []
    for title, label, parts, log_y in plots:
        series = [(name, _values(log, kind, key)) for name, kind, key in parts]
        series = [(name, values) for name, values in series if len(values) > 1]
        if series:
            by_step = [Curve(name, [step for step, _ in values], [y for _, y in values]) for name, values in series]
            by_time = [
                Curve(name, [clock.minutes(step) for step, _ in values], [y for _, y in values])
                for name, values in series
            ]
            views = [View("by step", "step", by_step)]
            views += [View("by time", "minutes", by_time)] if clock.known else []
            found.append(Plot(title, label, views, log_y=log_y))
    return found


_SCORES = (("BLEU", "bleu"), ("chrF", "chrf"), ("exact", "exact"), ("accuracy", "accuracy"))


def _has(values: Mapping[str, Any], key: str) -> bool:
    return isinstance(values.get(key), (int, float))


def _values(log: Sequence[Mapping[str, Any]], kind: str, key: str) -> list[tuple[float, float]]:
    return [(values["step"], values[key]) for values in log if values["kind"] == kind and _has(values, key)]


class _Clock:
    """The minutes at which steps were done: known at validations, between them in proportion."""

    def __init__(self, log: Sequence[Mapping[str, Any]]) -> None:
        self.points = [(0.0, 0.0), *_values(log, "valid", "minutes")]

    @property
    def known(self) -> bool:
        return len(self.points) > 1

    def minutes(self, step: float) -> float:
        for (before, then), (after, later) in pairwise(self.points):
            if step <= after and after > before:
                return then + (later - then) * (step - before) / (after - before)
        (last, minutes) = self.points[-1]
        return minutes * step / last if last else 0.0


def data_section(manifest: Manifest) -> Section:
    """Show what the data was made of, and what was dropped."""
    splits: list[list[Cell]] = [
        [name, part.sentences, part.pairs, part.source.mean_length, part.target.mean_length]
        for name, part in parts(manifest)
    ]
    vocabulary = manifest.vocabulary
    items = [
        *flow_tables(manifest, "pairs", REASONS),
        Table(
            "Parts",
            [Column("part"), Column("sentences"), Column("pairs"), Column("source tokens, mean", 1),
             Column("target tokens, mean", 1)],
            splits,
            f"Vocabulary: {vocabulary.kind}, {vocabulary.source_size:,} source and {vocabulary.target_size:,} target "
            f"tokens{', joint' if vocabulary.joint else ''}.",
        ),
    ]  # fmt: skip
    return Section("data", "Data", DATA_INTRODUCTION, items)


def flow_tables(manifest: Manifest, unit: str, reasons: Mapping[str, str]) -> list[Item]:
    """List the files, and what was read, dropped and kept.

    Args:
        manifest: of the data.
        unit: what was counted: pairs or texts.
        reasons: words for the reasons in the manifest.
    """
    inputs: list[list[Cell]] = [
        [entry.role, entry.path + (f" ({entry.member})" if entry.member else ""), entry.size, entry.sha256[:16]]
        for entry in manifest.inputs
    ]
    kept = sum(part.pairs for _, part in parts(manifest))
    flow: list[list[Cell]] = [["read", manifest.pairs_read, None]]
    flow += [
        [reasons.get(reason, reason), -count, 100 * count / max(1, manifest.pairs_read)]
        for reason, count in manifest.dropped.items()
        if count
    ]
    flow.append(["kept", kept, 100 * kept / max(1, manifest.pairs_read)])
    return [
        Table("Files", [Column("role"), Column("file"), Column("bytes"), Column("SHA-256 begins")], inputs),
        Table(f"From lines to {unit}", [Column("what"), Column(unit), Column("share, %", 1)], flow),
    ]


def configuration_section(config: Config) -> Section:
    """Show the configuration: what differs from the defaults, and the whole."""
    changed: list[list[Cell]] = [[key, _shown(value)] for key, value in changed_values(config).items()]
    table = Table("Differs from the defaults", [Column("key"), Column("value")], changed)
    return Section("configuration", "Configuration", "", [table, Code("Everything", dump_config(config))])


def _shown(value: object) -> str:
    return "null" if value is None else str(value)


def parts(manifest: Manifest) -> list[tuple[str, SplitCounts]]:
    """Return the three splits by name."""
    splits = manifest.splits
    return [("train", splits.train), ("valid", splits.valid), ("test", splits.test)]
