"""What ``nmt eval`` does: find the model and the sentences, evaluate, report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, cast

from nmt_attn.config import Config
from nmt_attn.config_file import load_config
from nmt_attn.corpus.manifest import Manifest
from nmt_attn.corpus.prepare import HeldOut, PreparedData
from nmt_attn.corpus.read import read_parallel
from nmt_attn.decoding.translator import Translator
from nmt_attn.errors import UserError
from nmt_attn.evaluation.evaluate import Evaluation, evaluate
from nmt_attn.rundir import ModelPath, find_model


@dataclass(frozen=True)
class EvaluationRequest:
    """What to evaluate, and on what."""

    models: tuple[Path, ...] = ()  # runs or checkpoints, which translate as one; none: the last
    config: Path | None = None  # instead of the run's own
    overrides: tuple[str, ...] = ()
    split: str = "test"
    source: Path | None = None  # instead of a split
    references: tuple[Path, ...] = ()
    beam_size: int | None = None
    device: str = "auto"


@dataclass(frozen=True)
class Report:
    """The figures, and on what they were made."""

    evaluation: Evaluation
    model: str
    split: str

    @property
    def translations(self) -> list[str]:
        """The translations that were scored."""
        return self.evaluation.translations

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        evaluation = self.evaluation
        scores = {
            name: {**value, "score": round(value["score"], 2)} for name, value in asdict(evaluation.scores).items()
        }
        return {
            **scores,
            "sentences": len(evaluation.translations),
            "seconds": round(evaluation.seconds, 3),
            "sentences_per_second": round(evaluation.sentences_per_second, 1),
            "model": self.model,
            "split": self.split,
        }

    def to_text(self) -> str:
        """As lines for people."""
        evaluation, scores = self.evaluation, self.evaluation.scores
        lines = [f"{self.model} on {self.split}: {len(evaluation.translations):,} sentences"]
        named = (("BLEU", scores.bleu), ("chrF", scores.chrf), ("TER", scores.ter), ("exact", scores.exact))
        for name, value in named:
            lines.append(f"{name:5} {value.score:6.2f}   {value.signature}")
        speed = evaluation.sentences_per_second
        lines.append(f"{evaluation.seconds:.1f} s, {speed:,.0f} sentences/s")
        return "\n".join(lines)


def report(request: EvaluationRequest) -> Report:
    """Evaluate.

    Raises:
        InputError: no such model, split or file, or files of unequal length.
    """
    runs = [find_model(model) for model in request.models or (None,)]
    config = load_config(request.config or runs[0].run.config_file, request.overrides)
    held_out, name = _held_out(request, config, runs)
    checkpoints = [found.checkpoint for found in runs]
    translator = Translator.load(checkpoints, device=request.device, decoding=config.decoding)
    evaluation = evaluate(
        translator,
        held_out.sources,
        held_out.references,
        language=config.data.target_lang,
        beam_size=request.beam_size,
    )
    return Report(evaluation, " + ".join(map(str, checkpoints)), name)


def _held_out(request: EvaluationRequest, config: Config, runs: Sequence[ModelPath]) -> tuple[HeldOut, str]:
    """The sentences to translate and what they are called."""
    if request.source is None and not request.references:
        if request.split not in ("test", "valid"):
            raise UserError(f"--split {request.split}: must be test or valid")
        split = cast(Literal["test", "valid"], request.split)
        data = PreparedData.open(config.data_directory)
        for found in runs:
            if not data.manifest.same_data_as(Manifest.load(found.run.path)):
                raise UserError(
                    f"{data.directory} is not the data that {found.run.path} was trained on, which may hold sentences "
                    f"of its {split} split; to score on them all the same, name the files with --source and --reference"
                )
        return data.held_out(split), request.split
    if request.source is None or not request.references:
        raise UserError("--source and --reference go together: the sentences and their translations")
    lines = list(read_parallel(request.source, request.references, lenient=True))
    return HeldOut([line.source for line in lines], [line.targets for line in lines]), str(request.source)
