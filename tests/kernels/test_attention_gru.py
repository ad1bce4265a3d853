"""The fused decoders against the plain ones, step by step."""

import pytest
import torch

from nmt_attn.config.schema import DecoderConfig, EncoderConfig, ModelConfig
from nmt_attn.kernels.cuda_graphs import GraphCache, replaying
from nmt_attn.model.network import TranslationModel
from nmt_attn.model.step import DecoderState
from tests.kernels.test_cuda_graphs import Stand


def make(**decoder) -> TranslationModel:
    torch.manual_seed(0)
    sizes = DecoderConfig(hidden_size=6, readout_size=7, **decoder)
    model_config = ModelConfig(
        embedding_size=5, dropout=0.0, tie_embeddings="none", encoder=EncoderConfig(hidden_size=4), decoder=sizes
    )
    model = TranslationModel(model_config, 20, 20).double()
    for name, weight in model.weights().items():
        if "bias" in name:
            torch.nn.init.normal_(weight)
    return model


def results(model, run, steps):
    """What the run of the decoder gives for an uneven batch, and all gradients of a random sum of it."""
    source, lengths = torch.tensor([[4, 5, 6, 7], [8, 9, 0, 0], [3, 0, 0, 0]]), torch.tensor([4, 2, 1])
    encoded, state = model.read(source, lengths)
    generator = torch.Generator().manual_seed(1)
    given = torch.randint(4, 20, (3, steps), generator=generator)
    readouts = run(model.decoder.token_parts(given.t()), state, encoded)
    loss = (readouts * torch.randn(readouts.shape, generator=generator, dtype=readouts.dtype)).sum()
    return readouts, torch.autograd.grad(loss, list(model.parameters()), allow_unused=True)


@pytest.mark.parametrize("steps", [1, 2, 6])
@pytest.mark.parametrize("decoder", [{"style": "bahdanau"}, {"style": "luong", "input_feeding": True}])
def test_values_and_gradients_equal_those_of_the_plain_decoder(decoder, steps):
    model = make(**decoder)
    fused, fused_gradients = results(model, model.decoder._run_fused, steps)
    plain, plain_gradients = results(model, model.decoder._run_plain, steps)
    torch.testing.assert_close(fused, plain)
    names = [name for name, _ in model.named_parameters()]
    for name, mine, theirs in zip(names, fused_gradients, plain_gradients, strict=True):
        if theirs is not None:
            torch.testing.assert_close(mine, theirs, msg=lambda text, name=name: f"{name}: {text}")
    used = {name for name, gradient in zip(names, plain_gradients, strict=True) if gradient is not None}
    assert {"decoder.attention.score.vector", "decoder.bridge.weight", "encoder.embedding.weight"} <= used


@pytest.mark.parametrize("decoder", [{"style": "bahdanau"}, {"style": "luong", "input_feeding": True}])
def test_replayed_they_give_the_same(decoder):
    model = make(**decoder)
    cache = GraphCache(budget=1 << 30, record=Stand())
    plain = results(model, model.decoder._run_fused, 4)
    for _ in range(3):  # looked at, recorded, replayed
        with replaying(cache):
            again = results(model, model.decoder._run_fused, 4)
        torch.testing.assert_close(again, plain)
    assert len(cache.recorded) == 2  # forwards and backwards


def test_the_start_of_input_feeding_gets_its_gradient():
    model = make(style="luong", input_feeding=True)
    encoded, start = model.read(torch.tensor([[4, 5, 6, 7]]), torch.tensor([4]))
    tokens = model.decoder.token_parts(torch.tensor([[2], [9], [4]]))
    gradients = []
    for run in (model.decoder._run_fused, model.decoder._run_plain):
        feed = torch.ones(1, 7, dtype=torch.float64, requires_grad=True)
        readouts = run(tokens, DecoderState(start.layers, feed), encoded)
        gradients += torch.autograd.grad(readouts.sum(), [feed], retain_graph=True)
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize("decoder", [{"style": "bahdanau"}, {"style": "luong", "input_feeding": True}])
def test_bf16_products_stay_close(decoder):
    model = make(**decoder).float()
    source, lengths = torch.tensor([[4, 5, 6, 7]]), torch.tensor([4])
    targets = torch.tensor([[2, 7, 8, 9, 4]])
    exact = model(source, lengths, targets)
    with torch.autocast("cpu", torch.bfloat16):
        rough = model(source, lengths, targets)
    torch.testing.assert_close(rough.float(), exact, atol=0.05, rtol=0.1)
    assert model.decoder.can_be_fused()
