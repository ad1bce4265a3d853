"""Search for many sentences: batches of near-equal length, each different sentence once."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch

from nmt_attn.corpus.batches import batches_of, pad_sources
from nmt_attn.decoding.hypothesis import SearchOptions
from nmt_attn.decoding.sampling import SamplingOptions, sample
from nmt_attn.decoding.search import search
from nmt_attn.decoding.translation import Translation
from nmt_attn.device import Compute
from nmt_attn.errors import InputError
from nmt_attn.model.decodable import DecodableModel
from nmt_attn.progress import Watch, unwatched
from nmt_attn.text.tokenizer import Tokenizer

BATCH_TOKENS = {"cpu": 81920, "cuda": 65536}
"""Source tokens times beam size in a batch where the configuration says nothing; a GPU needs many to be busy."""

SOURCE_TOKENS = {"cpu": 16384, "cuda": 65536}
"""Source tokens in a batch, then, at most; a CPU has more than enough to do with them."""


@dataclass(frozen=True)
class BatchedSearch:
    """A search for the translations of token ids."""

    model: DecodableModel
    optimized: DecodableModel  # the same for inference
    tokenizer: Tokenizer
    compute: Compute
    batch_tokens: int | None  # source tokens times beam size in a batch; None: what is good for the device
    shared: bool  # by several processes

    def __call__(
        self,
        sources: Sequence[tuple[int, ...]],
        options: SearchOptions,
        sampling: SamplingOptions | None,
        watch: Watch = unwatched,
    ) -> dict[tuple[int, ...], list[Translation]]:
        """Return the n best of each source; one that occurs twice is searched once."""
        results: dict[tuple[int, ...], list[Translation]] = {(): [Translation("", 0.0, 0.0)]}
        different = [source for source in dict.fromkeys(sources) if source]
        lengths = np.array([len(source) + 1 for source in different], dtype=np.int64)
        with evaluating(self.model), self.compute.autocast():
            for rows in batches_of(lengths, self.source_tokens(options.beam_size)):
                batch = [different[row] for row in rows]
                results.update(zip(batch, self._translate_batch(batch, options, sampling), strict=True))
                watch(len(batch) / len(different))
        return results

    def source_tokens(self, beam_size: int) -> int:
        """Return how many source tokens there may be in a batch."""
        if self.batch_tokens is not None:
            return max(1, self.batch_tokens // beam_size)
        device = self.compute.device.type
        with_beam, alone = BATCH_TOKENS[device], SOURCE_TOKENS[device]
        if self.shared:  # each needs memory for its own, and smaller ones are as fast
            with_beam, alone = with_beam // 4, alone // 2
        return max(1, min(with_beam // beam_size, alone))

    def _translate_batch(
        self, batch: list[tuple[int, ...]], options: SearchOptions, sampling: SamplingOptions | None
    ) -> list[list[Translation]]:
        """Search one batch of token ids."""
        source, lengths = (torch.from_numpy(array) for array in pad_sources(batch))
        source = source.to(self.compute.device, non_blocking=True)
        if sampling is None:
            found = search(self.optimized, source, lengths, options)
        else:
            found = sample(self.optimized, source, lengths, options, sampling)
        # A beam in which nothing is a number is empty in the end.
        check_numbers(log_prob for nbest in found for log_prob in [one.log_prob for one in nbest] or [math.nan])
        texts = iter(self.tokenizer.decode([one.tokens for nbest in found for one in nbest]))
        return [
            [Translation(next(texts), one.score, one.log_prob, tuple(one.tokens)) for one in nbest] for nbest in found
        ]


@contextmanager
def evaluating(model: DecodableModel) -> Iterator[None]:
    """Use the network without dropout; afterwards it may go on training."""
    was_training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(was_training)


def check_numbers(log_probs: Iterable[float]) -> None:
    """Refuse to go on with a network that has come to no numbers; finite weights may do that if they are huge.

    Raises:
        InputError: a log-probability is no number.
    """
    if any(map(math.isnan, log_probs)):
        raise InputError("the network computes no finite numbers: its weights are damaged, or its training diverged")
