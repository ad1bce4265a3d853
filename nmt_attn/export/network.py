"""A trained network as two ONNX models: the encoder, and one step of the decoder.

The decoder reads what the encoder gives, under the same names: the encoded source, ``memory`` in ``model.json``, which
stays for the whole sentence, and the *state*, which each step replaces by its outputs ``next_…``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import onnx

from nmt_attn.errors import UserError
from nmt_attn.export.decoder import write_decoder
from nmt_attn.export.encoder import write_encoder
from nmt_attn.export.graph import Value, Weights
from nmt_attn.export.values import decoder_inputs, decoder_outputs, memory_values, state_values
from nmt_attn.model.network import TranslationModel
from nmt_attn.model.trainable import TrainableModel

MOST_BYTES = 2 * 10**9
"""An ONNX file cannot hold more."""


@dataclass(frozen=True)
class OnnxNetwork:
    """Both models, with what they read and give."""

    encoder: onnx.ModelProto
    decoder: onnx.ModelProto
    memory: list[Value]
    state: list[Value]
    decoder_inputs: list[Value]  # in the order in which the model has them, as the others
    decoder_outputs: list[Value]


def write_network(model: TranslationModel) -> OnnxNetwork:
    """Write down a network.

    Raises:
        UserError: it is too large for the format, or has parts that are not known here.
    """
    with all_weights(model) as weights:
        memory, state = memory_values(model), state_values(model.config)
        encoder, decoder = write_encoder(model, weights, memory + state), write_decoder(model, weights)
        return OnnxNetwork(encoder, decoder, memory, state, decoder_inputs(model), decoder_outputs(model))


@contextmanager
def all_weights(model: TrainableModel) -> Iterator[Weights]:
    """Yield the weights of a network, every one of which is to be written down in the block.

    Raises:
        UserError: they are too large for the format, or one has not been written down.
    """
    size = 4 * sum(weight.numel() for weight in model.weights().values())
    if size > MOST_BYTES:
        raise UserError(f"the weights take {size / 1e9:.1f} GB, and an ONNX file holds 2 GB at most")
    weights = Weights(model)
    yield weights
    if left_over := weights.left_over():
        raise UserError(f"this network cannot be exported: nothing is known here about its weight {left_over[0]}")
