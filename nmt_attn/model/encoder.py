"""The encoder: from source token ids to one vector per position, read from both sides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from nmt_attn.config.schema import ModelConfig
from nmt_attn.kernels.dropout import Dropout, WordDropout
from nmt_attn.model.recurrence import RESIDUAL_FROM, Ends, LayerState, make_layers, recurrences


@dataclass(frozen=True)
class EncoderOutput:
    """An encoded batch."""

    states: Tensor  # (B, S, 2H): forward and backward state side by side
    last: LayerState  # (B, 2H) each: the top layer's last forward and last backward state; of an LSTM c if asked for


class Encoder(nn.Module):
    """Embedding and bidirectional layers (Schuster and Paliwal 1997).

    Padding is never packed away: the backward layer reads each sentence reversed *within its length*, so that
    padding stands at the end for both directions and cannot reach a real position.

    Args:
        config: the network's sizes.
        embedding: source embedding, possibly shared with the decoder.
    """

    def __init__(self, config: ModelConfig, embedding: nn.Embedding) -> None:
        super().__init__()
        self.embedding = embedding
        self.scale = config.embedding_size**0.5
        self.dropout = Dropout(config.dropout)
        self.word_dropout = WordDropout(config.encoder.word_dropout)
        self.cell_state = config.decoder.start == "last"
        size = config.encoder.hidden_size
        input_sizes = [config.embedding_size] + [2 * size] * (config.encoder.layers - 1)
        self.forward_layers = make_layers(config, input_sizes, size)
        self.backward_layers = make_layers(config, input_sizes, size)

    def embed(self, tokens: Tensor) -> Tensor:
        """Embed token ids, with dropout."""
        embedded: Tensor = self.word_dropout(self.dropout(self.embedding(tokens) * self.scale))
        return embedded

    def forward(self, source: Tensor, lengths: Tensor) -> EncoderOutput:
        """Encode a batch of sentences.

        Args:
            source: token ids, (B, S), padded at the end.
            lengths: real tokens of each sentence, (B); best on the CPU, so that nothing waits for a GPU.
        """
        vectors = self.embed(source.t())  # (S, B, E)
        ends = Ends.of(lengths, source.device)
        reversal = reversed_positions(ends.lengths, source.shape[1])
        directions = zip(recurrences(self.forward_layers), recurrences(self.backward_layers), strict=True)
        for index, (ahead, back) in enumerate(directions):
            below = vectors
            vectors = self.dropout(below) if index else below
            seen_ahead, last_ahead = ahead.forward_to_ends(vectors, ends, cell_state=self.cell_state)
            seen_back, last_back = back.forward_to_ends(reverse(vectors, reversal), ends, cell_state=self.cell_state)
            vectors = torch.cat([seen_ahead, reverse(seen_back, reversal)], dim=-1)  # (S, B, 2H)
            if index >= RESIDUAL_FROM:
                vectors = vectors + below
        # Both in reading order of their direction: the last real token is the end of each.
        last = tuple(torch.cat(parts, dim=-1) for parts in zip(last_ahead, last_back, strict=True))
        return EncoderOutput(vectors.transpose(0, 1).contiguous(), last)


def reversed_positions(lengths: Tensor, steps: int) -> Tensor:
    """Return for each position the one it swaps with when sentences are reversed within their lengths, (S, B)."""
    positions = torch.arange(steps, device=lengths.device).unsqueeze(1)  # (S, 1)
    return torch.where(positions < lengths, lengths - 1 - positions, positions)


def reverse(vectors: Tensor, reversal: Tensor) -> Tensor:
    """Swap positions: vectors (S, B, F), reversal (S, B) from :func:`reversed_positions`."""
    swapped: Tensor = _Swap.apply(vectors, reversal)  # type: ignore[no-untyped-call]
    return swapped


class _Swap(torch.autograd.Function):
    """A gather whose backward is itself, since swapping twice changes nothing; much cheaper than scatter_add."""

    @staticmethod
    def forward(ctx: Any, vectors: Tensor, reversal: Tensor) -> Tensor:
        ctx.save_for_backward(reversal)
        return vectors[reversal, torch.arange(vectors.shape[1], device=vectors.device)]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (reversal,) = ctx.saved_tensors
        (grad,) = gradients
        return grad[reversal, torch.arange(grad.shape[1], device=grad.device)], None
