"""The results of an evaluation of translations, for people and for programs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nmt_attn.corpus.dataset import HeldOut
from nmt_attn.evaluation.comet import CometScore
from nmt_attn.evaluation.evaluate import Evaluation
from nmt_attn.evaluation.scores import Score, Scores

JSON_NAMES = {"BLEU": "bleu", "chrF": "chrf", "chrF++": "chrf++", "TER": "ter", "exact": "exact"}
"""Keys of the scores in JSON."""


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
    comet: CometScore | None = None

    @property
    def output_lines(self) -> list[str]:
        """One line per line of the source; an empty one where the line was left out."""
        lines = [""] * self.sentences.lines
        for place, translation in zip(self.sentences.places, self.evaluation.translations, strict=True):
            lines[place] = translation
        return lines

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain values."""
        evaluation = self.evaluation
        return {
            **scores_as_values(evaluation.scores),
            **({} if self.comet is None else {"comet": self.comet.to_json()}),
            "perplexity": round(evaluation.perplexity, 3),
            "sentences": len(evaluation.translations),
            **({"left_out": self.sentences.left_out} if self.of_files else {}),
            "seconds": round(evaluation.seconds, 3),
            "sentences_per_second": round(evaluation.sentences_per_second, 1),
            "model": self.model,
            "split": self.sentences.name,
        }

    def to_text(self) -> str:
        """Return the report as lines for people to read."""
        evaluation = self.evaluation
        left_out = f", {self.sentences.left_out:,} left out" if self.sentences.left_out else ""
        lines = [f"{self.model} on {self.sentences.name}: {len(evaluation.translations):,} sentences{left_out}"]
        lines += scores_as_lines(evaluation.scores)
        lines += [] if self.comet is None else [self.comet.to_text()]
        lines.append(f"perplexity of the references {evaluation.perplexity:.2f}")
        speed = evaluation.sentences_per_second
        lines.append(f"{evaluation.seconds:.1f} s, {speed:,.0f} sentences/s")
        return "\n".join(lines)


@dataclass(frozen=True)
class HypothesesReport:
    """The scores of given translations."""

    scores: Scores
    name: str  # of their file
    sentences: int
    left_out: int  # lines without a reference
    comet: CometScore | None = None

    @property
    def output_lines(self) -> list[str]:
        """Nothing: the translations are in a file already."""
        return []

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain values."""
        return {
            **scores_as_values(self.scores),
            **({} if self.comet is None else {"comet": self.comet.to_json()}),
            "sentences": self.sentences,
            "left_out": self.left_out,
            "hypothesis": self.name,
        }

    def to_text(self) -> str:
        """Return the report as lines for people to read."""
        left_out = f", {self.left_out:,} left out" if self.left_out else ""
        lines = [f"{self.name}: {self.sentences:,} sentences{left_out}", *scores_as_lines(self.scores)]
        return "\n".join([*lines, *([] if self.comet is None else [self.comet.to_text()])])


def scores_as_values(scores: Scores) -> dict[str, Any]:
    """Return scores as values for JSON: null with a reason where there is none."""
    ratio = scores.length_ratio
    of_names = {JSON_NAMES[name]: _as_values(score) for name, score in scores.named.items()}
    return {**of_names, "length_ratio": None if ratio is None else round(ratio, 4)}


def scores_as_lines(scores: Scores) -> list[str]:
    """Return a line for each score, with its interval and its signature, and one for the length ratio."""
    lines = [_as_line(name, score) for name, score in scores.named.items()]
    ratio = "n/a" if scores.length_ratio is None else f"{scores.length_ratio:.3f}"
    return [*lines, f"length ratio {ratio} (words for each word of the references)"]


def _as_values(score: Score) -> dict[str, Any]:
    if score.score is None:
        return {"score": None, "signature": score.signature, "reason": score.reason}
    interval = None if score.interval is None else [round(end, 2) for end in score.interval]
    return {"score": round(score.score, 2), "interval": interval, "signature": score.signature}


def _as_line(name: str, score: Score) -> str:
    if score.score is None:
        return f"{name:6} {'n/a':>6}: {score.reason}   {score.signature}".rstrip()
    interval = "" if score.interval is None else f"({score.interval[0]:.2f} to {score.interval[1]:.2f})"
    return f"{name:6} {score.score:6.2f}  {interval:18} {score.signature}"
