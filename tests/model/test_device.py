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
    """In processes of their own, one without it: how many faults there are depends on the size of pages."""
    assert _page_faults(PAGE_FAULTS) < _page_faults(PAGE_FAULTS.replace("\nkeep_freed_memory()\n", "\n"))


def _page_faults(program: str) -> int:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return int(done.stdout)


PAGE_FAULTS = """
import resource, torch
from nmt_attn.model.device import keep_freed_memory

keep_freed_memory()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(8):
    torch.empty(2**24).fill_(1.0)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
"""Of filling eight times 64 MB that are freed at once."""


def test_int8_is_for_a_cpu_that_multiplies_it(monkeypatch):
    assert choose_compute("cpu", "int8").precision == "int8"

    def missing(left, right):
        raise RuntimeError("not implemented")

    monkeypatch.setattr(torch, "_int_mm", missing)
    device._multiplies_int8.cache_clear()
    with pytest.raises(UserError, match="use bf16"):
        choose_compute("cpu", "int8")
    device._multiplies_int8.cache_clear()
