"""A trained network made ready to translate: the same function, with less to compute at each step.

Weights no longer change, so they are brought once into the precision that products are made in, what depends on the
token alone is looked up in a table, and tanh is made of what is fast. The network itself,
:class:`~nmt_attn.model.network.TranslationModel`, is the reference that tests compare with.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import cast

import torch
from torch import Tensor, nn

from nmt_attn.model.attention import AdditiveScore, Attended, Memory
from nmt_attn.model.decoder import BahdanauDecoder, DecoderState, DecoderStep, LuongDecoder
from nmt_attn.model.device import Compute, choose_compute
from nmt_attn.model.ensemble import Ensemble
from nmt_attn.model.fixed import FixedLinear
from nmt_attn.model.network import Searchable, Start, TranslationModel
from nmt_attn.model.recurrence import RESIDUAL_FROM, LayerState, Recurrence, gru_forward

ROWS = 512
"""Rows that a step is computed for at once on a CPU."""


def for_search(model: TranslationModel, compute: Compute) -> Searchable:
    """The network as a search should use it, in the precision of ``compute``; its weights must not change after.

    Networks that have no fast form here (layer normalisation, coverage) are given back as they are.
    """
    if isinstance(model, Ensemble):
        return Ensemble([cast(TranslationModel, for_search(member, compute)) for member in model.networks()]).eval()
    decoder = model.decoder
    if model.config.layer_norm or decoder.attention.coverage is not None:
        return model
    return PreparedModel(model, compute).eval()


class TokenTable:
    """What a linear layer makes of each token's embedding: looked up once so many have been read that a table pays.

    Args:
        embed: ids (…) to embeddings (…, E).
        layer: what is made of them.
        size: the vocabulary, V.
    """

    def __init__(self, embed: Callable[[Tensor], Tensor], layer: FixedLinear, size: int) -> None:
        self.embed, self.layer, self.size = embed, layer, size
        self.read = 0
        self.table: Tensor | None = None

    def __call__(self, tokens: Tensor) -> Tensor:
        """Tokens (N) to (N, O)."""
        self.read += len(tokens)
        if self.table is None and self.read > self.size:
            self.table = self.layer(self.embed(torch.arange(self.size, device=tokens.device)))
        return self.layer(self.embed(tokens)) if self.table is None else self.table.index_select(0, tokens)


class PreparedModel(nn.Module):
    """See :func:`for_search`.

    Args:
        model: in evaluation mode, without layer normalisation and coverage.
        compute: device and precision.
    """

    def __init__(self, model: TranslationModel, compute: Compute) -> None:
        super().__init__()
        decoder, layers = model.decoder, model.decoder._layers()
        # Rounding once a sentence costs less than at every step, so int8 is not for the encoder.
        self.encoding = choose_compute(compute.device.type, "auto") if compute.precision == "int8" else compute
        self.network = [model]  # in a list, so that it is no part of this module: its mode stays its own
        self.config, self.never_written, self.compute = model.config, model.never_written, compute
        size, width = decoder.embedding.weight.shape
        first, readout = layers[0], decoder.readout
        self.looks_first = isinstance(decoder, BahdanauDecoder)
        self.feeds = isinstance(decoder, LuongDecoder) and decoder.input_feeding
        from_token = FixedLinear(first.input_weight[:, :width], first.input_bias, compute)
        self.gates_of_token = TokenTable(decoder.embed, from_token, size)
        if self.looks_first or self.feeds:
            self.gates_of_more = FixedLinear(first.input_weight[:, width:], None, compute)
        self.inputs = [FixedLinear(layer.input_weight, layer.input_bias, compute) for layer in layers[1:]]
        self.recurrents = [FixedLinear(layer.recurrent_weight, layer.recurrent_bias, compute) for layer in layers]
        features = readout.in_features - (width if self.looks_first else 0)
        self.readout = FixedLinear(readout.weight[:, :features], readout.bias, compute)
        if self.looks_first:
            from_token = FixedLinear(readout.weight[:, features:], None, compute)
            self.readout_of_token = TokenTable(decoder.embed, from_token, size)
        self.is_additive = isinstance(decoder.attention.score, AdditiveScore)
        if isinstance(decoder.attention.score, AdditiveScore):
            self.query = FixedLinear(2 * decoder.attention.score.query_layer.weight, None, compute)
            self.vector = 2 * decoder.attention.score.vector.detach()
        self.output = FixedLinear(model.output.weight, model.output.bias, compute, bounded=True)  # reads a tanh

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.compute.device

    def encode(self, source: Tensor, lengths: Tensor) -> Start:
        """See :meth:`TranslationModel.encode`."""
        with self.encoding.products():
            start = self.network[0].encode(source, lengths)
        state = DecoderState(
            tuple(tuple(part.float() for part in layer) for layer in start.state.layers),
            None if start.state.feed is None else start.state.feed.float(),
        )
        keys = start.memory.keys.float()
        keys = 2 * keys if self.is_additive else keys
        return Start(replace(start.memory, states=start.memory.states.float(), keys=keys), state)

    def step(self, tokens: Tensor, state: DecoderState, memory: Memory, owners: Tensor | None = None) -> DecoderStep:
        """See :meth:`TranslationModel.step`; on a CPU so many rows at a time that what they need stays in its cache."""
        each = tokens.shape[1]
        size = max(1, ROWS // each) if tokens.device.type == "cpu" else len(tokens)
        steps = []
        for begin in range(0, len(tokens), size):
            some, rows = slice(begin, begin + size), slice(begin * each, (begin + size) * each)
            sources = memory.part(some) if owners is None else memory.select(owners[some])
            steps.append(self._step(tokens[some], state.part(rows), sources))
        return steps[0] if len(steps) == 1 else DecoderStep.join(steps)

    def _step(self, tokens: Tensor, state: DecoderState, memory: Memory) -> DecoderStep:
        """The same for all rows at once, with a source each (B), or for the K hypotheses of one (B, K)."""
        rows = tokens.reshape(-1)
        gates = self.gates_of_token(rows)  # (N, G·H)
        if self.looks_first:
            attended = self._attend(state.layers[-1][0], memory)
            gates = gates + self.gates_of_more(attended.context.flatten(0, 1))
        elif self.feeds:
            gates = gates + self.gates_of_more(cast(Tensor, state.feed))
        top, layers = self._advance(gates, state.layers)
        if not self.looks_first:
            attended = self._attend(top, memory)
        context = attended.context.flatten(0, 1)  # (N, A)
        order = (top, context) if self.looks_first else (context, top)
        summed = self.readout(torch.cat(order, dim=-1))
        if self.looks_first:
            summed = summed + self.readout_of_token(rows)
        readout = _tanh(summed)
        new = DecoderState(layers, readout if self.feeds else None)
        return DecoderStep(readout.view(*tokens.shape, -1), new, attended.weights)

    def next_scores(self, readouts: Tensor) -> Tensor:
        """See :meth:`TranslationModel.next_scores`."""
        scores = self.output(readouts)
        scores[..., self.never_written] = -torch.inf
        return scores

    def _attend(self, hidden: Tensor, memory: Memory) -> Attended:
        """Attend with a query a row, (B·K, H)."""
        attention = self.network[0].decoder.attention
        queries = hidden.view(len(memory.states), -1, hidden.shape[-1])  # (B, K, H)
        if not self.is_additive:
            attended: Attended = attention(queries, memory)
            return attended
        # vᵀ tanh(q + k) as 2vᵀ σ(2q + 2k) - Σ v, of which the last is nothing to a softmax; the keys come doubled.
        scores = [
            torch.matmul((memory.keys + query.unsqueeze(1)).sigmoid_(), self.vector)
            for query in self.query(queries).unbind(1)
        ]
        return attention.look(torch.stack(scores, dim=1), memory)

    def _advance(self, gates: Tensor, states: tuple[LayerState, ...]) -> tuple[Tensor, tuple[LayerState, ...]]:
        """All layers one step on, from the projected input (N, G·H) of the first; what the topmost gives, first."""
        layers = self.network[0].decoder._layers()
        new = [_cell(layers[0], gates, self.recurrents[0], states[0])]
        output = new[0][0]
        for index, layer in enumerate(layers[1:], start=1):
            new.append(_cell(layer, self.inputs[index - 1](output), self.recurrents[index], states[index]))
            output = new[-1][0] + output if index >= RESIDUAL_FROM else new[-1][0]
        return output, tuple(new)


def _cell(layer: Recurrence, gates: Tensor, recurrent: FixedLinear, state: LayerState) -> LayerState:
    """One step of one layer; see :meth:`Recurrence.step`."""
    hidden = state[0]
    if layer.cell == "lstm":
        return layer.lstm_step(gates + recurrent(hidden), state[1])
    buffer = hidden.new_empty(len(hidden), 4 * layer.hidden_size)
    return (gru_forward(gates, recurrent(hidden), hidden, buffer, torch.empty_like(hidden)),)


def _tanh(values: Tensor) -> Tensor:
    """tanh in place, as 2 σ(2x) - 1: torch's own takes six times as long on a CPU."""
    return values.mul_(2).sigmoid_().mul_(2).sub_(1)
