"""What ends a search: not that something has ended, but that nothing better can come. Over networks written by hand."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from nmt_attn.decoding.hypothesis import SearchOptions
from nmt_attn.decoding.search import search
from nmt_attn.model.attention import EncodedSource
from nmt_attn.model.network import DecodingStart
from nmt_attn.text.tokenizer import EOS

WORDS = 12  # tokens 4 to 11, and the special ones before them


@dataclass(frozen=True)
class Histories:
    """The decoder states of a network that knows what it has written."""

    tokens: Tensor  # (N, t)

    def select(self, rows: Tensor) -> Histories:
        return Histories(self.tokens[rows])


@dataclass(frozen=True)
class Step:
    readout: Tensor  # (N, 1, V)
    state: Histories
    weights: Tensor  # (N, 1, S)


class Written:
    """A network whose probabilities are given for each beginning of a sentence."""

    def __init__(self, probabilities: dict[tuple[int, ...], dict[int, float]]) -> None:
        self.probabilities = probabilities

    def encode(self, source: Tensor, lengths: Tensor) -> DecodingStart:
        states = torch.zeros(*source.shape, 1)
        encoded = EncodedSource(states, states, torch.ones_like(source, dtype=torch.bool))
        return DecodingStart(encoded, Histories(torch.empty(len(source), 0, dtype=torch.long)))  # type: ignore[arg-type]

    def step(
        self, tokens: Tensor, state: Histories, encoded: EncodedSource, sentence_of_row: Tensor | None = None
    ) -> Step:
        written = torch.cat([state.tokens, tokens.view(-1, 1)], dim=1)
        rows = [self._next(tuple(history[1:])) for history in written.tolist()]
        return Step(torch.tensor(rows).unsqueeze(1), Histories(written), torch.ones(len(rows), 1, 1))

    def next_logits(self, readouts: Tensor) -> Tensor:
        return readouts.clone()

    def _next(self, history: tuple[int, ...]) -> list[float]:
        given = self.probabilities.get(history, {EOS: 0.5})
        others = [token for token in range(3, WORDS) if token not in given]
        rest = max(1e-12, (1 - sum(given.values())) / len(others))
        return [-math.inf] * 3 + [math.log(given.get(token, rest)) for token in range(3, WORDS)]


def certain(words: list[int], end: float, right: float = 0.97) -> dict[tuple[int, ...], dict[int, float]]:
    """Nearly certain of one sentence, with the same small probability of an end after each word of it."""
    given = {tuple(words[:place]): {word: right, EOS: end} for place, word in enumerate(words)}
    return given | {tuple(words): {EOS: right}}


def translated(network: Written, options: SearchOptions) -> list[int]:
    (nbest,) = search(network, torch.tensor([[5, 6, 3]]), torch.tensor([3]), options)  # type: ignore[arg-type]
    return nbest[0].tokens


@pytest.mark.parametrize("pruning", [0.5, 1.5, 3.0, None])
@pytest.mark.parametrize("beam_size", [2, 3, 5, 8])
@pytest.mark.parametrize("length", [1, 4, 8, 15])
def test_ends_that_are_far_behind_do_not_end_a_search(pruning, beam_size, length):
    words = [4 + place % 7 for place in range(length)]
    network = Written(certain(words, end=0.005))
    assert translated(network, SearchOptions(beam_size=beam_size, pruning=pruning)) == words


@pytest.mark.parametrize("nbest", [2, 5])
def test_ends_that_are_far_behind_do_not_end_a_search_for_several(nbest):
    words = [4, 5, 6, 7, 8, 9, 4, 5, 6]
    network = Written(certain(words, end=0.005))
    assert translated(network, SearchOptions(beam_size=5, nbest=nbest, pruning=1.5)) == words


@pytest.mark.parametrize("end", [1e-4, 0.01, 0.02])
def test_ends_that_are_far_behind_do_not_prune_the_right_hypothesis(end):
    # Each word is less certain than its end is improbable: in the end the sentence is further behind than allowed.
    words = [4, 5, 6, 7, 8, 9, 10, 11]
    network = Written(certain(words, end=end, right=0.6))
    assert translated(network, SearchOptions(beam_size=5, pruning=1.5)) == words


def test_a_better_sentence_that_begins_badly_is_found_without_pruning():
    good = {(): {4: 0.55, 5: 0.44}, (5,): {6: 0.99}, (5, 6): {EOS: 0.99}}
    bad = {(4,): {7: 0.3, 8: 0.3}, (4, 7): {EOS: 0.9}, (4, 8): {EOS: 0.9}}
    network = Written(good | bad)
    assert translated(network, SearchOptions(beam_size=1)) in ([4, 7], [4, 8])
    assert translated(network, SearchOptions(beam_size=5)) == [5, 6]
    assert translated(network, SearchOptions(beam_size=5, pruning=1.5)) == [5, 6]


def test_what_greedy_search_writes_is_never_crowded_out():
    # After the first word two others are each more probable with two continuations than the first with its one.
    crowd = {(): {4: 0.4, 5: 0.3, 6: 0.3}, (4,): {7: 0.26}}
    crowd |= {(word,): {8: 0.5, 9: 0.5} for word in (5, 6)}
    dead_ends = {(word, following): {EOS: 1e-9} for word in (5, 6) for following in (8, 9)}
    network = Written(crowd | dead_ends | {(4, 7): {EOS: 0.999}})
    assert translated(network, SearchOptions(beam_size=1, length_penalty=0.0)) == [4, 7]
    for pruning in (None, 0.3):
        assert translated(network, SearchOptions(beam_size=2, length_penalty=0.0, pruning=pruning)) == [4, 7]
