"""The device of each of several processes, on GPUs that are pretended."""

import pytest
import torch

from nmt_attn.device import choose_compute
from nmt_attn.distributed.devices import device_of
from nmt_attn.distributed.environment import Place, place_here
from nmt_attn.errors import UserError
from tests.pretended_cuda import pretended_cuda


def started(rank: int, machines: int = 1) -> Place:
    """The place that torchrun gives to a process, with two on each machine."""
    here = {"LOCAL_RANK": str(rank % 2), "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "host", "MASTER_PORT": "29500"}
    return place_here({"RANK": str(rank), "WORLD_SIZE": str(2 * machines), **here})


@pytest.mark.parametrize("device", ["auto", "cuda"])
def test_each_process_of_a_machine_has_a_gpu_of_its_own(device):
    with pretended_cuda():
        assert [device_of(device, started(rank)) for rank in range(2)] == ["cuda:0", "cuda:1"]
        assert [device_of(device, started(rank, 2)) for rank in range(4)] == ["cuda:0", "cuda:1"] * 2


def test_without_a_gpu_all_are_on_the_cpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert [device_of(device, started(1)) for device in ("auto", "cpu")] == ["cpu", "cpu"]
    assert [device_of(device, Place()) for device in ("auto", "cuda:3")] == ["auto", "cuda:3"]  # alone: as before


def test_one_gpu_is_not_shared():
    with pretended_cuda():
        with pytest.raises(UserError, match="cuda:0 is one GPU, and 2 processes on this machine need one each"):
            device_of("cuda:0", started(1))
        assert device_of("cuda:0", Place(1, 2)) == "cuda:0"  # on a machine of its own


def test_more_processes_than_gpus_are_refused(monkeypatch):
    with pretended_cuda():
        monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
        monkeypatch.setattr(torch, "set_float32_matmul_precision", lambda precision: None)
        assert choose_compute(device_of("cuda", started(0)), "fp32").device == torch.device("cuda:0")
        with pytest.raises(UserError, match="cuda:1"):
            choose_compute(device_of("cuda", started(1)), "fp32")
