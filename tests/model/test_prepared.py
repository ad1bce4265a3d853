"""A network made ready to translate gives what the network itself gives."""

import pytest
import torch

from nmt_attn.config import AttentionConfig, DecoderConfig, EncoderConfig, ModelConfig
from nmt_attn.decoding.hypothesis import SearchOptions
from nmt_attn.decoding.search import search
from nmt_attn.model.device import Compute
from nmt_attn.model.ensemble import Ensemble
from nmt_attn.model.fixed import FixedLinear, TokenTable
from nmt_attn.model.network import NEVER_WRITTEN, TranslationModel
from nmt_attn.model.prepared import PreparedModel, for_search

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
    prepared = for_search(model, compute())
    assert isinstance(prepared, PreparedModel)
    source, lengths = batch()
    ours, theirs = prepared.encode(source, lengths), model.encode(source, lengths)
    our_state, their_state = ours.state, theirs.state
    for position in range(12):  # long enough for the tables to be made on the way
        tokens = torch.randint(4, VOCABULARY, (9, 1), generator=torch.Generator().manual_seed(position))
        one = prepared.step(tokens, our_state, ours.memory)
        other = model.step(tokens, their_state, theirs.memory)
        torch.testing.assert_close(one.readout, other.readout, atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(one.weights, other.weights, atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(prepared.next_scores(one.readout), model.next_scores(other.readout))
        our_state, their_state = one.state, other.state
    assert prepared.gates_of_token.table is not None


@pytest.mark.parametrize("options", [{"layer_norm": True}, {"attention": {"score": "additive", "coverage": True}}])
def test_what_has_no_fast_form_is_left_as_it_is(options):
    config = {"embedding_size": 8, "encoder": {"hidden_size": 8}, "decoder": {"hidden_size": 8}, **options}
    model = TranslationModel(ModelConfig.model_validate(config), 40, VOCABULARY).eval()
    assert for_search(model, compute()) is model


@torch.inference_mode()
def test_an_ensemble_is_one_of_prepared_networks():
    members = [make("luong", seed=1), make("bahdanau", cell="lstm", seed=2)]
    plain, options = Ensemble(members).eval(), SearchOptions(beam_size=3, nbest=3)
    found = search(for_search(plain, compute()), *batch(), options)
    wanted = search(plain, *batch(), options)
    assert [[one.tokens for one in nbest] for nbest in found] == [[one.tokens for one in nbest] for nbest in wanted]
    for ours, theirs in zip(found, wanted, strict=True):
        assert [one.score for one in ours] == pytest.approx([one.score for one in theirs], abs=1e-4)


@torch.inference_mode()
def test_forbidden_tokens_cannot_come_and_the_unknown_one_can_if_it_may():
    model = make()
    readouts = torch.randn(3, 1, 10)
    assert (for_search(model, compute()).next_scores(readouts)[..., NEVER_WRITTEN] == -torch.inf).all()
    model.never_written.remove(1)
    for network in (model, for_search(model, compute())):
        scores = network.next_scores(readouts)
        assert (scores[..., model.never_written] == -torch.inf).all()
        assert scores[..., 1].isfinite().all()


@pytest.mark.parametrize("precision", ["bf16", "int8"])
@torch.inference_mode()
def test_lower_precisions_think_nearly_the_same(precision):
    model = make(seed=3)
    prepared = for_search(model, compute(precision))
    source, lengths = batch(40)
    with compute(precision).products():
        start = prepared.encode(source, lengths)
        tokens = torch.full((40, 1), 5)
        readouts = prepared.step(tokens, start.state, start.memory).readout
        ours = prepared.next_scores(readouts).softmax(-1)
    plain = model.encode(source, lengths)
    theirs = model.next_scores(model.step(tokens, plain.state, plain.memory).readout).softmax(-1)
    assert 0 < float((ours - theirs).abs().max()) < 0.01


def test_no_table_is_made_that_would_fill_the_memory(monkeypatch):
    monkeypatch.setattr(TokenTable, "MOST_BYTES", 10 * 4 * 4 - 1)
    embedding, layer = torch.nn.Embedding(10, 6).requires_grad_(False), torch.nn.Linear(6, 4).requires_grad_(False)
    table = TokenTable(embedding, FixedLinear(layer.weight, layer.bias, compute()), 10)
    for _ in range(5):
        found = table(torch.arange(10))
    assert table.table is None
    torch.testing.assert_close(found, layer(embedding.weight))


def test_a_table_is_made_once_it_pays_and_says_the_same():
    embedding, layer = torch.nn.Embedding(10, 6).requires_grad_(False), torch.nn.Linear(6, 4).requires_grad_(False)
    table = TokenTable(embedding, FixedLinear(layer.weight, layer.bias, compute()), 10)
    tokens = torch.tensor([3, 3, 9, 0])
    first = table(tokens)
    assert table.table is None
    for _ in range(3):
        again = table(tokens)
    assert table.table is not None
    torch.testing.assert_close(again, first)
    torch.testing.assert_close(first, layer(embedding(tokens)))
