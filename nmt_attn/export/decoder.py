"""One step of the decoder as an ONNX model: the leaves of the step write it down."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import onnx

from nmt_attn.export.cells import advance, normalise_inputs
from nmt_attn.export.graph import GraphWriter, Weights
from nmt_attn.export.scores import Memory, attended_context, attention_weights
from nmt_attn.export.values import NEXT, SUPPRESSED_TOKENS, TOKENS, decoder_inputs, decoder_outputs, state_values
from nmt_attn.model.network import TranslationModel
from nmt_attn.model.recurrence import recurrences
from nmt_attn.model.step import Attended, DecoderState, StepwiseDecoder, TokenParts

NOTHING = ""
"""The name of a value without any columns, as a context is without attention."""

MEMORY = Memory(TOKENS.name, "mask", "states", "keys", "fertility", "coverage")
"""What a step attends to, by the names of the decoder's inputs."""


class OnnxDecoder(StepwiseDecoder[str, None]):
    """The leaves of a step, whose values are names in a graph; what is attended to has its name from the encoder.

    Args:
        graph: where they are written.
        model: the network.
    """

    def __init__(self, graph: GraphWriter, model: TranslationModel) -> None:
        self.graph, self.config, self.decoder = graph, model.config, model.decoder
        self.layers = recurrences(model.decoder.layers)

    def token_parts(self, tokens: str) -> TokenParts[str]:
        """See :meth:`StepwiseDecoder.token_parts`."""
        first, width = self.layers[0], self.config.embedding_size
        embedded = self.graph.embed(tokens, self.decoder.embedding, self.decoder.scale)  # (N, E)
        gates = self.graph.linear(embedded, first.input_weight, first.input_bias, slice(None, width))
        return TokenParts(gates, embedded if self.attends_first else None)

    def first_gates(self, token_gates: str, fed: str | None) -> str:
        """See :meth:`StepwiseDecoder.first_gates`."""
        first, width = self.layers[0], self.config.embedding_size
        if fed:
            from_fed = self.graph.linear(fed, first.input_weight, columns=slice(width, None))
            token_gates = self.add(token_gates, from_fed)
        return normalise_inputs(self.graph, first, token_gates)

    def upper_gates(self, index: int, below: str) -> str:
        """See :meth:`StepwiseDecoder.upper_gates`."""
        layer = self.layers[index]
        return normalise_inputs(self.graph, layer, self.graph.linear(below, layer.input_weight, layer.input_bias))

    def recurrent_step(self, index: int, gates: str, state: tuple[str, ...]) -> tuple[str, ...]:
        """See :meth:`StepwiseDecoder.recurrent_step`."""
        return tuple(advance(self.graph, self.layers[index], gates, state))

    def attend(self, hidden: str, coverage: str | None, source: None) -> Attended[str]:
        """Add what :meth:`nmt_attn.model.attention.Attention.forward` does."""
        graph = self.graph
        if self.decoder.attention.score is None:
            shape = graph.shape(graph.op("Shape", TOKENS.name), graph.size(MEMORY.mask, 1))
            return Attended(NOTHING, graph.op("Expand", graph.number(0.0), shape), None)
        weights = attention_weights(graph, self.decoder.attention, hidden, MEMORY)  # (B, K, S)
        context = attended_context(graph, weights, MEMORY.states)  # (N, A)
        if coverage is not None:
            coverage = self.add(coverage, graph.rows(weights, graph.size(coverage, 1)))
        return Attended(context, weights, coverage)

    def compute_readout(self, features: Sequence[str], token: str | None) -> str:
        """See :meth:`StepwiseDecoder.compute_readout`."""
        layer, read = self.decoder.readout, [value for value in (*features, token) if value]
        joined = read[0] if len(read) == 1 else self.graph.op("Concat", *read, axis=-1)
        return self.graph.op("Tanh", self.graph.linear(joined, layer.weight, layer.bias))

    def add(self, left: str, right: str) -> str:
        """See :meth:`StepwiseDecoder.add`."""
        return self.graph.add(left, right)


def write_decoder(model: TranslationModel, weights: Weights) -> onnx.ModelProto:
    """Write one step of the decoder down, from tokens and a state to log-probabilities and the next state."""
    graph = GraphWriter(weights)
    decoder, names = OnnxDecoder(graph, model), [value.name for value in state_values(model.config)]
    parts = decoder.layers[0].state_parts
    layers = tuple(tuple(names[place : place + parts]) for place in range(0, parts * len(decoder.layers), parts))
    state = DecoderState(layers, *(name if name in names else None for name in ("feed", "coverage")))
    step = decoder.step(decoder.token_parts(graph.reshape(TOKENS.name, -1)), state, None)
    following = [part for layer in step.state.layers for part in layer]
    following += [part for part in (step.state.feed, step.state.coverage) if part is not None]
    given = dict(zip((NEXT + name for name in names), following, strict=True))
    given["log_probs"], given["attention"] = _next_log_probs(graph, model, step.readout), step.weights
    return graph.finish(
        "decoder", decoder_inputs(model), [(value, given[value.name]) for value in decoder_outputs(model)]
    )


def _next_log_probs(graph: GraphWriter, model: TranslationModel, readout: str) -> str:
    """Compute log-probabilities of the next token, (B, K, V), without those that no sentence holds."""
    forbidden = np.zeros(len(model.output.weight), dtype=np.float32)
    forbidden[list(SUPPRESSED_TOKENS)] = -math.inf
    scores = graph.linear(readout, model.output.weight, model.output.bias)
    allowed = graph.op("Add", scores, graph.constant("forbidden", forbidden))
    log_probs = graph.op("LogSoftmax", allowed, axis=-1)
    return graph.op("Reshape", log_probs, graph.shape(graph.op("Shape", TOKENS.name), graph.ints(-1)))
