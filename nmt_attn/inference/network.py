"""A trained network made ready to translate: the same function, with less to compute at each step.

Weights no longer change, so they are brought once into the precision of matrix products. What depends on the token
alone is looked up in a table, and tanh is made of faster functions. The network itself,
:class:`~nmt_attn.model.network.TranslationModel`, is the reference that tests compare with.
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nmt_attn.device import Compute, choose_compute
from nmt_attn.inference.encoder import InferenceEncoder
from nmt_attn.inference.ensemble import Ensemble
from nmt_attn.inference.frozen_linear import FrozenLinear, PrecomputedEmbedding, even_slices
from nmt_attn.kernels.gru import gru_forward
from nmt_attn.model.attention import AdditiveScore, AttentionOutput, EncodedSource, GeneralScore, Score
from nmt_attn.model.decoder import BahdanauDecoder, Decoder, DecoderState, DecoderStep, LuongDecoder
from nmt_attn.model.encoder import EncoderOutput
from nmt_attn.model.network import DecodableModel, DecodingStart, TranslationModel, suppressed
from nmt_attn.model.recurrence import RESIDUAL_FROM, LayerState, Recurrence

ROWS = 512
"""Rows that a step is computed for at once on a CPU."""

ATTENDING = 128
"""Sentences, or hypotheses, that attend at once on a CPU."""


def optimize_for_inference(model: TranslationModel, compute: Compute) -> DecodableModel:
    """Prepare the network for a search, in the precision of ``compute``; its weights must not change after.

    Networks that have no fast form here (layer normalisation, coverage) are given back as they are.
    """
    if isinstance(model, Ensemble):
        return Ensemble(
            [cast(TranslationModel, optimize_for_inference(member, compute)) for member in model.networks()]
        ).eval()
    decoder = model.decoder
    if model.config.layer_norm or decoder.attention.coverage is not None:
        return model
    return InferenceNetwork(model, compute).eval()


def fill_tables(model: DecodableModel) -> None:
    """Make the tables that are otherwise made once they pay, so that copies of this process share them.

    Args:
        model: what :func:`optimize_for_inference` has returned.
    """
    for one in model.networks() if isinstance(model, Ensemble) else [model]:
        if isinstance(one, InferenceNetwork):
            one.fill_tables()


class InferenceNetwork(nn.Module):
    """A frozen network, see :func:`optimize_for_inference`.

    Args:
        model: in evaluation mode, without layer normalisation and coverage.
        compute: device and precision.
    """

    def __init__(self, model: TranslationModel, compute: Compute) -> None:
        super().__init__()
        self.network = [model]  # in a list, so that it is no part of this module: its mode stays its own
        self.config, self.suppressed_tokens, self.compute = model.config, model.suppressed_tokens, compute
        # A state is never beyond -1 and 1, nor is a mean of states; what is added up along the way may be.
        self.states_bounded = model.config.encoder.layers <= RESIDUAL_FROM
        self.hidden_bounded = model.config.decoder.layers <= RESIDUAL_FROM
        self.looks_first = isinstance(model.decoder, BahdanauDecoder)
        self.feeds = isinstance(model.decoder, LuongDecoder) and model.decoder.input_feeding
        # Rounding once per sentence costs less than at every step, so int8 is not for the encoder.
        self.encoding = choose_compute(str(compute.device), "auto") if compute.precision == "int8" else compute
        packs = model.config.cell == "gru" and compute.device.type == "cpu"
        self.encoder = InferenceEncoder(model.encoder, self.encoding) if packs else None
        self._fix_attention(model.decoder.attention.score)
        self._fix_layers(model.decoder)
        self._fix_readout(model)

    def _fix_attention(self, score: Score | None) -> None:
        """Freeze the attention.

        An additive score is vᵀ tanh(q + k) = 2vᵀ 1/(1 + e⁻²ᵏ e⁻²ᑫ) - Σ v; see :func:`_decay`.
        """
        self.is_additive = isinstance(score, AdditiveScore)
        self.key = None
        if isinstance(score, AdditiveScore):
            query, keys = score.query_layer.weight, score.key_layer
            self.query = FrozenLinear(query, None, self.compute, bounded=self.hidden_bounded)
            self.key = FrozenLinear(keys.weight, keys.bias, self.encoding, bounded=self.states_bounded)
            self.vector = 2 * score.vector.detach()
            self.one = torch.ones((), device=self.vector.device)
        elif isinstance(score, GeneralScore):
            self.key = FrozenLinear(score.key_layer.weight, None, self.encoding, bounded=self.states_bounded)

    def _fix_layers(self, decoder: Decoder) -> None:
        layers, compute = decoder._layers(), self.compute
        first, (size, width) = layers[0], decoder.embedding.weight.shape
        from_token = FrozenLinear(first.input_weight[:, :width], first.input_bias, compute)
        self.gates_of_token = PrecomputedEmbedding(decoder.embed, from_token, size)
        if self.looks_first or self.feeds:
            bounded = self.feeds or self.states_bounded
            self.gates_of_more = FrozenLinear(first.input_weight[:, width:], None, compute, bounded=bounded)
        self.inputs = [
            FrozenLinear(layer.input_weight, layer.input_bias, compute, bounded=index <= RESIDUAL_FROM)
            for index, layer in enumerate(layers[1:], start=1)
        ]
        self.recurrents = [
            FrozenLinear(layer.recurrent_weight, layer.recurrent_bias, compute, bounded=True) for layer in layers
        ]

    def _fix_readout(self, model: TranslationModel) -> None:
        decoder, readout, compute = model.decoder, model.decoder.readout, self.compute
        size, width = decoder.embedding.weight.shape
        features, bounded = readout.in_features, self.hidden_bounded and self.states_bounded
        if self.looks_first:
            features -= width
            from_token = FrozenLinear(readout.weight[:, features:], None, compute)
            self.readout_of_token = PrecomputedEmbedding(decoder.embed, from_token, size)
        self.readout = FrozenLinear(readout.weight[:, :features], readout.bias, compute, bounded=bounded)
        self.output = FrozenLinear(model.output.weight, model.output.bias, compute, bounded=True)  # reads a tanh

    @property
    def device(self) -> torch.device:
        """The device of the weights."""
        return self.compute.device

    @torch.inference_mode()
    def fill_tables(self) -> None:
        """Make all tables of what depends on a token alone."""
        tables = [self.gates_of_token, *([self.readout_of_token] if self.looks_first else [])]
        for table in tables + ([] if self.encoder is None else self.encoder.first):
            table.fill(self.device)

    def encode(self, source: Tensor, lengths: Tensor) -> DecodingStart:
        """See :meth:`TranslationModel.encode`."""
        with self.encoding.autocast():
            start = self._read(source, lengths) if self.encoder is None else self._read_packed(source, lengths)
        encoded = replace(start.encoded, states=start.encoded.states.float())
        layers = tuple(tuple(part.float() for part in layer) for layer in start.state.layers)
        return DecodingStart(
            encoded, DecoderState(layers, None if start.state.feed is None else start.state.feed.float())
        )

    def _read(self, source: Tensor, lengths: Tensor) -> DecodingStart:
        """Encode by the network itself."""
        start = self.network[0].encode(source, lengths)
        return DecodingStart(replace(start.encoded, keys=self._compared(start.encoded.keys)), start.state)

    def _read_packed(self, source: Tensor, lengths: Tensor) -> DecodingStart:
        """Encode without computing padding."""
        packed = cast(InferenceEncoder, self.encoder)(source, lengths)
        states, mask = packed.padded(packed.states), torch.arange(source.shape[1]) < lengths.unsqueeze(1)
        keys = states if self.key is None else packed.padded(self._compared(self.key(packed.states)))
        return DecodingStart(
            EncodedSource(states, keys, mask), self.network[0].decoder.start(EncoderOutput(states, (packed.last,)))
        )

    def _compared(self, keys: Tensor) -> Tensor:
        """Bring keys into the form that is compared with queries."""
        return _decay(keys.float()) if self.is_additive else keys.float()

    def step(
        self, tokens: Tensor, state: DecoderState, encoded: EncodedSource, sentence_of_row: Tensor | None = None
    ) -> DecoderStep:
        """See :meth:`TranslationModel.step`.

        A CPU takes so many rows at a time that what they need stays in its cache. Its attention is in fp32: rounding
        the sources anew at each step takes longer than their matrix products save.
        """
        device = tokens.device.type
        with torch.autocast(device, enabled=False):  # what is to be rounded has been
            compute = self._step_by_rows if device == "cpu" else self._step
            return compute(tokens, state, encoded, sentence_of_row)

    def _step_by_rows(
        self, tokens: Tensor, state: DecoderState, encoded: EncodedSource, sentence_of_row: Tensor | None
    ) -> DecoderStep:
        each = tokens.shape[1]
        steps = []
        for some in even_slices(len(tokens), max(1, ROWS // each)):
            rows = slice(some.start * each, some.stop * each)
            if sentence_of_row is None:
                steps.append(self._step(tokens[some], state.part(rows), encoded.part(some), None))
            else:
                steps.append(self._step(tokens[some], state.part(rows), encoded, sentence_of_row[some]))
        return steps[0] if len(steps) == 1 else DecoderStep.join(steps)

    def _step(
        self, tokens: Tensor, state: DecoderState, encoded: EncodedSource, sentence_of_row: Tensor | None
    ) -> DecoderStep:
        """Take the step for all rows at once."""
        rows = tokens.reshape(-1)
        gates = self.gates_of_token(rows)  # (N, G·H)
        if self.looks_first:
            attended = self._attend(state.layers[-1][0], encoded, sentence_of_row)
            gates = gates + self.gates_of_more(attended.context.flatten(0, 1))
        elif self.feeds:
            gates = gates + self.gates_of_more(cast(Tensor, state.feed))
        top, layers = self._advance(gates, state.layers)
        if not self.looks_first:
            attended = self._attend(top, encoded, sentence_of_row)
        context = attended.context.flatten(0, 1)  # (N, A)
        order = (top, context) if self.looks_first else (context, top)
        summed = self.readout(torch.cat(order, dim=-1))
        if self.looks_first:
            summed = summed + self.readout_of_token(rows)
        readout = _tanh(summed)
        new = DecoderState(layers, readout if self.feeds else None)
        return DecoderStep(readout.view(*tokens.shape, -1), new, attended.weights)

    def next_logits(self, readouts: Tensor) -> Tensor:
        """See :meth:`TranslationModel.next_logits`."""
        return suppressed(self.output(readouts), self.suppressed_tokens)

    def _attend(self, hidden: Tensor, encoded: EncodedSource, sentence_of_row: Tensor | None) -> AttentionOutput:
        """Attend with one query per row, (B·K, H).

        A CPU takes a few sentences at a time: what is compared stays in the cache, and where sentences are ordered by
        length little of it is padding.
        """
        sentences = len(encoded.states) if sentence_of_row is None else len(sentence_of_row)
        queries = hidden.view(sentences, -1, hidden.shape[-1])  # (B, K, H)
        if self.is_additive:
            queries = _decay(self.query(queries))
        if hidden.device.type != "cpu":
            return self._look(queries, encoded if sentence_of_row is None else encoded.select(sentence_of_row))
        found = []
        for begin in range(0, sentences, ATTENDING):
            some = slice(begin, begin + ATTENDING)
            sources = (
                encoded.part(some).shortened()
                if sentence_of_row is None
                else encoded.shortened_to(sentence_of_row[some])
            )
            found.append(self._look(queries[some], sources))
        steps = encoded.mask.shape[1]
        weights = [F.pad(one.weights, (0, steps - one.weights.shape[2])) for one in found]
        return AttentionOutput(torch.cat([one.context for one in found]), torch.cat(weights))

    def _look(self, queries: Tensor, encoded: EncodedSource) -> AttentionOutput:
        """Attend with queries (B, K, H); an additive score takes the decay of the projected ones."""
        attention = self.network[0].decoder.attention
        if not self.is_additive:
            attended: AttentionOutput = attention(queries, encoded)
            return attended
        # See _fix_attention; what all scores have in common is nothing to a softmax.
        scores = [
            torch.matmul(torch.addcmul(self.one, encoded.keys, query.unsqueeze(1)).reciprocal_(), self.vector)
            for query in queries.unbind(1)
        ]
        return attention.attend_with_scores(torch.stack(scores, dim=1), encoded)

    def _advance(self, gates: Tensor, states: tuple[LayerState, ...]) -> tuple[Tensor, tuple[LayerState, ...]]:
        """Advance all layers by one step, from the first's projected input (N, G·H); return the top output first."""
        layers = self.network[0].decoder._layers()
        new = [_cell(layers[0], gates, self.recurrents[0], states[0])]
        output = new[0][0]
        for index, layer in enumerate(layers[1:], start=1):
            new.append(_cell(layer, self.inputs[index - 1](output), self.recurrents[index], states[index]))
            output = new[-1][0] + output if index >= RESIDUAL_FROM else new[-1][0]
        return output, tuple(new)


def _cell(layer: Recurrence, gates: Tensor, recurrent: FrozenLinear, state: LayerState) -> LayerState:
    """Take one step in one layer; see :meth:`Recurrence.step`."""
    hidden = state[0]
    if layer.cell == "lstm":
        return layer.lstm_step(gates + recurrent(hidden), state[1])
    buffer = hidden.new_empty(len(hidden), 4 * layer.hidden_size)
    return (gru_forward(gates, recurrent(hidden), hidden, buffer, torch.empty_like(hidden)),)


def _decay(values: Tensor) -> Tensor:
    """Compute e⁻²ˣ in place, so that tanh(q + k) of many k and q takes no exponential.

    Each takes a product and a quotient, which is half the time on a CPU. Beyond 21, where tanh has long been 1, x is
    cut, so that products are numbers.
    """
    return values.clamp_(-21, 21).mul_(-2).exp_()


def _tanh(values: Tensor) -> Tensor:
    """Compute tanh in place, as 2 σ(2x) - 1: torch's own takes six times as long on a CPU."""
    return values.mul_(2).sigmoid_().mul_(2).sub_(1)
