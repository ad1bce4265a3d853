"""What a search asks of a model, be it one network, a frozen one or several that translate as one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn


class SourceBatch(Protocol):
    """An encoded batch of sentences; what else it holds only its model knows."""

    @property
    def mask(self) -> Tensor:
        """True on real positions, (B, S)."""
        ...

    def select(self, rows: Tensor) -> SourceBatch:
        """Return the sentences ``rows``, which may repeat."""
        ...


class StateBatch(Protocol):
    """The decoder's state for some rows; what it holds only its model knows."""

    def select(self, rows: Tensor) -> StateBatch:
        """Return the rows ``rows``, which may repeat."""
        ...


@dataclass(frozen=True)
class DecodingStart:
    """Everything that decoding a batch begins with."""

    encoded: SourceBatch
    state: StateBatch


@dataclass(frozen=True)
class DecodingStep:
    """The result of one step."""

    readout: Tensor  # (B, K, R)
    state: StateBatch
    weights: Tensor  # (B, K, S): the attention of this step


class DecodableModel(nn.Module, ABC):
    """A model that reads a batch of sentences and writes their translations token by token."""

    suppressed_tokens: list[int]
    """Tokens that a translation does not hold."""

    @property
    @abstractmethod
    def device(self) -> torch.device:
        """The device of the weights."""

    @property
    @abstractmethod
    def attends(self) -> bool:
        """Whether the weights of a step are those of an attention, and not all 0."""

    @abstractmethod
    def encode(self, source: Tensor, lengths: Tensor) -> DecodingStart:
        """Read source sentences: ids (B, S) padded at the end, with their real lengths (B), best on the CPU."""

    @abstractmethod
    def step(self, tokens: Tensor, state: Any, encoded: Any, sentence_of_row: Tensor | None = None) -> DecodingStep:
        """Take one decoding step.

        Args:
            tokens: (B, K), K hypotheses per sentence, or (N, 1) with ``sentence_of_row``.
            state: of B·K, or N, rows, sentence by sentence; from this model.
            encoded: of B sentences; from this model.
            sentence_of_row: the sentence of each row, (N).
        """

    @abstractmethod
    def logits(self, readouts: Tensor) -> Tensor:
        """Compute the logits of the next token, (…, R) to (…, V)."""

    def next_logits(self, readouts: Tensor) -> Tensor:
        """Compute :meth:`logits` in fp32; those of ``suppressed_tokens`` are -inf."""
        return suppressed(self.logits(readouts).float(), self.suppressed_tokens)


def suppressed(scores: Tensor, tokens: Sequence[int]) -> Tensor:
    """Set some tokens to -inf in scores (…, V), in place. One by one, since a list would have to go to a GPU first."""
    for token in tokens:
        scores[..., token] = -torch.inf
    return scores
