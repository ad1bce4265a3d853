"""The exchange over NCCL, by a group of one process: all that a machine with one GPU can show of it."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from unittest import mock

import pytest
import torch
from torch import Tensor, nn

from nmt_attn.distributed.environment import Place
from nmt_attn.distributed.group import ProcessGroup
from nmt_attn.distributed.torch_group import formed
from nmt_attn.training.exchange import GradientExchange

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")]


@pytest.fixture
def group() -> Iterator[ProcessGroup]:
    """A group of this process alone, which exchanges with itself."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with mock.patch.dict(os.environ), formed(Place(address="127.0.0.1", port=port), "cuda", 60.0) as group:
        yield group


def gradients(network: nn.Module) -> list[Tensor]:
    found = [weight.grad for weight in network.parameters()]
    return [gradient.clone() for gradient in found if gradient is not None]


@pytest.mark.parametrize(("compression", "nearness"), [("none", 0.0), ("bf16", 2**-8)])
def test_gradients_come_back_as_they_were(group, compression, nearness):
    network = nn.LSTM(64, 128).cuda()
    loss = network(torch.randn(5, 3, 64, device="cuda"))[0].square().sum()
    loss.backward()
    before = gradients(network)
    exchange = GradientExchange(network.parameters(), group, compression)
    objective, cross_entropy = exchange(loss.detach(), 2 * loss.detach())
    assert objective.is_cuda
    assert (objective.item(), cross_entropy.item()) == (loss.item(), 2 * loss.item())
    assert len(before) == 4
    for own, summed in zip(before, gradients(network), strict=True):
        torch.testing.assert_close(summed, own, rtol=nearness, atol=0.0)


def test_weights_numbers_and_objects_are_exchanged_each_in_its_place(group):
    weights = [torch.full((3,), 1.5, device="cuda"), torch.full((2,), 2.5)]
    group.copy_from_main(weights)
    assert [weight.tolist() for weight in weights] == [[1.5] * 3, [2.5] * 2]
    assert group.highest([1.0, -2.0]) == [1.0, -2.0]
    assert group.gather({"rows": [1, 2]}) == [{"rows": [1, 2]}]
    assert group.from_main("seed") == "seed"
