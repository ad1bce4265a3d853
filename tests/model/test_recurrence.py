"""The fast GRU against torch's own, and a step at a time against a whole sequence."""

import pytest
import torch

from nmt_attn.model.recurrence import Recurrence


@pytest.fixture(autouse=True)
def _double_precision():
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def gradients(layer: Recurrence, outputs: torch.Tensor, inputs: torch.Tensor, state: torch.Tensor):
    weights = torch.randn(outputs.shape, generator=torch.Generator().manual_seed(1))
    return torch.autograd.grad((outputs * weights).sum(), [inputs, state, *layer.parameters()])


@pytest.mark.parametrize("steps", [1, 2, 7])
def test_fast_gru_equals_torchs_own_in_values_and_gradients(steps):
    layer = Recurrence("gru", 4, 3)
    for bias in (layer.input_bias, layer.recurrent_bias):
        torch.nn.init.normal_(bias)
    inputs = torch.randn(steps, 5, 4, requires_grad=True)
    state = torch.randn(5, 3, requires_grad=True)
    fast, (last,) = layer(inputs, (state,))
    plain, (plain_last,) = layer.forward_plain(inputs, (state,))
    torch.testing.assert_close(fast, plain)
    torch.testing.assert_close(last, plain_last)
    for mine, theirs in zip(gradients(layer, fast, inputs, state), gradients(layer, plain, inputs, state), strict=True):
        torch.testing.assert_close(mine, theirs)


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_steps_equal_the_whole_sequence(cell):
    layer = Recurrence(cell, 4, 3)
    inputs = torch.randn(6, 2, 4)
    whole, last = layer(inputs)
    state = layer.initial_state(inputs)
    for position, projected in enumerate(layer.project(inputs)):
        state = layer.step(projected, state)
        torch.testing.assert_close(state[0], whole[position])
    for mine, theirs in zip(state, last, strict=True):
        torch.testing.assert_close(mine, theirs)
