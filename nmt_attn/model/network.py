"""The whole network: encoder, attention, decoder, output layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from nmt_attn.config.schema import ModelConfig
from nmt_attn.errors import InputError
from nmt_attn.kernels.dropout import Dropout
from nmt_attn.kernels.matmul import Linear
from nmt_attn.model.attention import EncodedSource
from nmt_attn.model.decoder import DecoderState, DecoderStep, make_decoder
from nmt_attn.model.encoder import Encoder
from nmt_attn.text.tokenizer import BOS, PAD, UNK

NEVER_WRITTEN = [PAD, UNK, BOS]
"""Tokens that a model does not write, unless somebody wants to see where it knows no word."""


@dataclass(frozen=True)
class DecodingStart:
    """Everything that decoding a batch begins with."""

    encoded: EncodedSource
    state: DecoderState


class DecodableModel(Protocol):
    """The part of a network that a search needs."""

    def encode(self, source: Tensor, lengths: Tensor) -> DecodingStart:
        """See :meth:`TranslationModel.encode`."""
        ...

    def step(
        self, tokens: Tensor, state: DecoderState, encoded: EncodedSource, sentence_of_row: Tensor | None = None
    ) -> DecoderStep:
        """See :meth:`TranslationModel.step`."""
        ...

    def next_logits(self, readouts: Tensor) -> Tensor:
        """See :meth:`TranslationModel.next_logits`."""
        ...


class TranslationModel(nn.Module):
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
        target_embedding = _embedding(target_size, config.embedding_size)
        shared = config.tie_embeddings == "all"
        source_embedding = target_embedding if shared else _embedding(source_size, config.embedding_size)
        self.encoder = Encoder(config, source_embedding)
        self.decoder = make_decoder(config, target_embedding)
        self.dropout = Dropout(config.dropout)
        self.output = Linear(config.readout_size, target_size)
        for module in self.modules():
            if isinstance(module, nn.Linear):  # torch's own default is three times smaller in variance
                nn.init.xavier_uniform_(module.weight)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        nn.init.normal_(self.output.weight, std=config.readout_size**-0.5)
        if config.tie_embeddings != "none":
            self.output.weight = target_embedding.weight

    @classmethod
    def without_weights(cls, config: ModelConfig, source_size: int, target_size: int) -> TranslationModel:
        """Make a network of names and shapes alone; nothing is drawn, so it takes no time."""
        with torch.device("meta"), _Undrawn():
            return cls(config, source_size, target_size)

    @classmethod
    def of_weights(
        cls, config: ModelConfig, source_size: int, target_size: int, weights: Mapping[str, Tensor]
    ) -> TranslationModel:
        """Make a network with copies of the given weights, on their device, without drawing random ones first.

        Raises:
            InputError: names or shapes are not this network's.
        """
        model = cls.without_weights(config, source_size, target_size)
        model.check_fit(weights)
        # Layers that share a weight have one parameter, and are to share its successor.
        filled = {
            id(old): nn.Parameter(weights[name].to(old.dtype, copy=True)) for name, old in model.weights().items()
        }
        for module in model.modules():
            for name, old in list(module.named_parameters(recurse=False)):
                setattr(module, name, filled[id(old)])
        return model

    @property
    def device(self) -> torch.device:
        """The device of the weights."""
        return self.output.weight.device

    def weights(self) -> dict[str, Tensor]:
        """Return every weight once, by name, also where layers share it: the content of a checkpoint."""
        return dict(self.named_parameters())

    def load_weights(self, weights: Mapping[str, Tensor]) -> None:
        """Fill in weights that :meth:`weights` has returned.

        Raises:
            InputError: names or shapes are not this network's.
        """
        self.check_fit(weights)
        with torch.no_grad():
            for name, parameter in self.weights().items():
                parameter.copy_(weights[name])

    def check_fit(self, weights: Mapping[str, Tensor]) -> None:
        """Compare names and shapes with those of this network, which may be one without weights.

        Raises:
            InputError: they differ.
        """
        own = self.weights()
        for name in sorted(own.keys() ^ weights.keys()):
            raise InputError(f"the weights do not fit the configuration: {name} is on one side only")
        for name, parameter in own.items():
            if parameter.shape != weights[name].shape:
                found, wanted = tuple(weights[name].shape), tuple(parameter.shape)
                raise InputError(f"the weights do not fit the configuration: {name} is {found}, expected {wanted}")

    def encode(self, source: Tensor, lengths: Tensor) -> DecodingStart:
        """Read source sentences: ids (B, S) padded at the end, with their real lengths (B), best on the CPU."""
        encoder_output = self.encoder(source, lengths)
        ends = lengths.to(source.device, non_blocking=True).unsqueeze(1)
        mask = torch.arange(source.shape[1], device=source.device) < ends  # (B, S)
        return DecodingStart(
            self.decoder.attention.precompute(encoder_output.states, mask), self.decoder.start(encoder_output)
        )

    def forward(self, source: Tensor, source_lengths: Tensor, targets: Tensor, teacher_forcing: float = 1.0) -> Tensor:
        """Compute the readouts (B, T, R) for target inputs (B, T), which begin with BOS.

        Args:
            source: ids, (B, S).
            source_lengths: (B), best on the CPU.
            targets: ids, (B, T).
            teacher_forcing: part of the steps that read the reference; at the others the model reads the token it
                finds most probable itself (Bengio et al. 2015).
        """
        start = self.encode(source, source_lengths)
        if teacher_forcing >= 1.0:
            readouts = self.decoder(targets, start.state, start.encoded)
        else:
            readouts = self._own_tokens(targets, start, teacher_forcing)
        return self.dropout(readouts)  # type: ignore[no-any-return]

    def step(
        self, tokens: Tensor, state: DecoderState, encoded: EncodedSource, sentence_of_row: Tensor | None = None
    ) -> DecoderStep:
        """Take one decoding step; see :meth:`nmt_attn.model.decoder.Decoder.step`.

        Args:
            tokens: (B, K), or (N, 1) with ``sentence_of_row``.
            state: of B·K, or N, rows.
            encoded: of B sentences.
            sentence_of_row: the sentence of each row, (N).
        """
        return self.decoder.step(tokens, state, encoded if sentence_of_row is None else encoded.select(sentence_of_row))

    def next_logits(self, readouts: Tensor) -> Tensor:
        """Compute the logits of the next token, (…, R) to (…, V); those of ``suppressed_tokens`` are -inf."""
        return suppressed(self.output(readouts).float(), self.suppressed_tokens)

    def _own_tokens(self, targets: Tensor, start: DecodingStart, teacher_forcing: float) -> Tensor:
        """Compute readouts (B, T, R), reading the reference's token only with probability ``teacher_forcing``."""
        state, readouts = start.state, []
        tokens = targets[:, :1]  # BOS
        for position in range(targets.shape[1]):
            step = self.step(tokens, state, start.encoded)
            state = step.state
            readouts.append(step.readout)
            if position + 1 < targets.shape[1]:
                reference = targets[:, position + 1 : position + 2]
                with torch.no_grad():
                    own = self.output(step.readout).argmax(-1)  # (B, 1)
                forced = torch.rand(reference.shape, device=reference.device) < teacher_forcing
                tokens = torch.where(forced, reference, own)
        return torch.cat(readouts, dim=1)


class _Undrawn(TorchFunctionMode):
    """A mode that leaves out the functions that fill weights.

    On tensors without storage they would do nothing but have torch load its compiler, which takes as long as the rest
    of torch.
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if getattr(func, "__module__", None) == nn.init.__name__ or getattr(func, "__name__", "") in _FILLING:
            return args[0] if args else kwargs["tensor"]
        return func(*args, **(kwargs or {}))


_FILLING = frozenset(("normal_", "uniform_", "fill_", "zero_"))


def suppressed(scores: Tensor, tokens: Sequence[int]) -> Tensor:
    """Set some tokens to -inf in scores (…, V), in place. One by one, since a list would have to go to a GPU first."""
    for token in tokens:
        scores[..., token] = -torch.inf
    return scores


def _embedding(size: int, width: int) -> nn.Embedding:
    """Draw vectors of length about 1, so that tied output scores start out small; they are scaled up when read."""
    embedding = nn.Embedding(size, width)
    nn.init.normal_(embedding.weight, std=width**-0.5)
    return embedding
