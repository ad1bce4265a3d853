"""Recurrent layers on a GPU that is pretended: what cuDNN is asked for, and that the pretended one is strict."""

from __future__ import annotations

import pytest
import torch

from nmt_attn.model.recurrence import Recurrence
from tests.pretended_cuda import pretended_cuda

CELLS = ["gru", "lstm"]


def layer_and_input(cell: str) -> tuple[Recurrence, torch.Tensor]:
    torch.manual_seed(1)
    with torch.device("cuda"):
        return Recurrence(cell, 4, 4), torch.randn(5, 2, 4)


@pytest.mark.parametrize("cell", CELLS)
def test_autocast_does_not_reach_them(cell):
    with pretended_cuda():
        layer, inputs = layer_and_input(cell)
        plain, _ = layer(inputs)
        with torch.autocast("cuda", torch.bfloat16):
            found, _ = layer(inputs)
        assert found.dtype == torch.float32  # by autocast it would be fp16
        assert torch.equal(found.cpu(), plain.cpu())


@pytest.mark.parametrize("cell", CELLS)
def test_a_state_need_not_be_contiguous(cell):
    with pretended_cuda():
        layer, inputs = layer_and_input(cell)
        parts = torch.randn(2, 8, device="cuda").split(4, dim=-1)  # as a bridge cuts them
        outputs, _ = layer(inputs, tuple(parts[: layer.state_parts]))
        assert outputs.shape == (5, 2, 4)


def test_what_cudnn_refuses_is_refused():
    with pretended_cuda():
        layer, inputs = layer_and_input("gru")
        state = torch.randn(1, 4, 2, device="cuda").transpose(1, 2)
        with pytest.raises(RuntimeError, match="hx is not contiguous"):
            layer.rnn(inputs, state)
        with torch.autocast("cuda", torch.bfloat16):
            assert layer.rnn(inputs)[0].dtype == torch.float16


def test_mixing_devices_is_an_error_and_waiting_is_counted():
    with pretended_cuda() as trace:
        there, here = torch.ones(3, device="cuda"), torch.ones(3)
        with pytest.raises(RuntimeError, match="on the same device"):
            there + here
        trace.clear()
        total = (there * 2).sum()
        assert not trace.waits
        assert sum(trace.launches.values()) == 2
        assert total.item() == 6.0
        assert sum(trace.waits.values()) == 1
