"""Products with fixed weights in every precision, against those of fp32."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from nmt_attn.device import Compute
from nmt_attn.inference import frozen_linear
from nmt_attn.inference.frozen_linear import FrozenLinear, even_slices
from nmt_attn.kernels import matmul
from nmt_attn.kernels.matmul import rows_on_grid


def compute(precision):
    return Compute(torch.device("cpu"), precision)


@pytest.mark.parametrize("with_bias", [True, False])
@pytest.mark.parametrize("precision", ["bf16", "int8"])
def test_a_rounded_product_is_as_near_as_its_precision_allows(precision, with_bias):
    torch.manual_seed(0)
    weight, inputs = torch.randn(30, 64), torch.randn(17, 64)
    bias = torch.randn(30) if with_bias else None
    exact = F.linear(inputs, weight, bias)
    found = FrozenLinear(weight, bias, compute(precision))(inputs)
    # Half a step of each factor, times the other one, in each of 64 terms.
    if precision == "int8":
        of_weights, of_inputs = weight.abs().amax(1), inputs.abs().amax(1, keepdim=True)
        most = 64 * 1.01 * of_weights * of_inputs / 127
    else:
        rounded_bias = 0.0 if bias is None else bias.abs()
        most = 2**-8 * (inputs.abs() @ weight.abs().t() * 3 + exact.abs() + rounded_bias)
    difference = (found - exact).abs()
    assert (difference <= most).all()
    assert 0 < float(difference.mean()) < 0.1


@pytest.mark.parametrize("by_onednn", [True, False])
@pytest.mark.parametrize("with_bias", [True, False])
def test_bounded_inputs_are_rounded_to_steps_of_one(monkeypatch, by_onednn, with_bias):
    if by_onednn and not matmul.has_onednn_int8():
        pytest.skip("this processor or torch has no fast product of 8-bit integers by oneDNN")
    monkeypatch.setattr(frozen_linear, "has_onednn_int8", lambda: by_onednn)
    torch.manual_seed(0)
    weight, bias = torch.randn(30, 64), torch.randn(30) if with_bias else None
    inputs = torch.cat([torch.tanh(3 * torch.randn(5, 64)), torch.ones(1, 64), -torch.ones(1, 64), torch.zeros(1, 64)])
    exact = F.linear(inputs, weight, bias)
    found = FrozenLinear(weight, bias, compute("int8"), bounded=True)(inputs.view(2, 4, 64))
    assert found.shape == (2, 4, 30)
    difference = (found.view(8, 30) - exact).abs()
    # Half a step of each factor, times the other one, of which no input is above 1.
    assert (difference <= 64 * 1.01 * weight.abs().amax(1) / 127).all()
    assert float(difference.mean()) < 0.1
    torch.testing.assert_close(found.view(8, 30)[7], torch.zeros(30) if bias is None else bias)


def test_rows_of_int8_do_not_depend_on_their_neighbours():
    torch.manual_seed(0)
    weight, inputs = torch.randn(40, 64), torch.tanh(torch.randn(9, 64))
    for bounded in (True, False):
        layer = FrozenLinear(weight, None, compute("int8"), bounded=bounded)
        # The integers are the same; in which order their product is scaled depends on processor and number of rows.
        torch.testing.assert_close(layer(inputs)[4:5], layer(inputs[4:5]), rtol=1e-6, atol=1e-6)


def test_a_processor_without_the_instruction_does_without_onednn(monkeypatch, tmp_path):
    monkeypatch.setattr(matmul, "CPU_INFO", tmp_path / "cpuinfo")
    for text in (None, "flags : avx2 avx512f"):
        if text is not None:
            matmul.CPU_INFO.write_text(text)
        matmul.has_onednn_int8.cache_clear()
        assert not matmul.has_onednn_int8()
    matmul.has_onednn_int8.cache_clear()


@given(st.integers(0, 100_000))
def test_few_rows_are_added_to_reach_the_grid(count):
    assert count <= rows_on_grid(count) <= count + max(31, count / 15)
    assert rows_on_grid(rows_on_grid(count)) == rows_on_grid(count)


@given(st.integers(0, 5000), st.sampled_from([1, 7, 32, 100, 512]))
def test_slices_cover_all_rows_once_and_none_is_small(count, most):
    slices = even_slices(count, most)
    parts = [range(count)[part] for part in slices]
    assert [row for part in parts for row in part] == list(range(count))
    assert len(slices) == -(-count // most)
    assert all(0 < len(part) <= most for part in parts)
    if most == 512 and len(parts) > 1:
        assert min(map(len, parts)) >= 256 - 32 * len(parts)


def test_the_grid_is_coarse():
    assert len({rows_on_grid(count) for count in range(32, 16385)}) <= 125


@pytest.mark.parametrize("precision", ["fp32", "bf16", "int8"])
def test_rows_that_are_added_are_not_seen(precision):
    torch.manual_seed(0)
    weight, bias, inputs = torch.randn(512, 512), torch.randn(512), torch.rand(300, 512)
    for bounded in (True, False):
        layer = FrozenLinear(weight, bias, compute(precision), bounded=bounded)
        found = layer(inputs)
        assert found.shape == (300, 512)
        torch.testing.assert_close(found, layer(torch.cat([inputs, torch.rand(20, 512)]))[:300])


GROWTH = """
import torch
from pathlib import Path
from nmt_attn.device import Compute
from nmt_attn.inference.frozen_linear import FrozenLinear

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

layer = FrozenLinear(torch.rand(2048, 256), None, Compute(torch.device("cpu"), "fp32"))
inputs = torch.rand(1100, 256)
with torch.inference_mode():
    layer(inputs)
    before = resident()
    for count in range(300, 1100):
        layer(inputs[:count])
print(resident() - before)
"""
"""Bytes by which a process grows with 800 different numbers of rows."""


@pytest.mark.slow
def test_a_process_does_not_grow_with_every_number_of_rows():
    if not Path("/proc/self/statm").exists():
        pytest.skip("no way here to ask how much memory a process has")
    done = subprocess.run([sys.executable, "-c", GROWTH], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 300 * 2**20  # where oneDNN makes the matmul, 2 GiB without the grid
