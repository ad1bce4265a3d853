"""The decoders: target token ids so far, to one vector a step from which the next token is predicted.

Two styles, which differ in where attention stands:

    bahdanau   s_t = cell([e_t; c_t], s_{t-1}),  c_t attended with s_{t-1}     Bahdanau et al. 2015
               readout tanh(W [s_t; c_t; e_t])
    luong      s_t = cell(e_t, s_{t-1}),         c_t attended with s_t         Luong et al. 2015
               readout tanh(W [c_t; s_t]);  with input feeding the readout joins the next e_t
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

import torch
from torch import Tensor, nn

from nmt_attn.config import ModelConfig
from nmt_attn.model.attention import AdditiveScore, Attention, Memory
from nmt_attn.model.dropout import Dropout
from nmt_attn.model.encoder import Encoded
from nmt_attn.model.fused import BahdanauWeights, DecoderPass, LuongWeights, bahdanau_gru, luong_gru
from nmt_attn.model.products import Linear, linear
from nmt_attn.model.recurrence import LayerState, Recurrence


@dataclass(frozen=True)
class DecoderState:
    """Where a decoder stands, for N rows (sentences, or sentences times hypotheses)."""

    layers: tuple[LayerState, ...]  # each tensor (N, H)
    feed: Tensor | None = None  # (N, R): the last readout, with input feeding

    def select(self, rows: Tensor) -> DecoderState:
        """The rows ``rows``, which may repeat."""
        layers = tuple(tuple(part[rows] for part in layer) for layer in self.layers)
        return DecoderState(layers, None if self.feed is None else self.feed[rows])


@dataclass(frozen=True)
class DecoderStep:
    """What one step gives."""

    readout: Tensor  # (B, K, R)
    state: DecoderState
    weights: Tensor  # (B, K, S): the attention of this step


class Decoder(nn.Module):
    """What both styles share.

    Args:
        config: the network's sizes.
        embedding: target embedding.
        input_size: what the first layer reads.
        features_size: what the readout layer reads.
    """

    def __init__(self, config: ModelConfig, embedding: nn.Embedding, input_size: int, features_size: int) -> None:
        super().__init__()
        size, source_size = config.decoder.hidden_size, 2 * config.encoder.hidden_size
        self.embedding = embedding
        self.scale = config.embedding_size**0.5
        self.dropout = Dropout(config.dropout)
        self.attention = Attention(config.attention, size, source_size)
        widths = [input_size] + [size] * (config.decoder.layers - 1)
        self.layers = nn.ModuleList(Recurrence(config.cell, width, size) for width in widths)
        parts = len(widths) * (2 if config.cell == "lstm" else 1)
        self.bridge = Linear(source_size, parts * size)
        self.parts_a_layer = parts // len(widths)
        self.readout = Linear(features_size, config.readout_size)

    @property
    def first_layer(self) -> Recurrence:
        """The lowest recurrent layer."""
        return self._layers()[0]

    def _layers(self) -> list[Recurrence]:
        return [cast(Recurrence, layer) for layer in self.layers]

    def start(self, encoded: Encoded) -> DecoderState:
        """The state before the first token: a ``tanh`` bridge from the encoder's final states."""
        size = self.bridge.out_features // (len(self.layers) * self.parts_a_layer)
        parts = torch.split(torch.tanh(self.bridge(encoded.final)), size, dim=-1)
        grouped = [parts[i : i + self.parts_a_layer] for i in range(0, len(parts), self.parts_a_layer)]
        return DecoderState(tuple(grouped))

    def embed(self, tokens: Tensor) -> Tensor:
        """Embeddings of token ids, with dropout."""
        embedded: Tensor = self.dropout(self.embedding(tokens) * self.scale)
        return embedded

    def forward(self, targets: Tensor, state: DecoderState, memory: Memory) -> Tensor:
        """Teacher forcing: the readouts (B, T, R) after each of the target tokens (B, T), the first being BOS."""
        raise NotImplementedError

    def step(self, tokens: Tensor, state: DecoderState, memory: Memory) -> DecoderStep:
        """One step: tokens (B, K), K hypotheses a sentence; the rows of ``state`` are B·K, sentence by sentence."""
        raise NotImplementedError

    def can_be_fused(self) -> bool:
        """Whether the functions of :mod:`nmt_attn.model.fused` compute this decoder."""
        return (
            len(self.layers) == 1
            and self.first_layer.cell == "gru"
            and isinstance(self.attention.score, AdditiveScore)
            and torch.is_grad_enabled()
        )

    def _project_embedded(self, embedded: Tensor) -> Tensor:
        """The embedding's share of the first layer's gates; its weights come before those of what else is read."""
        first = self.first_layer
        return linear(embedded, first.input_weight[:, : embedded.shape[-1]], first.input_bias)

    def _upper_layers(self, hidden: Tensor, states: tuple[LayerState, ...]) -> tuple[LayerState, ...]:
        """One step of the layers above the first, whose new h is ``hidden`` (N, H)."""
        new: list[LayerState] = []
        for layer, state in zip(self._layers()[1:], states[1:], strict=True):
            new.append(layer.step(layer.project(self.dropout(hidden)), state))
            hidden = new[-1][0]
        return tuple(new)


class BahdanauDecoder(Decoder):
    """Attends with the state before, and lets the cell read the context."""

    def __init__(self, config: ModelConfig, embedding: nn.Embedding) -> None:
        source_size = 2 * config.encoder.hidden_size
        super().__init__(
            config,
            embedding,
            input_size=config.embedding_size + source_size,
            features_size=config.decoder.hidden_size + source_size + config.embedding_size,
        )

    def forward(self, targets: Tensor, state: DecoderState, memory: Memory) -> Tensor:
        """See :meth:`Decoder.forward`. What does not wait for the state is done for all steps at once."""
        embedded = self.embed(targets.t())  # (T, B, E)
        projected = self._project_embedded(embedded)  # (T, B, G·H)
        run = self._run_fused if self.can_be_fused() else self._run_plain
        passed = run(projected, state, memory)
        features = torch.cat([passed.hiddens, passed.contexts, embedded], dim=-1)
        return torch.tanh(self.readout(features)).transpose(0, 1)

    def _run_fused(self, projected: Tensor, state: DecoderState, memory: Memory) -> DecoderPass:
        """All steps in one function: one GRU layer, additive attention."""
        first, score = self.first_layer, cast(AdditiveScore, self.attention.score)
        weights = BahdanauWeights(
            context=first.input_weight[:, -memory.states.shape[2] :],
            recurrent=first.recurrent_weight,
            recurrent_bias=first.recurrent_bias,
            query=score.query_layer.weight,
            vector=score.vector,
        )
        (initial,) = state.layers[0]
        return bahdanau_gru(projected, initial, memory, weights)

    def _run_plain(self, projected: Tensor, state: DecoderState, memory: Memory) -> DecoderPass:
        """Step by step, for any cell, score and number of layers."""
        hiddens, contexts = [], []
        for from_token in projected.unbind(0):
            context, _ = self._attend(state, memory)
            state = self._advance(from_token, context, state)
            hiddens.append(state.layers[-1][0])
            contexts.append(context)
        return DecoderPass(torch.stack(hiddens), torch.stack(contexts))

    def step(self, tokens: Tensor, state: DecoderState, memory: Memory) -> DecoderStep:
        """See :meth:`Decoder.step`."""
        embedded = self.embed(tokens.reshape(-1))  # (B·K, E)
        context, weights = self._attend(state, memory)
        state = self._advance(self._project_embedded(embedded), context, state)
        readout = torch.tanh(self.readout(torch.cat([state.layers[-1][0], context, embedded], dim=-1)))
        return DecoderStep(readout.view(*tokens.shape, -1), state, weights)

    def _attend(self, state: DecoderState, memory: Memory) -> tuple[Tensor, Tensor]:
        """The context (N, A) and the weights (B, K, S) for the top layer's state."""
        hidden = state.layers[-1][0]
        attended = self.attention(hidden.view(memory.states.shape[0], -1, hidden.shape[-1]), memory)
        return attended.context.flatten(0, 1), attended.weights

    def _advance(self, from_token: Tensor, context: Tensor, state: DecoderState) -> DecoderState:
        """All layers one step on."""
        first = self.first_layer
        from_context = linear(context, first.input_weight[:, -context.shape[-1] :])
        below = first.step(from_token + from_context, state.layers[0])
        return DecoderState((below, *self._upper_layers(below[0], state.layers)))


class LuongDecoder(Decoder):
    """Lets the cell run first and attends with the new state; optionally feeds the readout back."""

    def __init__(self, config: ModelConfig, embedding: nn.Embedding) -> None:
        feeding = config.decoder.input_feeding
        super().__init__(
            config,
            embedding,
            input_size=config.embedding_size + (config.readout_size if feeding else 0),
            features_size=2 * config.encoder.hidden_size + config.decoder.hidden_size,
        )
        self.input_feeding = feeding

    def start(self, encoded: Encoded) -> DecoderState:
        """See :meth:`Decoder.start`; there is no readout yet, so zeros are fed."""
        state = super().start(encoded)
        if not self.input_feeding:
            return state
        return replace(state, feed=encoded.final.new_zeros(len(encoded.final), self.readout.out_features))

    def forward(self, targets: Tensor, state: DecoderState, memory: Memory) -> Tensor:
        """See :meth:`Decoder.forward`. Without input feeding nothing is done step by step but the recurrence."""
        if self.input_feeding:
            return (self._run_fused if self.can_be_fused() else self._run_plain)(targets, state, memory)
        vectors = self.embed(targets.t())  # (T, B, E)
        for index, (layer, layer_state) in enumerate(zip(self._layers(), state.layers, strict=True)):
            vectors, _ = layer(self.dropout(vectors) if index else vectors, layer_state)
        queries = vectors.transpose(0, 1).contiguous()  # (B, T, H)
        attended = self.attention(queries, memory)
        return torch.tanh(self.readout(torch.cat([attended.context, queries], dim=-1)))

    def _run_fused(self, targets: Tensor, state: DecoderState, memory: Memory) -> Tensor:
        """All steps with input feeding in one function: one GRU layer, additive attention."""
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
        return luong_gru(projected, initial, cast(Tensor, state.feed), memory, weights).transpose(0, 1)

    def _run_plain(self, targets: Tensor, state: DecoderState, memory: Memory) -> Tensor:
        """Step by step with input feeding, for any cell, score and number of layers."""
        steps = []
        for column in targets.unbind(1):
            step = self.step(column.unsqueeze(1), state, memory)
            steps.append(step.readout)
            state = step.state
        return torch.cat(steps, dim=1)

    def step(self, tokens: Tensor, state: DecoderState, memory: Memory) -> DecoderStep:
        """See :meth:`Decoder.step`."""
        inputs = self.embed(tokens.reshape(-1))  # (B·K, E)
        if state.feed is not None:
            inputs = torch.cat([inputs, state.feed], dim=-1)
        first = self.first_layer
        below = first.step(first.project(inputs), state.layers[0])
        layers = (below, *self._upper_layers(below[0], state.layers))
        hidden = layers[-1][0]
        queries = hidden.view(*tokens.shape, -1)  # (B, K, H)
        attended = self.attention(queries, memory)
        readout = torch.tanh(self.readout(torch.cat([attended.context, queries], dim=-1)))
        feed = readout.flatten(0, 1) if self.input_feeding else None
        return DecoderStep(readout, DecoderState(layers, feed), attended.weights)


def make_decoder(config: ModelConfig, embedding: nn.Embedding) -> Decoder:
    """The decoder of the configured style."""
    styles = {"bahdanau": BahdanauDecoder, "luong": LuongDecoder}
    return styles[config.decoder.style](config, embedding)
