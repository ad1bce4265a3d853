"""The decoder of both styles: its weights, its start, and teacher forcing over a whole target.

The leaves here are the network's own, for the step of :mod:`nmt_attn.model.step`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from nmt_attn.config.schema import ModelConfig
from nmt_attn.kernels.attention_gru import AttendedSource
from nmt_attn.kernels.bahdanau_gru import BahdanauWeights, bahdanau_gru
from nmt_attn.kernels.dropout import Dropout, WordDropout
from nmt_attn.kernels.luong_gru import LuongWeights, luong_gru
from nmt_attn.kernels.matmul import Linear, linear
from nmt_attn.model.attention import AdditiveScore, Attention, EncodedSource
from nmt_attn.model.encoder import EncoderOutput
from nmt_attn.model.recurrence import LayerState, Recurrence, make_layers, recurrences
from nmt_attn.model.residual import run_stack
from nmt_attn.model.step import Attended, DecoderState, StepwiseDecoder, TokenParts


class Decoder(nn.Module, StepwiseDecoder[Tensor, EncodedSource]):
    """A decoder: from the target token ids so far to one readout per step, which predicts the next token.

    Args:
        config: the network's sizes and kinds.
        embedding: target embedding.
    """

    def __init__(self, config: ModelConfig, embedding: nn.Embedding) -> None:
        super().__init__()
        self.config = config
        size = config.decoder.hidden_size
        self.embedding = embedding
        self.scale = config.embedding_size**0.5
        self.dropout = Dropout(config.dropout)
        self.word_dropout = WordDropout(config.decoder.word_dropout)
        self.attention = Attention(config.attention, size, config.source_size)
        fed_size = config.context_size if self.attends_first else config.readout_size * self.feeds_readout
        widths = [config.embedding_size + fed_size] + [size] * (config.decoder.layers - 1)
        self.layers = make_layers(config, widths, size)
        if config.decoder.start == "bridge":
            self.bridge = Linear(config.source_size, len(widths) * self.first_layer.state_parts * size)
        features_size = size + config.context_size + config.embedding_size * self.attends_first
        self.readout = Linear(features_size, config.readout_size)

    @property
    def first_layer(self) -> Recurrence:
        """The lowest recurrent layer."""
        return recurrences(self.layers)[0]

    # --- the start ----------------------------------------------------------------------------------------------

    def start(self, encoder_output: EncoderOutput) -> DecoderState[Tensor]:
        """Return the state before the first token; where a readout is fed, it is zeros at first."""
        starts, states = self._start_states(encoder_output), encoder_output.states
        layers = tuple(layer.begin(state) for layer, state in zip(recurrences(self.layers), starts, strict=True))
        feed = states.new_zeros(len(states), self.readout.out_features) if self.feeds_readout else None
        return DecoderState(
            layers, feed, None if self.attention.coverage is None else states.new_zeros(states.shape[:2])
        )

    def _start_states(self, encoder_output: EncoderOutput) -> list[LayerState]:
        """Return the state of every layer before the first token, as ``model.decoder.start`` says."""
        first, count = self.first_layer, len(self.layers)
        if self.config.decoder.start == "last":
            return [encoder_output.last] * count
        if self.config.decoder.start == "zeros":
            zeros = encoder_output.last[0].new_zeros(len(encoder_output.last[0]), first.hidden_size)
            return [(zeros,) * first.state_parts] * count
        parts = torch.tanh(self.bridge(encoder_output.last[0])).split(first.hidden_size, dim=-1)
        each = first.state_parts
        return [parts[place : place + each] for place in range(0, len(parts), each)]

    # --- the leaves of a step -----------------------------------------------------------------------------------

    def embed(self, tokens: Tensor) -> Tensor:
        """Embed token ids, with dropout."""
        embedded: Tensor = self.word_dropout(self.dropout(self.embedding(tokens) * self.scale))
        return embedded

    def token_parts(self, tokens: Tensor) -> TokenParts[Tensor]:
        """See :meth:`StepwiseDecoder.token_parts`; the weights of embeddings come before those of what is fed."""
        embedded, first = self.embed(tokens), self.first_layer  # (…, E)
        gates = linear(embedded, first.input_weight[:, : embedded.shape[-1]], first.input_bias)
        return TokenParts(gates, embedded if self.attends_first else None)

    def first_gates(self, token_gates: Tensor, fed: Tensor | None) -> Tensor:
        """See :meth:`StepwiseDecoder.first_gates`."""
        first = self.first_layer
        if fed is not None:
            token_gates = token_gates + linear(fed, first.input_weight[:, self.embedding.embedding_dim :])
        return first.normalise_inputs(token_gates)

    def upper_gates(self, index: int, below: Tensor) -> Tensor:
        """See :meth:`StepwiseDecoder.upper_gates`."""
        return recurrences(self.layers)[index].project(self.dropout(below))

    def recurrent_step(self, index: int, gates: Tensor, state: LayerState) -> LayerState:
        """See :meth:`StepwiseDecoder.recurrent_step`."""
        return recurrences(self.layers)[index].step(gates, state)

    def attend(self, hidden: Tensor, coverage: Tensor | None, source: EncodedSource) -> Attended[Tensor]:
        """See :meth:`StepwiseDecoder.attend`."""
        queries = hidden.view(len(source.states), -1, hidden.shape[-1])  # (B, K, H)
        before = None if coverage is None else coverage.view(*queries.shape[:2], -1)  # (B, K, S)
        attended = self.attention(queries, source, before)
        after = None if coverage is None else coverage + attended.weights.flatten(0, 1)
        return Attended(attended.context.flatten(0, 1), attended.weights, after)

    def compute_readout(self, features: Sequence[Tensor], token: Tensor | None) -> Tensor:
        """See :meth:`StepwiseDecoder.compute_readout`; also for all steps at once."""
        return torch.tanh(self.readout(torch.cat([*features, *([] if token is None else [token])], dim=-1)))

    # --- teacher forcing ----------------------------------------------------------------------------------------

    def forward(self, targets: Tensor, state: DecoderState[Tensor], source: EncodedSource) -> Tensor:
        """Compute the readouts (B, T, R) after each target token (B, T), the first being BOS, by teacher forcing.

        All that does not depend on the state is computed for all steps at once. Where nothing is fed back, that is
        everything but the recurrence.
        """
        if not (self.attends_first or self.feeds_readout or self.attention.coverage is not None):
            return self._run_whole(targets, state, source)
        run = self._run_fused if self.can_be_fused() else self._run_plain
        return run(self.token_parts(targets.t()), state, source).transpose(0, 1)

    def _run_whole(self, targets: Tensor, state: DecoderState[Tensor], source: EncodedSource) -> Tensor:
        """Compute the readouts layer by layer, then attend with all states at once."""
        layers = recurrences(self.layers)

        def run(index: int, below: Tensor) -> Tensor:
            outputs, _ = layers[index](self.dropout(below) if index else below, state.layers[index])
            return cast(Tensor, outputs)

        outputs = run_stack(self.embed(targets.t()), len(layers), run)  # (T, B, H)
        queries = outputs.transpose(0, 1).contiguous()  # (B, T, H)
        attended = self.attention(queries, source)
        return self.compute_readout(self.features(queries, attended.context), None)

    def _run_plain(self, tokens: TokenParts[Tensor], state: DecoderState[Tensor], source: EncodedSource) -> Tensor:
        """Compute the readouts (T, B, R) step by step, for any cell, score and number of layers."""
        readouts, features = [], []
        for position, gates in enumerate(tokens.gates.unbind(0)):
            token = TokenParts(gates, None if tokens.readout is None else tokens.readout[position])
            if self.feeds_readout:
                step = self.step(token, state, source)
                readouts.append(step.readout)
                state = step.state
            else:
                advanced = self.advance(token, state, source)
                features.append(self.features(advanced.output, advanced.attended.context))
                state = self.next_state(advanced, None)
        if self.feeds_readout:
            return torch.stack(readouts)
        return self.compute_readout([torch.stack(parts) for parts in zip(*features, strict=True)], tokens.readout)

    def can_be_fused(self) -> bool:
        """Say whether there is one function for this decoder, see :mod:`nmt_attn.kernels.attention_gru`."""
        return (
            len(self.layers) == 1
            and self.first_layer.cell == "gru"
            and self.first_layer.is_standard
            and self.attention.coverage is None
            and type(self.attention.score) is AdditiveScore  # a subclass may compute something else
            and torch.is_grad_enabled()
        )

    def _run_fused(self, tokens: TokenParts[Tensor], state: DecoderState[Tensor], source: EncodedSource) -> Tensor:
        """Compute what :meth:`_run_plain` does in one function, for one GRU layer with additive attention."""
        first, score = self.first_layer, cast(AdditiveScore, self.attention.score)
        fed = first.input_weight[:, self.embedding.embedding_dim :]
        recurrent = (first.recurrent_weight, first.recurrent_bias, score.query_layer.weight, score.vector)
        (initial,), attended = state.layers[0], AttendedSource(source.states, source.keys, source.mask)
        if self.attends_first:
            passed = bahdanau_gru(tokens.gates, initial, attended, BahdanauWeights(fed, *recurrent))
            return self.compute_readout(self.features(passed.hiddens, passed.contexts), tokens.readout)
        weights = LuongWeights(fed, *recurrent, self.readout.weight, self.readout.bias)
        return luong_gru(tokens.gates, initial, cast(Tensor, state.feed), attended, weights)
