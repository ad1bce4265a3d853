"""The study of a model: its translations of a test set, and everything that can be told from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from nmt_attn.analysis.nearness import Nearest
from nmt_attn.analysis.robustness import Change, robustness
from nmt_attn.analysis.search_trees import TreeToken, search_tree
from nmt_attn.analysis.translations import SystemAnalysis, TestSet, TrainingText, analyse, chosen_sentences
from nmt_attn.decoding.alignment import Alignment, joined
from nmt_attn.evaluation.evaluate import Evaluation, evaluate
from nmt_attn.evaluation.run import Trial


@dataclass(frozen=True)
class CloserLook:
    """A sentence whose attention and search are shown."""

    place: int  # among the sentences
    why: str
    alignment: Alignment  # in pieces
    tree: list[TreeToken]  # empty where the sentence was translated in parts


@dataclass(frozen=True)
class Study:
    """A model's translations of a test set, and what was found in them."""

    test: TestSet
    evaluation: Evaluation
    analysis: SystemAnalysis
    nearest: list[Nearest]  # of each sentence; empty without the training part
    changes: list[Change]
    closer: list[CloserLook]


def test_set(trial: Trial) -> TestSet:
    """Take the sentences of a trial, and the training part where they are a split of prepared data."""
    held_out, config = trial.sentences.held_out, trial.config
    trained = TrainingText() if trial.data is None else TrainingText(*trial.data.train_text())
    languages = (config.data.source_lang, config.data.target_lang)
    lowercase = trial.translator.tokenizer.lowercase
    return TestSet.of(held_out.sources, held_out.references, languages, trained, lowercase=lowercase)


def study(trial: Trial, *, beam_size: int | None = None, progress: Callable[[str], None] = lambda stage: None) -> Study:
    """Translate, and look at the result from all sides.

    Args:
        trial: model and sentences.
        beam_size: instead of the configured one.
        progress: told what is done next.
    """
    held_out, translator = trial.sentences.held_out, trial.translator
    progress("translating")
    evaluation = evaluate(translator, held_out.sources, held_out.references, scorer=trial.scorer, beam_size=beam_size)
    progress("reading the attention")
    parts = translator.align_parts(held_out.sources, evaluation.found)
    alignments = [joined(some) for some in parts]
    progress("counting words")
    test = test_set(trial)
    analysis = analyse(test, trial.scorer, evaluation.translations, alignments)
    progress("looking for near training sentences")
    nearest = test.nearest() if test.trained else []
    progress("changing sources a little")
    changes = robustness(
        lambda texts: translator.translate(texts, beam_size=beam_size),
        trial.scorer,
        held_out.sources,
        evaluation.translations,
        held_out.references,
    )
    progress("searching again, step by step")
    closer = []
    for place, why in chosen_sentences(analysis.statistics):
        whole = evaluation.found[place].parts == 1
        tree = search_tree(translator, held_out.sources[place]) if whole else []
        closer.append(CloserLook(place, why, alignments[place], tree))
    return Study(test, evaluation, analysis, nearest, changes, closer)
