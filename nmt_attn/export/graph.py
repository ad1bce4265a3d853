"""A writer of ONNX graphs, operator by operator.

The graphs are written down and not traced: torch's tracing exporter is on its way out, the one that follows it needs a
further library and cannot keep a recurrence over a sentence of any length, and what is written down reads like the
formulas of the paper. Each operator is one of https://onnx.ai/onnx/operators/.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from nmt_attn.version import __version__

OPSET = 17
"""The oldest that has LayerNormalization: what is written runs on onnxruntime from 1.12 on."""

IR_VERSION = 8
"""The file format that came with it."""

_TYPES = {"float32": TensorProto.FLOAT, "int64": TensorProto.INT64, "bool": TensorProto.BOOL}


@dataclass(frozen=True)
class Value:
    """An input or output of a graph: a size that is not fixed has a name."""

    name: str
    type: Literal["float32", "int64", "bool"]
    shape: tuple[str | int, ...]

    def info(self) -> onnx.ValueInfoProto:
        """Describe the value in ONNX's words."""
        return helper.make_tensor_value_info(self.name, _TYPES[self.type], self.shape)


class Weights:
    """The weights of a network, and which of them a graph has been given."""

    def __init__(self, network: nn.Module) -> None:
        self._names = {id(weight): name for name, weight in network.named_parameters()}
        self._given: set[str] = set()

    def take(self, weight: Tensor) -> tuple[str, NDArray[np.float32]]:
        """Return name and values of a weight, which counts as given from now on."""
        name = self._names[id(weight)]
        self._given.add(name)
        return name, weight.detach().float().cpu().numpy()

    def left_over(self) -> list[str]:
        """Return the names of the weights that no graph has been given."""
        return sorted(set(self._names.values()) - self._given)


class GraphWriter:
    """A collector of operators and constants; what its methods return and take are names of values.

    Args:
        weights: of the network that is written.
        parent: the graph whose loop this one is the body of; its values can be read here.
    """

    def __init__(self, weights: Weights, parent: GraphWriter | None = None) -> None:
        self.weights = weights
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = parent._constants if parent else {}
        self._numbers: itertools.count[int] = parent._numbers if parent else itertools.count()

    def new_name(self, kind: str) -> str:
        """Make a name that no other value has, here or in the graphs around."""
        return f"{kind}_{next(self._numbers)}"

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Add an operator with one output; an input "" is left out."""
        return self.ops(kind, 1, *inputs, **attributes)[0]

    def ops(self, kind: str, outputs: int, *inputs: str, **attributes: Any) -> list[str]:
        """Add an operator with several outputs."""
        names = [self.new_name(kind) for _ in range(outputs)]
        self._nodes.append(helper.make_node(kind, list(inputs), names, **attributes))
        return names

    def constant(self, name: str, values: NDArray[Any]) -> str:
        """Add a constant; the same name stands for the same values."""
        if name not in self._constants:
            self._constants[name] = numpy_helper.from_array(np.ascontiguousarray(values), name)
        return name

    def weight(self, weight: Tensor) -> str:
        """Add a weight of the network, once per graph."""
        return self.constant(*self.weights.take(weight))

    def ints(self, *values: int) -> str:
        """Add a list of whole numbers, as shapes and axes are."""
        return self.constant("ints " + " ".join(map(str, values)), np.array(values, dtype=np.int64))

    def number(self, value: float) -> str:
        """Add one number."""
        return self.constant(f"number {value}", np.array(value, dtype=np.float32))

    def size(self, value: str, axis: int) -> str:
        """Read the size of one axis of a value, as a list of one number."""
        return self.op("Gather", self.op("Shape", value), self.ints(axis))

    def shape(self, *sizes: str) -> str:
        """Put lists of sizes one behind the other."""
        return self.op("Concat", *sizes, axis=0)

    def filled(self, value: float, *sizes: str) -> str:
        """Make a tensor of those sizes that holds ``value`` everywhere."""
        return self.op("Expand", self.number(value), self.shape(*sizes))

    def unsqueeze(self, value: str, axis: int) -> str:
        """Insert an axis of size 1."""
        return self.op("Unsqueeze", value, self.ints(axis))

    def reshape(self, value: str, *sizes: int) -> str:
        """Change the sizes: -1 is what is left over, 0 one that stays."""
        return self.op("Reshape", value, self.ints(*sizes))

    def add(self, left: str, right: str) -> str:
        """Compute the sum of two values."""
        return self.op("Add", left, right)

    def rows(self, vectors: str, width: str) -> str:
        """Reshape (B, K, F) to (B·K, F), with F the ``width``."""
        return self.op("Reshape", vectors, self.shape(self.ints(-1), width))

    def linear(self, rows: str, weight: Tensor, bias: Tensor | None = None, columns: slice = slice(None)) -> str:
        """Compute x Wᵀ + b for rows (N, I), where the weight has I columns, or that part of its columns."""
        name, values = self.weights.take(weight)
        if columns != slice(None):
            name = f"{name} columns {columns.start or 0} to {columns.stop or 'end'}"
        inputs = [rows, self.constant(name, values[:, columns])] + ([] if bias is None else [self.weight(bias)])
        return self.op("Gemm", *inputs, transB=1)

    def linear_sequence(self, vectors: str, weight: Tensor, bias: Tensor | None = None) -> str:
        """Compute x Wᵀ + b for vectors (…, I), of any number of axes."""
        product = self.op("MatMul", vectors, self.op("Transpose", self.weight(weight), perm=[1, 0]))
        return product if bias is None else self.op("Add", product, self.weight(bias))

    def normalise(self, vectors: str, weight: Tensor, bias: Tensor, eps: float) -> str:
        """Apply layer normalisation to the last axis."""
        return self.op("LayerNormalization", vectors, self.weight(weight), self.weight(bias), epsilon=eps)

    def embed(self, tokens: str, table: nn.Embedding, scale: float) -> str:
        """Look up the vectors of token ids, with an axis more, times ``scale``."""
        return self.op("Mul", self.op("Gather", self.weight(table.weight), tokens), self.number(scale))

    def body(self) -> GraphWriter:
        """Make a graph to be the body of a loop."""
        return GraphWriter(self.weights, self)

    def finish_body(self, name: str, inputs: Sequence[Value], outputs: Sequence[Value]) -> onnx.GraphProto:
        """Finish the body, whose constants are held by the graph around it."""
        return helper.make_graph(
            self._nodes, name, [value.info() for value in inputs], [value.info() for value in outputs]
        )

    def finish(self, name: str, inputs: Sequence[Value], outputs: Sequence[tuple[Value, str]]) -> onnx.ModelProto:
        """Finish the whole model.

        Args:
            name: of the graph.
            inputs: what it reads.
            outputs: what it gives, each with the value that is to be given under that name.
        """
        for output, value in outputs:
            self._nodes.append(helper.make_node("Identity", [value], [output.name]))
        graph = helper.make_graph(
            self._nodes,
            name,
            [value.info() for value in inputs],
            [value.info() for value, _ in outputs],
            list(self._constants.values()),
        )
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name="nmt",
            producer_version=__version__,
        )
        onnx.checker.check_model(model)
        return model
