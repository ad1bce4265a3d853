"""The whole network: encoder, attention, decoder, output layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from nmt_attn.config import ModelConfig
from nmt_attn.errors import InputError
from nmt_attn.model.attention import Memory
from nmt_attn.model.decoder import DecoderState, DecoderStep, make_decoder
from nmt_attn.model.dropout import Dropout
from nmt_attn.model.encoder import Encoder
from nmt_attn.model.products import Linear
from nmt_attn.text.tokenizer import BOS, PAD, UNK

NEVER_WRITTEN = [PAD, UNK, BOS]
"""What a model does not write, unless somebody wants to see where it knows no word."""


@dataclass(frozen=True)
class Start:
    """Everything that decoding a batch begins with."""

    memory: Memory
    state: DecoderState


class Searchable(Protocol):
    """What a search needs of a network."""

    def encode(self, source: Tensor, lengths: Tensor) -> Start:
        """See :meth:`TranslationModel.encode`."""
        ...

    def step(self, tokens: Tensor, state: DecoderState, memory: Memory, owners: Tensor | None = None) -> DecoderStep:
        """See :meth:`TranslationModel.step`."""
        ...

    def next_scores(self, readouts: Tensor) -> Tensor:
        """See :meth:`TranslationModel.next_scores`."""
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
        self.never_written = list(NEVER_WRITTEN)  # tokens that a translation does not hold
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
        """The names and shapes of a network alone; nothing is drawn, so it takes no time."""
        with torch.device("meta"), _Undrawn():
            return cls(config, source_size, target_size)

    @classmethod
    def of_weights(
        cls, config: ModelConfig, source_size: int, target_size: int, weights: Mapping[str, Tensor]
    ) -> TranslationModel:
        """A network that has copies of the given weights, on their device, without drawing random ones first.

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
        """Where the weights are."""
        return self.output.weight.device

    def weights(self) -> dict[str, Tensor]:
        """Every weight once, by name, also where layers share it: what a checkpoint holds."""
        return dict(self.named_parameters())

    def load_weights(self, weights: Mapping[str, Tensor]) -> None:
        """Fill in what :meth:`weights` gave.

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
            InputError: they are others.
        """
        own = self.weights()
        for name in sorted(own.keys() ^ weights.keys()):
            raise InputError(f"the weights do not fit the configuration: {name} is on one side only")
        for name, parameter in own.items():
            if parameter.shape != weights[name].shape:
                found, wanted = tuple(weights[name].shape), tuple(parameter.shape)
                raise InputError(f"the weights do not fit the configuration: {name} is {found}, expected {wanted}")

    def encode(self, source: Tensor, lengths: Tensor) -> Start:
        """Read source sentences: ids (B, S) padded at the end, with their real lengths (B), best on the CPU."""
        encoded = self.encoder(source, lengths)
        ends = lengths.to(source.device, non_blocking=True).unsqueeze(1)
        mask = torch.arange(source.shape[1], device=source.device) < ends  # (B, S)
        return Start(self.decoder.attention.remember(encoded.states, mask), self.decoder.start(encoded))

    def forward(self, source: Tensor, source_lengths: Tensor, targets: Tensor, teacher_forcing: float = 1.0) -> Tensor:
        """The readouts (B, T, R) for target inputs (B, T), which begin with BOS.

        Args:
            source: ids, (B, S).
            source_lengths: (B), best on the CPU.
            targets: ids, (B, T).
            teacher_forcing: share of steps that read the reference; at the others the model reads the token it
                finds most probable itself (Bengio et al. 2015).
        """
        start = self.encode(source, source_lengths)
        if teacher_forcing >= 1.0:
            readouts = self.decoder(targets, start.state, start.memory)
        else:
            readouts = self._own_tokens(targets, start, teacher_forcing)
        return self.dropout(readouts)  # type: ignore[no-any-return]

    def step(self, tokens: Tensor, state: DecoderState, memory: Memory, owners: Tensor | None = None) -> DecoderStep:
        """One decoding step; see :meth:`nmt_attn.model.decoder.Decoder.step`.

        Args:
            tokens: (B, K), or (N, 1) with ``owners``.
            state: of B·K, or N, rows.
            memory: of B sentences.
            owners: the sentence of each row, (N).
        """
        return self.decoder.step(tokens, state, memory if owners is None else memory.select(owners))

    def next_scores(self, readouts: Tensor) -> Tensor:
        """Scores of the next token, (…, R) to (…, V), of which a softmax makes probabilities; -inf for those of
        ``never_written``.
        """
        return suppressed(self.output(readouts).float(), self.never_written)

    def _own_tokens(self, targets: Tensor, start: Start, teacher_forcing: float) -> Tensor:
        """Readouts (B, T, R) where each token read is the reference's only with probability ``teacher_forcing``."""
        state, readouts = start.state, []
        tokens = targets[:, :1]  # BOS
        for position in range(targets.shape[1]):
            step = self.step(tokens, state, start.memory)
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
    """Leaves out what fills weights. On tensors without storage it would do nothing, but have torch load its compiler,
    which takes as long as the rest of torch.
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if getattr(func, "__module__", None) == nn.init.__name__ or getattr(func, "__name__", "") in _FILLING:
            return args[0] if args else kwargs["tensor"]
        return func(*args, **(kwargs or {}))


_FILLING = frozenset(("normal_", "uniform_", "fill_", "zero_"))


def suppressed(scores: Tensor, tokens: Sequence[int]) -> Tensor:
    """-inf for some tokens in scores (…, V), in place. One by one: a list of them would have to go to a GPU first."""
    for token in tokens:
        scores[..., token] = -torch.inf
    return scores


def _embedding(size: int, width: int) -> nn.Embedding:
    """Vectors of length about 1, so that tied output scores start out small; they are scaled up when read."""
    embedding = nn.Embedding(size, width)
    nn.init.normal_(embedding.weight, std=width**-0.5)
    return embedding
