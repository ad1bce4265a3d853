"""A trained network as two ONNX models: the encoder, and one step of the decoder.

The decoder reads what the encoder gives, under the same names: the encoded source, ``memory`` in ``model.json``, which
stays for the whole sentence, and the *state*, which each step replaces by its outputs ``next_…``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import onnx

from nmt_attn.config.schema import ModelConfig
from nmt_attn.errors import UserError
from nmt_attn.export.cells import Padding, Read, read_both_ways, step
from nmt_attn.export.graph import GraphWriter, Value, Weights
from nmt_attn.model.attention import AdditiveScore, Attention, Coverage, DotScore, GeneralScore, LocationScore
from nmt_attn.model.decoder import Decoder
from nmt_attn.model.network import TranslationModel
from nmt_attn.model.recurrence import RESIDUAL_FROM, recurrences
from nmt_attn.text.tokenizer import BOS, PAD, UNK

SUPPRESSED_TOKENS = (PAD, UNK, BOS)
"""Tokens that no sentence holds: their log-probability is -inf."""

SOURCE = Value("source", "int64", ("batch", "source_length"))
LENGTHS = Value("lengths", "int64", ("batch",))
TOKENS = Value("tokens", "int64", ("batch", "hypotheses"))
ATTENTION = Value("attention", "float32", ("batch", "hypotheses", "source_length"))
NEXT = "next_"
"""The prefix of the name of a state when it is the one after the step."""

MOST_BYTES = 2 * 10**9
"""An ONNX file cannot hold more."""


@dataclass(frozen=True)
class OnnxNetwork:
    """Both models, with what they read and give."""

    encoder: onnx.ModelProto
    decoder: onnx.ModelProto
    memory: list[Value]
    state: list[Value]
    log_probs: Value

    @property
    def decoder_inputs(self) -> list[Value]:
        """The decoder's inputs, in the order in which the model has them."""
        return [TOKENS, *self.memory, *(_of_hypotheses(value) for value in self.state)]

    @property
    def decoder_outputs(self) -> list[Value]:
        """The decoder's outputs, in the order in which the model has them."""
        return [self.log_probs, ATTENTION, *(_next(value) for value in self.state)]


def write_network(model: TranslationModel) -> OnnxNetwork:
    """Write down a network.

    Raises:
        UserError: it is too large for the format, or has parts that are not known here.
    """
    size = 4 * sum(weight.numel() for weight in model.weights().values())
    if size > MOST_BYTES:
        raise UserError(f"the weights take {size / 1e9:.1f} GB, and an ONNX file holds 2 GB at most")
    weights = Weights(model)
    memory, state = memory_values(model.config), state_values(model.config)
    vocabulary = len(model.output.weight)
    network = OnnxNetwork(
        _write_encoder(model, weights, memory + state),
        _write_decoder(model, weights, memory, state, vocabulary),
        memory,
        state,
        _log_probs(vocabulary),
    )
    if left_over := weights.left_over():
        raise UserError(f"this network cannot be exported: nothing is known here about its weight {left_over[0]}")
    return network


def memory_values(config: ModelConfig) -> list[Value]:
    """List the values of the encoded source, computed once per sentence and read at each step."""
    size, score = config.source_size, config.attention.score
    keys = {"general": config.decoder.hidden_size, "additive": config.attention.size or config.decoder.hidden_size}
    values = [Value("mask", "bool", ("batch", "source_length"))]
    if score != "none":
        values.append(Value("states", "float32", ("batch", "source_length", size)))
    if score in keys:
        values.append(Value("keys", "float32", ("batch", "source_length", keys[score])))
    if config.attention.coverage:
        values.append(Value("fertility", "float32", ("batch", "source_length")))
    return values


def state_values(config: ModelConfig) -> list[Value]:
    """List the values of the decoder's state, at first one row per sentence."""
    parts = ("h",) if config.cell == "gru" else ("h", "c")
    values = [
        Value(f"layer_{layer}_{part}", "float32", ("batch", config.decoder.hidden_size))
        for layer in range(config.decoder.layers)
        for part in parts
    ]
    if config.decoder.input_feeding:
        values.append(Value("feed", "float32", ("batch", config.readout_size)))
    if config.attention.coverage:
        values.append(Value("coverage", "float32", ("batch", "source_length")))
    return values


def _of_hypotheses(state: Value) -> Value:
    """Give a state one row per hypothesis, as it has in the decoder."""
    return replace(state, shape=("rows", *state.shape[1:]))


def _next(state: Value) -> Value:
    return replace(_of_hypotheses(state), name=NEXT + state.name)


def _log_probs(vocabulary: int) -> Value:
    return Value("log_probs", "float32", ("batch", "hypotheses", vocabulary))


def _write_encoder(model: TranslationModel, weights: Weights, outputs: list[Value]) -> onnx.ModelProto:
    graph = GraphWriter(weights)
    positions = graph.op(
        "Range",
        graph.constant("zero", np.array(0, dtype=np.int64)),
        graph.op("Squeeze", graph.size(SOURCE.name, 1)),
        graph.constant("one", np.array(1, dtype=np.int64)),
    )  # (S)
    mask = graph.op("Less", positions, graph.unsqueeze(LENGTHS.name, 1))  # (B, S)
    read = _encode(graph, model, mask)
    states = graph.op("Transpose", read.outputs, perm=[1, 0, 2])  # (B, S, A)
    given = {"mask": mask, "states": states}
    attention = model.decoder.attention
    if isinstance(attention.score, (GeneralScore, AdditiveScore)):
        layer = attention.score.key_layer
        given["keys"] = graph.linear_sequence(states, layer.weight, layer.bias)
    if attention.coverage is not None:
        given["fertility"] = _fertility(graph, attention.coverage, states)
        given["coverage"] = graph.op("Expand", graph.number(0.0), graph.op("Shape", SOURCE.name))
    if model.config.decoder.input_feeding:
        given["feed"] = graph.filled(0.0, graph.size(SOURCE.name, 0), graph.ints(model.config.readout_size))
    starts = _starts(graph, model.decoder, read.last)
    layers = [value.name for value in state_values(model.config) if value.name.startswith("layer_")]
    given.update(zip(layers, starts, strict=True))
    return graph.finish("encoder", [SOURCE, LENGTHS], [(value, given[value.name]) for value in outputs])


def _encode(graph: GraphWriter, model: TranslationModel, mask: str) -> Read:
    """Add all layers of the encoder, as :meth:`nmt_attn.model.encoder.Encoder.forward`."""
    encoder = model.encoder
    by_position = graph.op("Transpose", SOURCE.name, perm=[1, 0])
    vectors = graph.embed(by_position, encoder.embedding, encoder.scale)  # (S, B, E)
    running = graph.unsqueeze(graph.op("Transpose", mask, perm=[1, 0]), 2)  # (S, B, 1)
    padding = Padding(graph.op("Cast", LENGTHS.name, to=onnx.TensorProto.INT32), running)
    read = Read(vectors, [])
    directions = zip(recurrences(encoder.forward_layers), recurrences(encoder.backward_layers), strict=True)
    for index, (ahead, back) in enumerate(directions):
        below = read.outputs
        read = read_both_ways(graph, ahead, back, below, padding)
        if index >= RESIDUAL_FROM:
            read = replace(read, outputs=graph.op("Add", read.outputs, below))
    return read


def _fertility(graph: GraphWriter, coverage: Coverage, states: str) -> str:
    """Compute 2 σ(fᵀ h_i + b), (B, S)."""
    layer = coverage.fertility_layer
    share = graph.op("Sigmoid", graph.linear_sequence(states, layer.weight, layer.bias))
    return graph.op("Mul", graph.number(coverage.MOST), graph.op("Squeeze", share, graph.ints(-1)))


def _starts(graph: GraphWriter, decoder: Decoder, last: list[str]) -> list[str]:
    """Add the states of all layers before the first token, part by part, from where the encoder ends."""
    first, layers = decoder.first_layer, len(decoder.layers)
    if decoder.start_kind == "last":
        return last * layers
    if decoder.start_kind == "zeros":
        zeros = graph.filled(0.0, graph.size(LENGTHS.name, 0), graph.ints(first.hidden_size))
        return [zeros] * (layers * first.state_parts)
    bridge = graph.op("Tanh", graph.linear(last[0], decoder.bridge.weight, decoder.bridge.bias))
    count = layers * first.state_parts
    return [bridge] if count == 1 else graph.ops("Split", count, bridge, axis=-1)


@dataclass(frozen=True)
class _Attended:
    context: str | None  # (B·K, A); none without attention
    weights: str  # (B, K, S)


@dataclass(frozen=True)
class _Stepped:
    """The layers of the decoder after one step."""

    output: str  # (B·K, H)
    layers: list[str]  # (B·K, H) each


def _write_decoder(
    model: TranslationModel, weights: Weights, memory: list[Value], state: list[Value], vocabulary: int
) -> onnx.ModelProto:
    graph, decoder = GraphWriter(weights), model.decoder
    layers = [value.name for value in state if value.name.startswith("layer_")]
    embedded = graph.embed(graph.reshape(TOKENS.name, -1), decoder.embedding, decoder.scale)  # (B·K, E)
    if model.config.decoder.style == "bahdanau":
        attended = _attend(graph, decoder.attention, layers[-decoder.first_layer.state_parts])
        stepped = _advance(graph, decoder, _joined(graph, embedded, attended.context), layers)
        readout = _readout(graph, decoder, _joined(graph, stepped.output, attended.context, embedded))
    else:
        feed = "feed" if model.config.decoder.input_feeding else None
        stepped = _advance(graph, decoder, _joined(graph, embedded, feed), layers)
        attended = _attend(graph, decoder.attention, stepped.output)
        readout = _readout(graph, decoder, _joined(graph, attended.context, stepped.output))
    given = {NEXT + name: value for name, value in zip(layers, stepped.layers, strict=True)}
    given[NEXT + "feed"] = readout
    if decoder.attention.coverage is not None:
        given[NEXT + "coverage"] = graph.op(
            "Add", "coverage", _rows(graph, attended.weights, graph.size("coverage", 1))
        )
    given["log_probs"] = _next_log_probs(graph, model, readout, vocabulary)
    given["attention"] = attended.weights
    outputs = [_log_probs(vocabulary), ATTENTION, *(_next(value) for value in state)]
    inputs = [TOKENS, *memory, *(_of_hypotheses(value) for value in state)]
    return graph.finish("decoder", inputs, [(value, given[value.name]) for value in outputs])


def _next_log_probs(graph: GraphWriter, model: TranslationModel, readout: str, vocabulary: int) -> str:
    """Compute log-probabilities of the next token, (B, K, V), without those that no sentence holds."""
    forbidden = np.zeros(vocabulary, dtype=np.float32)
    forbidden[list(SUPPRESSED_TOKENS)] = -math.inf
    scores = graph.linear(readout, model.output.weight, model.output.bias)
    allowed = graph.op("Add", scores, graph.constant("forbidden", forbidden))
    log_probs = graph.op("LogSoftmax", allowed, axis=-1)
    return graph.op("Reshape", log_probs, graph.shape(graph.op("Shape", TOKENS.name), graph.ints(-1)))


def _advance(graph: GraphWriter, decoder: Decoder, inputs: str, states: list[str]) -> _Stepped:
    """Advance all layers by one step; ``states`` are the parts of all."""
    output, new = inputs, []
    for index, layer in enumerate(recurrences(decoder.layers)):
        parts = states[index * layer.state_parts : (index + 1) * layer.state_parts]
        stepped = step(graph, layer, output, parts)
        new += stepped
        output = graph.op("Add", stepped[0], output) if index >= RESIDUAL_FROM else stepped[0]
    return _Stepped(output, new)


def _readout(graph: GraphWriter, decoder: Decoder, features: str) -> str:
    return graph.op("Tanh", graph.linear(features, decoder.readout.weight, decoder.readout.bias))


def _joined(graph: GraphWriter, *vectors: str | None) -> str:
    """Put vectors side by side, as many as there are."""
    present = [vector for vector in vectors if vector is not None]
    return present[0] if len(present) == 1 else graph.op("Concat", *present, axis=-1)


def _rows(graph: GraphWriter, vectors: str, width: str) -> str:
    """Reshape (B, K, …) to (B·K, …), of which ``width`` is the last size."""
    return graph.op("Reshape", vectors, graph.shape(graph.ints(-1), width))


def _by_sentence(graph: GraphWriter, rows: str, width: str) -> str:
    """Reshape (B·K, F) to (B, K, F), with F the ``width``."""
    return graph.op("Reshape", rows, graph.shape(graph.op("Shape", TOKENS.name), width))


def _attend(graph: GraphWriter, attention: Attention, hidden: str) -> _Attended:
    """Attend with decoder states (B·K, H), as :meth:`nmt_attn.model.attention.Attention.forward`."""
    if attention.score is None:
        shape = graph.shape(graph.op("Shape", TOKENS.name), graph.size("mask", 1))
        return _Attended(None, graph.op("Expand", graph.number(0.0), shape))
    scores = _scores(graph, attention, hidden)  # (B, K, S)
    masked = graph.op("Where", graph.unsqueeze("mask", 1), scores, graph.number(-math.inf))
    weights = graph.op("Softmax", masked, axis=-1)
    contexts = graph.op("MatMul", weights, "states")  # (B, K, A)
    return _Attended(_rows(graph, contexts, graph.size("states", 2)), weights)


def _scores(graph: GraphWriter, attention: Attention, hidden: str) -> str:
    """Compute the scores (B, K, S) of decoder states (B·K, H)."""
    match attention.score:
        case DotScore(scale=scale):
            queries = _by_sentence(graph, graph.op("Mul", hidden, graph.number(scale)), graph.ints(-1))
            return graph.op("MatMul", queries, graph.op("Transpose", "states", perm=[0, 2, 1]))
        case GeneralScore():
            queries = _by_sentence(graph, hidden, graph.ints(-1))
            return graph.op("MatMul", queries, graph.op("Transpose", "keys", perm=[0, 2, 1]))
        case LocationScore() as score:
            return _location_scores(graph, score, hidden)
        case AdditiveScore() as score:
            return _additive_scores(graph, score, attention.coverage, hidden)
    raise UserError(f"this network cannot be exported: nothing is known here about {type(attention.score).__name__}")


def _location_scores(graph: GraphWriter, score: LocationScore, hidden: str) -> str:
    """Compute (W s)_i; -inf behind the last position that W knows."""
    known = _by_sentence(graph, graph.linear(hidden, score.query_layer.weight), graph.ints(-1))  # (B, K, P)
    length = graph.size("states", 1)
    unseen = graph.filled(-math.inf, graph.op("Shape", TOKENS.name), length)  # (B, K, S)
    padded = graph.op("Concat", known, unseen, axis=-1)
    return graph.op("Slice", padded, graph.ints(0), length, graph.ints(2))


def _additive_scores(graph: GraphWriter, score: AdditiveScore, coverage: Coverage | None, hidden: str) -> str:
    """Compute vᵀ tanh(W s + U h_i), with coverage vᵀ tanh(W s + U h_i + C_i k)."""
    queries = _by_sentence(graph, graph.linear(hidden, score.query_layer.weight), graph.ints(-1))  # (B, K, D)
    keys = graph.unsqueeze("keys", 1)  # (B, 1, S, D)
    if coverage is not None:
        had = _by_sentence(graph, "coverage", graph.size("coverage", 1))  # (B, K, S)
        shares = graph.op("Div", had, graph.unsqueeze("fertility", 1))
        keys = graph.op("Add", keys, graph.op("Mul", graph.unsqueeze(shares, 3), graph.weight(coverage.vector)))
    inner = graph.op("Tanh", graph.op("Add", graph.unsqueeze(queries, 2), keys))  # (B, K, S, D)
    return graph.op("MatMul", inner, graph.weight(score.vector))
