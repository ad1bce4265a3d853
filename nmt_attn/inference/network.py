"""A network made ready to translate: the same function, with less to compute at each step.

Weights no longer change, so they are brought once into the precision of matrix products. The network itself,
:class:`~nmt_attn.model.network.TranslationModel`, is the reference that tests compare with.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from nmt_attn.device import Compute, choose_compute
from nmt_attn.inference.attention import SourceOfRows, freeze_attention
from nmt_attn.inference.decoder import FrozenDecoder
from nmt_attn.inference.encoder import InferenceEncoder, PackedStates
from nmt_attn.inference.ensemble import Ensemble
from nmt_attn.inference.frozen_linear import FrozenLinear, even_slices
from nmt_attn.model.attention import EncodedSource
from nmt_attn.model.decodable import DecodableModel, DecodingStart, DecodingStep
from nmt_attn.model.encoder import EncoderOutput
from nmt_attn.model.network import TranslationModel
from nmt_attn.model.residual import has_residual
from nmt_attn.model.step import DecoderState, DecoderStep

ROWS = 512
"""Rows that a step is computed for at once on a CPU."""


def optimize_for_inference(model: DecodableModel, compute: Compute) -> DecodableModel:
    """Prepare a model for a search, in the precision of ``compute``; its weights must not change after.

    Networks that have no fast form here (layer normalisation, coverage) are given back as they are.
    """
    if isinstance(model, Ensemble):
        return Ensemble([optimize_for_inference(member, compute) for member in model.networks()]).eval()
    if not isinstance(model, TranslationModel) or model.config.layer_norm or model.config.attention.coverage:
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


class InferenceNetwork(DecodableModel):
    """A frozen network, see :func:`optimize_for_inference`.

    Args:
        model: in evaluation mode, without layer normalisation and coverage.
        compute: device and precision.
    """

    def __init__(self, model: TranslationModel, compute: Compute) -> None:
        super().__init__()
        self.network = [model]  # in a list, so that it is no part of this module: its mode stays its own
        self.config, self.suppressed_tokens, self.compute = model.config, model.suppressed_tokens, compute
        # Rounding once per sentence costs less than at every step, so int8 is not for the encoder.
        self.encoding = choose_compute(str(compute.device), "auto") if compute.precision == "int8" else compute
        packs = model.config.cell == "gru" and compute.device.type == "cpu"
        self.encoder = InferenceEncoder(model.encoder, self.encoding) if packs else None
        # A state is never beyond -1 and 1, nor is a mean of states; what is added up along the way may be.
        states_bounded = not has_residual(model.config.encoder.layers)
        hidden_bounded = not has_residual(model.config.decoder.layers)
        self.attention = freeze_attention(
            model.decoder.attention,
            self.encoding,
            compute,
            states_bounded=states_bounded,
            hidden_bounded=hidden_bounded,
        )
        self.decoder = FrozenDecoder(model.decoder, self.attention, compute, states_bounded=states_bounded)
        self.output = FrozenLinear(model.output.weight, model.output.bias, compute, bounded=True)  # reads a tanh

    @property
    def device(self) -> torch.device:
        """The device of the weights."""
        return self.compute.device

    @property
    def attends(self) -> bool:
        """See :attr:`DecodableModel.attends`."""
        return self.network[0].attends

    @torch.inference_mode()
    def fill_tables(self) -> None:
        """Make all tables of what depends on a token alone."""
        for table in self.decoder.tables() + ([] if self.encoder is None else self.encoder.first):
            table.fill(self.device)

    def encode(self, source: Tensor, lengths: Tensor) -> DecodingStart:
        """See :meth:`DecodableModel.encode`."""
        with self.encoding.autocast():
            read = self._read(source, lengths) if self.encoder is None else self._read_packed(source, lengths)
        encoded, state = read
        layers = tuple(tuple(part.float() for part in layer) for layer in state.layers)
        return DecodingStart(
            replace(encoded, states=encoded.states.float()),
            DecoderState(layers, None if state.feed is None else state.feed.float()),
        )

    def forward(self, source: Tensor, source_lengths: Tensor, targets: Tensor) -> Tensor:
        """See :meth:`nmt_attn.model.network.TranslationModel.forward`; with the decoder of the network itself.

        It computes all steps at once, for which nothing has to be prepared.
        """
        network = self.network[0]
        with self.encoding.autocast():
            if self.encoder is None:
                return network(source, source_lengths, targets)  # type: ignore[no-any-return]
            output, mask, _ = self._encode_packed(source, source_lengths)
            encoded = network.decoder.attention.precompute(output.states, mask)
            return network.decoder(targets, network.decoder.start(output), encoded)  # type: ignore[no-any-return]

    def _read(self, source: Tensor, lengths: Tensor) -> tuple[EncodedSource, DecoderState[Tensor]]:
        """Encode by the network itself."""
        encoded, state = self.network[0].read(source, lengths)
        return replace(encoded, keys=self.attention.compared(encoded.keys)), state

    def _read_packed(self, source: Tensor, lengths: Tensor) -> tuple[EncodedSource, DecoderState[Tensor]]:
        """Encode without computing padding."""
        output, mask, packed = self._encode_packed(source, lengths)
        attention = self.attention
        keys = output.states if attention.states_are_keys else packed.padded(attention.keys(packed.states))
        return EncodedSource(output.states, keys, mask), self.network[0].decoder.start(output)

    def _encode_packed(self, source: Tensor, lengths: Tensor) -> tuple[EncoderOutput, Tensor, PackedStates]:
        """Return the states, the mask (B, S) of real positions, and the states without padding."""
        assert self.encoder is not None
        packed = self.encoder(source, lengths)
        mask = torch.arange(source.shape[1]) < lengths.unsqueeze(1)
        return EncoderOutput(packed.padded(packed.states), (packed.last,)), mask, packed

    def step(
        self,
        tokens: Tensor,
        state: DecoderState[Tensor],
        encoded: EncodedSource,
        sentence_of_row: Tensor | None = None,
    ) -> DecodingStep:
        """See :meth:`DecodableModel.step`.

        A CPU takes so many rows at a time that what they need stays in its cache. Its attention is in fp32: rounding
        the sources anew at each step takes longer than their matrix products save.
        """
        device, source = tokens.device.type, SourceOfRows(encoded, sentence_of_row)
        compute = self._step_by_rows if device == "cpu" else self._step_at_once
        with torch.autocast(device, enabled=False):  # what is to be rounded has been
            steps = compute(tokens, state, source)
        if len(steps) == 1:
            return DecodingStep(steps[0].readout.view(*tokens.shape, -1), steps[0].state, steps[0].weights)
        return DecodingStep(
            torch.cat([step.readout for step in steps]).view(*tokens.shape, -1),
            DecoderState.join([step.state for step in steps]),
            torch.cat([step.weights for step in steps]),
        )

    def _step_by_rows(
        self, tokens: Tensor, state: DecoderState[Tensor], source: SourceOfRows
    ) -> list[DecoderStep[Tensor]]:
        each, steps = tokens.shape[1], []
        for some in even_slices(len(tokens), max(1, ROWS // each)):
            rows = slice(some.start * each, some.stop * each)
            steps += self._step_at_once(tokens[some], state.part(rows), source.part(some))
        return steps

    def _step_at_once(
        self, tokens: Tensor, state: DecoderState[Tensor], source: SourceOfRows
    ) -> list[DecoderStep[Tensor]]:
        return [self.decoder.step(self.decoder.token_parts(tokens.reshape(-1)), state, source)]

    def logits(self, readouts: Tensor) -> Tensor:
        """See :meth:`DecodableModel.logits`."""
        return self.output(readouts)
