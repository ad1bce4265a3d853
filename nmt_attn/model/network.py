"""The whole network: encoder, attention, decoder, output layer."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from nmt_attn.config.schema import ModelConfig
from nmt_attn.kernels.dropout import Dropout
from nmt_attn.kernels.matmul import Linear
from nmt_attn.model.attention import EncodedSource
from nmt_attn.model.decodable import DecodableModel, DecodingStart, DecodingStep
from nmt_attn.model.decoder import Decoder
from nmt_attn.model.encoder import Encoder
from nmt_attn.model.initial_weights import draw_linear_layers, make_embedding
from nmt_attn.model.step import DecoderState
from nmt_attn.model.trainable import TrainableModel
from nmt_attn.text.tokenizer import BOS, PAD, UNK

NEVER_WRITTEN = [PAD, UNK, BOS]
"""Tokens that a model does not write, unless somebody wants to see where it knows no word."""


class TranslationModel(TrainableModel, DecodableModel):
    """A recurrent encoder-decoder with attention.

    Args:
        config: sizes and kinds.
        source_size: source vocabulary.
        target_size: target vocabulary, V.
    """

    def __init__(self, config: ModelConfig, source_size: int, target_size: int) -> None:
        super().__init__()
        self.config = config
        self.suppressed_tokens = list(NEVER_WRITTEN)  # tokens that a translation does not hold
        target_embedding = make_embedding(target_size, config.embedding_size)
        shared = config.tie_embeddings == "all"
        source_embedding = target_embedding if shared else make_embedding(source_size, config.embedding_size)
        self.encoder = Encoder(config, source_embedding)
        self.decoder = Decoder(config, target_embedding)
        self.dropout = Dropout(config.dropout)
        self.output = Linear(config.readout_size, target_size)
        draw_linear_layers(self)
        nn.init.normal_(self.output.weight, std=config.readout_size**-0.5)
        if config.tie_embeddings != "none":
            self.output.weight = target_embedding.weight

    @property
    def attends(self) -> bool:
        """See :attr:`DecodableModel.attends`."""
        return self.decoder.attention.score is not None

    def encode(self, source: Tensor, lengths: Tensor) -> DecodingStart:
        """See :meth:`DecodableModel.encode`."""
        return DecodingStart(*self.read(source, lengths))

    def read(self, source: Tensor, lengths: Tensor) -> tuple[EncodedSource, DecoderState[Tensor]]:
        """Encode as :meth:`encode`, to the parts that this network's decoder takes."""
        encoder_output = self.encoder(source, lengths)
        ends = lengths.to(source.device, non_blocking=True).unsqueeze(1)
        mask = torch.arange(source.shape[1], device=source.device) < ends  # (B, S)
        encoded = self.decoder.attention.precompute(encoder_output.states, mask)
        return encoded, self.decoder.start(encoder_output)

    def forward(self, source: Tensor, source_lengths: Tensor, targets: Tensor, teacher_forcing: float = 1.0) -> Tensor:
        """Compute the readouts (B, T, R) for target inputs (B, T), which begin with BOS.

        Args:
            source: ids, (B, S).
            source_lengths: (B), best on the CPU.
            targets: ids, (B, T).
            teacher_forcing: part of the steps that read the reference; at the others the model reads the token it
                finds most probable itself (Bengio et al. 2015).
        """
        encoded, state = self.read(source, source_lengths)
        if teacher_forcing >= 1.0:
            readouts = self.decoder(targets, state, encoded)
        else:
            readouts = self._own_tokens(targets, encoded, state, teacher_forcing)
        return self.dropout(readouts)  # type: ignore[no-any-return]

    def step(
        self,
        tokens: Tensor,
        state: DecoderState[Tensor],
        encoded: EncodedSource,
        sentence_of_row: Tensor | None = None,
    ) -> DecodingStep:
        """See :meth:`DecodableModel.step`."""
        source = encoded if sentence_of_row is None else encoded.select(sentence_of_row)
        step = self.decoder.step(self.decoder.token_parts(tokens.reshape(-1)), state, source)
        return DecodingStep(step.readout.view(*tokens.shape, -1), step.state, step.weights)

    def logits(self, readouts: Tensor) -> Tensor:
        """See :meth:`DecodableModel.logits`."""
        return self.output(readouts)  # type: ignore[no-any-return]

    def _own_tokens(
        self, targets: Tensor, encoded: EncodedSource, state: DecoderState[Tensor], teacher_forcing: float
    ) -> Tensor:
        """Compute readouts (B, T, R), reading the reference's token only with probability ``teacher_forcing``."""
        readouts = []
        tokens = targets[:, 0]  # BOS
        for position in range(targets.shape[1]):
            step = self.decoder.step(self.decoder.token_parts(tokens), state, encoded)
            state = step.state
            readouts.append(step.readout)
            if position + 1 < targets.shape[1]:
                reference = targets[:, position + 1]
                with torch.no_grad():
                    own = self.output(step.readout).argmax(-1)  # (B)
                forced = torch.rand(reference.shape, device=reference.device) < teacher_forcing
                tokens = torch.where(forced, reference, own)
        return torch.stack(readouts, dim=1)
