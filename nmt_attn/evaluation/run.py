"""The work of ``nmt eval``: find the model and the sentences, evaluate, report."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nmt_attn.config.loading import load_config, refuse_other_keys
from nmt_attn.config.schema import Config
from nmt_attn.corpus.dataset import HeldOut
from nmt_attn.corpus.read import read_parallel
from nmt_attn.decoding.translator import Translator
from nmt_attn.errors import InputError, UserError
from nmt_attn.evaluation.evaluate import Evaluation, evaluate
from nmt_attn.evaluation.labels_run import report_labels
from nmt_attn.evaluation.request import EvaluationReport, EvaluationRequest
from nmt_attn.evaluation.scores import Score, Scorer
from nmt_attn.evaluation.splits import SPLIT_KEYS, data_of, nothing_to_score, split_name
from nmt_attn.runs.directory import ModelPath, find_model
from nmt_attn.runs.origin import inherit
from nmt_attn.text.normalise import Normaliser, tidy

FILE_KEYS = ("decoding", "evaluation", "data.target_lang")
"""Keys that can be set for an evaluation; the language decides how texts are cut into words."""


FILE_OPTIONS = "--source FILE --reference FILE"
"""Options that name sentences instead of those of the prepared data."""


@dataclass(frozen=True)
class Sentences:
    """The sentences that are translated and scored."""

    held_out: HeldOut
    name: str
    places: list[int]  # of each sentence among the lines that it comes from
    lines: int

    @property
    def left_out(self) -> int:
        """The number of lines that have no source or no reference."""
        return self.lines - len(self.places)


@dataclass(frozen=True)
class Report:
    """The results of an evaluation, with the model and the sentences that they belong to."""

    evaluation: Evaluation
    model: str
    sentences: Sentences
    of_files: bool  # of the user's, instead of a split that prepare has put right

    @property
    def output_lines(self) -> list[str]:
        """One line per line of the source; an empty one where the line was left out."""
        lines = [""] * self.sentences.lines
        for place, translation in zip(self.sentences.places, self.evaluation.translations, strict=True):
            lines[place] = translation
        return lines

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain values."""
        evaluation, scores = self.evaluation, self.evaluation.scores
        named = {"bleu": scores.bleu, "chrf": scores.chrf, "ter": scores.ter, "exact": scores.exact}
        return {
            **{name: _as_values(score) for name, score in named.items()},
            "sentences": len(evaluation.translations),
            **({"left_out": self.sentences.left_out} if self.of_files else {}),
            "seconds": round(evaluation.seconds, 3),
            "sentences_per_second": round(evaluation.sentences_per_second, 1),
            "model": self.model,
            "split": self.sentences.name,
        }

    def to_text(self) -> str:
        """Return the report as lines for people to read."""
        evaluation, scores = self.evaluation, self.evaluation.scores
        left_out = f", {self.sentences.left_out:,} left out" if self.sentences.left_out else ""
        lines = [f"{self.model} on {self.sentences.name}: {len(evaluation.translations):,} sentences{left_out}"]
        named = (("BLEU", scores.bleu), ("chrF", scores.chrf), ("TER", scores.ter), ("exact", scores.exact))
        lines += [_as_line(name, score) for name, score in named]
        speed = evaluation.sentences_per_second
        lines.append(f"{evaluation.seconds:.1f} s, {speed:,.0f} sentences/s")
        return "\n".join(lines)


def _as_values(score: Score) -> dict[str, Any]:
    """Return a score as values for JSON: null with a reason where there is none."""
    if score.score is None:
        return {"score": None, "signature": score.signature, "reason": score.reason}
    return {"score": round(score.score, 2), "signature": score.signature}


def _as_line(name: str, score: Score) -> str:
    if score.score is None:
        return f"{name:5} {'n/a':>6}: {score.reason}   {score.signature}".rstrip()
    return f"{name:5} {score.score:6.2f}   {score.signature}"


def report(request: EvaluationRequest) -> EvaluationReport:
    """Evaluate a model on the examples of a request.

    Raises:
        InputError: a model, a split or a file is missing, files differ in length, or nothing in them can be scored.
        UserError: the split is empty, BLEU's tokenizer is not available, or a wish is for another task.
    """
    runs = [find_model(model) for model in request.models or (None,)]
    config = load_config(request.config or runs[0].run.config_file, request.overrides)
    if request.config is not None and config.training.from_run is not None:  # it need not say what is taken over
        config = inherit(config, load_config(runs[0].run.config_file), str(runs[0].run.path))
    if config.task == "classification":
        return report_labels(request, config, runs)
    if request.remove_words is not None:
        raise UserError("--remove-words is for a classifier, and this run translates; leave it out")
    return _report_translations(request, config, runs)


def _report_translations(request: EvaluationRequest, config: Config, runs: Sequence[ModelPath]) -> Report:
    """Translate and score."""
    of_files = request.source is not None or bool(request.references)
    refuse_other_keys(
        request.overrides, FILE_KEYS if of_files else (*FILE_KEYS, *SPLIT_KEYS), "the evaluation of a trained model"
    )
    splits = None if of_files else _of_split(request.split, config, runs)
    checkpoints = [found.checkpoint for found in runs]
    translator = Translator.load(checkpoints, device=request.device, decoding=config.decoding)
    scorer = Scorer(
        language=config.data.target_lang,
        lowercase=translator.tokenizer.lowercase,
        tokenize=config.evaluation.tokenize,
    )
    sentences = splits or _of_files(request, translator.tokenizer.normaliser)
    if scorer.tokenizer.note is not None:
        print(f"note: {scorer.tokenizer.note}", file=sys.stderr)
    held_out = sentences.held_out
    evaluation = evaluate(translator, held_out.sources, held_out.references, scorer=scorer, beam_size=request.beam_size)
    return Report(evaluation, " + ".join(map(str, checkpoints)), sentences, of_files)


def _of_split(name: str, config: Config, runs: Sequence[ModelPath]) -> Sentences:
    """Return the sentences of a split of the data that all runs were trained on."""
    split = split_name(name)
    data = data_of(split, config, runs, FILE_OPTIONS)
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
