"""Recurrent layers in ONNX: one step by the network's own formulas, and a whole sentence from both sides.

A sentence goes to ONNX's own GRU or LSTM, which knows the lengths; with layer normalisation inside the cell, for which
it has no such thing, to a loop over the formulas.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from nmt_attn.export.graph import GraphWriter, Value
from nmt_attn.export.symbol import Symbol
from nmt_attn.model.recurrence import Recurrence

# ONNX's order of gates, by their place in torch's: z, r, n of r, z, n; and i, o, f, g of i, f, g, o.
_GATES = {"gru": (1, 0, 2), "lstm": (0, 3, 1, 2)}


@dataclass(frozen=True)
class Read:
    """A sentence read by a layer from both sides."""

    outputs: str  # (S, B, 2H): the state h after each token
    last: list[str]  # (B, 2H) each: h, and c of an LSTM, where either direction ends


@dataclass(frozen=True)
class Padding:
    """The ends of sentences, in the two forms in which they are asked for."""

    lengths: str  # (B), int32
    running: str  # (S, B, 1): true on real tokens


def read_both_ways(graph: GraphWriter, ahead: Recurrence, back: Recurrence, inputs: str, padding: Padding) -> Read:
    """Add a bidirectional layer over (S, B, I)."""
    if ahead.layer_norm:
        return _read_by_loops(graph, ahead, back, inputs, padding)
    kind, gates = ahead.cell.upper(), _GATES[ahead.cell]
    weights = [
        _both(graph, [ahead.input_weight, back.input_weight], gates),
        _both(graph, [ahead.recurrent_weight, back.recurrent_weight], gates),
        _both(graph, [ahead.input_bias, back.input_bias], gates, [ahead.recurrent_bias, back.recurrent_bias]),
    ]
    # torch multiplies the reset gate with what the recurrent weights have made of the state, not with the state.
    attributes = {"linear_before_reset": 1} if ahead.cell == "gru" else {}
    outputs, *last = graph.ops(
        kind,
        1 + ahead.state_parts,
        inputs,
        *weights,
        padding.lengths,
        direction="bidirectional",
        hidden_size=ahead.hidden_size,
        **attributes,
    )  # (S, 2, B, H), and (2, B, H) each
    width = 2 * ahead.hidden_size
    by_sentence = graph.op("Transpose", outputs, perm=[0, 2, 1, 3])
    ends = [graph.reshape(graph.op("Transpose", end, perm=[1, 0, 2]), 0, width) for end in last]
    return Read(graph.reshape(by_sentence, 0, 0, width), ends)


def _both(
    graph: GraphWriter, weights: list[Tensor], gates: tuple[int, ...], recurrent_biases: list[Tensor] | None = None
) -> str:
    """Put both directions' weights in ONNX's order of gates, (2, G·H, …); biases with the recurrent ones behind."""
    names, directions = [], []
    for direction, weight in enumerate(weights):
        parts = [weight] if recurrent_biases is None else [weight, recurrent_biases[direction]]
        taken = [graph.weights.take(part) for part in parts]
        names.append(taken[0][0])
        directions.append(np.concatenate([_ordered(values, gates) for _, values in taken]))
    return graph.constant(" and ".join(names), np.stack(directions))


def _ordered(weight: NDArray[np.float32], gates: tuple[int, ...]) -> NDArray[np.float32]:
    parts = np.split(weight, len(gates))
    return np.concatenate([parts[gate] for gate in gates])


def _read_by_loops(graph: GraphWriter, ahead: Recurrence, back: Recurrence, inputs: str, padding: Padding) -> Read:
    ways = [_loop(graph, layer, inputs, padding, backwards=layer is back) for layer in (ahead, back)]
    last = [graph.op("Concat", *parts, axis=-1) for parts in zip(*(way.last for way in ways), strict=True)]
    return Read(graph.op("Concat", *(way.outputs for way in ways), axis=-1), last)


def _loop(graph: GraphWriter, layer: Recurrence, inputs: str, padding: Padding, *, backwards: bool) -> Read:
    """Add one direction, step by step.

    On padding a state stays as it is: backwards, that is before a sentence begins.
    """
    projected = normalise_inputs(
        graph, layer, graph.linear_sequence(inputs, layer.input_weight, layer.input_bias)
    )  # (S, B, G·H)
    zeros = graph.filled(0.0, graph.size(inputs, 1), graph.ints(layer.hidden_size))
    body = graph.body()
    state = [Value(body.new_name("state"), "float32", ("batch", layer.hidden_size)) for _ in range(layer.state_parts)]
    gates = Value(body.new_name("gates"), "float32", ("batch", len(layer.input_bias)))
    running = Value(body.new_name("running"), "bool", ("batch", 1))
    stepped = advance(body, layer, gates.name, [part.name for part in state])
    kept = [body.op("Where", running.name, new, old.name) for new, old in zip(stepped, state, strict=True)]
    results = [*kept, body.op("Identity", kept[0])]
    outputs = [Value(name, "float32", state[0].shape) for name in results]
    *last, hiddens = graph.ops(
        "Scan",
        len(results),
        *[zeros] * layer.state_parts,
        projected,
        padding.running,
        body=body.finish_body("step", [*state, gates, running], outputs),
        num_scan_inputs=2,
        scan_input_directions=[int(backwards)] * 2,
        scan_output_directions=[int(backwards)],
    )
    return Read(hiddens, last)


def normalise_inputs(graph: GraphWriter, layer: Recurrence, projected: str) -> str:
    """Add what :meth:`Recurrence.normalise_inputs` does."""
    if not layer.layer_norm:
        return projected
    return _written(layer.normalise_inputs(_symbol(graph, projected)))


def advance(graph: GraphWriter, layer: Recurrence, projected: str, state: Sequence[str]) -> list[str]:
    """Add a step from the input's part of the gate pre-activations, (N, G·H), as :meth:`Recurrence.step`."""
    recurrent = _symbol(graph, graph.linear(state[0], layer.recurrent_weight, layer.recurrent_bias))
    if layer.layer_norm:
        recurrent = layer.recurrent_norm(recurrent)
    parts = tuple(_symbol(graph, part) for part in state)
    return [_written(part) for part in layer.cell_step(_symbol(graph, projected), recurrent, parts)]


def _symbol(graph: GraphWriter, name: str) -> Tensor:
    """Make a value that the formulas of the network take for a tensor."""
    return cast(Tensor, Symbol(graph, name))


def _written(value: Tensor) -> str:
    """Return the name of what a formula has given."""
    return cast(Symbol, value).name
