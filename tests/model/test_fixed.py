"""Products with fixed weights in every precision, against those of fp32."""

import pytest
import torch
from torch.nn import functional as F

from nmt_attn.model import fixed, products
from nmt_attn.model.device import Compute
from nmt_attn.model.fixed import FixedLinear


def compute(precision):
    return Compute(torch.device("cpu"), precision)


@pytest.mark.parametrize("with_bias", [True, False])
@pytest.mark.parametrize("precision", ["bf16", "int8"])
def test_a_rounded_product_is_as_near_as_its_precision_allows(precision, with_bias):
    torch.manual_seed(0)
    weight, inputs = torch.randn(30, 64), torch.randn(17, 64)
    bias = torch.randn(30) if with_bias else None
    exact = F.linear(inputs, weight, bias)
    found = FixedLinear(weight, bias, compute(precision))(inputs)
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
    if by_onednn and not products.has_onednn_int8():
        pytest.skip("this processor or torch has no fast product of 8-bit integers by oneDNN")
    monkeypatch.setattr(fixed, "has_onednn_int8", lambda: by_onednn)
    torch.manual_seed(0)
    weight, bias = torch.randn(30, 64), torch.randn(30) if with_bias else None
    inputs = torch.cat([torch.tanh(3 * torch.randn(5, 64)), torch.ones(1, 64), -torch.ones(1, 64), torch.zeros(1, 64)])
    exact = F.linear(inputs, weight, bias)
    found = FixedLinear(weight, bias, compute("int8"), bounded=True)(inputs.view(2, 4, 64))
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
        layer = FixedLinear(weight, None, compute("int8"), bounded=bounded)
        assert torch.equal(layer(inputs)[4:5], layer(inputs[4:5]))


def test_a_processor_without_the_instruction_does_without_onednn(monkeypatch, tmp_path):
    monkeypatch.setattr(products, "CPU_INFO", tmp_path / "cpuinfo")
    for text in (None, "flags : avx2 avx512f"):
        if text is not None:
            products.CPU_INFO.write_text(text)
        products.has_onednn_int8.cache_clear()
        assert not products.has_onednn_int8()
    products.has_onednn_int8.cache_clear()
