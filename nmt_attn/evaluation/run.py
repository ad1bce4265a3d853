"""The work of ``nmt eval``: find the model and the sentences, evaluate, report."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from nmt_attn.config.loading import load_config, refuse_other_keys
from nmt_attn.config.schema import Config
from nmt_attn.corpus.dataset import Dataset, HeldOut
from nmt_attn.corpus.read import read_parallel
from nmt_attn.decoding.translator import Translator
from nmt_attn.errors import InputError, UserError
from nmt_attn.evaluation.comet import Comet
from nmt_attn.evaluation.evaluate import evaluate
from nmt_attn.evaluation.hypothesis_file import score_hypotheses
from nmt_attn.evaluation.labels_run import report_labels
from nmt_attn.evaluation.request import EvaluationReport, EvaluationRequest
from nmt_attn.evaluation.scores import Scorer
from nmt_attn.evaluation.splits import SPLIT_KEYS, data_of, nothing_to_score, split_name
from nmt_attn.evaluation.translation_report import Report, Sentences
from nmt_attn.progress import Stages, Unseen
from nmt_attn.runs.directory import ModelPath, find_model
from nmt_attn.runs.origin import inherit
from nmt_attn.text.normalise import Normaliser, tidy

FILE_KEYS = ("decoding", "evaluation", "data.target_lang")
"""Keys that can be set for an evaluation; the language decides how texts are cut into words."""


FILE_OPTIONS = "--source FILE --reference FILE"
"""Options that name sentences instead of those of the prepared data."""


def report(request: EvaluationRequest, stages: Stages = Unseen) -> EvaluationReport:
    """Evaluate a model on the examples of a request; ``stages`` shows how far it is.

    Raises:
        InputError: a model, a split or a file is missing, files differ in length, or nothing in them can be scored.
        UserError: the split is empty, BLEU's tokenizer is not available, or a wish is for another task.
    """
    if request.hypothesis is not None:
        return score_hypotheses(request, stages)
    runs = [find_model(model) for model in request.models or (None,)]
    config = load_config(request.config or runs[0].run.config_file, request.overrides)
    if request.config is not None and config.training.from_run is not None:  # it need not say what is taken over
        config = inherit(config, load_config(runs[0].run.config_file), str(runs[0].run.path))
    if config.task == "classification":
        return report_labels(request, config, runs, stages)
    if request.remove_words is not None:
        raise UserError("--remove-words is for a classifier, and this run translates; leave it out")
    return _report_translations(request, config, runs, stages)


@dataclass(frozen=True)
class Trial:
    """Everything that an evaluation of translations needs."""

    translator: Translator
    scorer: Scorer
    sentences: Sentences
    config: Config
    model: str  # its checkpoints
    data: Dataset | None  # that the sentences are a split of; None: they are the user's files


def prepare_trial(request: EvaluationRequest, config: Config, runs: Sequence[ModelPath]) -> Trial:
    """Load the model and the sentences of a request.

    Raises:
        InputError: a model, a split or a file is missing, files differ in length, or nothing in them can be scored.
        UserError: the split is empty, or BLEU's tokenizer is not available.
    """
    of_files = request.source is not None or bool(request.references)
    refuse_other_keys(
        request.overrides, FILE_KEYS if of_files else (*FILE_KEYS, *SPLIT_KEYS), "the evaluation of a trained model"
    )
    data = None if of_files else data_of(split_name(request.split), config, runs, FILE_OPTIONS)
    sentences = None if data is None else _of_split(request.split, config, data)
    checkpoints = [found.checkpoint for found in runs]
    translator = Translator.load(checkpoints, device=request.device, decoding=config.decoding)
    scorer = Scorer(
        language=config.data.target_lang,
        lowercase=translator.tokenizer.lowercase,
        tokenize=config.evaluation.tokenize,
    )
    sentences = sentences or _of_files(request, translator.tokenizer.normaliser)
    if scorer.tokenizer.note is not None:
        print(f"note: {scorer.tokenizer.note}", file=sys.stderr)
    return Trial(translator, scorer, sentences, config, " + ".join(map(str, checkpoints)), data)


def _report_translations(
    request: EvaluationRequest, config: Config, runs: Sequence[ModelPath], stages: Stages
) -> Report:
    """Translate and score."""
    trial, comet = prepare_trial(request, config, runs), None if request.comet is None else Comet(request.comet)
    held_out = trial.sentences.held_out
    evaluation = evaluate(
        trial.translator,
        held_out.sources,
        held_out.references,
        scorer=trial.scorer,
        beam_size=request.beam_size,
        group=request.group,
        stages=stages,
    )
    found = None
    if comet is not None:
        with stages("scoring with COMET"):
            found = comet.score(held_out.sources, evaluation.translations, evaluation.references)
    return Report(evaluation, trial.model, trial.sentences, trial.data is None, found)


def _of_split(name: str, config: Config, data: Dataset) -> Sentences:
    """Return the sentences of a split."""
    split = split_name(name)
    held_out = data.held_out(split)
    if not held_out.sources:
        raise UserError(nothing_to_score(split, config, data, "sentences", FILE_OPTIONS))
    return Sentences(held_out, name, list(range(len(held_out))), len(held_out))


def _of_files(request: EvaluationRequest, normaliser: Normaliser) -> Sentences:
    """Return the lines of the user's files that have a source and a reference, as ``nmt prepare`` takes them.

    A blank line is no reference: the sentence is scored against its others. A line also counts as blank if
    normalisation leaves nothing of it, such as dots alone where punctuation is dropped.
    """
    if request.source is None or not request.references:
        raise UserError("--source and --reference go together: the sentences and their translations")
    sources: list[str] = []
    references: list[list[str]] = []
    places: list[int] = []
    count, blank_sources, blank_references = 0, 0, 0
    for line in read_parallel(request.source, request.references, lenient=True):
        source, given = tidy(line.source), [tidy(target) for target in line.targets]
        kept = [target for target in given if normaliser(target)]
        if normaliser(source) and kept:
            sources.append(source)
            references.append(kept)
            places.append(count)
            blank_references += len(given) - len(kept)
        elif not normaliser(source):
            blank_sources += 1
        count += 1
    sentences = Sentences(HeldOut(sources, references), str(request.source), places, count)
    without_reference = sentences.left_out - blank_sources
    reasons = f"{blank_sources:,} with a blank source and {without_reference:,} without a reference"
    if not sources:
        raise InputError(f"{request.source}: nothing to score, as each of its {count:,} lines is left out: {reasons}")
    if sentences.left_out:
        print(f"left out: {sentences.left_out:,} of {count:,} lines, {reasons}", file=sys.stderr)
    if blank_references:
        print(f"not counted: {blank_references:,} blank references of sentences that have others", file=sys.stderr)
    return sentences
