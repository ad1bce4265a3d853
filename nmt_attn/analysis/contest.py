"""Several systems on the same sentences: trained runs, or files of translations."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from nmt_attn.analysis.study import test_set
from nmt_attn.analysis.translations import SystemAnalysis, TestSet, TrainingText, analyse
from nmt_attn.config.loading import load_config
from nmt_attn.config.schema import Config
from nmt_attn.corpus.dataset import HeldOut
from nmt_attn.decoding.alignment import joined
from nmt_attn.errors import InputError, UserError
from nmt_attn.evaluation.evaluate import evaluate
from nmt_attn.evaluation.hypothesis_file import read_hypotheses, read_translations
from nmt_attn.evaluation.request import EvaluationRequest
from nmt_attn.evaluation.run import Trial, prepare_trial
from nmt_attn.evaluation.scores import Scorer, Scores
from nmt_attn.evaluation.significance import METRICS, PairedResult, paired_tests
from nmt_attn.progress import Counted, Stages, Unseen
from nmt_attn.runs.directory import find_model


@dataclass(frozen=True)
class Contestant:
    """A system with its translations."""

    name: str
    hypotheses: list[str]
    scores: Scores
    analysis: SystemAnalysis
    config: Config | None  # of a run


@dataclass(frozen=True)
class Contest:
    """Systems on the same sentences; the first is the baseline."""

    test: TestSet
    numbers: list[int]  # of the line that each sentence stands in, from 1
    systems: list[Contestant]
    tests: list[list[PairedResult]]  # for each system but the first, by metric
    name: str  # of the sentences
    has_sources: bool


@dataclass(frozen=True)
class _Field:
    """The sentences that systems are compared on."""

    test: TestSet
    scorer: Scorer
    held_out: HeldOut
    numbers: list[int]
    lines: int  # of the file that they come from
    name: str


def contest(systems: Sequence[Path], request: EvaluationRequest, *, stages: Stages = Unseen) -> Contest:
    """Let systems translate the same sentences, and compare the results with those of the first.

    Args:
        systems: runs, checkpoints in them, or files of translations, at least two.
        request: the sentences, and how they are scored.
        stages: shows how far it is.

    Raises:
        InputError: a run or a file is missing, or files differ in length.
        UserError: the systems have no sentences in common, or cannot be compared for another reason.
    """
    runs = [path for path in systems if path.is_dir() or not path.exists()]  # of what is missing a run says so
    trials = {path: _trial(path, request) for path in runs}
    field = _of_trials(list(trials.items())) if trials else _of_files(systems[0], request)
    names = _names(systems)
    found = []
    for path, name in zip(systems, names, strict=True):
        trial, named = trials.get(path), _of(name, stages)
        found.append(_of_file(path, name, field, named) if trial is None else _of_run(name, trial, field, named))
    metrics = [metric for metric in METRICS if all(one.scores.named[metric].score is not None for one in found)]
    tests = paired_tests(field.scorer, [one.hypotheses for one in found], field.held_out.references, metrics, stages)
    has_sources = any(field.held_out.sources)
    return Contest(field.test, field.numbers, found, tests, field.name, has_sources)


def _trial(path: Path, request: EvaluationRequest) -> Trial:
    found = find_model(path)
    config = load_config(found.run.config_file, request.overrides)
    if config.task != "translation":
        raise UserError(f"{path}: trained for {config.task}; translations are what is compared")
    return prepare_trial(request, config, [found])


def _of_trials(trials: Sequence[tuple[Path, Trial]]) -> _Field:
    """Take the sentences of the first run, which must be those of all."""
    (first_path, first), *others = trials
    for path, trial in others:
        if trial.sentences.held_out != first.sentences.held_out:
            raise UserError(
                f"{path} and {first_path} were trained on different data, whose {first.sentences.name} sentences "
                "differ; name sentences that neither has seen: --source FILE --reference FILE"
            )
        if trial.translator.tokenizer.lowercase != first.translator.tokenizer.lowercase:
            raise UserError(f"{path} and {first_path} cannot be compared: one of them lowercases, the other does not")
    numbers = [place + 1 for place in first.sentences.places]
    sentences = first.sentences
    return _Field(test_set(first), first.scorer, sentences.held_out, numbers, sentences.lines, sentences.name)


def _of_files(hypothesis: Path, request: EvaluationRequest) -> _Field:
    """Take the sentences from files of the user's."""
    if not request.references:
        raise UserError("files of translations need --reference FILE: what they are compared with")
    config = load_config(request.config, request.overrides)
    languages = (config.data.source_lang, config.data.target_lang)
    scorer = Scorer(language=languages[1], lowercase=request.lowercase, tokenize=config.evaluation.tokenize)
    lines = read_hypotheses(hypothesis, request.source, request.references)
    held_out = HeldOut(lines.sources, lines.references)
    test = TestSet.of(lines.sources, lines.references, languages, TrainingText(), lowercase=request.lowercase)
    numbers = [place + 1 for place in lines.places]
    return _Field(test, scorer, held_out, numbers, len(numbers) + lines.left_out, str(request.references[0]))


def _of(name: str, stages: Stages) -> Stages:
    """Show stages with the name of a system."""

    def of_system(label: str, total: int | None = None, unit: str = "") -> AbstractContextManager[Counted]:
        return stages(f"{name}: {label}", total, unit)

    return of_system


def _of_run(name: str, trial: Trial, field: _Field, stages: Stages) -> Contestant:
    held_out = field.held_out
    evaluation = evaluate(trial.translator, held_out.sources, held_out.references, scorer=field.scorer, stages=stages)
    with stages("reading the attention", len(held_out), "sentences") as stage:
        parts = trial.translator.align_parts(held_out.sources, evaluation.found, watch=stage.share)
    analysis = analyse(field.test, field.scorer, evaluation.translations, [joined(some) for some in parts])
    return Contestant(name, evaluation.translations, evaluation.scores, analysis, trial.config)


def _of_file(path: Path, name: str, field: _Field, stages: Stages) -> Contestant:
    lines = read_translations(path)
    if len(lines) != field.lines:
        raise InputError(f"{path} has {len(lines):,} lines, but there are {field.lines:,} in {field.name}")
    hypotheses = [lines[number - 1] for number in field.numbers]
    scores = field.scorer.scores(hypotheses, field.held_out.references, intervals=True, stages=stages)
    return Contestant(name, hypotheses, scores, analyse(field.test, field.scorer, hypotheses), None)


def _names(systems: Sequence[Path]) -> list[str]:
    """Name systems by their last part where that tells them apart, else by their path; equal ones get a number."""
    paths_of: dict[str, set[Path]] = {}
    for path in systems:
        paths_of.setdefault(path.name, set()).add(path)
    names = [path.name if len(paths_of[path.name]) == 1 else str(path) for path in systems]
    return [name if names.count(name) == 1 else f"{name} ({place})" for place, name in enumerate(names, start=1)]
