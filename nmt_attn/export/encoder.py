"""The encoder in ONNX; for the decoder a model of its own, from source ids to what that reads and begins with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx

from nmt_attn.export.cells import Padding, read_both_ways
from nmt_attn.export.graph import GraphWriter, Value, Weights
from nmt_attn.export.scores import attention_keys
from nmt_attn.export.values import LENGTHS, SOURCE, state_values
from nmt_attn.model.attention import Coverage
from nmt_attn.model.decoder import Decoder
from nmt_attn.model.encoder import Encoder
from nmt_attn.model.network import TranslationModel
from nmt_attn.model.recurrence import recurrences
from nmt_attn.model.residual import run_stack


@dataclass(frozen=True)
class Encoded:
    """The names of what an encoder gives."""

    mask: str  # (B, S): true on real positions
    states: str  # (B, S, A)
    last: list[str]  # (B, A) each: h, and c of an LSTM, where the top layer ends


def write_encoder(model: TranslationModel, weights: Weights, outputs: list[Value]) -> onnx.ModelProto:
    """Write the encoder down, with the decoder's state before the first token."""
    graph = GraphWriter(weights)
    encoded = encode(graph, model.encoder)
    states, attention = encoded.states, model.decoder.attention
    given = {"mask": encoded.mask, "states": states, "keys": attention_keys(graph, attention, states)}
    if attention.coverage is not None:
        given["fertility"] = _fertility(graph, attention.coverage, states)
        given["coverage"] = graph.op("Expand", graph.number(0.0), graph.op("Shape", SOURCE.name))
    if model.config.decoder.input_feeding:
        given["feed"] = graph.filled(0.0, graph.size(SOURCE.name, 0), graph.ints(model.config.readout_size))
    starts = _starts(graph, model.decoder, encoded.last)
    layers = [value.name for value in state_values(model.config) if value.name.startswith("layer_")]
    given.update(zip(layers, starts, strict=True))
    return graph.finish("encoder", [SOURCE, LENGTHS], [(value, given[value.name]) for value in outputs])


def encode(graph: GraphWriter, encoder: Encoder) -> Encoded:
    """Add all layers of an encoder, as :meth:`nmt_attn.model.encoder.Encoder.forward`."""
    positions = graph.op(
        "Range",
        graph.constant("zero", np.array(0, dtype=np.int64)),
        graph.op("Squeeze", graph.size(SOURCE.name, 1)),
        graph.constant("one", np.array(1, dtype=np.int64)),
    )  # (S)
    mask = graph.op("Less", positions, graph.unsqueeze(LENGTHS.name, 1))  # (B, S)
    last: list[list[str]] = []
    by_position = graph.op("Transpose", SOURCE.name, perm=[1, 0])
    running = graph.unsqueeze(graph.op("Transpose", mask, perm=[1, 0]), 2)  # (S, B, 1)
    padding = Padding(graph.op("Cast", LENGTHS.name, to=onnx.TensorProto.INT32), running)
    ahead, back = recurrences(encoder.forward_layers), recurrences(encoder.backward_layers)

    def run(index: int, below: str) -> str:
        read = read_both_ways(graph, ahead[index], back[index], below, padding)
        last.append(read.last)
        return read.outputs

    embedded = graph.embed(by_position, encoder.embedding, encoder.scale)  # (S, B, E)
    vectors = run_stack(embedded, len(ahead), run, graph.add)  # (S, B, A)
    return Encoded(mask, graph.op("Transpose", vectors, perm=[1, 0, 2]), last[-1])


def _fertility(graph: GraphWriter, coverage: Coverage, states: str) -> str:
    """Compute 2 σ(fᵀ h_i + b), (B, S)."""
    layer = coverage.fertility_layer
    share = graph.op("Sigmoid", graph.linear_sequence(states, layer.weight, layer.bias))
    return graph.op("Mul", graph.number(coverage.MOST), graph.op("Squeeze", share, graph.ints(-1)))


def _starts(graph: GraphWriter, decoder: Decoder, last: list[str]) -> list[str]:
    """Add the states of all layers before the first token, part by part, from where the encoder ends."""
    first, layers = decoder.first_layer, len(decoder.layers)
    if decoder.config.decoder.start == "last":
        return last * layers
    if decoder.config.decoder.start == "zeros":
        zeros = graph.filled(0.0, graph.size(LENGTHS.name, 0), graph.ints(first.hidden_size))
        return [zeros] * (layers * first.state_parts)
    bridge = graph.op("Tanh", graph.linear(last[0], decoder.bridge.weight, decoder.bridge.bias))
    count = layers * first.state_parts
    return [bridge] if count == 1 else graph.ops("Split", count, bridge, axis=-1)
