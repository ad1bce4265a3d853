"""Recurrent layers: a whole sequence in one call, or a step at a time, with the same weights.

``Recurrence`` wraps one layer of :class:`torch.nn.GRU` or :class:`torch.nn.LSTM`. On a GPU a sequence goes to cuDNN.
On a CPU a GRU goes to :func:`gru_sequence`, which computes the same thing with its own backward: the matrix products
with the recurrent weights are made step by step, everything else once for the whole sequence. Layer normalisation and
recurrent dropout happen inside a step, so with them a sequence is computed step by step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, cast

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from nmt_attn.config.schema import ModelConfig
from nmt_attn.kernels.dropout import dropout_mask
from nmt_attn.kernels.gru import gru_sequence, gru_step
from nmt_attn.kernels.lstm import has_bf16_lstm, lstm_step
from nmt_attn.kernels.matmul import linear

LayerState = tuple[Tensor, ...]
"""The state of one layer: ``(h,)`` for a GRU, ``(h, c)`` for an LSTM; each (B, H).

While training with recurrent dropout, the mask of the sequence (B, H) comes last.
"""


@dataclass(frozen=True)
class Ends:
    """The ends of the sequences of a batch."""

    lengths: Tensor  # (B), on the device that computes
    on_cpu: Tensor  # (B), for what has to know them before it starts a computation

    @classmethod
    def of(cls, lengths: Tensor, device: torch.device) -> Ends:
        """Make the ends from lengths that are on the CPU, for which nothing waits, or on that device."""
        return cls(lengths.to(device, non_blocking=True), lengths.cpu())


class Recurrence(nn.Module):
    """A recurrent layer, time first.

    Args:
        cell: ``gru`` (Cho et al. 2014) or ``lstm`` (Hochreiter and Schmidhuber 1997).
        input_size: size of the input vectors.
        hidden_size: size of the state, H.
        layer_norm: normalise both parts of the gate pre-activations, and an LSTM's cell state on its way to h (Ba et
            al. 2016).
        dropout: on the h that the recurrent weights read, with one mask per sequence (Gal and Ghahramani 2016).
    """

    def __init__(
        self,
        cell: Literal["gru", "lstm"],
        input_size: int,
        hidden_size: int,
        *,
        layer_norm: bool = False,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.cell = cell
        self.hidden_size = hidden_size
        self.layer_norm = layer_norm
        self.dropout = dropout
        self.rnn = nn.GRU(input_size, hidden_size) if cell == "gru" else nn.LSTM(input_size, hidden_size)
        if layer_norm:
            self.input_norm = nn.LayerNorm(len(self.input_bias))
            self.recurrent_norm = nn.LayerNorm(len(self.recurrent_bias))
            if cell == "lstm":
                self.memory_norm = nn.LayerNorm(hidden_size)
        self.reset_parameters()

    @property
    def is_standard(self) -> bool:
        """Return whether a step is the cell's own formula and nothing else, as the fast paths have it."""
        return not self.layer_norm and not (self.training and self.dropout)

    @property
    def state_parts(self) -> int:
        """The number of tensors in a :data:`LayerState`: 1 for a GRU, 2 for an LSTM."""
        return 2 if self.cell == "lstm" else 1

    @property
    def input_weight(self) -> Tensor:
        """W_ih, (G·H, I), with G gates."""
        return cast(Tensor, self.rnn.weight_ih_l0)

    @property
    def input_bias(self) -> Tensor:
        """b_ih, (G·H)."""
        return cast(Tensor, self.rnn.bias_ih_l0)

    @property
    def recurrent_weight(self) -> Tensor:
        """W_hh, (G·H, H)."""
        return cast(Tensor, self.rnn.weight_hh_l0)

    @property
    def recurrent_bias(self) -> Tensor:
        """b_hh, (G·H)."""
        return cast(Tensor, self.rnn.bias_hh_l0)

    def reset_parameters(self) -> None:
        """Draw Glorot input weights and orthogonal recurrent weights, gate by gate; an LSTM starts out remembering."""
        size = self.hidden_size
        with torch.no_grad():
            for gate in torch.split(self.input_weight, size):
                nn.init.xavier_uniform_(gate)
            for gate in torch.split(self.recurrent_weight, size):
                nn.init.orthogonal_(gate)
            self.input_bias.zero_()
            self.recurrent_bias.zero_()
            if self.cell == "lstm":
                self.input_bias[size : 2 * size].fill_(1.0)  # the forget gate

    def initial_state(self, inputs: Tensor) -> LayerState:
        """Return zeros for the batch of ``inputs`` (T, B, I)."""
        zeros = inputs.new_zeros(inputs.shape[1], self.hidden_size)
        return (zeros,) if self.cell == "gru" else (zeros, zeros)

    def forward(self, inputs: Tensor, state: LayerState | None = None) -> tuple[Tensor, LayerState]:
        """Run over a whole sequence.

        Args:
            inputs: (T, B, I).
            state: where to start from, each (B, H); zeros if None.

        Returns:
            The states h of every step, (T, B, H), and the state after the last.
        """
        state = state or self.begin(self.initial_state(inputs))
        if not self.is_standard:
            return self._forward_in_steps(inputs, state)
        if self.cell == "gru" and inputs.device.type == "cpu":
            outputs = gru_sequence(self.project(inputs), state[0], self.recurrent_weight, self.recurrent_bias)
            return outputs, (outputs[-1],)
        return self.forward_plain(inputs, state)

    def begin(self, state: LayerState) -> LayerState:
        """Return the state to start a sequence from, with the mask of the sequence where there is dropout."""
        if not (self.training and self.dropout):
            return state
        return (*state, dropout_mask(state[0], self.dropout))

    def _forward_in_steps(self, inputs: Tensor, state: LayerState) -> tuple[Tensor, LayerState]:
        outputs = []
        for projected in self.project(inputs).unbind(0):
            state = self.step(projected, state)
            outputs.append(state[0])
        return torch.stack(outputs), state

    def forward_plain(self, inputs: Tensor, state: LayerState) -> tuple[Tensor, LayerState]:
        """Run torch's own layer: cuDNN on a GPU, and the reference that tests compare the fast path with."""
        with self._precision(inputs) as cast_to:
            start = tuple(cast_to(part.contiguous().unsqueeze(0)) for part in state)  # cuDNN takes no other states
            if self.cell == "gru":
                outputs, last = self.rnn(cast_to(inputs), start[0])
                return outputs, (last[0],)
            outputs, (last_h, last_c) = self.rnn(cast_to(inputs), start)
        return outputs, (last_h[0], last_c[0])

    @contextmanager
    def _precision(self, inputs: Tensor) -> Iterator[Callable[[Tensor], Tensor]]:
        """Leave autocast for torch's own layer where autocast would do harm.

        On a GPU autocast has cuDNN compute recurrent layers in fp16, also where bf16 is asked for, and gradients of a
        mean over many tokens then round to zero. On a CPU there may be no LSTM in bf16.

        Yields a function that gives a tensor the type that the layer then takes.
        """
        device = inputs.device.type
        if torch.is_autocast_enabled(device) and (device != "cpu" or (self.cell == "lstm" and not has_bf16_lstm())):
            with torch.autocast(device, enabled=False):
                yield Tensor.float
        else:
            yield lambda tensor: tensor

    def forward_to_ends(self, inputs: Tensor, ends: Ends, *, cell_state: bool) -> tuple[Tensor, LayerState]:
        """Run as :meth:`forward` from zeros; the last state is that after the last *real* step of each sequence.

        Args:
            inputs: (T, B, I), padded at the end.
            ends: the real steps of each sequence.
            cell_state: whether an LSTM's cell state is wanted beside h.
        """
        if not cell_state or self.cell == "gru":
            outputs, _ = self(inputs)
            sequences = torch.arange(inputs.shape[1], device=inputs.device)
            return outputs, (outputs[ends.lengths - 1, sequences],)
        if not self.is_standard:
            return self._ends_in_steps(inputs, ends.lengths)
        # The outputs do not show c, so the sequences have to stop where they end. torch would sort them as well, but
        # would fetch the order from a GPU in the end.
        order = ends.on_cpu.argsort(descending=True, stable=True)
        sorted_, back = (places.to(inputs.device, non_blocking=True) for places in (order, order.argsort()))
        with self._precision(inputs) as cast_to:
            packed = pack_padded_sequence(cast_to(inputs).index_select(1, sorted_), ends.on_cpu[order])
            packed_outputs, (last_h, last_c) = self.rnn(packed)
        outputs, _ = pad_packed_sequence(packed_outputs, total_length=len(inputs))
        return outputs.index_select(1, back), (last_h[0].index_select(0, back), last_c[0].index_select(0, back))

    def _ends_in_steps(self, inputs: Tensor, lengths: Tensor) -> tuple[Tensor, LayerState]:
        """Run as :meth:`forward_to_ends`, step by step; a sequence that is over keeps its state."""
        state, outputs = self.begin(self.initial_state(inputs)), []
        for position, projected in enumerate(self.project(inputs).unbind(0)):
            new = self.step(projected, state)
            outputs.append(new[0])
            running = (position < lengths).unsqueeze(1)  # (B, 1)
            state = tuple(torch.where(running, after, before) for after, before in zip(new, state, strict=True))
        return torch.stack(outputs), state[: self.state_parts]

    def project(self, inputs: Tensor) -> Tensor:
        """Compute the input's part of the gate pre-activations, W_ih x + b_ih: (…, I) to (…, G·H), with G gates.

        It is normalised if so set.
        """
        return self.normalise_inputs(linear(inputs, self.input_weight, self.input_bias))

    def normalise_inputs(self, projected: Tensor) -> Tensor:
        """Normalise the input's part of the gate pre-activations once it is whole, if so set."""
        return self.input_norm(projected) if self.layer_norm else projected

    def step(self, projected: Tensor, state: LayerState) -> LayerState:
        """Take one step from the projected input (B, G·H), as :meth:`project` makes it.

        Matrix products may be in bf16 where autocast is on. Gates and states are in the dtype of the weights, as on the
        fast paths: a GRU mixes the old state with the new one, which takes tensors of one dtype.
        """
        dtype = self.recurrent_weight.dtype
        projected, hidden = projected.to(dtype), state[0].to(dtype)
        mask = state[self.state_parts :]  # empty, or one
        read = hidden * mask[0] if mask else hidden
        recurrent = linear(read, self.recurrent_weight, self.recurrent_bias)  # (B, G·H)
        if self.layer_norm:
            recurrent = self.recurrent_norm(recurrent)
        recurrent = recurrent.to(dtype)
        return (
            *self.cell_step(projected, recurrent, (hidden, *(part.to(dtype) for part in state[1 : self.state_parts]))),
            *mask,
        )

    def cell_step(self, projected: Tensor, recurrent: Tensor, state: LayerState) -> LayerState:
        """Take the step of the cell itself, from both parts of the gate pre-activations, (B, G·H)."""
        if self.cell == "gru":
            return (gru_step(projected, recurrent, state[0]),)
        return lstm_step(projected + recurrent, state[1], self.memory_norm if self.layer_norm else None)


def make_layers(config: ModelConfig, input_sizes: list[int], size: int) -> nn.ModuleList:
    """Make stacked layers of the configured kind, one for each size of input."""
    return nn.ModuleList(
        Recurrence(config.cell, width, size, layer_norm=config.layer_norm, dropout=config.recurrent_dropout)
        for width in input_sizes
    )


def recurrences(layers: nn.ModuleList) -> list[Recurrence]:
    """Return what :func:`make_layers` made, with its type."""
    return [cast(Recurrence, layer) for layer in layers]
