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
    log_probs = torch.zeros(1, 2, VOCABULARY)
    found = forbid_repeats(log_probs, torch.tensor(histories, dtype=torch.int64).view(1, 2, -1), size)
    for row, history in enumerate(histories):
        written = {tuple(history[i : i + size]) for i in range(len(history) - size + 1)}
        for token in range(VOCABULARY):
            ending = tuple([*history, token][-size:])
            repeats = len(ending) == size and ending in written and token != EOS
            assert (found[0, row, token] == -math.inf) == repeats, (history, token)
    assert not log_probs.any()


def test_the_end_is_forbidden_while_a_translation_is_too_short_and_not_alone():
    log_probs = torch.zeros(2, 2, VOCABULARY)
    others = [token for token in range(VOCABULARY) if token != EOS]
    log_probs[0, 1, others] = -math.inf  # nothing but the end is possible here
    found = forbid_end(log_probs, torch.tensor([True, False]))
    assert found[0, 0, EOS] == -math.inf
    assert found[0, 1, EOS] == 0
    assert (found[1] == 0).all()


def test_coverage_counts_what_has_not_been_looked_at():
    attention = torch.tensor([[[0.5, 2.0, 0.25, 0.0]]])
    mask = torch.tensor([[True, True, True, False]])
    assert float(coverage_penalties(attention, mask)) == pytest.approx(math.log(0.5) + math.log(0.25))
