"""The contents of ``nmt report``: one run, how it learned, how good it is, and where it fails."""

from __future__ import annotations

import math
from collections import defaultdict
from datetime import UTC, datetime

from nmt_attn.analysis.nearness import LEVELS, level
from nmt_attn.analysis.robustness import SENTENCES
from nmt_attn.analysis.search_trees import TreeToken
from nmt_attn.analysis.study import CloserLook, Study
from nmt_attn.evaluation.run import Trial
from nmt_attn.evaluation.scores import Score
from nmt_attn.reporting.analysis_sections import (
    System,
    ngrams_section,
    omissions_section,
    scores_table,
    sentence_rows,
    slices_section,
    words_section,
)
from nmt_attn.reporting.page_contents import (
    AttentionMap,
    Card,
    Cell,
    Column,
    PageContents,
    Section,
    Table,
    TreeNode,
)
from nmt_attn.reporting.run_sections import configuration_section, data_section, training_section
from nmt_attn.reporting.sweep_section import sweep_section
from nmt_attn.runs.directory import RunDirectory
from nmt_attn.runs.summary import summarise
from nmt_attn.text.tokenizer import SPACE
from nmt_attn.version import __version__

_NEAREST_SHOWN = 20


def report_contents(run: RunDirectory, trial: Trial, study: Study) -> PageContents:
    """Put together what the page shows.

    Args:
        run: the run.
        trial: its model and the sentences.
        study: what was found in its translations.
    """
    name, config = run.path.resolve().name, trial.config
    system = System(name, study.evaluation.scores, study.analysis)
    compute = trial.translator.compute
    place = f"{compute.device} in {compute.precision}, {study.evaluation.sentences_per_second:,.0f} sentences/s"
    sections = [
        training_section(run, summarise(run.path), config, place),
        *([] if trial.data is None else [data_section(trial.data.manifest)]),
        Section("scores", "Scores", _score_note(study), [scores_table([system])]),
        slices_section([system]),
        words_section([system]),
        omissions_section([system]),
        ngrams_section([system]),
        *([_nearness(study)] if study.nearest else []),
        _robustness(study),
        *([] if (sweep := sweep_section(run)) is None else [sweep]),
        configuration_section(config),
    ]
    count = len(study.evaluation.found)
    languages = (config.data.source_lang, config.data.target_lang)
    numbers = [place + 1 for place in trial.sentences.places]
    return PageContents(
        title=name,
        subtitle=f"{trial.model} on {trial.sentences.name}: {count:,} sentences, {languages[0]} to {languages[1]}",
        systems=[name],
        cards=_cards(study),
        sections=sections,
        sentences=sentence_rows(study.test, [system], numbers),
        attention=[_attention(one, numbers[one.place]) for one in study.closer],
        languages=languages,
        footer=f"nmt {__version__}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        notes=_notes(trial, study),
    )


def _score_note(study: Study) -> str:
    return (
        f"The intervals hold the score of 95 of 100 samples of sentences like these. The model finds the references as "
        f"likely as one in {study.evaluation.perplexity:.2f} at each token (perplexity)."
    )


def _notes(trial: Trial, study: Study) -> list[str]:
    notes = []
    if trial.data is None:
        notes.append("The sentences are files of yours, so nothing is known of how near they are to the training part.")
    if len(study.evaluation.found) < 100:
        notes.append("Fewer than 100 sentences: all figures are rough.")
    return notes


def _cards(study: Study) -> list[Card]:
    evaluation = study.evaluation
    cards = [_card(name, score) for name, score in evaluation.scores.named.items()]
    cards.append(Card("perplexity", f"{evaluation.perplexity:.2f}", "", "of the references, a token of the model"))
    ratio = evaluation.scores.length_ratio
    if ratio is not None:
        cards.append(Card("length ratio", f"{ratio:.3f}", "", "words for each word of the references"))
    return cards


def _card(name: str, score: Score) -> Card:
    if score.score is None:
        return Card(name, "n/a", "", score.reason or "")
    interval = "" if score.interval is None else f"{score.interval[0]:.1f} to {score.interval[1]:.1f}"
    percent = " %" if name == "exact" else ""
    return Card(name, f"{score.score:.1f}{percent}", interval, score.signature)


def _nearness(study: Study) -> Section:
    """Show how near the test sentences are to the training part."""
    groups: dict[str, list[int]] = defaultdict(list)
    for place, one in enumerate(study.nearest):
        groups[level(one.similarity)].append(place)
    chrf = study.analysis.statistics.chrf_of_each
    rows: list[list[Cell]] = [
        [name, len(groups[name]), float(chrf[groups[name]].mean()) if groups[name] else None] for _, name in LEVELS
    ]
    order = sorted(range(len(study.nearest)), key=lambda place: -study.nearest[place].similarity)[:_NEAREST_SHOWN]
    trained = study.test.trained.sources
    nearest: list[list[Cell]] = [
        [study.nearest[place].similarity, study.test.sources[place], trained[study.nearest[place].train]]
        for place in order
        if study.nearest[place].train >= 0
    ]
    similarity = [Column("nearest training sentence shares"), Column("sentences", bar=True), Column("mean chrF", 1)]
    columns = [Column("in common", 2), Column("test sentence"), Column("training sentence")]
    return Section(
        "nearness",
        "How far from the training part",
        "A test sentence that is nearly in the training part says little of what was learned. What is compared are "
        "sequences of three words of the sources, without case and punctuation.",
        [
            Table("Sentences by their nearest training sentence", similarity, rows),
            Table("The nearest pairs", columns, nearest),
        ],
    )


def _robustness(study: Study) -> Section:
    rows: list[list[Cell]] = [
        [one.name, one.sentences, one.before, one.after, one.after - one.before] for one in study.changes
    ]
    columns = [
        Column("change"),
        Column("sentences"),
        Column("chrF before", 1),
        Column("after", 1),
        Column("change of chrF", 1),
    ]
    return Section(
        "robustness",
        "Small changes",
        f"Up to {SENTENCES} sources with a small change that a reader would hardly notice, translated again.",
        [Table("What a small change costs", columns, rows)],
    )


def _attention(look: CloserLook, number: int) -> AttentionMap:
    alignment = look.alignment
    weights = alignment.weights if any(map(any, alignment.weights)) else []
    return AttentionMap(
        number,
        look.why,
        [piece.replace(SPACE, " ") for piece in alignment.source],
        [piece.replace(SPACE, " ") for piece in alignment.target],
        weights,
        [_probability(log_prob) for log_prob in alignment.log_probs],
        [_node(one) for one in look.tree],
    )


def _probability(log_prob: float) -> float:
    return math.exp(min(0.0, log_prob))


def _node(token: TreeToken) -> TreeNode:
    state = "chosen" if token.chosen else "ended" if token.ended else "dropped" if token.last else "followed"
    return TreeNode(token.parent, token.text, token.probability, token.log_prob, state)  # type: ignore[arg-type]
