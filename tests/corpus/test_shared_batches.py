"""A batch is shared out completely, and evenly by tokens."""

import numpy as np
import pytest

from nmt_attn.corpus.batches import part_of


@pytest.mark.parametrize("size", [1, 2, 3, 4, 16])
@pytest.mark.parametrize("count", [1, 2, 7, 64])
def test_each_sentence_goes_to_one_process_and_tokens_are_shared_evenly(count, size):
    lengths = np.sort(np.random.default_rng(count).integers(1, 30, count))
    parts = [part_of(lengths, rank, size) for rank in range(size)]
    assert (np.sum(parts, axis=0) == 1).all()
    for part in parts:
        assert abs(int(lengths[part].sum()) - lengths.sum() / size) <= lengths.max()


def test_neighbours_stay_together():
    owners = [int(part_of(np.full(12, 5), rank, 3).argmax()) for rank in range(3)]
    assert owners == [0, 4, 8]
