"""Attention in ONNX, with its score functions; a new one of :mod:`nmt_attn.model.attention` is exported from here."""

from __future__ import annotations

import math
from dataclasses import dataclass

from nmt_attn.errors import UserError
from nmt_attn.export.graph import GraphWriter
from nmt_attn.model.attention import AdditiveScore, Attention, Coverage, DotScore, GeneralScore, LocationScore

_KNOWN = (DotScore, GeneralScore, LocationScore, AdditiveScore)


@dataclass(frozen=True)
class Memory:
    """The names of what is attended to, in K queries a sentence."""

    queried: str  # any value of the shape (B, K)
    mask: str  # (B, S): true on real positions
    states: str  # (B, S, A)
    keys: str  # (B, S, K), see :func:`attention_keys`
    fertility: str = ""  # (B, S), where there is coverage
    coverage: str = ""  # (B·K, S), where there is coverage


def attention_keys(graph: GraphWriter, attention: Attention, states: str) -> str:
    """Compute the keys (B, S, K) of the states (B, S, A); without a layer for keys they are the states themselves."""
    layer = None if attention.score is None else attention.score.key_layer
    return states if layer is None else graph.linear_sequence(states, layer.weight, layer.bias)


def attention_weights(graph: GraphWriter, attention: Attention, hidden: str, memory: Memory) -> str:
    """Compute the attention (B, K, S) of the queries (B·K, H).

    Raises:
        UserError: see :func:`attention_scores`.
    """
    scores = attention_scores(graph, attention, hidden, memory)
    masked = graph.op("Where", graph.unsqueeze(memory.mask, 1), scores, graph.number(-math.inf))
    return graph.op("Softmax", masked, axis=-1)


def attended_context(graph: GraphWriter, weights: str, states: str) -> str:
    """Compute the context (B·K, A), which is Σ α_i h_i, of the attention (B, K, S) to the states (B, S, A)."""
    return graph.rows(graph.op("MatMul", weights, states), graph.size(states, 2))


def attention_scores(graph: GraphWriter, attention: Attention, hidden: str, memory: Memory) -> str:
    """Compute the scores (B, K, S) of the queries (B·K, H).

    Raises:
        UserError: the score is none of those below; a subclass of one may compute something else.
    """
    match attention.score if type(attention.score) in _KNOWN else None:
        case DotScore(scale=scale):
            queries = _by_sentence(graph, graph.op("Mul", hidden, graph.number(scale)), graph.ints(-1), memory)
            return graph.op("MatMul", queries, graph.op("Transpose", memory.states, perm=[0, 2, 1]))
        case GeneralScore():
            queries = _by_sentence(graph, hidden, graph.ints(-1), memory)
            return graph.op("MatMul", queries, graph.op("Transpose", memory.keys, perm=[0, 2, 1]))
        case LocationScore() as score:
            return _location_scores(graph, score, hidden, memory)
        case AdditiveScore() as score:
            return _additive_scores(graph, score, attention.coverage, hidden, memory)
    raise UserError(f"this network cannot be exported: nothing is known here about {type(attention.score).__name__}")


def _location_scores(graph: GraphWriter, score: LocationScore, hidden: str, memory: Memory) -> str:
    """Compute (W s)_i; -inf behind the last position that W knows."""
    known = _by_sentence(graph, graph.linear(hidden, score.query_layer.weight), graph.ints(-1), memory)  # (B, K, P)
    length = graph.size(memory.states, 1)
    unseen = graph.filled(-math.inf, graph.op("Shape", memory.queried), length)  # (B, K, S)
    padded = graph.op("Concat", known, unseen, axis=-1)
    return graph.op("Slice", padded, graph.ints(0), length, graph.ints(2))


def _additive_scores(
    graph: GraphWriter, score: AdditiveScore, coverage: Coverage | None, hidden: str, memory: Memory
) -> str:
    """Compute vᵀ tanh(W s + U h_i), with coverage vᵀ tanh(W s + U h_i + C_i k)."""
    queries = _by_sentence(graph, graph.linear(hidden, score.query_layer.weight), graph.ints(-1), memory)  # (B, K, D)
    keys = graph.unsqueeze(memory.keys, 1)  # (B, 1, S, D)
    if coverage is not None:
        had = _by_sentence(graph, memory.coverage, graph.size(memory.coverage, 1), memory)  # (B, K, S)
        shares = graph.op("Div", had, graph.unsqueeze(memory.fertility, 1))
        keys = graph.op("Add", keys, graph.op("Mul", graph.unsqueeze(shares, 3), graph.weight(coverage.vector)))
    inner = graph.op("Tanh", graph.op("Add", graph.unsqueeze(queries, 2), keys))  # (B, K, S, D)
    return graph.op("MatMul", inner, graph.weight(score.vector))


def _by_sentence(graph: GraphWriter, rows: str, width: str, memory: Memory) -> str:
    """Reshape (B·K, F) to (B, K, F), with F the ``width``."""
    return graph.op("Reshape", rows, graph.shape(graph.op("Shape", memory.queried), width))
