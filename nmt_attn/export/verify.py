"""A comparison of what an export computes with what the network computes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import Tensor

from nmt_attn.export.network import OnnxNetwork
from nmt_attn.export.values import NEXT, SUPPRESSED_TOKENS
from nmt_attn.model.classifier import ClassificationModel
from nmt_attn.model.network import TranslationModel
from nmt_attn.model.step import DecoderState
from nmt_attn.text.tokenizer import EOS

Arrays = dict[str, NDArray[np.generic]]

SENTENCES, STEPS, HYPOTHESES = 4, 5, 2

TEXT_LENGTHS = (1, 5, 20, 80)
"""Tokens of the texts that are classified, EOS included."""

LEAST_PROBABILITY = 1e-30
"""Smaller probabilities count as this one: float32 holds hardly any digits of them, or none at all."""


@dataclass(frozen=True)
class OnnxSession:
    """An ONNX model, loaded: arrays by name in and out."""

    session: onnxruntime.InferenceSession

    @classmethod
    def load(cls, model: Path | bytes) -> OnnxSession:
        """Load a file, or its content; it computes on one thread."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        source = model if isinstance(model, bytes) else str(model)
        return cls(onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"]))

    def run(self, inputs: Mapping[str, NDArray[np.generic]]) -> Arrays:
        """Compute all outputs."""
        names = [value.name for value in self.session.get_outputs()]
        return dict(zip(names, self.session.run(names, dict(inputs)), strict=True))


@torch.inference_mode()
def largest_difference(
    model: TranslationModel, written: OnnxNetwork, encoder: OnnxSession, decoder: OnnxSession
) -> float:
    """Find the largest difference between a network and its export, over some sentences and steps drawn at random.

    Args:
        model: in evaluation mode.
        written: what it was written as.
        encoder: loaded again.
        decoder: loaded again.

    Returns:
        The largest difference of log-probabilities, attention weights and states.
    """
    generator = torch.Generator().manual_seed(1)
    lengths = torch.arange(1, SENTENCES + 1) * 3
    vocabulary = len(model.encoder.embedding.weight)
    source = torch.randint(EOS, vocabulary, (SENTENCES, int(lengths.max())), generator=generator)
    tokens = torch.randint(EOS, len(model.output.weight), (STEPS, SENTENCES, HYPOTHESES), generator=generator)
    encoded, state = model.read(source.to(model.device), lengths.to(model.device))
    state = state.select(torch.arange(SENTENCES, device=model.device).repeat_interleave(HYPOTHESES))
    values = encoder.run({"source": source.numpy(), "lengths": lengths.numpy()})
    names = [value.name for value in written.state]
    memory = {value.name: values[value.name] for value in written.memory}
    states = {name: values[name].repeat(HYPOTHESES, axis=0) for name in names}
    worst = _worst(state_arrays(state), [states[name] for name in names])
    for column in tokens:
        step = model.decoder.step(model.decoder.token_parts(column.flatten().to(model.device)), state, encoded)
        state, readout = step.state, step.readout.view(*column.shape, -1)  # (B, K, R)
        values = decoder.run({"tokens": column.numpy(), **memory, **states})
        states = {name: values[NEXT + name] for name in names}
        expected = [
            log_probs(model, readout).numpy(force=True),
            step.weights.numpy(force=True),
        ]
        found = [values["log_probs"], values["attention"], *states.values()]
        worst = max(worst, _worst([*expected, *state_arrays(state)], found))
    return worst


@torch.inference_mode()
def classifier_difference(model: ClassificationModel, written: OnnxSession) -> float:
    """Find the largest difference between a classifier and its export, over some texts drawn at random.

    Args:
        model: in evaluation mode.
        written: its export, loaded again.

    Returns:
        The largest difference of log-probabilities and attention weights.
    """
    generator = torch.Generator().manual_seed(1)
    lengths = torch.tensor(TEXT_LENGTHS)
    vocabulary = len(model.encoder.embedding.weight)
    source = torch.randint(EOS, vocabulary, (len(lengths), max(TEXT_LENGTHS)), generator=generator)
    found = model(source.to(model.device), lengths)
    values = written.run({"source": source.numpy(), "lengths": lengths.numpy()})
    expected = torch.log_softmax(found.logits, dim=-1).clamp(min=math.log(LEAST_PROBABILITY))
    given = np.log(np.maximum(values["probabilities"], np.float32(LEAST_PROBABILITY)))
    return _worst([expected.numpy(force=True), found.weights.numpy(force=True)], [given, values["attention"]])


def log_probs(model: TranslationModel, readout: Tensor) -> Tensor:
    """Compute log-probabilities of the next token as the search has them, (…, R) to (…, V)."""
    scores = model.output(readout).float()
    scores[..., list(SUPPRESSED_TOKENS)] = -torch.inf
    return torch.log_softmax(scores, dim=-1)


def state_arrays(state: DecoderState[Tensor]) -> list[NDArray[np.generic]]:
    """Return the parts of a state in the order of :func:`~nmt_attn.export.network.state_values`."""
    parts = [part for layer in state.layers for part in layer]
    parts += [part for part in (state.feed, state.coverage) if part is not None]
    return [part.numpy(force=True) for part in parts]


def _worst(expected: list[NDArray[np.generic]], found: list[NDArray[np.generic]]) -> float:
    """Return the largest difference; infinite where one side alone is infinite or no number."""
    worst = 0.0
    for one, other in zip(expected, found, strict=True):
        if one.shape != other.shape or not np.array_equal(np.isfinite(one), np.isfinite(other)):
            return float("inf")
        finite = np.isfinite(one)
        worst = max(worst, float(np.abs(one[finite] - other[finite]).max(initial=0.0)))
    return worst
