"""A network made ready to translate gives what the network itself gives."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from nmt_attn.config.schema import AttentionConfig, DecoderConfig, EncoderConfig, ModelConfig
from nmt_attn.decoding.hypothesis import SearchOptions
from nmt_attn.decoding.search import search
from nmt_attn.device import Compute
from nmt_attn.inference.ensemble import Ensemble
from nmt_attn.inference.frozen_linear import FrozenLinear, PrecomputedEmbedding
from nmt_attn.inference.network import InferenceNetwork, optimize_for_inference
from nmt_attn.model.attention import AdditiveScore, Score
from nmt_attn.model.network import NEVER_WRITTEN, TranslationModel

VOCABULARY = 50
KINDS = [
    ("bahdanau", False, "gru", 1, "additive"),
    ("bahdanau", False, "lstm", 2, "general"),
    ("bahdanau", False, "gru", 3, "none"),
    ("luong", False, "gru", 1, "additive"),
    ("luong", True, "gru", 1, "scaled_dot"),
    ("luong", True, "lstm", 3, "additive"),
    ("luong", False, "lstm", 1, "location"),
]


def compute(precision="fp32"):
    return Compute(torch.device("cpu"), precision)


def make(style="luong", feeding=False, cell="gru", layers=1, score="additive", seed=0, **options):
    torch.manual_seed(seed)
    config = ModelConfig(
        cell=cell,
        embedding_size=12,
        tie_embeddings="none",
        encoder=EncoderConfig(hidden_size=8),
        decoder=DecoderConfig(style=style, hidden_size=16, input_feeding=feeding, layers=layers, readout_size=10),
        attention=AttentionConfig(score=score),
        **options,
    )
    return TranslationModel(config, 40, VOCABULARY).eval()


def batch(sentences=9, seed=1):
    generator = torch.Generator().manual_seed(seed)
    lengths = torch.randint(1, 8, (sentences,), generator=generator)
    source = torch.randint(4, 40, (sentences, int(lengths.max())), generator=generator)
    return source * (torch.arange(source.shape[1]) < lengths.unsqueeze(1)), lengths


@pytest.mark.parametrize(("style", "feeding", "cell", "layers", "score"), KINDS)
@torch.inference_mode()
def test_every_step_is_that_of_the_network(style, feeding, cell, layers, score):
    model = make(style, feeding, cell, layers, score)
    prepared = optimize_for_inference(model, compute())
    assert isinstance(prepared, InferenceNetwork)
    source, lengths = batch()
    ours, theirs = prepared.encode(source, lengths), model.encode(source, lengths)
    our_state, their_state = ours.state, theirs.state
    for position in range(12):  # long enough for the tables to be made on the way
        tokens = torch.randint(4, VOCABULARY, (9, 1), generator=torch.Generator().manual_seed(position))
        one = prepared.step(tokens, our_state, ours.encoded)
        other = model.step(tokens, their_state, theirs.encoded)
        torch.testing.assert_close(one.readout, other.readout, atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(one.weights, other.weights, atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(prepared.next_logits(one.readout), model.next_logits(other.readout))
        our_state, their_state = one.state, other.state
    assert prepared.decoder.gates_of_token.table is not None


@pytest.mark.parametrize(("style", "feeding", "cell", "layers", "score"), KINDS)
@torch.inference_mode()
def test_all_steps_at_once_are_those_of_the_network(style, feeding, cell, layers, score):
    model = make(style, feeding, cell, layers, score)
    source, lengths = batch()
    targets = torch.randint(4, VOCABULARY, (9, 6), generator=torch.Generator().manual_seed(3))
    one = optimize_for_inference(model, compute())(source, lengths, targets)
    torch.testing.assert_close(one, model(source, lengths, targets), atol=1e-5, rtol=1e-5)


class CosineScore(Score):
    """A score that is in no list."""

    def keys(self, states: Tensor) -> Tensor:
        return F.normalize(states, dim=-1)

    def forward(self, queries: Tensor, keys: Tensor) -> Tensor:
        return 10 * torch.bmm(F.normalize(queries, dim=-1), keys.transpose(1, 2))


class RectifiedScore(AdditiveScore):
    """A score that is not the one that it is made from."""

    def forward(self, queries: Tensor, keys: Tensor) -> Tensor:
        return torch.relu(self.query_layer(queries).unsqueeze(2) + keys.unsqueeze(1)) @ self.vector


@pytest.mark.parametrize("score", [CosineScore, RectifiedScore])
@pytest.mark.parametrize("cell", ["gru", "lstm"])
@torch.inference_mode()
def test_a_score_of_ones_own_is_computed_as_it_is(score, cell):
    model = make("luong", True, cell, 1, "dot")
    size = 2 * model.config.encoder.hidden_size
    model.decoder.attention.score = score() if score is CosineScore else score(size, size, 7)
    prepared = optimize_for_inference(model.eval(), compute())
    assert isinstance(prepared, InferenceNetwork)
    source, lengths = batch()
    ours, theirs = prepared.encode(source, lengths), model.encode(source, lengths)
    tokens = torch.arange(4, 13).unsqueeze(1)
    one, other = (each.step(tokens, start.state, start.encoded) for each, start in ((prepared, ours), (model, theirs)))
    torch.testing.assert_close(one.readout, other.readout, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(one.weights, other.weights, atol=1e-5, rtol=1e-5)
    assert not model.train().decoder.can_be_fused()


@pytest.mark.parametrize("options", [{"layer_norm": True}, {"attention": {"score": "additive", "coverage": True}}])
def test_what_has_no_fast_form_is_left_as_it_is(options):
    config = {"embedding_size": 8, "encoder": {"hidden_size": 8}, "decoder": {"hidden_size": 8}, **options}
    model = TranslationModel(ModelConfig.model_validate(config), 40, VOCABULARY).eval()
    assert optimize_for_inference(model, compute()) is model


@torch.inference_mode()
def test_an_ensemble_is_one_of_prepared_networks():
    members = [make("luong", seed=1), make("bahdanau", cell="lstm", seed=2)]
    plain, options = Ensemble(members).eval(), SearchOptions(beam_size=3, nbest=3)
    found = search(optimize_for_inference(plain, compute()), *batch(), options)
    wanted = search(plain, *batch(), options)
    assert [[one.tokens for one in nbest] for nbest in found] == [[one.tokens for one in nbest] for nbest in wanted]
    for ours, theirs in zip(found, wanted, strict=True):
        assert [one.score for one in ours] == pytest.approx([one.score for one in theirs], abs=1e-4)


@torch.inference_mode()
def test_forbidden_tokens_cannot_come_and_the_unknown_one_can_if_it_may():
    model = make()
    readouts = torch.randn(3, 1, 10)
    assert (optimize_for_inference(model, compute()).next_logits(readouts)[..., NEVER_WRITTEN] == -torch.inf).all()
    model.suppressed_tokens.remove(1)
    for network in (model, optimize_for_inference(model, compute())):
        scores = network.next_logits(readouts)
        assert (scores[..., model.suppressed_tokens] == -torch.inf).all()
        assert scores[..., 1].isfinite().all()


@pytest.mark.parametrize("precision", ["bf16", "int8"])
@torch.inference_mode()
def test_lower_precisions_think_nearly_the_same(precision):
    model = make(seed=3)
    prepared = optimize_for_inference(model, compute(precision))
    source, lengths = batch(40)
    with compute(precision).autocast():
        start = prepared.encode(source, lengths)
        tokens = torch.full((40, 1), 5)
        readouts = prepared.step(tokens, start.state, start.encoded).readout
        ours = prepared.next_logits(readouts).softmax(-1)
    plain = model.encode(source, lengths)
    theirs = model.next_logits(model.step(tokens, plain.state, plain.encoded).readout).softmax(-1)
    assert 0 < float((ours - theirs).abs().max()) < 0.01


def test_no_table_is_made_that_would_fill_the_memory(monkeypatch):
    monkeypatch.setattr(PrecomputedEmbedding, "MOST_BYTES", 10 * 4 * 4 - 1)
    embedding, layer = torch.nn.Embedding(10, 6).requires_grad_(False), torch.nn.Linear(6, 4).requires_grad_(False)
    table = PrecomputedEmbedding(embedding, FrozenLinear(layer.weight, layer.bias, compute()), 10)
    for _ in range(5):
        found = table(torch.arange(10))
    assert table.table is None
    torch.testing.assert_close(found, layer(embedding.weight))


def test_a_table_is_made_once_it_pays_and_says_the_same():
    embedding, layer = torch.nn.Embedding(10, 6).requires_grad_(False), torch.nn.Linear(6, 4).requires_grad_(False)
    table = PrecomputedEmbedding(embedding, FrozenLinear(layer.weight, layer.bias, compute()), 10)
    tokens = torch.tensor([3, 3, 9, 0])
    first = table(tokens)
    assert table.table is None
    for _ in range(3):
        again = table(tokens)
    assert table.table is not None
    torch.testing.assert_close(again, first)
    torch.testing.assert_close(first, layer(embedding(tokens)))
