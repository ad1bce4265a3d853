"""Greedy and beam search against exhaustive search, and what may not change a result."""

import itertools
import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nmt_attn.config.schema import AttentionConfig, DecoderConfig, EncoderConfig, ModelConfig
from nmt_attn.decoding.continuations import BLOCK, best_tokens, next_log_probs
from nmt_attn.decoding.hypothesis import SearchOptions
from nmt_attn.decoding.search import beam_search, greedy_search, search
from nmt_attn.model.network import TranslationModel
from nmt_attn.text.tokenizer import BOS, EOS

VOCABULARY = 7  # four special tokens and three words


def make(style="bahdanau", feeding=False, cell="gru", seed=0, sharpness=3.0):
    torch.manual_seed(seed)
    config = ModelConfig(
        cell=cell,
        embedding_size=6,
        dropout=0.0,
        encoder=EncoderConfig(hidden_size=4),
        decoder=DecoderConfig(style=style, hidden_size=8, input_feeding=feeding),
        attention=AttentionConfig(score="general"),
    )
    model = TranslationModel(config, 30, VOCABULARY).double().eval()
    with torch.no_grad():
        model.output.weight.mul_(sharpness)  # so that sentences differ
    return model


def log_prob(model, source, tokens):
    """Of one target, token by token, with teacher forcing."""
    inputs = torch.tensor([[BOS, *tokens[:-1]]])
    readouts = model(torch.tensor([source]), torch.tensor([len(source)]), inputs)
    log_probs = next_log_probs(model, readouts)[0]
    return float(log_probs[torch.arange(len(tokens)), torch.tensor(tokens)].sum().detach())


def exhaustive(model, source, limit, options):
    """The best finished target of at most ``limit`` tokens, or unfinished one of exactly that many."""
    words = range(4, VOCABULARY)
    candidates = [[*body, EOS] for length in range(limit) for body in itertools.product(words, repeat=length)]
    return max(candidates, key=lambda tokens: log_prob(model, source, tokens) / options.normaliser(len(tokens)))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("length_penalty", [0.0, 1.0])
def test_a_beam_that_holds_everything_finds_the_true_best(seed, length_penalty):
    model = make(seed=seed)
    options = SearchOptions(beam_size=200, length_penalty=length_penalty)
    source = [[5, 9, 4]]
    with torch.inference_mode():
        start = model.encode(torch.tensor(source), torch.tensor([3]))
        found = beam_search(model, start, torch.tensor([5]), options)[0][0]
    best = exhaustive(model, source[0], 5, options)
    assert found.tokens == best[:-1]
    assert found.log_prob == pytest.approx(log_prob(model, source[0], best), abs=1e-5)


@pytest.mark.parametrize(("style", "feeding", "cell"), [("bahdanau", False, "gru"), ("luong", True, "lstm")])
@pytest.mark.parametrize("beam_size", [1, 2, 5])
def test_results_do_not_depend_on_the_neighbours(style, feeding, cell, beam_size):
    model = make(style, feeding, cell)
    options = SearchOptions(beam_size=beam_size, nbest=beam_size)
    sentences = [[4, 5, 6, 7, 8, 9], [10], [11, 12, 13], [14, 15], [10]]
    lengths = torch.tensor([len(sentence) for sentence in sentences])
    width = int(lengths.max())
    padded = torch.tensor([sentence + [0] * (width - len(sentence)) for sentence in sentences])
    together = search(model, padded, lengths, options)
    for sentence, nbest in zip(sentences, together, strict=True):
        (alone,) = search(model, torch.tensor([sentence]), torch.tensor([len(sentence)]), options)
        assert [one.tokens for one in alone] == [one.tokens for one in nbest]
        assert [one.score for one in alone] == pytest.approx([one.score for one in nbest])


@pytest.mark.parametrize("seed", range(3))
def test_greedy_is_a_beam_of_one(seed):
    model = make(seed=seed)
    source, lengths = torch.tensor([[4, 5, 6], [7, 8, 0]]), torch.tensor([3, 2])
    options = SearchOptions(beam_size=1)
    with torch.inference_mode():
        start, max_lengths = model.encode(source, lengths), options.max_lengths(lengths)
        greedy = greedy_search(model, start, max_lengths, options)
        beam = beam_search(model, start, max_lengths, options)
    assert [one[0].tokens for one in greedy] == [one[0].tokens for one in beam]
    assert [one[0].log_prob for one in greedy] == pytest.approx([one[0].log_prob for one in beam])


def test_scores_are_the_log_probabilities_of_teacher_forcing_and_fall():
    model = make()
    source = [4, 5, 6]
    options = SearchOptions(beam_size=6, nbest=6, length_penalty=0.6)
    (nbest,) = search(model, torch.tensor([source]), torch.tensor([3]), options)
    assert len({tuple(one.tokens) for one in nbest}) == len(nbest) == 6
    assert [one.score for one in nbest] == sorted((one.score for one in nbest), reverse=True)
    for one in nbest:
        tokens = [*one.tokens, EOS]
        assert one.log_prob == pytest.approx(log_prob(model, source, tokens), abs=1e-5)
        assert one.score == pytest.approx(one.log_prob / options.normaliser(len(tokens)))


def repeats(tokens, size):
    ngrams = [tuple(tokens[i : i + size]) for i in range(len(tokens) - size + 1)]
    return len(set(ngrams)) < len(ngrams)


@pytest.mark.parametrize("beam_size", [1, 4])
@pytest.mark.parametrize("seed", range(4))
def test_constraints_hold_for_every_hypothesis(beam_size, seed):
    model = make(seed=seed)
    source, lengths = torch.tensor([[4, 5, 6, 9], [7, 8, 0, 0]]), torch.tensor([4, 2])
    free = SearchOptions(beam_size=beam_size, nbest=beam_size)
    bound = replace(free, min_length_ratio=1.5, no_repeat_ngram=2)
    for length, nbest in zip(lengths.tolist(), search(model, source, lengths, bound), strict=True):
        assert nbest
        for one in nbest:
            assert len(one.tokens) + 1 >= 1.5 * length  # 6 at most; so many can be written of 3 words without repeating
            assert not repeats(one.tokens, 2)
            # Only what is forbidden is left out; the probabilities are those of the model.
            finished = [*one.tokens, EOS]
            row = source[lengths.tolist().index(length), :length].tolist()
            assert one.log_prob == pytest.approx(log_prob(model, row, finished), abs=1e-5)
    loose = search(model, source, lengths, free)
    assert any(repeats(one.tokens, 2) for nbest in loose for one in nbest) or seed


@pytest.mark.parametrize("beam_size", [1, 3])
def test_a_prefix_is_kept_and_what_follows_is_the_best(beam_size):
    model, prefix = make(seed=1), (6, 4)
    options = SearchOptions(beam_size=beam_size, nbest=beam_size, prefix=prefix)
    for nbest in search(model, torch.tensor([[4, 5, 6], [9, 0, 0]]), torch.tensor([3, 1]), options):
        assert nbest
        assert all(tuple(one.tokens[:2]) == prefix for one in nbest)
    full = SearchOptions(beam_size=200, prefix=prefix)
    source = [5, 9, 4]
    with torch.inference_mode():
        start = model.encode(torch.tensor([source]), torch.tensor([3]))
        found = beam_search(model, start, torch.tensor([5]), full)[0][0]
    bodies = [[*prefix, *rest] for length in range(3) for rest in itertools.product(range(4, 7), repeat=length)]
    best = max(bodies, key=lambda body: log_prob(model, source, [*body, EOS]) / full.normaliser(len(body) + 1))
    assert found.tokens == best
    assert found.log_prob == pytest.approx(log_prob(model, source, [*best, EOS]), abs=1e-5)


@pytest.mark.parametrize("seed", range(4))
def test_a_full_beam_finds_the_best_under_mean_normalisation_and_coverage(seed):
    model = make(seed=seed)
    options = SearchOptions(beam_size=200, normalisation="mean", length_penalty=1.0, coverage_penalty=0.4)
    source = [5, 9, 4]
    with torch.inference_mode():
        start = model.encode(torch.tensor([source]), torch.tensor([3]))
        found = beam_search(model, start, torch.tensor([4]), options)[0][0]

    def score(tokens):
        ids = [*tokens, EOS]
        state, attention = start.state, 0
        for token in [BOS, *tokens]:
            with torch.inference_mode():
                step = model.step(torch.tensor([[token]]), state, start.encoded)
            state, attention = step.state, attention + step.weights[0, 0]
        coverage = attention.clamp(max=1.0).log().sum()
        return log_prob(model, source, ids) / len(ids) + 0.4 * float(coverage)

    words = range(4, VOCABULARY)
    candidates = [list(body) for length in range(4) for body in itertools.product(words, repeat=length)]
    best = max(candidates, key=score)
    assert found.tokens == best
    assert found.score == pytest.approx(score(best), abs=1e-5)


def test_a_model_that_never_ends_is_stopped_at_the_limit():
    model = make()
    with torch.no_grad():
        model.output.bias[EOS] = -1e6
    options = SearchOptions(beam_size=3, nbest=3, max_length_ratio=1.0)
    for beam_size in (1, 3):
        one = replace(options, beam_size=beam_size, nbest=beam_size)
        (nbest,) = search(model, torch.tensor([[4, 5]]), torch.tensor([2]), one)
        assert [len(hypothesis.tokens) for hypothesis in nbest] == [11] * beam_size  # and the end, which makes 12
        for hypothesis in nbest:  # it ends like any other, so that it does not beat what ended by itself
            assert hypothesis.log_prob == pytest.approx(log_prob(model, [4, 5], [*hypothesis.tokens, EOS]), rel=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_pruning_drops_what_is_far_behind_and_nothing_else(seed):
    model = make(seed=seed, sharpness=1.0)
    source, lengths = torch.tensor([[4, 5, 6, 9], [7, 8, 0, 0], [11, 3, 7, 0]]), torch.tensor([4, 2, 3])
    free = SearchOptions(beam_size=4)
    found = [nbest[0] for nbest in search(model, source, lengths, free)]
    loose = [nbest[0] for nbest in search(model, source, lengths, replace(free, pruning=1e6))]
    assert [one.tokens for one in loose] == [one.tokens for one in found]
    # With no distance allowed, one hypothesis a sentence goes on.
    rows = []
    step = model.step
    model.step = lambda *arguments: (rows.append(len(arguments[0])), step(*arguments))[1]
    search(model, source, lengths, replace(free, pruning=1e-9))
    assert max(rows) <= 3
    rows.clear()
    search(model, source, lengths, free)
    assert max(rows) == 12
    # Whoever asks for several gets several.
    several = search(model, source, lengths, replace(free, nbest=4, pruning=1e-9))
    assert [len(nbest) for nbest in several] == [4, 4, 4]


@given(
    rows=st.integers(1, 4),
    size=st.integers(BLOCK, 40 * BLOCK),
    count=st.integers(1, 12),
    seed=st.integers(0, 10**6),
    forbidden=st.floats(0, 1),
)
@settings(max_examples=150, deadline=None)
def test_the_best_tokens_are_those_of_topk(rows, size, count, seed, forbidden):
    generator = torch.Generator().manual_seed(seed)
    scores = torch.rand(rows, size, generator=generator, dtype=torch.float64)
    scores[torch.rand(rows, size, generator=generator) < forbidden] = -math.inf
    best, places = best_tokens(scores, count)
    assert torch.equal(best, scores.topk(count, dim=1).values)
    assert torch.equal(scores.gather(1, places), best)
    assert all(len(set(row)) == count for row in places.tolist())
