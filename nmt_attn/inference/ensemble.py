"""Several networks that translate as one, by the mean of their probabilities (Sutskever et al. 2014)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from nmt_attn.model.decodable import DecodableModel, DecodingStart, DecodingStep, SourceBatch, StateBatch


@dataclass(frozen=True)
class EnsembleSource:
    """A batch as each member has encoded it."""

    members: tuple[SourceBatch, ...]

    @property
    def mask(self) -> Tensor:
        """True on real positions, (B, S)."""
        return self.members[0].mask

    def select(self, rows: Tensor) -> EnsembleSource:
        """Return the sentences ``rows``, which may repeat."""
        return EnsembleSource(tuple(member.select(rows) for member in self.members))


@dataclass(frozen=True)
class EnsembleState:
    """The decoder's state of each member."""

    members: tuple[StateBatch, ...]

    def select(self, rows: Tensor) -> EnsembleState:
        """Return the rows ``rows``, which may repeat."""
        return EnsembleState(tuple(member.select(rows) for member in self.members))


class Ensemble(DecodableModel):
    """A model whose next token is as probable as its members think on average; its attention is their mean.

    Its readouts are log-probabilities, (…, V), and so are its logits.

    Args:
        members: of the same vocabularies; their sizes and kinds may differ.
    """

    def __init__(self, members: Sequence[DecodableModel]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)
        self.suppressed_tokens = members[0].suppressed_tokens

    @property
    def device(self) -> torch.device:
        """The device of the weights."""
        return self.networks()[0].device

    @property
    def attends(self) -> bool:
        """See :attr:`DecodableModel.attends`."""
        return any(member.attends for member in self.networks())

    def encode(self, source: Tensor, lengths: Tensor) -> DecodingStart:
        """See :meth:`DecodableModel.encode`."""
        starts = [member.encode(source, lengths) for member in self.networks()]
        return DecodingStart(
            EnsembleSource(tuple(start.encoded for start in starts)),
            EnsembleState(tuple(start.state for start in starts)),
        )

    def forward(self, source: Tensor, source_lengths: Tensor, targets: Tensor) -> Tensor:
        """See :meth:`nmt_attn.model.network.TranslationModel.forward`: log-probabilities (B, T, V)."""
        return self._mean([member.logits(member(source, source_lengths, targets)) for member in self.networks()])

    def step(
        self, tokens: Tensor, state: EnsembleState, encoded: EnsembleSource, sentence_of_row: Tensor | None = None
    ) -> DecodingStep:
        """See :meth:`DecodableModel.step`."""
        steps = [
            member.step(tokens, own_state, own_source, sentence_of_row)
            for member, own_state, own_source in zip(self.networks(), state.members, encoded.members, strict=True)
        ]
        logits = [member.logits(step.readout) for member, step in zip(self.networks(), steps, strict=True)]
        weights = torch.stack([step.weights for step in steps]).mean(0)
        return DecodingStep(self._mean(logits), EnsembleState(tuple(step.state for step in steps)), weights)

    def logits(self, readouts: Tensor) -> Tensor:
        """See :meth:`DecodableModel.logits`."""
        return readouts

    def networks(self) -> list[DecodableModel]:
        """Return the members."""
        return [cast(DecodableModel, member) for member in self.members]

    @staticmethod
    def _mean(logits: list[Tensor]) -> Tensor:
        """Compute the logarithm of the mean probabilities, (…, V), of members whose logits are (…, V) each."""
        log_probs = torch.stack([torch.log_softmax(one.float(), dim=-1) for one in logits])
        return log_probs.logsumexp(0) - math.log(len(logits))
