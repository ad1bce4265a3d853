"""What a search may not write: against the definitions, hypothesis by hypothesis."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nmt_attn.decoding.constraints import coverage_penalties, forbid_end, forbid_repeats
from nmt_attn.text.tokenizer import EOS

VOCABULARY = 6


@given(
    histories=st.integers(0, 9).flatmap(
        lambda steps: st.lists(
            st.lists(st.integers(0, VOCABULARY - 1), min_size=steps, max_size=steps), min_size=2, max_size=2
        )
    ),
    size=st.integers(1, 4),
)
@settings(max_examples=150, deadline=None)
def test_exactly_the_tokens_that_repeat_an_ngram_are_forbidden(histories, size):
    scores = torch.zeros(2, VOCABULARY)
    found = forbid_repeats(scores, torch.tensor(histories, dtype=torch.int64).view(2, -1), size)
    for row, history in enumerate(histories):
        written = {tuple(history[i : i + size]) for i in range(len(history) - size + 1)}
        for token in range(VOCABULARY):
            ending = tuple([*history, token][-size:])
            repeats = len(ending) == size and ending in written and token != EOS
            assert (found[row, token] == -math.inf) == repeats, (history, token)
    assert not scores.any()


def test_the_end_is_forbidden_while_a_translation_is_too_short_and_not_alone():
    scores = torch.zeros(3, VOCABULARY)
    others = [token for token in range(VOCABULARY) if token != EOS]
    scores[1, others] = -math.inf  # nothing but the end is possible here
    found = forbid_end(scores, torch.tensor([True, True, False]))
    assert found[0, EOS] == -math.inf
    assert (found[0, others] == 0).all()
    assert found[1, EOS] == 0
    assert (found[2] == 0).all()


def test_coverage_counts_what_has_not_been_looked_at():
    attention = torch.tensor([[[0.5, 2.0, 0.25, 0.0]]])
    mask = torch.tensor([[True, True, True, False]])
    assert float(coverage_penalties(attention, mask)) == pytest.approx(math.log(0.5) + math.log(0.25))
