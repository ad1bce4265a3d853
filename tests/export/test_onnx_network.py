"""Every kind of network as ONNX, run by onnxruntime and held to torch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch

from nmt_attn.config.schema import ModelConfig
from nmt_attn.errors import UserError
from nmt_attn.export import network as network_module
from nmt_attn.export.network import OnnxNetwork, write_network
from nmt_attn.export.verify import OnnxSession, largest_difference
from nmt_attn.model.attention import DotScore
from nmt_attn.model.network import TranslationModel
from nmt_attn.text.tokenizer import EOS
from tests.model.test_family import combinations, configure

pytest.importorskip("onnxruntime")

# The third layer is the first with a residual connection; a fourth adds nothing.
KINDS = [pytest.param(one, id="-".join(map(str, one.values()))) for one in combinations() if one["layers"] != 4]

SHARED = {"embedding_size": 48, "encoder": {"hidden_size": 32, "layers": 2}, "tie_embeddings": "none"}
LARGER = {
    "bahdanau-gru-additive": {"decoder": {"hidden_size": 64}},
    "luong-lstm-general-feeding": {
        "cell": "lstm",
        "decoder": {"style": "luong", "hidden_size": 64, "layers": 3, "input_feeding": True},
        "attention": {"score": "general"},
    },
    "bahdanau-lstm-coverage-norm": {
        "cell": "lstm",
        "layer_norm": True,
        "decoder": {"hidden_size": 40, "start": "zeros"},
        "attention": {"score": "additive", "size": 24, "coverage": True},
    },
    "luong-gru-dot-tied": {
        "decoder": {"style": "luong", "hidden_size": 64, "start": "last"},
        "attention": {"score": "dot"},
        "tie_embeddings": "all",
    },
}


def make(config: ModelConfig, source_size: int, target_size: int) -> TranslationModel:
    """A network all of whose weights count, biases too."""
    torch.manual_seed(0)
    model = TranslationModel(config, source_size, target_size)
    for name, weight in model.weights().items():
        if weight.dim() == 1:
            torch.nn.init.normal_(weight, mean=1.0 if "norm.weight" in name else 0.0, std=0.3)
    return model.eval()


@dataclass(frozen=True)
class Loaded:
    """A network beside its export."""

    model: TranslationModel
    written: OnnxNetwork
    encoder: OnnxSession
    decoder: OnnxSession


def load(model: TranslationModel) -> Loaded:
    written = write_network(model)
    sessions = [OnnxSession.load(one.SerializeToString()) for one in (written.encoder, written.decoder)]
    return Loaded(model, written, *sessions)


def compare(loaded: Loaded, source: torch.Tensor, lengths: torch.Tensor, tokens: torch.Tensor, atol: float) -> None:
    """Hold everything to torch: source (B, S) with other tokens in its padding, and tokens (T, B, K) to be read."""
    steps, batch, beam = tokens.shape
    real = (torch.arange(source.shape[1]) < lengths.unsqueeze(1)).numpy()
    values = loaded.encoder.run({"source": source.numpy(), "lengths": lengths.numpy()})
    np.testing.assert_array_equal(values["mask"], real)
    with torch.inference_mode():
        start = loaded.model.encode(source * torch.from_numpy(real), lengths)
        state = start.state.select(torch.arange(batch).repeat_interleave(beam))
        for name in {"states", "keys", "fertility"} & values.keys():
            expected = getattr(start.encoded, name).numpy()
            np.testing.assert_allclose(values[name][real], expected[real], rtol=0, atol=atol)
        states = {
            name: np.repeat(values.pop(name), beam, axis=0) for name in [one.name for one in loaded.written.state]
        }
        for position in range(steps):
            expected = loaded.model.step(tokens[position], state, start.encoded)
            state, scores = expected.state, loaded.model.output(expected.readout)
            scores[..., [0, 1, 2]] = -torch.inf
            found = loaded.decoder.run({"tokens": tokens[position].numpy(), **values, **states})
            np.testing.assert_allclose(found["log_probs"], scores.log_softmax(-1).numpy(), rtol=0, atol=atol)
            np.testing.assert_allclose(found["attention"], expected.weights.numpy(), rtol=0, atol=atol)
            for layer, parts in enumerate(state.layers):
                for part, values_of_part in zip("hc", parts, strict=False):
                    mine = found[f"next_layer_{layer}_{part}"]
                    np.testing.assert_allclose(mine, values_of_part.numpy(), rtol=0, atol=atol)
            for name in {"feed", "coverage"} & states.keys():
                mine, theirs = found["next_" + name], getattr(state, name).numpy()
                np.testing.assert_allclose(mine, theirs, rtol=0, atol=atol)
            states = {name: found["next_" + name] for name in states}


def draw(vocabulary: int, *shape: int) -> torch.Tensor:
    return torch.randint(EOS, vocabulary, shape, generator=torch.Generator().manual_seed(sum(shape)))


@pytest.mark.parametrize("one", KINDS)
def test_every_kind_of_network_computes_the_same(one):
    loaded = load(make(configure(one), 12, 11))
    lengths = torch.tensor([3, 7, 1, 5])
    # Normalising three units can divide by next to nothing, which makes much of rounding.
    compare(loaded, draw(12, 4, 7), lengths, draw(11, 4, 4, 2), atol=1e-3 if one["norm"] else 1e-5)


@pytest.mark.parametrize("name", LARGER)
def test_200_sentences_of_all_lengths_agree_to_one_in_ten_thousand(name):
    config = ModelConfig.model_validate({**SHARED, **LARGER[name]})
    loaded = load(make(config, 300, 300))
    lengths = torch.randint(1, 41, (200,), generator=torch.Generator().manual_seed(3))
    for batch in lengths.split(20):
        compare(loaded, draw(300, len(batch), int(batch.max())), batch, draw(300, 8, len(batch), 1), atol=1e-4)


def test_the_values_are_those_that_are_announced():
    loaded = load(make(ModelConfig.model_validate({**SHARED, **LARGER["bahdanau-lstm-coverage-norm"]}), 30, 40))
    written = loaded.written
    assert [one.name for one in loaded.decoder.session.get_inputs()] == [one.name for one in written.decoder_inputs]
    assert [one.name for one in written.decoder_inputs] == [
        "tokens", "mask", "states", "keys", "fertility", "layer_0_h", "layer_0_c", "coverage"
    ]  # fmt: skip
    given = loaded.decoder.session.get_outputs()
    assert [one.name for one in given] == [one.name for one in written.decoder_outputs]
    assert given[0].shape == list(written.decoder_outputs[0].shape) == ["batch", "hypotheses", 40]
    encoded = loaded.encoder.session.get_outputs()
    assert [(one.name, one.shape) for one in encoded] == [
        (one.name, list(one.shape)) for one in [*written.memory, *written.state]
    ]


def test_a_wrong_graph_is_noticed():
    loaded = load(make(ModelConfig.model_validate({**SHARED, **LARGER["bahdanau-gru-additive"]}), 30, 40))
    right = largest_difference(loaded.model, loaded.written, loaded.encoder, loaded.decoder)
    assert right < 1e-5
    with torch.no_grad():
        loaded.model.decoder.bridge.bias[0] += 0.1
    assert largest_difference(loaded.model, loaded.written, loaded.encoder, loaded.decoder) > 10 * right


def test_a_network_with_more_than_is_known_here_is_refused():
    model = make(ModelConfig.model_validate({**SHARED, **LARGER["luong-gru-dot-tied"]}), 30, 30)
    model.encoder.register_parameter("gate", torch.nn.Parameter(torch.zeros(3)))
    with pytest.raises(UserError, match=r"nothing is known here about its weight encoder\.gate"):
        write_network(model)


def test_a_network_that_no_file_can_hold_is_refused(monkeypatch):
    monkeypatch.setattr(network_module, "MOST_BYTES", 1000)
    with pytest.raises(UserError, match="an ONNX file holds 2 GB at most"):
        write_network(make(ModelConfig.model_validate({**SHARED, **LARGER["luong-gru-dot-tied"]}), 30, 30))


def test_a_score_that_is_made_from_another_one_is_refused():
    class Sharper(DotScore):
        def forward(self, queries: torch.Tensor, keys: torch.Tensor) -> torch.Tensor:
            return 3 * super().forward(queries, keys)

    model = make(ModelConfig.model_validate({**SHARED, **LARGER["luong-gru-dot-tied"]}), 30, 30)
    model.decoder.attention.score = Sharper()
    with pytest.raises(UserError, match="nothing is known here about Sharper"):
        write_network(model)
