"""The network of classification: encoder, attention with the final states as the query, a small layer to the labels.

With the states h_1…h_S of both directions, side by side, and the final ones q = [→h_S; ←h_1]:

    α_i = softmax over i of score(q, h_i),  c = Σ α_i h_i     the scores of :mod:`nmt_attn.model.attention`
    none    c = q                                              no attention
    mean    c = 1/S Σ h_i                                      all states alike
    max     c = max over i of h_i                              by each unit (Collobert and Weston 2008)

    p = softmax(V relu(W c + b) + d)

Attention over the states of a text that is classified: Yang et al. 2016, with a learned query; Zhou et al. 2016.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from nmt_attn.config.schema import ModelConfig
from nmt_attn.kernels.dropout import Dropout
from nmt_attn.kernels.matmul import Linear
from nmt_attn.model.attention import Attention
from nmt_attn.model.encoder import Encoder
from nmt_attn.model.initial_weights import draw_linear_layers, make_embedding
from nmt_attn.model.trainable import TrainableModel


@dataclass(frozen=True)
class PooledText:
    """The states of texts, put together to one vector each."""

    context: Tensor  # (B, A)
    weights: Tensor  # (B, S): the share of each state in it; all 0 where there are no shares (none, max)


@dataclass(frozen=True)
class Classified:
    """The result of reading texts."""

    logits: Tensor  # (B, L), with L labels
    weights: Tensor  # (B, S): the attention


class ClassificationModel(TrainableModel):
    """A recurrent network that reads a text in both directions and gives it a label.

    Args:
        config: sizes and kinds.
        source_size: vocabulary of the texts.
        labels: number of labels, L.
    """

    def __init__(self, config: ModelConfig, source_size: int, labels: int) -> None:
        super().__init__()
        self.config = config
        width = config.source_size
        self.encoder = Encoder(config, make_embedding(source_size, config.embedding_size))
        self.attention = Attention(config.attention, width, width)
        self.dropout = Dropout(config.classifier.dropout)
        self.hidden = Linear(width, config.classifier.size) if config.classifier.size else None
        self.output = Linear(config.classifier.size or width, labels)
        draw_linear_layers(self)

    @property
    def attends(self) -> bool:
        """Whether the weights are those of an attention."""
        return self.attention.score is not None

    def forward(self, source: Tensor, lengths: Tensor) -> Classified:
        """Classify texts.

        Args:
            source: token ids, (B, S), padded at the end.
            lengths: real tokens of each text, (B); best on the CPU.
        """
        encoded = self.encoder(source, lengths)
        ends = lengths.to(source.device, non_blocking=True).unsqueeze(1)
        mask = torch.arange(source.shape[1], device=source.device) < ends  # (B, S)
        pooled = self.pool(encoded.states, encoded.last[0], mask)
        return Classified(self.logits(pooled.context), pooled.weights)

    def pool(self, states: Tensor, last: Tensor, mask: Tensor) -> PooledText:
        """Put states together.

        Args:
            states: of every position, (B, S, A).
            last: the last ones of both directions, (B, A).
            mask: true on real positions, (B, S).
        """
        match self.config.attention.score:
            case "none":
                return PooledText(last, states.new_zeros(mask.shape))
            case "mean":
                weights = (mask / mask.sum(1, keepdim=True)).to(states.dtype)  # (B, S)
                return PooledText(torch.bmm(weights.unsqueeze(1), states).squeeze(1), weights)
            case "max":
                context = states.masked_fill(~mask.unsqueeze(2), -math.inf).amax(1)
                return PooledText(context, states.new_zeros(mask.shape))
        attended = self.attention(last.unsqueeze(1), self.attention.precompute(states, mask))
        return PooledText(attended.context.squeeze(1), attended.weights.squeeze(1))

    def logits(self, context: Tensor) -> Tensor:
        """Compute the logits of the labels from context vectors, (B, A) to (B, L)."""
        vectors = self.dropout(context)
        if self.hidden is not None:
            vectors = self.dropout(F.relu(self.hidden(vectors)))
        return self.output(vectors)  # type: ignore[no-any-return]
