"""The sections of a page that say where systems fail: one for a report, several side by side for a comparison."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nmt_attn.analysis.ngrams import NgramCount
from nmt_attn.analysis.reading import COVERAGES, coverage_level
from nmt_attn.analysis.slices import Slice
from nmt_attn.analysis.translations import SystemAnalysis, TestSet
from nmt_attn.evaluation.scores import Scores
from nmt_attn.reporting.page_contents import Cell, Column, Curve, Output, Plot, Section, SentenceRow, Table, View, Word


@dataclass(frozen=True)
class System:
    """A system with its scores."""

    name: str
    scores: Scores
    analysis: SystemAnalysis


_LENGTHS = ((0.0, "less than 0.5"), (0.5, "0.5–0.8"), (0.8, "0.8–1.25"), (1.25, "1.25–2"), (2.0, "2 and more"))


def scores_table(systems: Sequence[System]) -> Table:
    """Show all scores with their intervals; of one system with signatures too."""
    names = [name for name in systems[0].scores.named]
    rows: list[list[Cell]] = []
    for name in names:
        row: list[Cell] = [name]
        for system in systems:
            score = system.scores.named[name]
            low, high = score.interval or (None, None)
            row += [score.score, "" if low is None or high is None else f"{low:.2f} to {high:.2f}"]
        signature = systems[0].scores.named[name]
        rows.append([*row, signature.signature if signature.reason is None else signature.reason])
    of_systems = [
        column for system in systems for column in (Column(_of("score", system, systems), 2), Column("95 % interval"))
    ]
    ratios: list[Cell] = [cell for system in systems for cell in (system.scores.length_ratio, "")]
    rows.append(["length ratio", *ratios, "words for each word of the references"])
    return Table("Scores", [Column("metric"), *of_systems, Column("signature")], rows)


def _of(what: str, system: System, systems: Sequence[System]) -> str:
    return what if len(systems) == 1 else f"{what}, {system.name}"


def slices_section(systems: Sequence[System]) -> Section:
    """Show scores by parts of the sentences."""
    tables = []
    for number, slicing in enumerate(systems[0].analysis.slicings):
        rows: list[list[Cell]] = []
        for place, one in enumerate(slicing.slices):
            parts = [system.analysis.slicings[number].slices[place] for system in systems]
            rows.append([one.name, one.sentences, *_figures(parts)])
        tables.append(
            Table(slicing.title, [Column("part"), Column("sentences"), *_columns(systems)], rows, slicing.note)
        )
    return Section(
        "slices",
        "By kinds of sentences",
        "The same scores for parts of the test sentences. A part of few sentences says little.",
        tables,
    )


_FIGURES: tuple[tuple[str, int, Callable[[Slice], float | None]], ...] = (
    ("chrF", 1, lambda one: one.chrf),
    ("BLEU", 1, lambda one: one.bleu),
    ("exact, %", 1, lambda one: one.exact),
    ("length ratio", 2, lambda one: one.length_ratio),
)


def _columns(systems: Sequence[System]) -> list[Column]:
    columns = []
    for name, digits, _ in _FIGURES:
        columns += [Column(_of(name, system, systems), digits, bar=name == "chrF") for system in systems]
        if len(systems) == 2 and name == "chrF":
            columns.append(Column("difference", digits))
    return columns


def _figures(parts: Sequence[Slice]) -> list[Cell]:
    cells: list[Cell] = []
    for name, _, figure in _FIGURES:
        found = [figure(part) for part in parts]
        cells += found
        if len(parts) == 2 and name == "chrF":
            before, after = found
            cells.append(None if before is None or after is None else after - before)
    return cells


def words_section(systems: Sequence[System]) -> Section:
    """Show how well words come out, by training frequency, and how the models' confidence agrees with that."""
    first = systems[0].analysis.by_frequency
    columns = [Column("seen in training"), Column("words of the references")]
    for system in systems:
        columns += [
            Column(_of(name, system, systems), 1, bar=name == "F") for name in ("F", "precision, %", "recall, %")
        ]
    rows: list[list[Cell]] = []
    for row in first:
        cells: list[Cell] = [f"{row.name} times", row.wanted]
        for system in systems:
            other = next((one for one in system.analysis.by_frequency if one.name == row.name), None)
            cells += [None] * 3 if other is None else [other.f_measure, other.precision, other.recall]
        rows.append(cells)
    note = "" if first else "The training part is not known: the sentences are not a split of prepared data."
    frequency = Table("Words by how often they were seen in training", columns, rows, note)
    return Section(
        "words",
        "Words",
        "Which words come out right, and whether the model knows it. A word counts as right if the reference has it.",
        [frequency, *_calibration(systems)],
    )


def _calibration(systems: Sequence[System]) -> list[Plot | Table]:
    known = [system for system in systems if system.analysis.calibration.words]
    if not known:
        return []
    curves = [
        Curve(
            system.name,
            [one.confidence for one in system.analysis.calibration.bins],
            [one.right for one in system.analysis.calibration.bins],
        )
        for system in known
    ]
    errors = ", ".join(
        f"{_of('Expected calibration error', system, systems)}: {system.analysis.calibration.error:.3f}"
        for system in known
    )
    plot = Plot(
        "Confidence and correctness of words",
        "share that is right",
        [View("words", "probability that the model gave the word", curves)],
        style="calibration",
        note=f"On the diagonal the model is right as often as it says; above it, more often. {errors}.",
    )
    rows: list[list[Cell]] = [
        [system.name, one.words, one.confidence, one.right]
        for system in known
        for one in system.analysis.calibration.bins
    ]
    columns = [Column("system"), Column("words"), Column("mean probability", 2), Column("share that is right", 2)]
    return [plot, Table("Confidence and correctness in figures", columns, rows)]


def omissions_section(systems: Sequence[System]) -> Section:
    """Show signs of what is left out, added or said twice."""
    ratios = []
    for begin, name in _LENGTHS:
        cells: list[Cell] = [name]
        for system in systems:
            levels = [_level(float(ratio)) for ratio in system.analysis.statistics.length_ratios]
            cells.append(levels.count(name))
        ratios.append(cells)
        assert begin >= 0
    of_systems = [Column(_of("sentences", system, systems), bar=len(systems) == 1) for system in systems]
    items = [
        Table("Length ratio", [Column("words for each of the reference"), *of_systems], ratios),
        Table("Signs", [Column("sign"), *of_systems], _signs(systems)),
        *_coverage(systems),
    ]
    return Section(
        "omissions",
        "Too little, too much",
        "Translations much shorter than the reference leave something out; much longer ones add, or say things twice.",
        items,
    )


def _level(ratio: float) -> str:
    return next(name for begin, name in reversed(_LENGTHS) if ratio >= begin)


def _signs(systems: Sequence[System]) -> list[list[Cell]]:
    counts = [Counter(tag for one in system.analysis.sentences for tag in one.tags) for system in systems]
    meanings = {
        "too short": "less than two thirds of the reference's words (too short)",
        "too long": "more than one and a half times the reference's words (too long)",
        "repeats": "words twice in a row that the reference has not (repeats)",
        "looked past words": "hardly any attention for a third of the source (looked past words)",
    }
    return [[meaning, *(count[tag] for count in counts)] for tag, meaning in meanings.items()]


def _coverage(systems: Sequence[System]) -> list[Table]:
    known = [system for system in systems if system.analysis.coverages]
    if not known:
        return []
    counts = [Counter(map(coverage_level, system.analysis.coverages)) for system in known]
    rows: list[list[Cell]] = [[name, *(100 * count[name] / count.total() for count in counts)] for _, name in COVERAGES]
    return [
        Table(
            "Attention that a piece of the source got in all",
            [Column("sum of attention"), *(Column(_of("pieces, %", one, systems), 1, bar=True) for one in known)],
            rows,
            "A piece that is translated once gets about 1; one with hardly any may have been left out. "
            "Attention is no proof of either.",
        )
    ]


def ngrams_section(systems: Sequence[System]) -> Section:
    """Show the sequences of words that are missed and invented most often."""
    tables = []
    for system in systems:
        for title, counts, of in (
            ("Most often missed", system.analysis.differences.missed, "references with it"),
            ("Most often invented", system.analysis.differences.invented, "translations with it"),
        ):
            tables.append(_ngram_table(_of(title, system, systems), counts, of))
    return Section(
        "ngrams",
        "Missed and invented words",
        "Sequences of one to four words that only the reference has, or only the translation, by sentences.",
        tables,
    )


def _ngram_table(title: str, counts: Sequence[NgramCount], of: str) -> Table:
    columns = [Column("words"), Column("sentences", bar=True), Column(of)]
    rows: list[list[Cell]] = [[" ".join(one.words), one.sentences, one.of] for one in counts]
    return Table(title, columns, rows, "" if rows else "No sequence of words is in more than one sentence.")


def sentence_rows(test: TestSet, systems: Sequence[System], numbers: Sequence[int]) -> list[SentenceRow]:
    """Return the test sentences with what each system made of them.

    Args:
        test: the sentences.
        systems: their translations.
        numbers: of the line that each sentence stands in, from 1.
    """
    rows = []
    for place, number in enumerate(numbers):
        outputs = [_output(system.analysis, place) for system in systems]
        tags = [*test.tags[place]]
        for system in systems:
            tags += [tag for tag in system.analysis.sentences[place].tags if tag not in tags]
        rows.append(SentenceRow(number, test.sources[place], test.references[place], outputs, tags))
    return rows


def _output(analysis: SystemAnalysis, place: int) -> Output:
    one, at, words = analysis.sentences[place], 0, []
    for span, found, confidence in zip(one.words, one.found, one.confidences, strict=True):
        words.append(Word(one.text[span.begin : span.end], span.begin > at and at > 0, found, confidence))
        at = span.end
    chrf, exact = float(analysis.statistics.chrf_of_each[place]), bool(analysis.statistics.exact[place])
    return Output(words, chrf, exact)
