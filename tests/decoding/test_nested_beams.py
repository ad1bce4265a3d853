"""A wider search never returns what a narrower one beats, over random networks and every kind of penalty."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nmt_attn.config.schema import AttentionConfig, DecoderConfig, EncoderConfig, ModelConfig
from nmt_attn.decoding.hypothesis import SearchOptions
from nmt_attn.decoding.nested_beams import nested_sizes
from nmt_attn.decoding.search import search
from nmt_attn.model.network import TranslationModel
from nmt_attn.text.tokenizer import EOS

SOURCE = torch.tensor([[4, 5, 6, 7, 8], [9, 10, 3, 0, 0], [11, 3, 0, 0, 0]])
TOLERANCE = 1e-4  # of single precision, in which log-probabilities are added up
LENGTHS = torch.tensor([5, 3, 2])


@st.composite
def networks(draw: st.DrawFn) -> TranslationModel:
    """A small network with random weights: from nearly even probabilities to nearly certain ones."""
    style = draw(st.sampled_from(["bahdanau", "luong"]))
    config = ModelConfig(
        cell=draw(st.sampled_from(["gru", "lstm"])),
        embedding_size=6,
        dropout=0.0,
        encoder=EncoderConfig(hidden_size=4),
        decoder=DecoderConfig(style=style, hidden_size=8, input_feeding=style == "luong" and draw(st.booleans())),
        attention=AttentionConfig(score=draw(st.sampled_from(["general", "additive", "dot"]))),
    )
    torch.manual_seed(draw(st.integers(0, 2**31)))
    model = TranslationModel(config, 30, draw(st.integers(5, 100))).double().eval()
    with torch.no_grad():
        model.output.weight.mul_(draw(st.floats(0.5, 8.0)))
        model.output.bias[EOS] += draw(st.floats(-4.0, 2.0))
    return model


@dataclass(frozen=True)
class ShortSearch(SearchOptions):
    """A search for short translations, so that there is time for many."""

    longest: int = 8

    def max_lengths(self, source_lengths: torch.Tensor) -> torch.Tensor:
        """The same for all sentences but the last."""
        return torch.tensor([self.longest, self.longest, 2])


@st.composite
def ways(draw: st.DrawFn) -> SearchOptions:
    """Every kind of penalty and constraint; the beam is the test's."""
    return ShortSearch(
        normalisation=draw(st.sampled_from(["wu", "mean"])),
        length_penalty=draw(st.sampled_from([0.0, 0.5, 1.0, 2.0])),
        coverage_penalty=draw(st.sampled_from([0.0, 0.0, 0.3])),
        min_length_ratio=draw(st.sampled_from([0.0, 0.0, 1.0])),
        longest=draw(st.integers(1, 10)),
        no_repeat_ngram=draw(st.sampled_from([0, 0, 2])),
        pruning=draw(st.sampled_from([None, 0.3, 1.5, 5.0])),
    )


def check_that_wider_is_never_worse(model: TranslationModel, way: SearchOptions, beam: int) -> None:
    """Compare greedy search, a beam, one twice and one four times as wide, and the n best of the last."""

    def found(**changes: object) -> torch.Tensor:
        nbests = search(model, SOURCE, LENGTHS, replace(way, **changes))
        for nbest in nbests:
            scores = [one.score for one in nbest]
            assert scores
            assert all(map(math.isfinite, scores))
            assert scores == sorted(scores, reverse=True)
        return torch.tensor([nbest[0].score for nbest in nbests])

    scores = [found(beam_size=size) for size in dict.fromkeys((1, beam, 2 * beam, 4 * beam))]
    for narrower, wider in pairwise(scores):
        assert bool((wider >= narrower - TOLERANCE).all()), (narrower, wider)
    unpruned = found(beam_size=4 * beam, pruning=None)
    assert bool((unpruned >= scores[0] - TOLERANCE).all())
    several = found(beam_size=4 * beam, nbest=min(4 * beam, 3))  # which are never pruned
    assert bool((several >= unpruned - TOLERANCE).all()), (several, unpruned)


@given(model=networks(), way=ways(), beam=st.integers(1, 6))
@settings(max_examples=80, deadline=None)
def test_a_wider_search_is_never_worse(model, way, beam):
    check_that_wider_is_never_worse(model, way, beam)


@pytest.mark.slow
@given(model=networks(), way=ways(), beam=st.integers(1, 6))
@settings(max_examples=2000, deadline=None)
def test_a_wider_search_is_never_worse_in_two_thousand_cases(model, way, beam):
    check_that_wider_is_never_worse(model, way, beam)


@pytest.mark.parametrize(
    ("beam", "sizes"),
    [(1, (1,)), (2, (1, 2)), (3, (1, 3)), (5, (1, 5)), (8, (1, 2, 4, 8)), (10, (1, 5, 10)), (12, (1, 3, 6, 12))],
)
def test_sizes_of_the_narrower_beams_within_a_beam(beam, sizes):
    assert nested_sizes(beam) == sizes
