"""Sampling: the model's own distribution, cut where it is asked to be, the same for the same seed."""

import itertools
import math
from collections import Counter

import pytest
import torch

from nmt_attn.decoding.hypothesis import SearchOptions
from nmt_attn.decoding.sampling import SamplingOptions, sample
from nmt_attn.decoding.search import search
from nmt_attn.errors import UserError
from nmt_attn.text.tokenizer import EOS
from tests.decoding.test_search import VOCABULARY, log_prob, make

SOURCE, LENGTHS = torch.tensor([[4, 5, 6], [7, 8, 0], [9, 0, 0]]), torch.tensor([3, 2, 1])


def draw(model, count, source=SOURCE, lengths=LENGTHS, **sampling):
    options = SearchOptions(nbest=count, max_length_ratio=0.1)
    return sample(model, source, lengths, options, SamplingOptions(**sampling))


@pytest.mark.parametrize("temperature", [1.0, 0.7])
def test_translations_are_as_frequent_as_they_are_probable(temperature):
    model, count = make(sharpness=1.0), 4000
    drawn = Counter(tuple(one.tokens) for one in draw(model, count, temperature=temperature)[0])
    # Of the first tokens; at a temperature, those of the first step are p^(1/T), normalised.
    firsts = [EOS, *range(4, VOCABULARY)]
    powers = [math.exp(log_prob(model, [4, 5, 6], [token]) / temperature) for token in firsts]
    for token, power in zip(firsts, powers, strict=True):
        seen = sum(number for tokens, number in drawn.items() if (tokens[0] if tokens else EOS) == token)
        assert seen / count == pytest.approx(power / sum(powers), abs=4 * math.sqrt(0.25 / count))


def test_log_probabilities_are_those_of_the_model():
    model = make()
    for one in draw(model, 8, seed=3)[0]:
        ended = len(one.tokens) < 11
        expected = log_prob(model, [4, 5, 6], [*one.tokens, EOS] if ended else one.tokens)
        assert one.log_prob == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("sampling", [{"top_k": 1}, {"top_p": 1e-6}, {"temperature": 1e-4}, {"temperature": 1e-6}])
def test_the_most_probable_token_alone_is_greedy_search(sampling):
    model = make(seed=2)
    greedy = search(model, SOURCE, LENGTHS, SearchOptions(beam_size=1, max_length_ratio=0.1))
    for (best,), drawn in zip(greedy, draw(model, 3, **sampling), strict=True):
        assert [one.tokens for one in drawn] == [best.tokens] * 3


def test_at_the_highest_temperature_everything_is_equally_likely():
    model = make(sharpness=1.0)
    firsts = Counter((one.tokens or [EOS])[0] for one in draw(model, 2000, temperature=1e6)[2])
    assert len(firsts) == VOCABULARY - 3
    assert max(firsts.values()) < 1.5 * 2000 / len(firsts)


def test_top_k_and_top_p_leave_out_the_rest():
    model = make(sharpness=1.0)
    probabilities = {token: math.exp(log_prob(model, [9], [token])) for token in (EOS, 4, 5, 6)}
    ranked = sorted(probabilities, key=probabilities.__getitem__, reverse=True)

    def firsts(**sampling):
        return {(one.tokens or [EOS])[0] for one in draw(model, 600, **sampling)[2]}

    assert firsts() == set(ranked)
    assert firsts(top_k=2) == set(ranked[:2])
    assert firsts(top_p=probabilities[ranked[0]] + 1e-3) == set(ranked[:2])


def test_the_seed_and_the_sentence_decide_and_nothing_else():
    model = make(sharpness=1.0)
    together = draw(model, 5, seed=7)
    assert [[one.tokens for one in some] for some in together] == [
        [one.tokens for one in some] for some in draw(model, 5, seed=7)
    ]
    for row, length in enumerate(LENGTHS.tolist()):
        (alone,) = draw(model, 5, SOURCE[row : row + 1, :length], LENGTHS[row : row + 1], seed=7)
        assert [one.tokens for one in alone] == [one.tokens for one in together[row]]
    others = [draw(model, 5, seed=seed) for seed in range(3)]
    written = [[one.tokens for some in drawn for one in some] for drawn in others]
    assert all(a != b for a, b in itertools.combinations(written, 2))


@pytest.mark.parametrize(
    "wrong",
    [
        *({"temperature": temperature} for temperature in (0, 1e-300, 1e300, math.inf, math.nan)),
        *({"top_k": -1}, {"top_p": 0}, {"top_p": 1.1}),
    ],
)
def test_impossible_options_are_said(wrong):
    with pytest.raises(UserError, match="sampling needs"):
        SamplingOptions(**wrong)
