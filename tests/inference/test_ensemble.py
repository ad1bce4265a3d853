"""Ensembles: the mean of the members' probabilities, in steps, at once, and in a beam."""

import pytest
import torch

from nmt_attn.decoding.hypothesis import SearchOptions
from nmt_attn.decoding.search import search
from nmt_attn.inference.ensemble import Ensemble
from nmt_attn.text.tokenizer import BOS, EOS
from tests.decoding.test_search import log_prob, make

SOURCE, LENGTHS = torch.tensor([[4, 5, 6, 7], [8, 9, 0, 0]]), torch.tensor([4, 2])


@pytest.fixture
def members():
    return [make("bahdanau", seed=1), make("luong", feeding=True, cell="lstm", seed=2)]


def probabilities(model, inputs):
    return torch.softmax(model.logits(model(SOURCE, LENGTHS, inputs)).float(), dim=-1).detach()


def test_probabilities_are_the_mean_of_the_members(members):
    inputs = torch.tensor([[BOS, 4, 5], [BOS, 6, 4]])
    ensemble = Ensemble(members)
    mean = (probabilities(members[0], inputs) + probabilities(members[1], inputs)) / 2
    assert torch.allclose(probabilities(ensemble, inputs), mean, atol=1e-6)
    start = ensemble.encode(SOURCE, LENGTHS)
    state = start.state
    for position in range(3):
        step = ensemble.step(inputs[:, position : position + 1], state, start.encoded)
        state = step.state
        found = torch.softmax(ensemble.logits(step.readout[:, 0]), dim=-1)
        assert torch.allclose(found, mean[:, position], atol=1e-6)
        assert torch.allclose(step.weights.sum(-1), torch.ones(2, 1, dtype=step.weights.dtype))


@pytest.mark.parametrize("options", [SearchOptions(beam_size=1), SearchOptions(beam_size=4, nbest=4)])
def test_twice_the_same_member_is_that_member(members, options):
    for member in members:
        alone, twice = (search(model, SOURCE, LENGTHS, options) for model in (member, Ensemble([member, member])))
        assert [[one.tokens for one in nbest] for nbest in alone] == [[one.tokens for one in nbest] for nbest in twice]
        for nbest, again in zip(alone, twice, strict=True):
            assert [one.score for one in nbest] == pytest.approx([one.score for one in again], abs=1e-5)


def test_hypotheses_are_as_probable_as_with_teacher_forcing(members):
    ensemble = Ensemble(members)
    nbest = search(ensemble, SOURCE[:1], LENGTHS[:1], SearchOptions(beam_size=4, nbest=4, coverage_penalty=0.1))[0]
    assert len(nbest) == 4
    for one in nbest:
        at_the_limit = len(one.tokens) == 22
        tokens = one.tokens if at_the_limit else [*one.tokens, EOS]
        assert one.log_prob == pytest.approx(log_prob(ensemble, SOURCE[0].tolist(), tokens), abs=1e-5)
