"""Attention scores against their formulas, and what padding may not do."""

import pytest
import torch

from nmt_attn.config.schema import AttentionConfig
from nmt_attn.kernels.additive_attention import additive_scores, additive_scores_plain
from nmt_attn.model.attention import Attention

SCORES = ["dot", "scaled_dot", "general", "additive"]


@pytest.fixture(autouse=True)
def _double_precision():
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def test_additive_scores_equal_the_formula_in_values_and_gradients():
    inputs = [torch.randn(2, 3, 4), torch.randn(2, 5, 4), torch.randn(4)]
    for tensor in inputs:
        tensor.requires_grad_()
    fast, plain = additive_scores(*inputs), additive_scores_plain(*inputs)
    torch.testing.assert_close(fast, plain)
    weights = torch.randn(plain.shape)
    for mine, theirs in zip(
        torch.autograd.grad((fast * weights).sum(), inputs),
        torch.autograd.grad((plain * weights).sum(), inputs),
        strict=True,
    ):
        torch.testing.assert_close(mine, theirs)


def formula(attention: Attention, score: str, query: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
    """The score of one query and one source state, from the papers."""
    weights = dict(attention.score.named_parameters())
    match score:
        case "dot":
            return query @ state
        case "scaled_dot":
            return query @ state / len(state) ** 0.5
        case "general":
            return query @ weights["key_layer.weight"] @ state
        case _:
            keys = weights["key_layer.weight"] @ state + weights["key_layer.bias"]
            return weights["vector"] @ torch.tanh(weights["query_layer.weight"] @ query + keys)


@pytest.mark.parametrize("score", SCORES)
def test_weights_and_context_equal_the_formulas(score):
    attention = Attention(AttentionConfig(score=score), query_size=6, state_size=6)
    states, queries = torch.randn(2, 4, 6), torch.randn(2, 3, 6)
    lengths = [4, 2]
    mask = torch.arange(4) < torch.tensor(lengths).unsqueeze(1)
    attended = attention(queries, attention.precompute(states, mask))
    for sentence, length in enumerate(lengths):
        real = states[sentence, :length]
        for position in range(3):
            scores = torch.stack([formula(attention, score, queries[sentence, position], state) for state in real])
            weights = torch.softmax(scores, 0)
            torch.testing.assert_close(attended.weights[sentence, position, :length], weights)
            torch.testing.assert_close(attended.context[sentence, position], weights @ real)
            assert attended.weights[sentence, position, length:].eq(0).all()
