"""Several networks that translate as one, by the mean of their probabilities (Sutskever et al. 2014)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from nmt_attn.model.attention import Memory
from nmt_attn.model.decoder import DecoderState, DecoderStep
from nmt_attn.model.network import Start, TranslationModel


@dataclass(frozen=True)
class _Memories(Memory):
    """The memories of all members; what is asked of it as one memory is that of the first."""

    members: tuple[Memory, ...] = ()

    @classmethod
    def of(cls, members: Sequence[Memory]) -> _Memories:
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
        return cls(members[0].layers, members[0].feed, members[0].seen, tuple(members))

    def select(self, rows: Tensor) -> _States:
        return _States.of([member.select(rows) for member in self.members])


class Ensemble(TranslationModel):
    """A network whose next token is as probable as its members think on average; its attention is their mean.

    What stands for the readouts of a network are log-probabilities (…, V) here, and the output layer leaves them as
    they are.

    Args:
        members: of the same vocabularies; their sizes and kinds may differ.
    """

    def __init__(self, members: Sequence[TranslationModel]) -> None:
        nn.Module.__init__(self)
        self.members = nn.ModuleList(members)
        self.config, self.never_written = members[0].config, members[0].never_written
        self.output = nn.Identity()  # type: ignore[assignment]

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.networks()[0].device

    def encode(self, source: Tensor, lengths: Tensor) -> Start:
        """See :meth:`TranslationModel.encode`."""
        starts = [member.encode(source, lengths) for member in self.networks()]
        return Start(_Memories.of([one.memory for one in starts]), _States.of([one.state for one in starts]))

    def forward(self, source: Tensor, source_lengths: Tensor, targets: Tensor, teacher_forcing: float = 1.0) -> Tensor:
        """See :meth:`TranslationModel.forward`: log-probabilities (B, T, V)."""
        return self._mean(
            [member.output(member(source, source_lengths, targets, teacher_forcing)) for member in self.networks()]
        )

    def step(self, tokens: Tensor, state: DecoderState, memory: Memory, owners: Tensor | None = None) -> DecoderStep:
        """See :meth:`TranslationModel.step`."""
        states, memories = cast(_States, state).members, cast(_Memories, memory).members
        steps = [
            member.step(tokens, own_state, own_memory, owners)
            for member, own_state, own_memory in zip(self.networks(), states, memories, strict=True)
        ]
        scores = [member.output(step.readout) for member, step in zip(self.networks(), steps, strict=True)]
        weights = torch.stack([step.weights for step in steps]).mean(0)
        return DecoderStep(self._mean(scores), _States.of([step.state for step in steps]), weights)

    def networks(self) -> list[TranslationModel]:
        """The members."""
        return [cast(TranslationModel, member) for member in self.members]

    @staticmethod
    def _mean(scores: list[Tensor]) -> Tensor:
        """The logarithm of the mean probabilities, (…, V), of members whose scores are (…, V) each."""
        log_probs = torch.stack([torch.log_softmax(one.float(), dim=-1) for one in scores])
        return log_probs.logsumexp(0) - math.log(len(scores))
