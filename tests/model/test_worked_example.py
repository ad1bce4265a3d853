"""Attention worked by hand: four source states of three numbers, one decoder state, three scores.

    s = (1, 2, -1)    h_1 = (1, 0, 2)    h_2 = (0, 1, 1)    h_3 = (2, -1, 0)    h_4 = (1, 1, 1)

dot: s·h_1 = 1 + 0 - 2 = -1, s·h_2 = 0 + 2 - 1 = 1, s·h_3 = 2 - 2 - 0 = 0, s·h_4 = 1 + 2 - 1 = 2.
    e^-1 = 0.3679, e^1 = 2.7183, e^0 = 1, e^2 = 7.3891; their sum is 11.4752.

general, with W below: W h_1 = (2, 1, 2), W h_2 = (0, 1, 1), W h_3 = (4, 1, 0), W h_4 = (2, 2, 1),
    so s·W h = 2 + 2 - 2 = 2, 0 + 2 - 1 = 1, 4 + 2 - 0 = 6, 2 + 4 - 1 = 5.

additive, with W = ½ I, U = I, no bias, v = (1, -1, 2): W s = (0.5, 1, -0.5), so W s + U h is
    (1.5, 1, 1.5), (0.5, 2, 0.5), (2.5, 0, -0.5), (1.5, 2, 0.5), whose tanh is
    (0.9051, 0.7616, 0.9051), (0.4621, 0.9640, 0.4621), (0.9866, 0, -0.4621), (0.9051, 0.9640, 0.4621).
"""

from __future__ import annotations

import pytest
import torch

from nmt_attn.config.schema import AttentionConfig
from nmt_attn.model.attention import Attention

QUERY = torch.tensor([[[1.0, 2.0, -1.0]]])  # (1, 1, 3)
STATES = torch.tensor([[[1.0, 0, 2], [0, 1, 1], [2, -1, 0], [1, 1, 1]]])  # (1, 4, 3)

EXAMPLES = {
    "dot": {
        "weights": {},
        "scores": [-1, 1, 0, 2],
        "attention": [0.032059, 0.236883, 0.087144, 0.643914],
        "context": [0.850262, 0.793653, 0.944914],
    },
    "general": {
        "weights": {"key_layer.weight": [[2, 0, 0], [1, 1, 0], [0, 0, 1]]},
        "scores": [2, 1, 6, 5],
        "attention": [0.013149, 0.004837, 0.717910, 0.264104],
        "context": [1.713073, -0.448969, 0.295239],
    },
    "additive": {
        "weights": {
            "query_layer.weight": [[0.5, 0, 0], [0, 0.5, 0], [0, 0, 0.5]],
            "key_layer.weight": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
            "key_layer.bias": [0, 0, 0],
            "vector": [1, -1, 2],
        },
        "scores": [1.953851, 0.422324, 0.062380, 0.865355],
        "attention": [0.586931, 0.126898, 0.088538, 0.197633],
        "context": [0.961641, 0.235992, 1.498393],
    },
}


@pytest.mark.parametrize("score", EXAMPLES)
def test_scores_attention_and_context_are_those_worked_by_hand(score):
    example = EXAMPLES[score]
    attention = Attention(AttentionConfig(score=score), query_size=3, state_size=3)
    weights = {name: torch.tensor(value, dtype=torch.float32) for name, value in example["weights"].items()}
    attention.score.load_state_dict(weights)
    encoded = attention.precompute(STATES, torch.ones(1, 4, dtype=torch.bool))
    found = attention.score(QUERY, encoded.keys)
    assert found.flatten().tolist() == pytest.approx(example["scores"], abs=1e-5)
    attended = attention(QUERY, encoded)
    assert attended.weights.flatten().tolist() == pytest.approx(example["attention"], abs=1e-5)
    assert attended.context.flatten().tolist() == pytest.approx(example["context"], abs=1e-5)
