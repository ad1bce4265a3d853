"""A classifier as one ONNX model: from the ids of texts to the probabilities of labels, and the attention."""

from __future__ import annotations

import math
from dataclasses import dataclass

import onnx
from onnx import TensorProto

from nmt_attn.export.encoder import Encoded, encode
from nmt_attn.export.graph import GraphWriter, Value
from nmt_attn.export.network import all_weights
from nmt_attn.export.scores import Memory, attended_context, attention_keys, attention_weights
from nmt_attn.export.values import LENGTHS, SOURCE
from nmt_attn.model.classifier import ClassificationModel


@dataclass(frozen=True)
class ClassifierGraph:
    """The model, with what it reads and gives."""

    model: onnx.ModelProto
    inputs: list[Value]  # in the order in which the model has them, as the others
    outputs: list[Value]


@dataclass(frozen=True)
class Pooled:
    """The names of what :meth:`nmt_attn.model.classifier.ClassificationModel.pool` gives."""

    context: str  # (B, A)
    weights: str  # (B, S)


def write_classifier(model: ClassificationModel) -> ClassifierGraph:
    """Write a classifier down.

    Args:
        model: the network.

    Raises:
        UserError: it is too large for the format, or has parts that are not known here.
    """
    probabilities = Value("probabilities", "float32", ("batch", len(model.output.weight)))
    attention = Value("attention", "float32", ("batch", "source_length"))
    with all_weights(model) as weights:
        graph = GraphWriter(weights)
        pooled = _pool(graph, model, encode(graph, model.encoder))
        given = graph.op("Softmax", _logits(graph, model, pooled.context), axis=-1)
        outputs = [(probabilities, given), (attention, pooled.weights)]
        written = graph.finish("classifier", [SOURCE, LENGTHS], outputs)
    return ClassifierGraph(written, [SOURCE, LENGTHS], [probabilities, attention])


def _pool(graph: GraphWriter, model: ClassificationModel, encoded: Encoded) -> Pooled:
    """Add what :meth:`nmt_attn.model.classifier.ClassificationModel.pool` does."""
    last = encoded.last[0]
    match model.config.attention.score:
        case "none":
            return Pooled(last, _no_weights(graph))
        case "mean":
            real = graph.op("Cast", encoded.mask, to=TensorProto.FLOAT)
            shares = graph.op("Div", real, graph.op("ReduceSum", real, graph.ints(1), keepdims=1))  # (B, S)
            return Pooled(attended_context(graph, graph.unsqueeze(shares, 1), encoded.states), shares)
        case "max":
            # In opset 17 the axes of ReduceMax are an attribute, those of ReduceSum an input.
            real = graph.unsqueeze(encoded.mask, 2)
            states = graph.op("Where", real, encoded.states, graph.number(-math.inf))
            return Pooled(graph.op("ReduceMax", states, axes=[1], keepdims=0), _no_weights(graph))
    keys = attention_keys(graph, model.attention, encoded.states)
    memory = Memory(graph.unsqueeze(LENGTHS.name, 1), encoded.mask, encoded.states, keys)
    weights = attention_weights(graph, model.attention, last, memory)  # (B, 1, S)
    context = attended_context(graph, weights, encoded.states)
    return Pooled(context, graph.op("Squeeze", weights, graph.ints(1)))


def _no_weights(graph: GraphWriter) -> str:
    """Make the zeros (B, S) that stand for an attention where there is none."""
    return graph.op("Expand", graph.number(0.0), graph.op("Shape", SOURCE.name))


def _logits(graph: GraphWriter, model: ClassificationModel, context: str) -> str:
    """Add what :meth:`nmt_attn.model.classifier.ClassificationModel.logits` does."""
    if model.hidden is not None:
        context = graph.op("Relu", graph.linear(context, model.hidden.weight, model.hidden.bias))
    return graph.linear(context, model.output.weight, model.output.bias)
