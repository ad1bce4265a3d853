"""Device and precision, and the memory of a CPU."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from nmt_attn.errors import UserError
from nmt_attn.model import device
from nmt_attn.model.device import choose_compute


def test_a_precision_that_is_asked_for_is_taken():
    assert choose_compute("cpu", "bf16").precision == "bf16"
    assert choose_compute("cpu", "fp32").precision == "fp32"


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there():
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
from nmt_attn.model.device import keep_freed_memory

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


def test_int8_is_for_a_cpu_that_multiplies_it(monkeypatch):
    assert choose_compute("cpu", "int8").precision == "int8"

    def missing(left, right):
        raise RuntimeError("not implemented")

    monkeypatch.setattr(torch, "_int_mm", missing)
    device._multiplies_int8.cache_clear()
    with pytest.raises(UserError, match="use bf16"):
        choose_compute("cpu", "int8")
    device._multiplies_int8.cache_clear()
