"""Texts as ids in, probabilities of labels out, in batches of texts of near-equal length."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nmt_attn.corpus.batches import Ids, batches_of, pad_sources
from nmt_attn.model.classifier import Classified
from nmt_attn.progress import Watch, unwatched

Network = Callable[[Tensor, Tensor], Classified]
"""A classifier in evaluation mode: from ids (B, S) and lengths (B) to logits and attention."""


@dataclass(frozen=True)
class Read:
    """The result of reading N texts."""

    log_probs: NDArray[np.float64]  # (N, L), with L labels
    weights: list[NDArray[np.float32]]  # of each text, one a token and one for its end; none if not asked for


@torch.inference_mode()
def read_texts(
    network: Network,
    texts: Sequence[Sequence[int] | Ids],
    batch_tokens: int,
    device: torch.device,
    *,
    attention: bool,
    watch: Watch = unwatched,
) -> Read:
    """Classify texts, in any order and of any length.

    Args:
        network: in evaluation mode, on ``device``.
        texts: token ids without EOS, at least one text.
        batch_tokens: tokens in a batch, padding included.
        device: of the network.
        attention: whether to return the attention too.
        watch: told how far it is.
    """
    lengths = np.array([len(text) + 1 for text in texts], dtype=np.int64)
    rows: list[NDArray[np.float64]] = []
    weights: list[NDArray[np.float32]] = [np.empty(0, dtype=np.float32)] * (len(texts) if attention else 0)
    order = list(batches_of(lengths, batch_tokens))
    for batch in order:
        source, ends = (torch.from_numpy(array) for array in pad_sources([texts[index] for index in batch]))
        found = network(source.to(device), ends)
        rows.append(torch.log_softmax(found.logits.double(), dim=-1).cpu().numpy())
        if attention:
            shares = found.weights.float().cpu().numpy()
            for place, index in enumerate(batch):
                weights[index] = shares[place, : lengths[index]]
        watch(len(batch) / len(texts))
    log_probs = np.concatenate(rows)
    log_probs[np.concatenate(order)] = log_probs.copy()
    return Read(log_probs, weights)
