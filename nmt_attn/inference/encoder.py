"""An encoder made ready to read sentences on a CPU.

It reads no padding, and looks up each token's part of the gate pre-activations in a table.

The network's own :class:`~nmt_attn.model.encoder.Encoder` is the reference that tests compare with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from nmt_attn.device import Compute
from nmt_attn.inference.frozen_linear import FrozenLinear, PrecomputedEmbedding
from nmt_attn.kernels.gru import gru_forward
from nmt_attn.kernels.reversal import reversed_positions
from nmt_attn.model.encoder import Encoder
from nmt_attn.model.recurrence import LayerState, Recurrence, recurrences
from nmt_attn.model.residual import has_residual, run_stack


@dataclass(frozen=True)
class Packing:
    """The order of the N tokens of a batch without padding: all first ones, all second ones, …, longest sentence first.

    So the sentences that a recurrence still runs through are always those in front.
    """

    order: Tensor  # (B): the sentences, longest first
    running: list[int]  # sentences that have a token at each step, (S)
    real: Tensor  # (S, B): which steps of the ordered sentences are there
    swap: Tensor  # (N): the place of the token that each changes with where sentences are reversed
    places: Tensor  # (B, S): of the tokens of the sentences as they came; anywhere for padding

    @classmethod
    def of(cls, lengths: Tensor, steps: int) -> Packing:
        """Pack sentences of these lengths, (B), padded to ``steps``."""
        order = lengths.argsort(descending=True, stable=True)
        sorted_lengths = lengths[order]
        real = torch.arange(steps).unsqueeze(1) < sorted_lengths  # (S, B)
        running = real.sum(1)
        begins = running.cumsum(0) - running
        place = begins.unsqueeze(1) + torch.arange(len(lengths))  # (S, B), right where there is a token
        swap = place.gather(0, reversed_positions(sorted_lengths, steps))[real]
        places = place.masked_fill(~real, 0).t().index_select(0, order.argsort())
        return cls(order, running.tolist(), real, swap, places)

    def pack(self, tokens: Tensor) -> Tensor:
        """Take the padding out of ids (B, S): (N)."""
        return tokens.index_select(0, self.order).t()[self.real]


@dataclass(frozen=True)
class PackedStates:
    """The result of :class:`InferenceEncoder`."""

    states: Tensor  # (N, 2H), as ``packing`` has them
    last: Tensor  # (B, 2H): the top layer's last forward and last backward state
    packing: Packing

    def padded(self, packed: Tensor) -> Tensor:
        """Put any vectors of the tokens, (N, F), into one row per sentence: (B, S, F); padding has any values."""
        places = self.packing.places
        return packed.index_select(0, places.flatten()).view(*places.shape, -1)


class InferenceEncoder:
    """A frozen encoder, see the top of this module.

    Args:
        encoder: in evaluation mode, without layer normalisation.
        compute: device and precision.
    """

    def __init__(self, encoder: Encoder, compute: Compute) -> None:
        size = encoder.embedding.num_embeddings
        directions = (recurrences(encoder.forward_layers), recurrences(encoder.backward_layers))
        self.first = [
            PrecomputedEmbedding(
                encoder.embed, FrozenLinear(layers[0].input_weight, layers[0].input_bias, compute), size
            )
            for layers in directions
        ]
        # What is added up along the way may leave the bounds of tanh.
        self.inputs = [
            [
                FrozenLinear(layer.input_weight, layer.input_bias, compute, bounded=not has_residual(index))
                for layer in layers
            ]
            for index, layers in enumerate(zip(*directions, strict=True))
            if index
        ]
        self.layers = [[_Layer(layer, compute) for layer in layers] for layers in zip(*directions, strict=True)]

    def __call__(self, source: Tensor, lengths: Tensor) -> PackedStates:
        """Encode source ids (B, S), padded at the end, with their lengths (B)."""
        packing = Packing.of(lengths, source.shape[1])
        tokens = packing.pack(source)
        first = [table(ids) for table, ids in zip(self.first, (tokens, tokens[packing.swap]), strict=True)]
        last: list[Tensor] = []  # of each layer

        def run(index: int, below: Tensor) -> Tensor:
            gates = first
            if index:
                ahead, back = self.inputs[index - 1]
                gates = [ahead(below), back(below.index_select(0, packing.swap))]
            vectors, ends = _both_ways(self.layers[index], gates, packing)
            last.append(ends)
            return vectors

        vectors = run_stack(tokens, len(self.layers), run)
        return PackedStates(vectors, last[-1].index_select(0, packing.order.argsort()), packing)


class _Layer:
    """One direction of one layer."""

    def __init__(self, layer: Recurrence, compute: Compute) -> None:
        self.layer, self.size = layer, layer.hidden_size
        self.recurrent = FrozenLinear(layer.recurrent_weight, layer.recurrent_bias, compute, bounded=True)

    def run(self, gates: Tensor, running: list[int]) -> tuple[Tensor, Tensor]:
        """Run over the input's part of the gate pre-activations, packed (N, G·H), with G gates.

        Returns:
            All outputs, packed (N, H), and the last ones (B, H).
        """
        outputs, last = gates.new_empty(len(gates), self.size), gates.new_empty(running[0], self.size)
        buffer = gates.new_empty(running[0], 4 * self.size)  # of a GRU
        state: LayerState = (gates.new_zeros(running[0], self.size),) * self.layer.state_parts
        from_hidden = self.recurrent(state[0][:1]).expand(running[0], -1)  # the same of all zeros
        begin = 0
        for count, next_count in zip(running, [*running[1:], 0], strict=True):
            rows = slice(begin, begin + count)
            if self.layer.cell == "gru":
                state = (gru_forward(gates[rows], from_hidden, state[0], buffer[:count], outputs[rows]),)
            else:
                state = self.layer.cell_step(gates[rows], from_hidden, state)
                outputs[rows] = state[0]
            last[next_count:count] = state[0][next_count:]
            state, begin = tuple(part[:next_count] for part in state), begin + count
            if next_count:
                from_hidden = self.recurrent(state[0])
        return outputs, last


def _both_ways(layers: Sequence[_Layer], gates: Sequence[Tensor], packing: Packing) -> tuple[Tensor, Tensor]:
    """Return a layer's outputs (N, 2H) in text order, and its last states (B, 2H), longest sentence first."""
    ahead, back = (layer.run(one, packing.running) for layer, one in zip(layers, gates, strict=True))
    vectors = torch.cat([ahead[0], back[0].index_select(0, packing.swap)], dim=1)
    return vectors, torch.cat([ahead[1], back[1]], dim=1)
