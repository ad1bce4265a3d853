"""The decoders: from the target token ids so far to one vector per step, from which the next token is predicted.

There are two styles, which differ in the place of attention:

    bahdanau   s_t = cell([e_t; c_t], s_{t-1}),  c_t attended with s_{t-1}     Bahdanau et al. 2015
               readout tanh(W [s_t; c_t; e_t])
    luong      s_t = cell(e_t, s_{t-1}),         c_t attended with s_t         Luong et al. 2015
               readout tanh(W [c_t; s_t]);  with input feeding the readout joins the next e_t
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

import torch
from torch import Tensor, nn

from nmt_attn.config.schema import ModelConfig
from nmt_attn.kernels.attention_gru import (
    AttendedSource,
    BahdanauWeights,
    DecoderPass,
    LuongWeights,
    bahdanau_gru,
    luong_gru,
)
from nmt_attn.kernels.dropout import Dropout, WordDropout
from nmt_attn.kernels.matmul import Linear, linear
from nmt_attn.model.attention import AdditiveScore, Attention, AttentionOutput, EncodedSource
from nmt_attn.model.encoder import EncoderOutput
from nmt_attn.model.recurrence import RESIDUAL_FROM, LayerState, Recurrence, make_layers, recurrences


@dataclass(frozen=True)
class DecoderState:
    """The state of a decoder, for N rows (sentences, or sentences times hypotheses)."""

    layers: tuple[LayerState, ...]  # each tensor (N, H)
    feed: Tensor | None = None  # (N, R): the last readout, with input feeding
    coverage: Tensor | None = None  # (N, S): the attention that each source position has had, with coverage

    def select(self, rows: Tensor) -> DecoderState:
        """Return the rows ``rows``, which may repeat."""
        layers = tuple(tuple(part.index_select(0, rows) for part in layer) for layer in self.layers)
        feed = None if self.feed is None else self.feed.index_select(0, rows)
        return DecoderState(layers, feed, None if self.coverage is None else self.coverage.index_select(0, rows))

    def part(self, rows: slice) -> DecoderState:
        """Return the rows ``rows``, without a copy."""
        layers = tuple(tuple(part[rows] for part in layer) for layer in self.layers)
        feed = None if self.feed is None else self.feed[rows]
        return DecoderState(layers, feed, None if self.coverage is None else self.coverage[rows])

    @classmethod
    def join(cls, states: Sequence[DecoderState]) -> DecoderState:
        """Put the rows of several states together."""
        layers = zip(*(state.layers for state in states), strict=True)
        joined = tuple(tuple(torch.cat(parts) for parts in zip(*layer, strict=True)) for layer in layers)
        return cls(joined, _cat([state.feed for state in states]), _cat([state.coverage for state in states]))


@dataclass(frozen=True)
class DecoderStep:
    """The result of one step."""

    readout: Tensor  # (B, K, R)
    state: DecoderState
    weights: Tensor  # (B, K, S): the attention of this step

    @classmethod
    def join(cls, steps: Sequence[DecoderStep]) -> DecoderStep:
        """Put the results of one step for several groups of sentences together."""
        readout, weights = torch.cat([step.readout for step in steps]), torch.cat([step.weights for step in steps])
        return cls(readout, DecoderState.join([step.state for step in steps]), weights)


def _cat(parts: Sequence[Tensor | None]) -> Tensor | None:
    """Concatenate the parts that are not None; return None if there are none."""
    found = [part for part in parts if part is not None]
    return torch.cat(found) if found else None


@dataclass(frozen=True)
class _Stack:
    """The results of all layers in one step."""

    output: Tensor  # (N, H): of the topmost, with what was added to it
    states: tuple[LayerState, ...]


class Decoder(nn.Module):
    """The base of both styles.

    Args:
        config: the network's sizes.
        embedding: target embedding.
        input_size: size of what the first layer reads.
        features_size: size of what the readout layer reads.
    """

    def __init__(self, config: ModelConfig, embedding: nn.Embedding, input_size: int, features_size: int) -> None:
        super().__init__()
        size = config.decoder.hidden_size
        self.embedding = embedding
        self.scale = config.embedding_size**0.5
        self.dropout = Dropout(config.dropout)
        self.word_dropout = WordDropout(config.decoder.word_dropout)
        self.attention = Attention(config.attention, size, config.source_size)
        widths = [input_size] + [size] * (config.decoder.layers - 1)
        self.layers = make_layers(config, widths, size)
        self.start_kind = config.decoder.start
        if self.start_kind == "bridge":
            self.bridge = Linear(config.source_size, len(widths) * self.first_layer.state_parts * size)
        self.readout = Linear(features_size, config.readout_size)

    @property
    def first_layer(self) -> Recurrence:
        """The lowest recurrent layer."""
        return self._layers()[0]

    def _layers(self) -> list[Recurrence]:
        return recurrences(self.layers)

    def start(self, encoder_output: EncoderOutput) -> DecoderState:
        """Return the state before the first token."""
        starts = self._start_states(encoder_output)
        layers = tuple(layer.begin(state) for layer, state in zip(self._layers(), starts, strict=True))
        coverage = None
        if self.attention.coverage is not None:
            coverage = encoder_output.states.new_zeros(encoder_output.states.shape[:2])
        return DecoderState(layers, coverage=coverage)

    def _start_states(self, encoder_output: EncoderOutput) -> list[LayerState]:
        """Return the state of every layer before the first token, as ``model.decoder.start`` says."""
        first, count = self.first_layer, len(self.layers)
        if self.start_kind == "last":
            return [encoder_output.last] * count
        if self.start_kind == "zeros":
            zeros = encoder_output.last[0].new_zeros(len(encoder_output.last[0]), first.hidden_size)
            return [(zeros,) * first.state_parts] * count
        parts = torch.tanh(self.bridge(encoder_output.last[0])).split(first.hidden_size, dim=-1)
        each = first.state_parts
        return [parts[place : place + each] for place in range(0, len(parts), each)]

    def embed(self, tokens: Tensor) -> Tensor:
        """Embed token ids, with dropout."""
        embedded: Tensor = self.word_dropout(self.dropout(self.embedding(tokens) * self.scale))
        return embedded

    def forward(self, targets: Tensor, state: DecoderState, encoded: EncodedSource) -> Tensor:
        """Compute the readouts (B, T, R) after each target token (B, T), the first being BOS, by teacher forcing."""
        raise NotImplementedError

    def step(self, tokens: Tensor, state: DecoderState, encoded: EncodedSource) -> DecoderStep:
        """Take one step with tokens (B, K), K hypotheses per sentence; ``state`` has B·K rows, sentence by sentence."""
        raise NotImplementedError

    def can_be_fused(self) -> bool:
        """Say whether the functions of :mod:`nmt_attn.kernels.attention_gru` compute this decoder."""
        return (
            len(self.layers) == 1
            and self.first_layer.cell == "gru"
            and self.first_layer.is_standard
            and self.attention.coverage is None
            and isinstance(self.attention.score, AdditiveScore)
            and torch.is_grad_enabled()
        )

    def _attend(self, queries: Tensor, state: DecoderState, encoded: EncodedSource) -> AttentionOutput:
        """Attend with one query per row of ``state``: (B, K, H)."""
        coverage = None if state.coverage is None else state.coverage.view(*queries.shape[:2], -1)  # (B, K, S)
        attended: AttentionOutput = self.attention(queries, encoded, coverage)
        return attended

    def _next_coverage(self, state: DecoderState, attended: AttentionOutput) -> Tensor | None:
        """Return the coverage once this attention is added, (N, S); None without coverage."""
        return None if state.coverage is None else state.coverage + attended.weights.flatten(0, 1)

    def _project_embedded(self, embedded: Tensor) -> Tensor:
        """Compute the embedding's part of the first layer's gate pre-activations.

        Its weights come before those of the other inputs.
        """
        first = self.first_layer
        return linear(embedded, first.input_weight[:, : embedded.shape[-1]], first.input_bias)

    def _upper_layers(self, first: LayerState, states: tuple[LayerState, ...]) -> _Stack:
        """Take one step in the layers above the first, whose new state is given; ``states`` are the old ones of all."""
        output, new = first[0], [first]
        for index, layer in enumerate(self._layers()[1:], start=1):
            new.append(layer.step(layer.project(self.dropout(output)), states[index]))
            output = new[-1][0] + output if index >= RESIDUAL_FROM else new[-1][0]
        return _Stack(output, tuple(new))


class BahdanauDecoder(Decoder):
    """Bahdanau's decoder, which attends with the previous state and lets the cell read the context."""

    def __init__(self, config: ModelConfig, embedding: nn.Embedding) -> None:
        context_size = config.context_size
        super().__init__(
            config,
            embedding,
            input_size=config.embedding_size + context_size,
            features_size=config.decoder.hidden_size + context_size + config.embedding_size,
        )

    def forward(self, targets: Tensor, state: DecoderState, encoded: EncodedSource) -> Tensor:
        """See :meth:`Decoder.forward`. All that does not depend on the state is computed for all steps at once."""
        embedded = self.embed(targets.t())  # (T, B, E)
        projected = self._project_embedded(embedded)  # (T, B, G·H)
        run = self._run_fused if self.can_be_fused() else self._run_plain
        passed = run(projected, state, encoded)
        features = torch.cat([passed.hiddens, passed.contexts, embedded], dim=-1)
        return torch.tanh(self.readout(features)).transpose(0, 1)

    def _run_fused(self, projected: Tensor, state: DecoderState, encoded: EncodedSource) -> DecoderPass:
        """Compute all steps in one function, for one GRU layer with additive attention."""
        first, score = self.first_layer, cast(AdditiveScore, self.attention.score)
        weights = BahdanauWeights(
            context=first.input_weight[:, -encoded.states.shape[2] :],
            recurrent=first.recurrent_weight,
            recurrent_bias=first.recurrent_bias,
            query=score.query_layer.weight,
            vector=score.vector,
        )
        (initial,) = state.layers[0]
        return bahdanau_gru(projected, initial, AttendedSource(encoded.states, encoded.keys, encoded.mask), weights)

    def _run_plain(self, projected: Tensor, state: DecoderState, encoded: EncodedSource) -> DecoderPass:
        """Compute step by step, for any cell, score and number of layers."""
        hiddens, contexts = [], []
        for from_token in projected.unbind(0):
            attended = self._look(state, encoded)
            stack = self._advance(from_token, attended.context.flatten(0, 1), state)
            state = DecoderState(stack.states, coverage=self._next_coverage(state, attended))
            hiddens.append(stack.output)
            contexts.append(attended.context.flatten(0, 1))
        return DecoderPass(torch.stack(hiddens), torch.stack(contexts))

    def step(self, tokens: Tensor, state: DecoderState, encoded: EncodedSource) -> DecoderStep:
        """See :meth:`Decoder.step`."""
        embedded = self.embed(tokens.reshape(-1))  # (B·K, E)
        attended = self._look(state, encoded)
        context = attended.context.flatten(0, 1)  # (B·K, A)
        stack = self._advance(self._project_embedded(embedded), context, state)
        readout = torch.tanh(self.readout(torch.cat([stack.output, context, embedded], dim=-1)))
        state = DecoderState(stack.states, coverage=self._next_coverage(state, attended))
        return DecoderStep(readout.view(*tokens.shape, -1), state, attended.weights)

    def _look(self, state: DecoderState, encoded: EncodedSource) -> AttentionOutput:
        """Attend with the top layer's state, for all rows at once."""
        hidden = state.layers[-1][0]  # (B·K, H)
        return self._attend(hidden.view(len(encoded.states), -1, hidden.shape[-1]), state, encoded)

    def _advance(self, from_token: Tensor, context: Tensor, state: DecoderState) -> _Stack:
        """Advance all layers by one step."""
        first = self.first_layer
        from_context = linear(context, first.input_weight[:, self.embedding.embedding_dim :])
        inputs = first.normalise_inputs(from_token + from_context)
        return self._upper_layers(first.step(inputs, state.layers[0]), state.layers)


class LuongDecoder(Decoder):
    """Luong's decoder, which runs the cell first and attends with the new state; it can feed the readout back."""

    def __init__(self, config: ModelConfig, embedding: nn.Embedding) -> None:
        feeding = config.decoder.input_feeding
        super().__init__(
            config,
            embedding,
            input_size=config.embedding_size + (config.readout_size if feeding else 0),
            features_size=config.context_size + config.decoder.hidden_size,
        )
        self.input_feeding = feeding

    def start(self, encoder_output: EncoderOutput) -> DecoderState:
        """See :meth:`Decoder.start`; there is no readout yet, so zeros are fed."""
        state = super().start(encoder_output)
        if not self.input_feeding:
            return state
        return replace(
            state, feed=encoder_output.states.new_zeros(len(encoder_output.states), self.readout.out_features)
        )

    def forward(self, targets: Tensor, state: DecoderState, encoded: EncodedSource) -> Tensor:
        """See :meth:`Decoder.forward`. Without input feeding and coverage, only the recurrence runs step by step."""
        if self.input_feeding or self.attention.coverage is not None:
            return (self._run_fused if self.can_be_fused() else self._run_plain)(targets, state, encoded)
        vectors = self.embed(targets.t())  # (T, B, E)
        for index, (layer, layer_state) in enumerate(zip(self._layers(), state.layers, strict=True)):
            below = vectors
            vectors, _ = layer(self.dropout(below) if index else below, layer_state)
            if index >= RESIDUAL_FROM:
                vectors = vectors + below
        queries = vectors.transpose(0, 1).contiguous()  # (B, T, H)
        attended = self.attention(queries, encoded)
        return torch.tanh(self.readout(torch.cat([attended.context, queries], dim=-1)))

    def _run_fused(self, targets: Tensor, state: DecoderState, encoded: EncodedSource) -> Tensor:
        """Compute all steps with input feeding in one function, for one GRU layer with additive attention."""
        first, score = self.first_layer, cast(AdditiveScore, self.attention.score)
        weights = LuongWeights(
            feed=first.input_weight[:, -self.readout.out_features :],
            recurrent=first.recurrent_weight,
            recurrent_bias=first.recurrent_bias,
            query=score.query_layer.weight,
            vector=score.vector,
            readout=self.readout.weight,
            readout_bias=self.readout.bias,
        )
        (initial,) = state.layers[0]
        projected = self._project_embedded(self.embed(targets.t()))
        source = AttendedSource(encoded.states, encoded.keys, encoded.mask)
        return luong_gru(projected, initial, cast(Tensor, state.feed), source, weights).transpose(0, 1)

    def _run_plain(self, targets: Tensor, state: DecoderState, encoded: EncodedSource) -> Tensor:
        """Compute step by step, for any cell, score and number of layers, with input feeding and coverage."""
        steps = []
        for column in targets.unbind(1):
            step = self.step(column.unsqueeze(1), state, encoded)
            steps.append(step.readout)
            state = step.state
        return torch.cat(steps, dim=1)

    def step(self, tokens: Tensor, state: DecoderState, encoded: EncodedSource) -> DecoderStep:
        """See :meth:`Decoder.step`."""
        inputs = self.embed(tokens.reshape(-1))  # (B·K, E)
        if state.feed is not None:
            inputs = torch.cat([inputs, state.feed], dim=-1)
        first = self.first_layer
        stack = self._upper_layers(first.step(first.project(inputs), state.layers[0]), state.layers)
        queries = stack.output.view(*tokens.shape, -1)  # (B, K, H)
        attended = self._attend(queries, state, encoded)
        readout = torch.tanh(self.readout(torch.cat([attended.context, queries], dim=-1)))
        feed = readout.flatten(0, 1) if self.input_feeding else None
        new_state = DecoderState(stack.states, feed, self._next_coverage(state, attended))
        return DecoderStep(readout, new_state, attended.weights)


def make_decoder(config: ModelConfig, embedding: nn.Embedding) -> Decoder:
    """Make the decoder of the configured style."""
    styles = {"bahdanau": BahdanauDecoder, "luong": LuongDecoder}
    return styles[config.decoder.style](config, embedding)
