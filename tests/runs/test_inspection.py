"""What a network takes is known before it is built."""

from __future__ import annotations

import random
import time

import pytest
from pydantic import ValidationError

from nmt_attn.config.schema import Config
from nmt_attn.model.classifier import ClassificationModel
from nmt_attn.model.network import TranslationModel
from nmt_attn.runs.inspection import count_weights


def network(draw: random.Random) -> tuple[Config, int, int]:
    """Any network and the sizes of its vocabularies."""
    sizes = [1, 2, 16, 64, 500]
    while True:
        style = draw.choice(["bahdanau", "luong"])
        vocabulary = draw.choice([4, 60, 3000])
        values = {
            "cell": draw.choice(["gru", "lstm"]), "embedding_size": draw.choice(sizes),
            "layer_norm": draw.random() < 0.3, "tie_embeddings": draw.choice(["none", "target", "all"]),
            "encoder": {"hidden_size": draw.choice(sizes), "layers": draw.randint(1, 3)},
            "decoder": {"style": style, "hidden_size": draw.choice([2 * size for size in sizes]),
                        "layers": draw.randint(1, 3), "input_feeding": style == "luong" and draw.random() < 0.5,
                        "start": draw.choice(["bridge", "zeros", "last"]),
                        "readout_size": draw.choice([None, 1, 70])},
            "attention": {"score": draw.choice(["additive", "dot", "scaled_dot", "general", "location", "none"]),
                          "size": draw.choice([None, 1, 300]), "max_positions": draw.choice([1, 100, 2000]),
                          "coverage": draw.random() < 0.2},
        }  # fmt: skip
        try:
            config = Config.model_validate({"model": values})
        except ValidationError:
            continue
        joint = config.model.tie_embeddings == "all"
        return config, vocabulary, vocabulary if joint else draw.choice([4, 60, 3000])


@pytest.mark.parametrize("seed", range(20))
def test_the_weights_are_counted_without_making_them(seed: int) -> None:
    config, source_size, target_size = network(random.Random(seed))
    model = TranslationModel(config.model, source_size, target_size)
    expected = sum(weight.numel() for weight in model.weights().values())
    assert count_weights(config, source_size, target_size) == expected


@pytest.mark.parametrize("score", ["additive", "dot", "general", "location", "none", "mean", "max"])
def test_the_weights_of_a_classifier_are_counted(score: str) -> None:
    model = {
        "cell": "lstm",
        "embedding_size": 16,
        "encoder": {"hidden_size": 8, "layers": 2},
        "attention": {"score": score},
    }
    config = Config.model_validate({"task": "classification", "model": model})
    network = ClassificationModel(config.model, 60, 3)
    assert count_weights(config, 60, 3) == sum(weight.numel() for weight in network.weights().values())


def test_a_huge_network_is_counted_at_once() -> None:
    model = {"encoder": {"hidden_size": 16384, "layers": 8}, "decoder": {"hidden_size": 32768}}
    config = Config.model_validate({"model": model})
    began = time.monotonic()
    assert count_weights(config, 10**6, 10**6) > 10**10  # 40 GB, were they made
    assert time.monotonic() - began < 5
