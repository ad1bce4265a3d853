"""The options of a search, and the hypotheses that it finds."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

from torch import Tensor

from nmt_attn.config.schema import DecodingConfig
from nmt_attn.text.tokenizer import EOS


@dataclass(frozen=True)
class Hypothesis:
    """A candidate translation as token ids."""

    tokens: list[int]  # without EOS
    log_prob: float  # of all tokens, EOS included, in nats
    score: float  # log_prob over the length penalty: what hypotheses are ranked by


@dataclass(frozen=True)
class SearchOptions:
    """The options of a search.

    Args:
        beam_size: hypotheses kept per sentence; 1 is greedy search.
        nbest: hypotheses returned per sentence, at most ``beam_size``.
        normalisation: what log-probabilities are divided by, see :meth:`normaliser`.
        length_penalty: its power, α.
        coverage_penalty: β of Wu et al. 2016; see :func:`~nmt_attn.decoding.constraints.coverage_penalties`.
        min_length_ratio: a translation has at least this many times the source's tokens.
        max_length_ratio: a translation ends at this many times the source's tokens, plus 10, its end included.
        no_repeat_ngram: so many tokens in a row are never written twice; 0: they may be.
        pruning: where only the best is wanted, hypotheses whose log-probability is so much below that of the best one
            of their sentence, running or ended, are not followed any further (absolute threshold pruning, Freitag and
            Al-Onaizan 2017), but for that of greedy search; None: all are.
        prefix: token ids that every translation begins with.
    """

    beam_size: int = 5
    nbest: int = 1
    normalisation: Literal["wu", "mean"] = "wu"
    length_penalty: float = 1.0
    coverage_penalty: float = 0.0
    min_length_ratio: float = 0.0
    max_length_ratio: float = 3.0
    no_repeat_ngram: int = 0
    pruning: float | None = None
    prefix: tuple[int, ...] = ()

    @classmethod
    def of(cls, config: DecodingConfig) -> SearchOptions:
        """Take the options from a configuration."""
        names = {field.name for field in fields(cls)} - {"nbest", "prefix"}
        return cls(**{name: getattr(config, name) for name in names})

    @property
    def plain(self) -> bool:
        """Return whether nothing but probability and length decides."""
        return not (self.coverage_penalty or self.min_length_ratio or self.no_repeat_ngram or self.prefix)

    def min_lengths(self, source_lengths: Tensor) -> Tensor:
        """Compute the fewest tokens of each translation, EOS included."""
        return (source_lengths * self.min_length_ratio).floor().long()

    def max_lengths(self, source_lengths: Tensor) -> Tensor:
        """Compute the most tokens of each translation, EOS included."""
        return (source_lengths * self.max_length_ratio).ceil().long() + 10 + len(self.prefix)

    def normaliser(self, length: int) -> float:
        """Compute what the log-probability of a hypothesis of ``length`` tokens (EOS included) is divided by.

        It is ((5 + length) / 6)^α in ``wu`` (Wu et al. 2016), length^α in ``mean``.
        """
        base = (5 + length) / 6 if self.normalisation == "wu" else length
        return float(base**self.length_penalty)


def finished(ids: list[int], log_prob: float, options: SearchOptions, penalty: float = 0.0) -> Hypothesis:
    """Make the hypothesis of ``ids``, which end with EOS or at a limit; ``penalty`` is added to its score."""
    score = log_prob / options.normaliser(len(ids)) + penalty
    return Hypothesis(ids[:-1] if ids[-1] == EOS else ids, log_prob, score)
