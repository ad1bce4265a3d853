"""The study of a model: its translations of a test set, and everything that can be told from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nmt_attn.analysis.nearness import Nearest
from nmt_attn.analysis.robustness import Change, robustness
from nmt_attn.analysis.search_trees import TreeToken, search_trees
from nmt_attn.analysis.translations import SystemAnalysis, TestSet, TrainingText, analyse, chosen_sentences
from nmt_attn.decoding.alignment import Alignment, joined
from nmt_attn.evaluation.evaluate import Evaluation, evaluate
from nmt_attn.evaluation.run import Trial
from nmt_attn.progress import Stages, Unseen, Watch


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


def study(trial: Trial, *, beam_size: int | None = None, stages: Stages = Unseen) -> Study:
    """Translate, and look at the result from all sides.

    Args:
        trial: model and sentences.
        beam_size: instead of the configured one.
        stages: shows how far it is.
    """
    held_out, translator = trial.sentences.held_out, trial.translator
    evaluation = evaluate(
        translator, held_out.sources, held_out.references, scorer=trial.scorer, beam_size=beam_size, stages=stages
    )
    with stages("reading the attention", len(held_out), "sentences") as stage:
        parts = translator.align_parts(held_out.sources, evaluation.found, watch=stage.share)
    alignments = [joined(some) for some in parts]
    with stages("counting words"):
        test = test_set(trial)
        analysis = analyse(test, trial.scorer, evaluation.translations, alignments)
    nearest = test.nearest(stages) if test.trained else []

    def translate(texts: Sequence[str], watch: Watch) -> list[str]:
        return translator.translate(texts, beam_size=beam_size, watch=watch)

    changes = robustness(translate, trial.scorer, held_out.sources, analysis.statistics, held_out.references, stages)
    chosen = chosen_sentences(analysis.statistics)
    whole = [place for place, _ in chosen if evaluation.found[place].parts == 1]
    with stages("searching again, step by step"):
        trees = dict(zip(whole, search_trees(translator, [held_out.sources[place] for place in whole]), strict=True))
    closer = [CloserLook(place, why, alignments[place], trees.get(place, [])) for place, why in chosen]
    return Study(test, evaluation, analysis, nearest, changes, closer)
