"""Products by oneDNN against torch's own."""

import pytest
import torch
from torch.nn import functional as F

from nmt_attn.kernels import matmul


@pytest.fixture
def by_onednn(monkeypatch):
    """As on a CPU that is not Intel's, where torch can do it at all."""
    try:
        matmul._onednn(torch.ones(2, 2), torch.ones(2, 2), None)
    except (RuntimeError, AttributeError):
        pytest.skip("this torch has no oneDNN operator")
    monkeypatch.setattr(matmul, "_onednn_pays", lambda: True)
    monkeypatch.setattr(matmul, "LARGE", 0)
    monkeypatch.setattr(matmul, "WIDE", 0)


@pytest.mark.parametrize("shape", [(7, 5), (3, 4, 5), (1, 5)])
@pytest.mark.parametrize("with_bias", [True, False])
def test_linear_has_the_values_and_gradients_of_torch(by_onednn, shape, with_bias):
    torch.manual_seed(0)
    inputs = torch.randn(shape, requires_grad=True)
    whole = torch.randn(6, 9, requires_grad=True)
    weight = whole[:, 2:7]  # as a decoder uses a part of its input weights
    bias = torch.randn(6, requires_grad=True) if with_bias else None
    factors = torch.randn(*shape[:-1], 6)
    wanted = [tensor for tensor in (inputs, whole, bias) if tensor is not None]
    mine, theirs = matmul.linear(inputs, weight, bias), F.linear(inputs, weight, bias)
    torch.testing.assert_close(mine, theirs)
    torch.testing.assert_close(
        torch.autograd.grad((mine * factors).sum(), wanted), torch.autograd.grad((theirs * factors).sum(), wanted)
    )


def test_only_the_gradients_that_are_needed_are_made(by_onednn):
    inputs, weight = torch.randn(3, 4), torch.randn(2, 4, requires_grad=True)
    matmul.linear(inputs, weight).sum().backward()
    torch.testing.assert_close(weight.grad, inputs.sum(0).expand(2, 4))
    assert inputs.grad is None


@pytest.mark.parametrize("rows", [1, 2, 33])
def test_product_takes_factors_as_they_lie_in_memory(by_onednn, rows):
    torch.manual_seed(0)
    left, right, bias = torch.randn(rows, 8)[:, 1:6], torch.randn(6, 7)[:5], torch.randn(7)
    torch.testing.assert_close(matmul.matmul(left, right), left @ right)
    torch.testing.assert_close(matmul.matmul(left, right.t().contiguous().t(), bias), left @ right + bias)


def test_other_precisions_are_left_to_torch(by_onednn, monkeypatch):
    monkeypatch.setattr(matmul, "_onednn", None)  # a call would fail
    weight = torch.randn(2, 4)
    for dtype in (torch.float64, torch.bfloat16):
        assert matmul.linear(torch.ones(1, 4, dtype=dtype), weight.to(dtype)).dtype == dtype
        assert matmul.matmul(torch.ones(1, 4, dtype=dtype), weight.to(dtype).t()).dtype == dtype
    with torch.autocast("cpu", torch.bfloat16):
        assert matmul.linear(torch.ones(1, 4), weight).dtype == torch.bfloat16


@pytest.mark.parametrize("maker", ["GenuineIntel", None])
def test_a_cpu_of_intel_or_an_unknown_one_stays_with_mkl(tmp_path, monkeypatch, maker):
    info = tmp_path / "cpuinfo"
    if maker:
        info.write_text(f"vendor_id : {maker}\n")
    monkeypatch.setattr(matmul, "CPU_INFO", info)
    matmul._onednn_pays.cache_clear()
    try:
        assert not matmul._onednn_pays()
    finally:
        matmul._onednn_pays.cache_clear()


def test_an_operator_that_does_something_else_is_not_used(tmp_path, monkeypatch):
    info = tmp_path / "cpuinfo"
    info.write_text("vendor_id : AuthenticAMD\n")
    monkeypatch.setattr(matmul, "CPU_INFO", info)
    monkeypatch.setattr(matmul, "_onednn", lambda inputs, weight, bias: inputs.new_zeros(3, 5))
    matmul._onednn_pays.cache_clear()
    try:
        assert not matmul._onednn_pays()
    finally:
        matmul._onednn_pays.cache_clear()


@pytest.mark.parametrize(
    ("flags", "columns", "goes"), [("avx2", 8, False), ("avx2", 16, True), ("avx2 avx512f", 8, True)]
)
def test_narrow_results_are_left_to_mkl_where_there_is_no_avx512(
    tmp_path, monkeypatch, by_onednn, flags, columns, goes
):
    info = tmp_path / "cpuinfo"
    info.write_text(f"flags : fpu {flags}\nbugs : none\n")
    monkeypatch.setattr(matmul, "CPU_INFO", info)
    monkeypatch.setattr(matmul, "WIDE", 16)
    matmul._has_avx512.cache_clear()
    try:
        assert matmul.goes_to_onednn(torch.ones(3, 4), columns) is goes
    finally:
        matmul._has_avx512.cache_clear()
