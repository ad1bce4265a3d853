"""The contents of ``nmt compare``: systems side by side, and whether their differences are more than chance."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from nmt_attn.analysis.comparison import most_different, ngram_gains
from nmt_attn.analysis.contest import Contest, Contestant
from nmt_attn.config.loading import flat_values, plain_values
from nmt_attn.evaluation.significance import LEVEL, RESAMPLES, TRIALS
from nmt_attn.evaluation.translation_report import scores_as_values
from nmt_attn.reporting.analysis_sections import (
    System,
    ngrams_section,
    omissions_section,
    scores_table,
    sentence_rows,
    slices_section,
    words_section,
)
from nmt_attn.reporting.page_contents import Card, Cell, Column, PageContents, Section, Table
from nmt_attn.version import __version__

_ABSENT = "not there"


def comparison_contents(contest: Contest) -> PageContents:
    """Put together what the page and the terminal show."""
    systems = [System(one.name, one.scores, one.analysis) for one in contest.systems]
    names = [system.name for system in systems]
    sections = [
        Section("scores", "Scores", _HOW, [scores_table(systems), tests_table(contest)]),
        *([slices_section(systems)] if contest.has_sources else []),
        words_section(systems),
        omissions_section(systems),
        _gains_section(contest),
        ngrams_section(systems),
        _differing_section(contest),
        *_configuration(contest.systems),
    ]
    languages = contest.test.languages
    return PageContents(
        title=" and ".join(names) if len(names) < 4 else f"{names[0]} and {len(names) - 1} others",
        subtitle=f"compared on {contest.name}: {len(contest.numbers):,} sentences, {languages[0]} to {languages[1]}",
        systems=names,
        cards=[_card(one, contest.tests[place - 1] if place else ()) for place, one in enumerate(contest.systems)],
        sections=sections,
        sentences=sentence_rows(contest.test, systems, contest.numbers),
        languages=languages,
        footer=f"nmt {__version__}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
    )


_HOW = (
    f"The first system is the baseline. A difference is called significant if the p-values of both tests are below "
    f"{LEVEL}: paired bootstrap ({RESAMPLES:,} resamples) and approximate randomisation ({TRIALS:,} trials), as "
    "sacreBLEU computes them."
)


def _card(system: Contestant, tests: Sequence[Any]) -> Card:
    name = "BLEU" if system.scores.bleu.score is not None else "chrF"
    score = system.scores.named[name]
    result = next((test for test in tests if test.metric == name), None)
    verdict = "baseline"
    if result is not None:
        word = "significant" if result.significant else "not significant"
        verdict = f"{result.difference:+.1f}, {word} (p = {result.bootstrap:.3f})"
    value = "n/a" if score.score is None else f"{score.score:.1f}"
    return Card(f"{name}, {system.name}", value, verdict, score.signature)


def tests_table(contest: Contest) -> Table:
    """Show the differences from the baseline, with their p-values."""
    rows: list[list[Cell]] = [
        [system.name, test.metric, test.difference, test.bootstrap, test.randomisation,
         "significant" if test.significant else "not significant"]
        for system, tests in zip(contest.systems[1:], contest.tests, strict=True)
        for test in tests
    ]  # fmt: skip
    columns = [
        Column("system"), Column("metric"), Column(f"difference from {contest.systems[0].name}", 2),
        Column("p, bootstrap", 4), Column("p, randomisation", 4), Column("both tests"),
    ]  # fmt: skip
    note = "TER counts errors: less is better."
    return Table("Differences", columns, rows, note if any(row[1] == "TER" for row in rows) else "")


def _gains_section(contest: Contest) -> Section:
    first = contest.systems[0]
    tables = []
    for other in contest.systems[1:]:
        gains = ngram_gains(first.analysis, other.analysis)
        for winner, loser, counts in ((first, other, gains.first), (other, first, gains.second)):
            rows: list[list[Cell]] = [[" ".join(one.words), one.sentences, one.of] for one in counts]
            columns = [Column("words"), Column("sentences", bar=True), Column("references with it")]
            tables.append(Table(f"Right in {winner.name}, not in {loser.name}", columns, rows))
    return Section(
        "gains", "What one has and the other has not", "Sequences of words of the references, by sentences.", tables
    )


def _differing_section(contest: Contest) -> Section:
    places = most_different([system.analysis for system in contest.systems])
    rows: list[list[Cell]] = []
    for place in places:
        reference = contest.test.references[place][0]
        cells: list[Cell] = [contest.numbers[place], contest.test.sources[place], reference]
        for system in contest.systems:
            cells += [system.hypotheses[place], float(system.analysis.statistics.chrf_of_each[place])]
        rows.append(cells)
    columns = [Column("line"), Column("source"), Column("reference")]
    for system in contest.systems:
        columns += [Column(system.name), Column(f"chrF, {system.name}", 1)]
    note = "" if rows else "No sentence differs in chrF."
    return Section(
        "differing",
        "Sentences that differ most",
        "By the chrF of single sentences.",
        [Table("Sentences that differ most", columns, rows, note)],
    )


def configuration_differences(systems: Sequence[Contestant]) -> list[list[Cell]]:
    """Return each key that is not the same in all runs, with its value in each."""
    flat = [dict(flat_values(plain_values(one.config))) if one.config else {} for one in systems]
    keys = list(dict.fromkeys(key for values in flat for key in values))
    rows: list[list[Cell]] = []
    for key in keys:
        values = [_shown(some.get(key, _ABSENT)) for some, one in zip(flat, systems, strict=True) if one.config]
        if len(set(values)) > 1:
            rows.append([key, *values])
    return rows


def _configuration(systems: Sequence[Contestant]) -> list[Section]:
    runs = [one for one in systems if one.config is not None]
    if len(runs) < 2:
        return []
    rows = configuration_differences(runs)
    table = Table(
        "Keys that differ",
        [Column("key"), *(Column(one.name) for one in runs)],
        rows,
        "" if rows else "Nothing in their configurations differs.",
    )
    return [Section("configuration", "Configuration", "", [table])]


def _shown(value: object) -> str:
    return "null" if value is None else str(value)


def comparison_values(contest: Contest) -> dict[str, Any]:
    """Return the comparison as plain values for JSON."""
    slicings = contest.systems[0].analysis.slicings if contest.has_sources else []
    return {
        "sentences": len(contest.numbers),
        "split": contest.name,
        "systems": [{"name": one.name, **scores_as_values(one.scores)} for one in contest.systems],
        "tests": [
            {
                "system": system.name,
                "baseline": contest.systems[0].name,
                "metric": test.metric,
                "difference": round(test.difference, 4),
                "p_bootstrap": round(test.bootstrap, 6),
                "p_randomisation": round(test.randomisation, 6),
                "significant": test.significant,
            }
            for system, tests in zip(contest.systems[1:], contest.tests, strict=True)
            for test in tests
        ],
        "slices": [
            {
                "title": slicing.title,
                "name": part.name,
                "sentences": part.sentences,
                "chrf": {
                    one.name: _rounded(one.analysis.slicings[number].slices[place].chrf) for one in contest.systems
                },
                "bleu": {
                    one.name: _rounded(one.analysis.slicings[number].slices[place].bleu) for one in contest.systems
                },
            }
            for number, slicing in enumerate(slicings)
            for place, part in enumerate(slicing.slices)
        ],
        "most_different": [
            {
                "line": contest.numbers[place],
                "source": contest.test.sources[place],
                "references": list(contest.test.references[place]),
                "translations": {one.name: one.hypotheses[place] for one in contest.systems},
            }
            for place in most_different([one.analysis for one in contest.systems])
        ],
        "configuration": {
            str(key): values
            for key, *values in configuration_differences([one for one in contest.systems if one.config is not None])
        },
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
