"""The inputs and outputs of both ONNX models: their names, types and shapes."""

from __future__ import annotations

from dataclasses import replace

from nmt_attn.config.schema import ModelConfig
from nmt_attn.export.graph import Value
from nmt_attn.model.network import TranslationModel
from nmt_attn.text.tokenizer import BOS, PAD, UNK

SUPPRESSED_TOKENS = (PAD, UNK, BOS)
"""Tokens that no sentence holds: their log-probability is -inf."""

SOURCE = Value("source", "int64", ("batch", "source_length"))
LENGTHS = Value("lengths", "int64", ("batch",))
TOKENS = Value("tokens", "int64", ("batch", "hypotheses"))
ATTENTION = Value("attention", "float32", ("batch", "hypotheses", "source_length"))
NEXT = "next_"
"""The prefix of the name of a state when it is the one after the step."""


def memory_values(model: TranslationModel) -> list[Value]:
    """List the values of the encoded source, computed once per sentence and read at each step."""
    attention, size = model.decoder.attention, model.config.source_size
    values = [Value("mask", "bool", ("batch", "source_length"))]
    if attention.score is not None:
        values.append(Value("states", "float32", ("batch", "source_length", size)))
        if attention.score.key_layer is not None:
            width = attention.score.key_layer.out_features
            values.append(Value("keys", "float32", ("batch", "source_length", width)))
    if attention.coverage is not None:
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


def of_hypotheses(state: Value) -> Value:
    """Give a state one row per hypothesis, as it has in the decoder."""
    return replace(state, shape=("rows", *state.shape[1:]))


def following(state: Value) -> Value:
    """Give a state the name that it has after the step."""
    return replace(of_hypotheses(state), name=NEXT + state.name)


def decoder_inputs(model: TranslationModel) -> list[Value]:
    """List the decoder's inputs, in the order in which the ONNX model has them."""
    return [TOKENS, *memory_values(model), *(of_hypotheses(value) for value in state_values(model.config))]


def decoder_outputs(model: TranslationModel) -> list[Value]:
    """List the decoder's outputs, in the order in which the ONNX model has them."""
    log_probs = Value("log_probs", "float32", ("batch", "hypotheses", len(model.output.weight)))
    return [log_probs, ATTENTION, *(following(value) for value in state_values(model.config))]
