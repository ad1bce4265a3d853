"""The contents of ``nmt report`` about a classifier: how it learned, how good it is, and where it fails."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from nmt_attn.analysis.label_study import LabelledText, LabelStudy, WeighedExample
from nmt_attn.corpus.manifest import LabelledCounts, Manifest
from nmt_attn.evaluation.classification_scores import CALIBRATION_BINS, LARGEST_MATRIX, ClassificationScores
from nmt_attn.evaluation.labels_run import LabelTrial
from nmt_attn.reporting.labelled_preparation import REASONS
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
from nmt_attn.reporting.run_sections import (
    DATA_INTRODUCTION,
    configuration_section,
    flow_tables,
    parts,
    training_section,
)
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
        *([] if manifest is None or manifest.labelled is None else [_data_section(manifest, manifest.labelled)]),
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
        notes=_notes(study),
        kind="labels",
    )


def _notes(study: LabelStudy) -> list[str]:
    """Say what should be known before any figure."""
    texts, empty = len(study.texts), study.report.left_out
    few = [f"Only {texts:,} text{'' if texts == 1 else 's'}: all figures are rough."] if texts < 100 else []
    return few + ([f"{empty:,} empty {'text is' if empty == 1 else 'texts are'} left out."] if empty else [])


def _cards(scores: ClassificationScores) -> list[Card]:
    low, high = scores.accuracy_interval
    return [
        Card("accuracy", f"{scores.accuracy:.1f} %", f"{low:.1f} to {high:.1f}", "share of right labels"),
        Card("macro F1", f"{scores.macro_f1:.1f}", "", "mean of the labels, each counts the same"),
        Card("weighted F1", f"{scores.weighted_f1:.1f}", "", "mean of the labels, by their texts"),
        Card("log loss", f"{scores.log_loss:.3f}", "", "nats a text"),
        Card(
            "calibration error",
            f"{scores.calibration_error:.3f}",
            "",
            f"how far confidence is from correctness (ECE, {CALIBRATION_BINS} bins)",
        ),
    ]


def _data_section(manifest: Manifest, labelled: LabelledCounts) -> Section:
    """Show what the data was made of, what was dropped, and how many texts have each label."""
    lengths: list[list[Cell]] = [
        [name, part.pairs, part.source.mean_length, labelled.cut.get(name, 0)] for name, part in parts(manifest)
    ]
    shape = [Column("part"), Column("texts"), Column("tokens, mean", 1), Column(f"cut at {labelled.max_tokens:,}")]
    vocabulary = manifest.vocabulary
    note = f"Vocabulary: {vocabulary.kind}, {vocabulary.source_size:,} tokens. Of a text that is cut only "
    note += f"{labelled.max_tokens:,} tokens are read."
    items = [*flow_tables(manifest, "texts", REASONS), Table("Parts", shape, lengths, note), label_counts(labelled)]
    return Section("data", "Data", DATA_INTRODUCTION, items)


def label_counts(labelled: LabelledCounts) -> Table:
    """Count the texts with each label in each part."""
    names = dict.fromkeys(label for part in _PARTS for label in labelled.labels[part])
    rows: list[list[Cell]] = [[label, *(labelled.labels[part].get(label, 0) for part in _PARTS)] for label in names]
    columns = [Column("label"), *(Column(part, bar=part == "train") for part in _PARTS)]
    return Table("Labels", columns, rows)


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
    return Section("scores", "Scores", "How well each label is predicted, and which are taken for each other.", items)


def _confusions(scores: ClassificationScores) -> Table:
    """Show the confusion matrix, or of many labels the most frequent confusions."""
    labels = scores.labels
    if len(labels) <= LARGEST_MATRIX:
        columns = [Column("right label"), *(Column(f"predicted {label}") for label in labels)]
        rows: list[list[Cell]] = [[label, *row] for label, row in zip(labels, scores.confusion, strict=True)]
        return Table("Confusions", columns, rows)
    counts = Counter(
        {
            (gold, predicted): count
            for gold, row in zip(labels, scores.confusion, strict=True)
            for predicted, count in zip(labels, row, strict=True)
            if gold != predicted and count
        }
    )
    frequent: list[list[Cell]] = [[*pair, count] for pair, count in counts.most_common(_MOST_CONFUSIONS)]
    return Table(
        "Most frequent confusions",
        [Column("right label"), Column("predicted"), Column("texts", bar=True)],
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
    figures: list[list[Cell]] = [[one.words, one.confidence, one.right] for one in bins]
    named = [Column("texts"), Column("mean probability", 2), Column("share that is right", 2)]
    items: list[Item] = [
        Table("By length", columns, rows),
        Plot(
            "Confidence and correctness",
            "share that is right",
            [View("texts", "probability of the predicted label", [curve])],
            style="calibration",
            note="On the diagonal the model is right as often as it says; above it, more often; below it, too sure.",
        ),
        Table("Confidence and correctness in figures", named, figures),
    ]
    return Section("slices", "By kinds of texts", "Where it is right, and whether it knows.", items)


def _row(one: LabelledText, *, labels: int) -> SentenceRow:
    text = one.text if len(one.text) <= _MOST_CHARACTERS else f"{one.text[:_MOST_CHARACTERS]}…"
    tags = [f"is {one.gold}", f"predicted {one.label}"] if labels <= LARGEST_MATRIX else []
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
