"""Several networks that translate as one, by the mean of their probabilities (Sutskever et al. 2014)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from nmt_attn.model.attention import EncodedSource
from nmt_attn.model.decoder import DecoderState, DecoderStep
from nmt_attn.model.network import DecodingStart, TranslationModel


@dataclass(frozen=True)
class _Memories(EncodedSource):
    """The encoded sources of all members; read as a single one, it is that of the first."""

    members: tuple[EncodedSource, ...] = ()

    @classmethod
    def of(cls, members: Sequence[EncodedSource]) -> _Memories:
        first = members[0]
        return cls(first.states, first.keys, first.mask, first.fertility, tuple(members))

    def select(self, rows: Tensor) -> _Memories:
        return _Memories.of([member.select(rows) for member in self.members])


@dataclass(frozen=True)
class _States(DecoderState):
    """The decoder states of all members."""

    members: tuple[DecoderState, ...] = ()

    @classmethod
    def of(cls, members: Sequence[DecoderState]) -> _States:
        return cls(members[0].layers, members[0].feed, members[0].coverage, tuple(members))

    def select(self, rows: Tensor) -> _States:
        return _States.of([member.select(rows) for member in self.members])


class Ensemble(TranslationModel):
    """A network whose next token is as probable as its members think on average; its attention is their mean.

    Its readouts are log-probabilities (…, V), and its output layer leaves them as they are.

    Args:
        members: of the same vocabularies; their sizes and kinds may differ.
    """

    def __init__(self, members: Sequence[TranslationModel]) -> None:
        nn.Module.__init__(self)
        self.members = nn.ModuleList(members)
        self.config, self.suppressed_tokens = members[0].config, members[0].suppressed_tokens
        self.output = nn.Identity()  # type: ignore[assignment]

    @property
    def device(self) -> torch.device:
        """The device of the weights."""
        return self.networks()[0].device

    def encode(self, source: Tensor, lengths: Tensor) -> DecodingStart:
        """See :meth:`TranslationModel.encode`."""
        starts = [member.encode(source, lengths) for member in self.networks()]
        return DecodingStart(_Memories.of([one.encoded for one in starts]), _States.of([one.state for one in starts]))

    def forward(self, source: Tensor, source_lengths: Tensor, targets: Tensor, teacher_forcing: float = 1.0) -> Tensor:
        """See :meth:`TranslationModel.forward`; the readouts are log-probabilities (B, T, V)."""
        return self._mean(
            [member.output(member(source, source_lengths, targets, teacher_forcing)) for member in self.networks()]
        )

    def step(
        self, tokens: Tensor, state: DecoderState, encoded: EncodedSource, sentence_of_row: Tensor | None = None
    ) -> DecoderStep:
        """See :meth:`TranslationModel.step`."""
        states, memories = cast(_States, state).members, cast(_Memories, encoded).members
        steps = [
            member.step(tokens, own_state, own_memory, sentence_of_row)
            for member, own_state, own_memory in zip(self.networks(), states, memories, strict=True)
        ]
        scores = [member.output(step.readout) for member, step in zip(self.networks(), steps, strict=True)]
        weights = torch.stack([step.weights for step in steps]).mean(0)
        return DecoderStep(self._mean(scores), _States.of([step.state for step in steps]), weights)

    def networks(self) -> list[TranslationModel]:
        """Return the members."""
        return [cast(TranslationModel, member) for member in self.members]

    @staticmethod
    def _mean(scores: list[Tensor]) -> Tensor:
        """Compute the logarithm of the mean probabilities, (…, V), of members whose scores are (…, V) each."""
        log_probs = torch.stack([torch.log_softmax(one.float(), dim=-1) for one in scores])
        return log_probs.logsumexp(0) - math.log(len(scores))
