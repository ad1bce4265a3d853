"""Device and precision, and the memory of a CPU."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from nmt_attn import device
from nmt_attn.device import choose_compute, denormals_as_zero
from nmt_attn.errors import UserError


def test_a_precision_that_is_asked_for_is_taken():
    assert choose_compute("cpu", "bf16").precision == "bf16"
    assert choose_compute("cpu", "fp32").precision == "fp32"


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_cuda_without_a_gpu_is_refused_and_auto_takes_the_cpu():
    assert choose_compute("auto").device.type == "cpu"
    with pytest.raises(UserError, match="use auto or cpu"):
        choose_compute("cuda")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc alone has mallopt")
def test_freed_memory_is_kept():
    """In a process of its own: where others have cut the heap to pieces, the C library has to map memory anew."""
    done = subprocess.run([sys.executable, "-c", PAGE_FAULTS], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 16_384


PAGE_FAULTS = """
import resource, torch
from nmt_attn.device import keep_freed_memory

def fill(times):
    for _ in range(times):
        torch.empty(2**24).fill_(1.0)

keep_freed_memory()
fill(16)  # the first seven find the freed block some bytes too short: malloc keeps the cuttings of its alignment apart
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
fill(8)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
"""Page faults of filling eight times 64 MB that are freed at once: 16,384 each time where they are mapped anew."""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc alone has malloc_trim")
def test_freed_memory_is_given_back_when_it_is_asked_for():
    done = subprocess.run([sys.executable, "-c", GAPS], capture_output=True, text=True, check=True)
    kept, held = map(int, done.stdout.split())
    assert kept > 200 << 20
    assert held < kept - (150 << 20)


GAPS = """
import resource, torch
from nmt_attn.device import give_back_freed_memory, keep_freed_memory

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize()

keep_freed_memory()
tensors = [torch.ones(2**18) for _ in range(400)]  # of 1 MiB each
del tensors[::2]  # gaps that nothing larger fits into
before = resident()
give_back_freed_memory()
print(before, resident())
"""
"""Resident bytes before and after."""


def test_int8_is_for_a_cpu_that_multiplies_it(monkeypatch):
    assert choose_compute("cpu", "int8").precision == "int8"

    def missing(left, right):
        raise RuntimeError("not implemented")

    monkeypatch.setattr(torch, "_int_mm", missing)
    device._multiplies_int8.cache_clear()
    with pytest.raises(UserError, match="use bf16"):
        choose_compute("cpu", "int8")
    device._multiplies_int8.cache_clear()


@pytest.fixture
def two_gpus(monkeypatch):
    """Torch's word that there are two; the list of those that were made the current one."""
    chosen: list[torch.device] = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device=None: (9, 0))
    monkeypatch.setattr(torch.cuda, "set_device", chosen.append)
    return chosen


@pytest.mark.parametrize(
    ("name", "device", "current"),
    [("cuda:1", "cuda:1", ["cuda:1"]), ("cuda:0", "cuda:0", ["cuda:0"]), ("cuda", "cuda", []), ("auto", "cuda", []),
     ("cpu", "cpu", [])],
)  # fmt: skip
def test_a_gpu_by_number(two_gpus, name, device, current):
    assert str(choose_compute(name, "fp32").device) == device
    assert [str(one) for one in two_gpus] == current


@pytest.mark.parametrize("name", ["cuda:2", "cuda:9", "cuda:999"])
def test_a_gpu_number_that_does_not_exist_is_refused(two_gpus, name):
    with pytest.raises(UserError, match=f"device {name} is asked for, and torch finds 2 here: cuda:0 to cuda:1"):
        choose_compute(name)
    assert two_gpus == []


def test_one_gpu_is_number_0(two_gpus, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(UserError, match=r"torch finds 1 here: cuda:0$"):
        choose_compute("cuda:1")


@pytest.mark.parametrize("name", ["gpu", "mps", "xpu", "CPU", "cuda:", "cuda:1:2", "cpu:1", "", "cuda:1000"])
def test_a_device_that_nobody_knows(name):
    with pytest.raises(UserError, match=r"no device is called .*; there are auto, cpu, cuda, and cuda:0, cuda:1"):
        choose_compute(name)


def test_numbers_that_slow_a_processor_down_count_as_zero_for_a_while():
    small = torch.tensor(1e-39)
    with denormals_as_zero():
        assert float(small * torch.tensor(0.5)) == 0.0
    assert float(small * torch.tensor(0.5)) > 0.0


def test_emulated_products_are_not_timed_for_long(monkeypatch):
    """Products of which those in bf16 take 100 times as long are made twice, others five times."""
    for slowdown, most in ((100.0, 2), (0.5, 5)):
        now, made = [0.0], []

        def multiply(left, right, now=now, made=made, slowdown=slowdown):
            made.append(left.dtype)
            now[0] += slowdown if left.dtype == torch.bfloat16 else 1.0

        monkeypatch.setattr(device.torch, "mm", multiply)
        monkeypatch.setattr(device.time, "perf_counter", lambda now=now: now[0])
        assert device._cpu_bf16_speedup.__wrapped__() == 1.0 / slowdown
        assert made.count(torch.bfloat16) == most
