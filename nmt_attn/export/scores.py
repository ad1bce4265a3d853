"""The score functions of attention in ONNX; a new one of :mod:`nmt_attn.model.attention` is exported from here."""

from __future__ import annotations

import math

from nmt_attn.errors import UserError
from nmt_attn.export.graph import GraphWriter
from nmt_attn.export.values import TOKENS
from nmt_attn.model.attention import AdditiveScore, Attention, Coverage, DotScore, GeneralScore, LocationScore

_KNOWN = (DotScore, GeneralScore, LocationScore, AdditiveScore)


def attention_scores(graph: GraphWriter, attention: Attention, hidden: str) -> str:
    """Compute the scores (B, K, S) of decoder states (B·K, H).

    Raises:
        UserError: the score is none of those below; a subclass of one may compute something else.
    """
    match attention.score if type(attention.score) in _KNOWN else None:
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


def _by_sentence(graph: GraphWriter, rows: str, width: str) -> str:
    """Reshape (B·K, F) to (B, K, F), with F the ``width``."""
    return graph.op("Reshape", rows, graph.shape(graph.op("Shape", TOKENS.name), width))
