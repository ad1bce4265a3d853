"""One step of a decoder, said once: for training, for inference and for export.

There are two styles, which differ in the place of attention:

    bahdanau   s_t = cell([e_t; c_t], s_{t-1}),  c_t attended with s_{t-1}     Bahdanau et al. 2015
               readout tanh(W [s_t; c_t; e_t])
    luong      s_t = cell(e_t, s_{t-1}),         c_t attended with s_t         Luong et al. 2015
               readout tanh(W [c_t; s_t]);  with input feeding the readout joins the next e_t

A step is composed of leaves, which :class:`StepwiseDecoder` leaves open. The network's own
(:mod:`nmt_attn.model.decoder`) can be trained, those of :mod:`nmt_attn.inference.decoder` are frozen and fast, and
those of :mod:`nmt_attn.export.decoder` write a graph down, so that their values are names.
"""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import torch
from torch import Tensor

from nmt_attn.config.schema import ModelConfig
from nmt_attn.model.residual import run_stack

V = TypeVar("V")
"""A value: a tensor, or its name in a graph that is written down."""
S = TypeVar("S")
"""What a decoder attends to."""


@dataclass(frozen=True)
class DecoderState(Generic[V]):
    """The state of a decoder, for N rows (sentences, or sentences times hypotheses)."""

    layers: tuple[tuple[V, ...], ...]  # each value (N, H)
    feed: V | None = None  # (N, R): the last readout, with input feeding
    coverage: V | None = None  # (N, S): the attention that each source position has had, with coverage

    def select(self: DecoderState[Tensor], rows: Tensor) -> DecoderState[Tensor]:
        """Return the rows ``rows``, which may repeat."""
        layers = tuple(tuple(part.index_select(0, rows) for part in layer) for layer in self.layers)
        feed = None if self.feed is None else self.feed.index_select(0, rows)
        return DecoderState(layers, feed, None if self.coverage is None else self.coverage.index_select(0, rows))

    def part(self: DecoderState[Tensor], rows: slice) -> DecoderState[Tensor]:
        """Return the rows ``rows``, without a copy."""
        layers = tuple(tuple(part[rows] for part in layer) for layer in self.layers)
        feed = None if self.feed is None else self.feed[rows]
        return DecoderState(layers, feed, None if self.coverage is None else self.coverage[rows])

    @staticmethod
    def join(states: Sequence[DecoderState[Tensor]]) -> DecoderState[Tensor]:
        """Put the rows of several states together."""
        layers = zip(*(state.layers for state in states), strict=True)
        joined = tuple(tuple(torch.cat(parts) for parts in zip(*layer, strict=True)) for layer in layers)
        return DecoderState(joined, _cat([state.feed for state in states]), _cat([state.coverage for state in states]))


def _cat(parts: Sequence[Tensor | None]) -> Tensor | None:
    """Concatenate the parts that are not None; return None if there are none."""
    found = [part for part in parts if part is not None]
    return torch.cat(found) if found else None


@dataclass(frozen=True)
class TokenParts(Generic[V]):
    """The parts that tokens have in a step by themselves, whatever the state is."""

    gates: V  # (…, G·H): of the gate pre-activations of the first layer, with G gates
    readout: V | None  # (…, E) or (…, R): of the readout; None in Luong's style, which does not read the token again


@dataclass(frozen=True)
class Attended(Generic[V]):
    """The result of attending with one query per row."""

    context: V  # (N, A)
    weights: V  # (B, K, S), with K rows per sentence
    coverage: V | None  # (N, S): the coverage with these weights added


@dataclass(frozen=True)
class Advanced(Generic[V]):
    """The result of a step, but for its readout."""

    output: V  # (N, H): of the topmost layer, with what was added to it
    layers: tuple[tuple[V, ...], ...]
    attended: Attended[V]


@dataclass(frozen=True)
class DecoderStep(Generic[V]):
    """The result of a step."""

    readout: V  # (N, R)
    state: DecoderState[V]
    weights: V  # (B, K, S): the attention of this step


class StepwiseDecoder(ABC, Generic[V, S]):
    """A decoder that goes step by step, both styles; its leaves are methods that are not defined here."""

    config: ModelConfig

    # --- the leaves ---------------------------------------------------------------------------------------------

    @abstractmethod
    def token_parts(self, tokens: V) -> TokenParts[V]:
        """Compute what ids (…) contribute by themselves."""

    @abstractmethod
    def first_gates(self, token_gates: V, fed: V | None) -> V:
        """Add to the token's gate pre-activations (N, G·H) those of what is fed: the context, or the last readout."""

    @abstractmethod
    def upper_gates(self, index: int, below: V) -> V:
        """Compute the input's gate pre-activations of the layer ``index`` ≥ 1 from the output below it, (N, H)."""

    @abstractmethod
    def recurrent_step(self, index: int, gates: V, state: tuple[V, ...]) -> tuple[V, ...]:
        """Take the step of one layer from the input's gate pre-activations and the old state to the new state."""

    @abstractmethod
    def attend(self, hidden: V, coverage: V | None, source: S) -> Attended[V]:
        """Attend with one query per row, (N, H)."""

    @abstractmethod
    def compute_readout(self, features: Sequence[V], token: V | None) -> V:
        """Compute tanh(W [features; token] + b); ``token`` is the readout's part of :class:`TokenParts`."""

    def add(self, left: V, right: V) -> V:
        """Compute the sum of two values of one shape."""
        total: V = operator.add(left, right)
        return total

    # --- the step -----------------------------------------------------------------------------------------------

    @property
    def attends_first(self) -> bool:
        """Whether the attention comes before the cell, which then reads the context: Bahdanau's style."""
        return self.config.decoder.style == "bahdanau"

    @property
    def feeds_readout(self) -> bool:
        """Whether each step reads the readout of the one before."""
        return self.config.decoder.input_feeding

    def step(self, token: TokenParts[V], state: DecoderState[V], source: S) -> DecoderStep[V]:
        """Take one step with one token per row."""
        advanced = self.advance(token, state, source)
        readout = self.compute_readout(self.features(advanced.output, advanced.attended.context), token.readout)
        return DecoderStep(readout, self.next_state(advanced, readout), advanced.attended.weights)

    def advance(self, token: TokenParts[V], state: DecoderState[V], source: S) -> Advanced[V]:
        """Take one step, but for the readout, which only input feeding needs at once."""
        if self.attends_first:
            attended = self.attend(state.layers[-1][0], state.coverage, source)
            output, layers = self.run_layers(self.first_gates(token.gates, attended.context), state.layers)
        else:
            output, layers = self.run_layers(self.first_gates(token.gates, state.feed), state.layers)
            attended = self.attend(output, state.coverage, source)
        return Advanced(output, layers, attended)

    def run_layers(self, gates: V, states: tuple[tuple[V, ...], ...]) -> tuple[V, tuple[tuple[V, ...], ...]]:
        """Take the step of all layers, from the first's input gate pre-activations; return the topmost output first."""
        new: list[tuple[V, ...]] = []

        def run(index: int, below: V) -> V:
            inputs = self.upper_gates(index, below) if index else below
            new.append(self.recurrent_step(index, inputs, states[index]))
            return new[-1][0]

        return run_stack(gates, len(states), run, self.add), tuple(new)

    def features(self, output: V, context: V) -> Sequence[V]:
        """List what the readout reads before the token, in the order of its weights."""
        return (output, context) if self.attends_first else (context, output)

    def next_state(self, advanced: Advanced[V], readout: V | None) -> DecoderState[V]:
        """Return the state that the next step begins with."""
        return DecoderState(advanced.layers, readout if self.feeds_readout else None, advanced.attended.coverage)
