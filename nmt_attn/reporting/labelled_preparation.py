"""The tables that ``nmt prepare`` shows at the end for labelled texts."""

from __future__ import annotations

from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from nmt_attn.corpus.dataset import Dataset
from nmt_attn.corpus.manifest import LabelledCounts, Manifest
from nmt_attn.text.normalise import tidy

REASONS = {
    "blank": "blank line",
    "empty": "nothing in it but spaces, or nothing is left by data.normalise",
    "duplicate": "seen before with the same label",
    "held_out": "also among the validation or test texts (data.filter.overlap)",
}
"""Why texts are dropped, in words."""

_PARTS = ("train", "valid", "test")
_MOST_LABELS = 40
_WIDEST_LABEL = 40


def labelled_summary(data: Dataset, labelled: LabelledCounts) -> RenderableType:
    """Show what went in, what was dropped and why, and what came out, as tables for a terminal."""
    manifest = data.manifest
    remarks = [*manifest.notes, *_warnings(manifest, labelled), *_last_lines(data)]
    return Group(_flow(manifest), _splits(manifest, labelled), _labels(labelled), *map(Text, remarks))


def _flow(manifest: Manifest) -> Table:
    """From the texts of the files to those that were kept."""
    names = ", ".join(Path(entry.path).name for entry in manifest.inputs[:3])
    table = _table("texts", "", "share")
    table.add_row(Text(f"read from {names}"), f"{manifest.pairs_read:,}", "")
    for reason, count in manifest.dropped.items():
        shown = f"-{count:,}" if count else "0"
        table.add_row(f"  {REASONS.get(reason, reason)}", shown, _share(count, manifest.pairs_read))
    kept = sum(getattr(manifest.splits, part).pairs for part in _PARTS)
    table.add_row("kept", f"{kept:,}", _share(kept, manifest.pairs_read))
    return table


def _splits(manifest: Manifest, labelled: LabelledCounts) -> Table:
    """Texts, lengths and cuts of each part."""
    table = _table("split", "texts", "different", "tokens", "mean", "max", f"cut at {labelled.max_tokens:,}", "share")
    for part in _PARTS:
        counts, cut = getattr(manifest.splits, part), labelled.cut[part]
        tokens = [f"{counts.source.tokens:,}", f"{counts.source.mean_length:.1f}", f"{counts.source.max_length:,}"]
        table.add_row(
            part, f"{counts.pairs:,}", f"{counts.sentences:,}", *tokens, f"{cut:,}", _share(cut, counts.pairs)
        )
    return table


def _labels(labelled: LabelledCounts) -> Table:
    """Texts of each label by part."""
    table = _table("label", *(column for part in _PARTS for column in (part, "share")))
    totals = {part: sum(labelled.labels[part].values()) for part in _PARTS}
    names = sorted({label for part in _PARTS for label in labelled.labels[part]})
    for label in names[:_MOST_LABELS]:
        cells = []
        for part in _PARTS:
            count = labelled.labels[part].get(label, 0)
            cells += [f"{count:,}", _share(count, totals[part])]
        table.add_row(Text(tidy(label)[:_WIDEST_LABEL]), *cells)
    if len(names) > _MOST_LABELS:
        table.add_row(f"… {len(names) - _MOST_LABELS:,} more", *[""] * (2 * len(_PARTS)))
    return table


def _warnings(manifest: Manifest, labelled: LabelledCounts) -> list[str]:
    lines = []
    if labelled.contradictions:
        lines.append(f"{labelled.contradictions:,} training texts occur with several labels")
    if manifest.known.valid or manifest.known.test:
        lines.append(
            f"warning: {manifest.known.test:,} test and {manifest.known.valid:,} validation texts are also training "
            "texts; scores will flatter"
        )
    if not manifest.splits.valid.sentences:
        lines.append("no validation texts: training is not watched, and its latest checkpoint counts as the best")
    if not manifest.splits.test.sentences:
        lines.append("no test texts: nmt eval needs --source, or --split valid")
    return lines


def _last_lines(data: Dataset) -> list[str]:
    vocabulary = data.manifest.vocabulary
    return [
        f"vocabulary: {vocabulary.kind}, {vocabulary.source_size:,} tokens; {vocabulary.target_size:,} labels",
        f"written to {data.directory}",
    ]


def _table(*headings: str) -> Table:
    table = Table(headings[0], box=None, pad_edge=False)
    for heading in headings[1:]:
        table.add_column(heading, justify="right")
    return table


def _share(count: int, total: int) -> str:
    return f"{count / max(1, total):.1%}"
