"""The encoder: from source token ids to one vector per position, read from both sides."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from nmt_attn.config.schema import ModelConfig
from nmt_attn.kernels.dropout import Dropout, WordDropout
from nmt_attn.kernels.reversal import reverse, reversed_positions
from nmt_attn.model.recurrence import Ends, LayerState, make_layers, recurrences
from nmt_attn.model.residual import run_stack


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
        ends = Ends.of(lengths, source.device)
        reversal = reversed_positions(ends.lengths, source.shape[1])
        ahead, back = recurrences(self.forward_layers), recurrences(self.backward_layers)
        last: list[tuple[LayerState, LayerState]] = []  # of each layer, in both directions

        def run(index: int, below: Tensor) -> Tensor:
            vectors = self.dropout(below) if index else below
            seen_ahead, last_ahead = ahead[index].forward_to_ends(vectors, ends, cell_state=self.cell_state)
            reversed_ = reverse(vectors, reversal)
            seen_back, last_back = back[index].forward_to_ends(reversed_, ends, cell_state=self.cell_state)
            last.append((last_ahead, last_back))
            return torch.cat([seen_ahead, reverse(seen_back, reversal)], dim=-1)  # (S, B, 2H)

        vectors = run_stack(self.embed(source.t()), len(ahead), run)  # (S, B, E) to (S, B, 2H)
        # Both in reading order of their direction: the last real token is the end of each.
        top = tuple(torch.cat(parts, dim=-1) for parts in zip(*last[-1], strict=True))
        return EncoderOutput(vectors.transpose(0, 1).contiguous(), top)
