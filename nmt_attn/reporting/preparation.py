"""The tables that ``nmt prepare`` shows at the end."""

from __future__ import annotations

from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from nmt_attn.corpus.dataset import Dataset
from nmt_attn.corpus.manifest import Manifest, SplitCounts
from nmt_attn.reporting.labelled_preparation import labelled_summary

REASONS = {
    "blank": "blank line",
    "columns": "more columns than other lines",
    "empty": "a side is empty",
    "too_long": "too long (data.filter.max_words)",
    "too_many_characters": "too long (data.filter.max_characters)",
    "length_ratio": "lengths too different (data.filter.max_length_ratio)",
    "identical": "both sides the same",
    "duplicate": "seen before",
}


def summary(data: Dataset) -> RenderableType:
    """Show what went in, what was dropped and why, and what came out, as tables for a terminal."""
    manifest = data.manifest
    if manifest.labelled is not None:
        return labelled_summary(data, manifest.labelled)
    parts: list[RenderableType] = [_flow(manifest), _splits(manifest), *_lacking(manifest), _last_lines(data)]
    if manifest.known.valid or manifest.known.test:
        parts.append(
            Text(
                f"warning: {manifest.known.test:,} test and {manifest.known.valid:,} validation sentences share "
                "their source or target with the training files; scores will flatter",
                style="yellow",
            )
        )
    if manifest.html_entities:
        parts.append(
            Text(
                f"{manifest.html_entities:,} pairs hold HTML entities such as &amp; or &#39;; "
                "data.normalise.html_entities: true makes them the characters they stand for"
            )
        )
    return Group(*parts)


def _flow(manifest: Manifest) -> Table:
    """From the lines of the files to the pairs that were kept."""
    names = ", ".join(Path(entry.path).name for entry in manifest.inputs[:3])
    names += ", …" if len(manifest.inputs) > 3 else ""
    table = Table("pairs", "", "share", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    table.add_row(Text(f"read from {names}"), f"{manifest.pairs_read:,}", "")
    for reason, count in manifest.dropped.items():
        table.add_row(f"  {REASONS.get(reason, reason)}", f"-{count:,}" if count else "0", _share(count, manifest))
    kept = sum(split.pairs for split in (manifest.splits.train, manifest.splits.valid, manifest.splits.test))
    table.add_row("kept", f"{kept:,}", _share(kept, manifest))
    return table


def _share(count: int, manifest: Manifest) -> str:
    return f"{count / max(1, manifest.pairs_read):.1%}"


def _splits(manifest: Manifest) -> Table:
    source, target = manifest.source_lang, manifest.target_lang
    headings = ["sentences", "pairs", "groups", f"{source} tokens", "mean", "max", f"{target} tokens", "mean", "max"]
    table = Table("split", box=None, pad_edge=False)
    for heading in headings:
        table.add_column(Text(heading), justify="right")
    for name, counts in (
        ("train", manifest.splits.train),
        ("valid", manifest.splits.valid),
        ("test", manifest.splits.test),
    ):
        table.add_row(name, *_numbers(counts))
    return table


def _lacking(manifest: Manifest) -> list[Text]:
    """Say what cannot be done without the sentences that were not held out."""
    lines = []
    if not manifest.splits.valid.sentences:
        lines.append("no validation sentences: training is not watched, and its latest checkpoint counts as the best")
    if not manifest.splits.test.sentences:
        lines.append("no test sentences: nmt eval needs --source and --reference, or --split valid")
    return [Text(line) for line in lines]


def _numbers(counts: SplitCounts) -> list[str]:
    numbers = [f"{counts.sentences:,}", f"{counts.pairs:,}", "-" if counts.groups is None else f"{counts.groups:,}"]
    for side in (counts.source, counts.target):
        numbers += [f"{side.tokens:,}", f"{side.mean_length:.1f}", f"{side.max_length:,}"]
    return numbers


def _last_lines(data: Dataset) -> Text:
    vocabulary = data.manifest.vocabulary
    sizes = (
        f"{vocabulary.source_size:,} tokens, joint"
        if vocabulary.joint
        else f"{vocabulary.source_size:,} source and {vocabulary.target_size:,} target tokens"
    )
    return Text(f"vocabulary: {vocabulary.kind}, {sizes}\nwritten to {data.directory}")
