"""The fused Bahdanau decoder against the plain one, step by step."""

import pytest
import torch

from nmt_attn.config import DecoderConfig as Decoder
from nmt_attn.config import EncoderConfig, ModelConfig
from nmt_attn.model.decoder import BahdanauDecoder
from nmt_attn.model.network import TranslationModel


def make(dropout: float = 0.0) -> tuple[TranslationModel, BahdanauDecoder]:
    torch.manual_seed(0)
    config = ModelConfig(
        embedding_size=5, dropout=dropout, encoder=EncoderConfig(hidden_size=4), decoder=Decoder(hidden_size=6)
    )
    model = TranslationModel(config, 20, 20).double()
    for name, weight in model.weights().items():
        if "bias" in name:
            torch.nn.init.normal_(weight)
    assert isinstance(model.decoder, BahdanauDecoder)
    return model, model.decoder


def results(model, run, steps):
    source, lengths = torch.tensor([[4, 5, 6, 7], [8, 9, 0, 0], [3, 0, 0, 0]]), torch.tensor([4, 2, 1])
    start = model.encode(source, lengths)
    generator = torch.Generator().manual_seed(1)
    projected = torch.randn(steps, 3, 18, generator=generator, dtype=torch.float64, requires_grad=True)
    passed = run(projected, start.state, start.memory)
    weights = [
        torch.randn(out.shape, generator=generator, dtype=out.dtype) for out in (passed.hiddens, passed.contexts)
    ]
    loss = (passed.hiddens * weights[0]).sum() + (passed.contexts * weights[1]).sum()
    return passed, torch.autograd.grad(loss, [projected, *model.parameters()], allow_unused=True)


@pytest.mark.parametrize("steps", [1, 2, 6])
def test_values_and_gradients_equal_those_of_the_plain_decoder(steps):
    model, decoder = make()
    fused, fused_gradients = results(model, decoder._run_fused, steps)
    plain, plain_gradients = results(model, decoder._run_plain, steps)
    torch.testing.assert_close(fused.hiddens, plain.hiddens)
    torch.testing.assert_close(fused.contexts, plain.contexts)
    names = ["projected", *dict(model.named_parameters())]
    for name, mine, theirs in zip(names, fused_gradients, plain_gradients, strict=True):
        if theirs is not None:
            torch.testing.assert_close(mine, theirs, msg=lambda text, name=name: f"{name}: {text}")
    used = {name for name, gradient in zip(names, plain_gradients, strict=True) if gradient is not None}
    assert {"decoder.attention.score.vector", "decoder.bridge.weight", "encoder.embedding.weight"} <= used


def test_bf16_products_stay_close():
    model, decoder = make()
    model = model.float()
    source, lengths = torch.tensor([[4, 5, 6, 7]]), torch.tensor([4])
    targets = torch.tensor([[2, 7, 8, 9, 4]])
    exact = model(source, lengths, targets)
    with torch.autocast("cpu", torch.bfloat16):
        rough = model(source, lengths, targets)
    torch.testing.assert_close(rough.float(), exact, atol=0.05, rtol=0.1)
    assert decoder._can_be_fused()
