"""The loss in chunks against torch's own."""

import pytest
import torch

from nmt_attn.kernels.output_loss import output_loss, output_loss_plain


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.9])
@pytest.mark.parametrize("chunk", [1, 4, 13, 100])
def test_chunked_loss_equals_torchs_own_in_values_and_gradients(smoothing, chunk):
    torch.manual_seed(0)
    inputs = [torch.randn(*shape, dtype=torch.float64, requires_grad=True) for shape in [(13, 5), (11, 5), (11,)]]
    labels = torch.randint(0, 11, (13,))
    fast = output_loss(*inputs, labels, smoothing, chunk)
    plain = output_loss_plain(*inputs, labels, smoothing)
    torch.testing.assert_close(fast.objective, plain.objective)
    torch.testing.assert_close(fast.cross_entropy, plain.cross_entropy)
    for mine, theirs in zip(
        torch.autograd.grad(3 * fast.objective, inputs), torch.autograd.grad(3 * plain.objective, inputs), strict=True
    ):
        torch.testing.assert_close(mine, theirs)


def test_a_hopeless_label_has_a_finite_loss():
    readouts, weight = torch.tensor([[1.0]]), torch.tensor([[300.0], [-300.0]])
    loss = output_loss(readouts, weight, torch.zeros(2), torch.tensor([1]))
    assert loss.cross_entropy == pytest.approx(600.0)


def test_bf16_products_stay_close_to_fp32():
    torch.manual_seed(0)
    readouts = torch.tanh(torch.randn(64, 32)).requires_grad_()
    weight, bias, labels = torch.randn(100, 32) / 4, torch.zeros(100), torch.randint(0, 100, (64,))
    exact = output_loss_plain(readouts, weight, bias, labels, 0.1)
    with torch.autocast("cpu", torch.bfloat16):
        rough = output_loss(readouts, weight, bias, labels, 0.1)
    assert float(rough.objective.detach()) == pytest.approx(float(exact.objective.detach()), rel=5e-3)
    (mine,) = torch.autograd.grad(rough.objective, readouts)
    (theirs,) = torch.autograd.grad(exact.objective, readouts)
    assert torch.nn.functional.cosine_similarity(mine.flatten(), theirs.flatten(), dim=0) > 0.999
