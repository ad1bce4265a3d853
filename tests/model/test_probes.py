"""What is tried once about a machine takes no random numbers: a training that resumes may be what asks first."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from nmt_attn import device
from nmt_attn.kernels import matmul
from nmt_attn.model import recurrence

PROBES = [value for module in (device, matmul, recurrence)
          for value in vars(module).values() if hasattr(value, "cache_clear")]  # fmt: skip


def test_there_are_some():
    assert len(PROBES) >= 5


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.__name__)
def test_they_draw_nothing(probe: Callable[[], object]):
    before = torch.get_rng_state()
    probe.cache_clear()  # type: ignore[attr-defined]
    probe()
    assert torch.equal(torch.get_rng_state(), before)
