"""The contents of ``nmt report`` about a classifier: how it learned, how good it is, and where it fails."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from nmt_attn.analysis.label_study import LabelledText, LabelStudy, WeighedExample
from nmt_attn.corpus.manifest import LabelledCounts
from nmt_attn.evaluation.classification_scores import LARGEST_MATRIX, ClassificationScores
from nmt_attn.evaluation.labels_run import LabelTrial
from nmt_attn.reporting.page_contents import (
    AttentionMap,
    Card,
    Cell,
    Column,
    Curve,
    Item,
    Output,
    PageContents,
    Plot,
    Section,
    SentenceRow,
    Table,
    View,
    Word,
)
from nmt_attn.reporting.run_sections import configuration_section, data_section, training_section
from nmt_attn.reporting.sweep_section import sweep_section
from nmt_attn.runs.directory import RunDirectory
from nmt_attn.runs.summary import summarise
from nmt_attn.version import __version__

_MOST_CHARACTERS = 600
"""Of a text in the table of all texts; the page is to stay small."""

_MOST_CONFUSIONS = 30
_UNSURE = 0.6  # probability below which a label counts as unsure


def label_report_contents(run: RunDirectory, trial: LabelTrial, study: LabelStudy) -> PageContents:
    """Put together what the page shows.

    Args:
        run: the run.
        trial: its model and the texts.
        study: what was found in its labels.
    """
    name, config, report = run.path.resolve().name, trial.config, study.report
    compute = trial.classifier.compute
    place = f"{compute.device} in {compute.precision}, {report.texts_per_second:,.0f} texts/s"
    manifest = trial.manifest
    sections = [
        training_section(run, summarise(run.path), config, place),
        *([] if manifest is None else [data_section(manifest)]),
        *([] if manifest is None or manifest.labelled is None else [_labels_section(manifest.labelled)]),
        _scores_section(report.scores),
        _slices_section(study),
        *([] if (sweep := sweep_section(run)) is None else [sweep]),
        configuration_section(config),
    ]
    language = config.data.source_lang
    return PageContents(
        title=name,
        subtitle=f"{trial.model} on {trial.name}: {len(study.texts):,} texts, {len(report.scores.labels):,} labels",
        systems=[name],
        cards=_cards(report.scores),
        sections=sections,
        sentences=[_row(one, labels=len(report.scores.labels)) for one in study.texts],
        attention=[_attention(one) for one in study.examples],
        languages=(language, ""),
        footer=f"nmt {__version__}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        notes=["Fewer than 100 texts: all figures are rough."] if len(study.texts) < 100 else [],
        kind="labels",
    )


def _cards(scores: ClassificationScores) -> list[Card]:
    low, high = scores.accuracy_interval
    return [
        Card("accuracy", f"{scores.accuracy:.1f} %", f"{low:.1f} to {high:.1f}", "share of right labels"),
        Card("macro F1", f"{scores.macro_f1:.1f}", "", "mean of the labels, each counts the same"),
        Card("weighted F1", f"{scores.weighted_f1:.1f}", "", "mean of the labels, by their texts"),
        Card("log loss", f"{scores.log_loss:.3f}", "", "nats a text"),
        Card("calibration error", f"{scores.calibration_error:.3f}", "", "how far confidence is from correctness"),
    ]


def _labels_section(labelled: LabelledCounts) -> Section:
    """Show how many texts have each label, in each part."""
    names = dict.fromkeys(label for part in _PARTS for label in labelled.labels[part])
    rows: list[list[Cell]] = [[label, *(labelled.labels[part].get(label, 0) for part in _PARTS)] for label in names]
    columns = [Column("label"), *(Column(part, bar=part == "train") for part in _PARTS)]
    note = f"Of longer texts {labelled.max_tokens:,} tokens are read."
    return Section("labels", "Labels", "Texts with each label.", [Table("Texts", columns, rows, note)])


_PARTS = ("train", "valid", "test")


def _scores_section(scores: ClassificationScores) -> Section:
    rows: list[list[Cell]] = [[one.label, one.precision, one.recall, one.f1, one.support] for one in scores.of_labels]
    columns = [
        Column("label"),
        Column("precision, %", 1),
        Column("recall, %", 1),
        Column("F1", 1, bar=True),
        Column("texts"),
    ]
    items = [Table("By label", columns, rows), _confusions(scores)]
    return Section("scores", "Scores", "How well each label is told, and which are taken for each other.", items)


def _confusions(scores: ClassificationScores) -> Table:
    """Show the confusion matrix, or of many labels the most frequent confusions."""
    labels = scores.labels
    if len(labels) <= LARGEST_MATRIX:
        columns = [Column("right label"), *(Column(f"told as {label}") for label in labels)]
        rows: list[list[Cell]] = [[label, *row] for label, row in zip(labels, scores.confusion, strict=True)]
        return Table("Confusions", columns, rows)
    counts = Counter(
        {
            (gold, told): count
            for gold, row in zip(labels, scores.confusion, strict=True)
            for told, count in zip(labels, row, strict=True)
            if gold != told and count
        }
    )
    frequent: list[list[Cell]] = [[*pair, count] for pair, count in counts.most_common(_MOST_CONFUSIONS)]
    return Table(
        "Most frequent confusions",
        [Column("right label"), Column("told as"), Column("texts", bar=True)],
        frequent,
        "" if frequent else "There is none.",
    )


def _slices_section(study: LabelStudy) -> Section:
    """Show the accuracy by length, and whether the model knows when it is right."""
    rows: list[list[Cell]] = [
        [one.name, one.texts, one.accuracy, f"{one.interval[0]:.1f} to {one.interval[1]:.1f}"]
        for one in study.by_length
    ]
    columns = [Column("tokens"), Column("texts"), Column("accuracy, %", 1, bar=True), Column("95 % interval")]
    bins = study.calibration.bins
    curve = Curve("texts", [one.confidence for one in bins], [one.right for one in bins])
    error = study.calibration.error or 0.0
    figures: list[list[Cell]] = [[one.words, one.confidence, one.right] for one in bins]
    named = [Column("texts"), Column("mean probability", 2), Column("share that is right", 2)]
    items: list[Item] = [
        Table("By length", columns, rows),
        Plot(
            "Confidence and correctness",
            "share that is right",
            [View("texts", "probability of the label that was given", [curve])],
            style="calibration",
            note=f"On the diagonal the model is right as often as it says; above it, more often. With these "
            f"{len(bins)} bins the expected calibration error is {error:.3f}.",
        ),
        Table("Confidence and correctness in figures", named, figures),
    ]
    return Section("slices", "By kinds of texts", "Where it is right, and whether it knows.", items)


def _row(one: LabelledText, *, labels: int) -> SentenceRow:
    text = one.text if len(one.text) <= _MOST_CHARACTERS else f"{one.text[:_MOST_CHARACTERS]}…"
    tags = [f"has {one.gold}", f"told as {one.label}"] if labels <= LARGEST_MATRIX else []
    tags += ["unsure"] if one.probability < _UNSURE else []
    tags += ["cut"] if one.left_out else []
    word = Word(one.label, spaced=False, found=one.right, confidence=one.probability)
    return SentenceRow(one.number, text, [one.gold], [Output([word], 100 * one.of_gold, one.right)], tags)


def _attention(example: WeighedExample) -> AttentionMap:
    weighed, one = example.weighed, example.of
    words = [(" " if spaced else "") + unit for unit, spaced in zip(weighed.units, weighed.spaced, strict=True)]
    why = example.why if one.right else f"{example.why} (is {one.gold})"
    weights = [*weighed.weights, weighed.end_weight]
    return AttentionMap(one.number, why, [*words, "</s>"], [one.label], [weights], [one.probability])
