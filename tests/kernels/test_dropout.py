"""Dropout on a CPU."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nmt_attn.kernels.dropout import Dropout, dropout_mask


@given(
    probability=st.floats(0.0, 1.0, exclude_max=True),
    shape=st.lists(st.integers(0, 7), max_size=3),
    dtype=st.sampled_from([torch.float32, torch.float64, torch.bfloat16]),
)
def test_a_mask_has_two_values(probability: float, shape: list[int], dtype: torch.dtype):
    like = torch.empty(shape, dtype=dtype)
    mask = dropout_mask(like, probability)
    assert (mask.shape, mask.dtype) == (like.shape, dtype)
    kept = mask[mask != 0]
    assert len(kept.unique()) <= 1
    if len(kept) and probability < 0.99:
        assert float(kept[0]) == pytest.approx(1 / (1 - probability), rel=5e-3)


@pytest.mark.parametrize("probability", [0.1, 0.2, 0.5, 0.9])
def test_a_mask_drops_the_share_it_should_and_keeps_the_mean(probability: float):
    torch.manual_seed(0)
    mask = dropout_mask(torch.empty(1000, 1000), probability)
    assert float((mask == 0).float().mean()) == pytest.approx(probability, abs=2e-3)
    assert float(mask.mean()) == pytest.approx(1.0, abs=5e-3 / (1 - probability))


def test_elements_are_dropped_independently_of_their_neighbours():
    torch.manual_seed(0)
    dropped = (dropout_mask(torch.empty(1_000_001), 0.3) == 0).float()
    for distance in (1, 2, 3, 4, 8):
        both = float((dropped[:-distance] * dropped[distance:]).mean())
        assert both == pytest.approx(0.09, abs=2e-3)


def test_the_same_seed_draws_the_same_mask():
    masks = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        masks.append(dropout_mask(torch.empty(50), 0.5))
    assert torch.equal(masks[0], masks[1])
    assert not torch.equal(masks[0], masks[2])


def test_dropout_is_for_training_only():
    dropout, inputs = Dropout(0.5), torch.randn(30, 30, requires_grad=True)
    outputs = dropout(inputs)
    (gradient,) = torch.autograd.grad(outputs.sum(), inputs)
    kept = outputs != 0
    assert 0 < int(kept.sum()) < 900
    assert torch.equal(outputs[kept], 2 * inputs[kept])
    assert torch.equal(gradient, 2.0 * kept)
    assert dropout.eval()(inputs) is inputs
    assert Dropout(0.0)(inputs) is inputs
