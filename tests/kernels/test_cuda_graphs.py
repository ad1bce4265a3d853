"""What a cache of CUDA graphs does with inputs and outputs, with recordings that a CPU can make."""

import pytest
import torch

from nmt_attn.kernels.cuda_graphs import GraphCache, active_cache, call, replaying


class Stand:
    """Stands for CUDA: a recording computes the function again from, and into, the tensors of its first run."""

    def __init__(self):
        self.runs = 0

    def __call__(self, run):
        outputs = run()
        stand = self

        class Recording:
            def replay(self):
                stand.runs += 1
                for output, new in zip(outputs, run(), strict=True):
                    output.copy_(new)

        return outputs, Recording()


def scaled_sum(factor, left, right):
    return factor * (left + right), left - right


def test_a_shape_that_comes_again_is_replayed_on_the_new_values():
    stand = Stand()
    cache = GraphCache(budget=1000, record=stand)
    kept = []
    for turn in range(5):
        left, right = torch.full((2, 3), float(turn)), torch.ones(2, 3)
        kept.append((turn, cache.call(scaled_sum, 2.0, left, right)))
    assert stand.runs == 4  # all but the first
    for turn, (doubled, difference) in kept:  # also after later replays
        assert (doubled == 2 * (turn + 1)).all()
        assert (difference == turn - 1).all()


def test_other_shapes_dtypes_and_values_have_recordings_of_their_own():
    cache = GraphCache(budget=1000, record=Stand())
    ones = torch.ones(2)
    arguments = [(2.0, ones, ones), (3.0, ones, ones), (2.0, ones[:1], ones[:1]), (2.0, ones.double(), ones.double())]
    for _ in range(3):
        for factor, left, right in arguments:
            doubled, _ = cache.call(scaled_sum, factor, left, right)
            assert doubled.dtype == left.dtype
            assert doubled.tolist() == [2 * factor] * len(left)
    assert len(cache.recorded) == 4


def test_no_more_is_recorded_than_there_are_bytes_for():
    cache = GraphCache(budget=16 * (1 + 2), record=Stand())  # two numbers in and two out, of four bytes each, a row
    for _ in range(3):
        for size in range(1, 6):
            assert cache.call(scaled_sum, 1.0, torch.ones(size), torch.ones(size))[0].tolist() == [2.0] * size
    assert len(cache.recorded) == 2
    assert cache.used == 16 * (1 + 2)


def test_where_memory_is_short_all_recordings_go_and_none_are_made():
    cache = GraphCache(budget=1000, record=Stand())
    for turn in range(4):
        if turn == 2:
            assert len(cache.recorded) == 1
            cache.clear()
        assert cache.call(scaled_sum, 1.0, torch.ones(3), torch.ones(3))[0].tolist() == [2.0] * 3
    assert not cache.recorded


def test_the_cache_is_active_inside_and_not_outside():
    cache = GraphCache(budget=1000, record=Stand())
    assert active_cache() is None
    with replaying(cache):
        assert active_cache() is cache
    assert active_cache() is None
    assert call(None, scaled_sum, 1.0, torch.ones(1), torch.ones(1))[0].item() == 2.0


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_cuda_recording_gives_what_the_function_gives():
    cache = GraphCache()
    for turn in range(4):
        left, right = torch.full((64, 64), float(turn), device="cuda"), torch.ones(64, 64, device="cuda")
        doubled, difference = cache.call(scaled_sum, 2.0, left, right)
        assert (doubled == 2 * (turn + 1)).all()
        assert (difference == turn - 1).all()
    assert len(cache.recorded) == 1
