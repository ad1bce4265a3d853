"""The frozen decoder: the leaves of a step with less to compute.

Weights are in the precision of matrix products, what depends on the token alone is looked up in a table, and tanh is
made of faster functions.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from nmt_attn.device import Compute
from nmt_attn.inference.attention import FrozenAttention, SourceOfRows
from nmt_attn.inference.frozen_linear import FrozenLinear, PrecomputedEmbedding
from nmt_attn.kernels.gru import gru_forward
from nmt_attn.model.decoder import Decoder
from nmt_attn.model.recurrence import LayerState, recurrences
from nmt_attn.model.residual import has_residual
from nmt_attn.model.step import Attended, StepwiseDecoder, TokenParts


class FrozenDecoder(StepwiseDecoder[Tensor, SourceOfRows]):
    """The leaves of a decoder whose weights no longer change.

    Args:
        decoder: in evaluation mode, without layer normalisation and coverage.
        attention: the frozen one.
        compute: device and precision.
        states_bounded: whether no source state is beyond -1 and 1, as no tanh is, nor a mean of them.
    """

    def __init__(self, decoder: Decoder, attention: FrozenAttention, compute: Compute, *, states_bounded: bool) -> None:
        self.config, self.attention = decoder.config, attention
        self.layers = recurrences(decoder.layers)
        first, (size, width) = self.layers[0], decoder.embedding.weight.shape
        from_token = FrozenLinear(first.input_weight[:, :width], first.input_bias, compute)
        self.gates_of_token = PrecomputedEmbedding(decoder.embed, from_token, size)
        self.gates_of_fed: FrozenLinear | None = None
        if self.attends_first or self.feeds_readout:
            bounded = self.feeds_readout or states_bounded  # a readout is a tanh
            self.gates_of_fed = FrozenLinear(first.input_weight[:, width:], None, compute, bounded=bounded)
        self.inputs = [
            FrozenLinear(layer.input_weight, layer.input_bias, compute, bounded=not has_residual(index))
            for index, layer in enumerate(self.layers)
            if index
        ]
        self.recurrents = [
            FrozenLinear(layer.recurrent_weight, layer.recurrent_bias, compute, bounded=True) for layer in self.layers
        ]
        readout = decoder.readout
        features, bounded = readout.in_features, states_bounded and not has_residual(len(self.layers))
        self.readout_of_token: PrecomputedEmbedding | None = None
        if self.attends_first:
            features -= width
            of_token = FrozenLinear(readout.weight[:, features:], None, compute)
            self.readout_of_token = PrecomputedEmbedding(decoder.embed, of_token, size)
        self.readout = FrozenLinear(readout.weight[:, :features], readout.bias, compute, bounded=bounded)

    def tables(self) -> list[PrecomputedEmbedding]:
        """Return the tables of what depends on a token alone."""
        return [self.gates_of_token, *([] if self.readout_of_token is None else [self.readout_of_token])]

    def token_parts(self, tokens: Tensor) -> TokenParts[Tensor]:
        """See :meth:`StepwiseDecoder.token_parts`; for tokens (N)."""
        of_readout = self.readout_of_token
        return TokenParts(self.gates_of_token(tokens), None if of_readout is None else of_readout(tokens))

    def first_gates(self, token_gates: Tensor, fed: Tensor | None) -> Tensor:
        """See :meth:`StepwiseDecoder.first_gates`."""
        if fed is None or self.gates_of_fed is None:
            return token_gates
        return token_gates + self.gates_of_fed(fed)

    def upper_gates(self, index: int, below: Tensor) -> Tensor:
        """See :meth:`StepwiseDecoder.upper_gates`."""
        return self.inputs[index - 1](below)

    def recurrent_step(self, index: int, gates: Tensor, state: LayerState) -> LayerState:
        """See :meth:`StepwiseDecoder.recurrent_step`."""
        layer, hidden, recurrent = self.layers[index], state[0], self.recurrents[index](state[0])
        if layer.cell != "gru":
            return layer.cell_step(gates, recurrent, state)
        buffer = hidden.new_empty(len(hidden), 4 * layer.hidden_size)
        return (gru_forward(gates, recurrent, hidden, buffer, torch.empty_like(hidden)),)

    def attend(self, hidden: Tensor, coverage: Tensor | None, source: SourceOfRows) -> Attended[Tensor]:
        """See :meth:`StepwiseDecoder.attend`."""
        return self.attention.attend(hidden, source)

    def compute_readout(self, features: Sequence[Tensor], token: Tensor | None) -> Tensor:
        """See :meth:`StepwiseDecoder.compute_readout`; ``token`` is a part of the sum here."""
        summed = self.readout(torch.cat(tuple(features), dim=-1))
        return _tanh(summed if token is None else summed + token)


def _tanh(values: Tensor) -> Tensor:
    """Compute tanh in place, as 2 σ(2x) - 1: torch's own takes six times as long on a CPU."""
    return values.mul_(2).sigmoid_().mul_(2).sub_(1)
