"""Recurrent layers: a whole sequence in one call, or a step at a time, with the same weights.

``Recurrence`` wraps one layer of :class:`torch.nn.GRU` or :class:`torch.nn.LSTM`. On a GPU a sequence goes to cuDNN.
On a CPU a GRU goes to :class:`_GruSequence`, which computes the same thing with its own backward: the products
with the recurrent weights are made step by step, everything else once for the whole sequence. Layer normalisation and
recurrent dropout happen inside a step, so with them a sequence is computed step by step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, cast

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from nmt_attn.config import ModelConfig
from nmt_attn.model.dropout import dropout_mask
from nmt_attn.model.products import linear, product, product_dtype

LayerState = tuple[Tensor, ...]
"""The state of one layer: ``(h,)`` for a GRU, ``(h, c)`` for an LSTM; each (B, H).

While training with recurrent dropout, the mask of the sequence (B, H) comes last.
"""

RESIDUAL_FROM = 2
"""The first of stacked layers, counted from 0, to whose output its input is added (as Wu et al. 2016)."""


@dataclass(frozen=True)
class Ends:
    """Where the sequences of a batch end."""

    lengths: Tensor  # (B), on the device that computes
    on_cpu: Tensor  # (B), for what has to know them before it starts a computation

    @classmethod
    def of(cls, lengths: Tensor, device: torch.device) -> Ends:
        """Of lengths that are on the CPU, for which nothing waits, or on that device."""
        return cls(lengths.to(device, non_blocking=True), lengths.cpu())


class Recurrence(nn.Module):
    """One recurrent layer, time first.

    Args:
        cell: ``gru`` (Cho et al. 2014) or ``lstm`` (Hochreiter and Schmidhuber 1997).
        input_size: size of the input vectors.
        hidden_size: size of the state, H.
        layer_norm: normalise both shares of the gates, and an LSTM's c on its way to h (Ba et al. 2016).
        dropout: on the h that the recurrent weights read, with one mask a sequence (Gal and Ghahramani 2016).
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
        """Whether a step is the cell's own formula and nothing else, as the fast paths have it."""
        return not self.layer_norm and not (self.training and self.dropout)

    @property
    def state_parts(self) -> int:
        """Tensors in a :data:`LayerState`: 1 of a GRU, 2 of an LSTM."""
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
        """Glorot input weights and orthogonal recurrent weights, gate by gate; an LSTM starts out remembering."""
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
        """Zeros for the batch of ``inputs`` (T, B, I)."""
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
            outputs: Tensor = _GruSequence.apply(  # type: ignore[no-untyped-call]
                self.project(inputs), state[0], self.recurrent_weight, self.recurrent_bias, product_dtype(inputs)
            )
            return outputs, (outputs[-1],)
        return self.forward_plain(inputs, state)

    def begin(self, state: LayerState) -> LayerState:
        """The state to start a sequence from: with the mask of the sequence where there is dropout."""
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
        """The same by torch's own layer: cuDNN on a GPU, and the reference that tests hold the fast path to."""
        with self._precision(inputs) as cast_to:
            start = tuple(cast_to(part.contiguous().unsqueeze(0)) for part in state)  # cuDNN takes no other states
            if self.cell == "gru":
                outputs, last = self.rnn(cast_to(inputs), start[0])
                return outputs, (last[0],)
            outputs, (last_h, last_c) = self.rnn(cast_to(inputs), start)
        return outputs, (last_h[0], last_c[0])

    @contextmanager
    def _precision(self, inputs: Tensor) -> Iterator[Callable[[Tensor], Tensor]]:
        """The context for torch's own layer: out of autocast where that would do harm.

        On a GPU autocast has cuDNN compute recurrent layers in fp16, also where bf16 is asked for, and gradients of a
        mean over many tokens then round to zero. On a CPU there may be no LSTM in bf16.

        Yields what gives a tensor the type that the layer then takes.
        """
        device = inputs.device.type
        if torch.is_autocast_enabled(device) and (device != "cpu" or (self.cell == "lstm" and not _has_bf16_lstm())):
            with torch.autocast(device, enabled=False):
                yield Tensor.float
        else:
            yield lambda tensor: tensor

    def forward_to_ends(self, inputs: Tensor, ends: Ends, *, memory: bool) -> tuple[Tensor, LayerState]:
        """As :meth:`forward` from zeros, with the state after the last *real* step of each sequence.

        Args:
            inputs: (T, B, I), padded at the end.
            ends: the real steps of each sequence.
            memory: whether an LSTM's c is wanted beside h.
        """
        if not memory or self.cell == "gru":
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
        """As :meth:`forward_to_ends`: a sequence that is over keeps its state."""
        state, outputs = self.begin(self.initial_state(inputs)), []
        for position, projected in enumerate(self.project(inputs).unbind(0)):
            new = self.step(projected, state)
            outputs.append(new[0])
            running = (position < lengths).unsqueeze(1)  # (B, 1)
            state = tuple(torch.where(running, after, before) for after, before in zip(new, state, strict=True))
        return torch.stack(outputs), state[: self.state_parts]

    def project(self, inputs: Tensor) -> Tensor:
        """The input's share of the gates, W_ih x + b_ih, normalised if so set: (…, I) to (…, G·H), with G gates."""
        return self.normalise_inputs(linear(inputs, self.input_weight, self.input_bias))

    def normalise_inputs(self, projected: Tensor) -> Tensor:
        """What is to be done to the input's share once it is whole."""
        return self.input_norm(projected) if self.layer_norm else projected

    def step(self, projected: Tensor, state: LayerState) -> LayerState:
        """One step from the projected input (B, G·H), as :meth:`project` makes it.

        Products may be in bf16 where autocast is on; gates and states are in the dtype of the weights, as on the fast
        paths: a GRU mixes the old state with the new one, which takes tensors of one dtype.
        """
        dtype = self.recurrent_weight.dtype
        projected, hidden = projected.to(dtype), state[0].to(dtype)
        mask = state[self.state_parts :]  # empty, or one
        read = hidden * mask[0] if mask else hidden
        recurrent = linear(read, self.recurrent_weight, self.recurrent_bias)  # (B, G·H)
        if self.layer_norm:
            recurrent = self.recurrent_norm(recurrent)
        recurrent = recurrent.to(dtype)
        if self.cell == "gru":
            return (_gru_step(projected, recurrent, hidden), *mask)
        return (*self.lstm_step(projected + recurrent, state[1].to(dtype)), *mask)

    def lstm_step(self, gates: Tensor, memory: Tensor) -> LayerState:
        """c' = f c + i g and h' = o tanh(c'); the order of gates is torch's: i, f, g, o."""
        i, f, g, o = gates.chunk(4, dim=-1)
        memory = torch.addcmul(torch.sigmoid(f) * memory, torch.sigmoid(i), torch.tanh(g))
        shown = self.memory_norm(memory) if self.layer_norm else memory
        return torch.sigmoid(o) * torch.tanh(shown), memory


def make_layers(config: ModelConfig, input_sizes: list[int], size: int) -> nn.ModuleList:
    """Stacked layers of the configured kind, one for each size of input."""
    return nn.ModuleList(
        Recurrence(config.cell, width, size, layer_norm=config.layer_norm, dropout=config.recurrent_dropout)
        for width in input_sizes
    )


def recurrences(layers: nn.ModuleList) -> list[Recurrence]:
    """What :func:`make_layers` made, with its type."""
    return [cast(Recurrence, layer) for layer in layers]


def _gru_step(projected: Tensor, recurrent: Tensor, hidden: Tensor) -> Tensor:
    """h' = n + z (h - n), with r, z = σ(·) and n = tanh(x_n + r · h_n); the order of gates is torch's."""
    x_r, x_z, x_n = projected.chunk(3, dim=-1)
    h_r, h_z, h_n = recurrent.chunk(3, dim=-1)
    reset = torch.sigmoid(x_r + h_r)
    update = torch.sigmoid(x_z + h_z)
    new = torch.tanh(torch.addcmul(x_n, reset, h_n))
    return torch.lerp(new, hidden, update)


class _GruSequence(torch.autograd.Function):
    """A GRU over a whole sequence whose backward makes each weight gradient in one product at the end."""

    @staticmethod
    def forward(
        ctx: Any, projected: Tensor, initial: Tensor, weight: Tensor, bias: Tensor, products: torch.dtype
    ) -> Tensor:
        """See :func:`_gru_step`; projected (T, B, 3H), initial (B, H), weight (3H, H), bias (3H).

        Products are made in ``products``; gates, states and their gradients stay in the dtype of the weights.
        """
        steps, batch, _ = projected.shape
        size = initial.shape[1]
        ctx.dtypes = projected.dtype, initial.dtype
        projected, initial = projected.to(weight.dtype), initial.to(weight.dtype)
        cast_weight = weight.to(products)
        outputs = projected.new_empty(steps, batch, size)
        gates = projected.new_empty(steps, batch, 4 * size)  # r, z, n and h_n, kept for the backward
        cast_bias = bias.to(products)
        hidden = initial
        for step in range(steps):
            recurrent = product(hidden.to(products), cast_weight.t(), cast_bias).to(weight.dtype)
            hidden = gru_forward(projected[step], recurrent, hidden, gates[step], outputs[step])
        ctx.save_for_backward(gates, outputs, initial, cast_weight)
        return outputs

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of projected, initial, weight and bias from that of the outputs (T, B, H)."""
        (grad_outputs,) = gradients
        gates, outputs, initial, cast_weight = ctx.saved_tensors
        steps, batch, size = outputs.shape
        grad_projected = gates.new_empty(steps, batch, 3 * size)
        grad_recurrent = gates.new_empty(steps, batch, 3 * size)
        grad_hidden = torch.zeros_like(initial)
        for step in range(steps - 1, -1, -1):
            previous = outputs[step - 1] if step else initial
            grad_hidden += grad_outputs[step]
            passed_on = gru_backward(grad_hidden, previous, gates[step], grad_projected[step], grad_recurrent[step])
            back = product(grad_recurrent[step].to(cast_weight.dtype), cast_weight)
            grad_hidden = back.to(gates.dtype).add_(passed_on)
        previous_all = torch.cat([initial.unsqueeze(0), outputs[:-1]])
        flat = grad_recurrent.view(-1, 3 * size)
        left, right = flat.to(cast_weight.dtype), previous_all.view(-1, size).to(cast_weight.dtype)
        grad_weight = (left.t() @ right).to(gates.dtype)
        projected_dtype, initial_dtype = ctx.dtypes
        return grad_projected.to(projected_dtype), grad_hidden.to(initial_dtype), grad_weight, flat.sum(0), None


def gru_forward(inputs: Tensor, recurrent: Tensor, hidden: Tensor, gates: Tensor, out: Tensor) -> Tensor:
    """One step of a GRU; leaves r, z, n and h_n in ``gates`` (B, 4H) and the new state in ``out`` (B, H)."""
    size = hidden.shape[1]
    reset_update = gates[:, : 2 * size]
    torch.add(inputs[:, : 2 * size], recurrent[:, : 2 * size], out=reset_update).sigmoid_()
    new, h_new = gates[:, 2 * size : 3 * size], gates[:, 3 * size :]
    h_new.copy_(recurrent[:, 2 * size :])
    torch.addcmul(inputs[:, 2 * size :], gates[:, :size], h_new, out=new)
    new.mul_(2).sigmoid_().mul_(2).sub_(1)  # tanh; torch's own takes six times as long on a CPU
    torch.lerp(new, hidden, gates[:, size : 2 * size], out=out)
    return out


def gru_backward(grad: Tensor, previous: Tensor, gates: Tensor, grad_inputs: Tensor, grad_recurrent: Tensor) -> Tensor:
    """Back through one step: fills the gradients of both shares of the gates, (B, 3H) each.

    Returns:
        What reaches the state before directly, (B, H); the rest reaches it through the recurrent gates.
    """
    size = grad.shape[1]
    reset, update, new, h_new = torch.split(gates, size, dim=1)
    d_new = grad_inputs[:, 2 * size :]
    torch.addcmul(grad, grad, update, value=-1, out=d_new)  # dh (1 - z)
    d_new.addcmul_(d_new, new * new, value=-1)  # … (1 - n²): the gradient at n before its tanh
    torch.mul(d_new, h_new, out=grad_inputs[:, :size])
    torch.mul(grad, previous - new, out=grad_inputs[:, size : 2 * size])
    reset_update = gates[:, : 2 * size]
    slope = torch.addcmul(reset_update, reset_update, reset_update, value=-1)
    grad_inputs[:, : 2 * size].mul_(slope)  # not *=, which would copy the slice onto itself
    grad_recurrent[:, : 2 * size] = grad_inputs[:, : 2 * size]
    torch.mul(d_new, reset, out=grad_recurrent[:, 2 * size :])
    return grad * update


@cache
def _has_bf16_lstm() -> bool:
    """Whether oneDNN has an LSTM in bf16 for this processor; without AVX-512 it has none, and raises an error."""
    with torch.random.fork_rng([]):  # what is drawn here must not be missing from what a training draws
        layer = nn.LSTM(2, 2)
    try:
        with torch.inference_mode(False), torch.enable_grad(), torch.autocast("cpu", torch.bfloat16):
            layer(torch.zeros(1, 1, 2))
    except RuntimeError:
        return False
    return True
