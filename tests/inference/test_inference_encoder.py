"""An encoder made ready to translate reads what the network's own reads, without the padding."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nmt_attn.config.schema import EncoderConfig, ModelConfig
from nmt_attn.device import Compute
from nmt_attn.inference.encoder import InferenceEncoder, Packing
from nmt_attn.model.encoder import Encoder, reversed_positions

VOCABULARY = 30
LENGTHS = st.lists(st.integers(1, 12), min_size=1, max_size=9)


def encoder(layers: int = 1) -> Encoder:
    torch.manual_seed(layers)
    config = ModelConfig(embedding_size=8, encoder=EncoderConfig(layers=layers, hidden_size=6))
    return Encoder(config, torch.nn.Embedding(VOCABULARY, 8)).eval()


def batch(lengths: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(sum(lengths))
    source = torch.randint(4, VOCABULARY, (len(lengths), max(lengths)), generator=generator)
    return source, torch.tensor(lengths)


@pytest.mark.parametrize("layers", [1, 2, 4])
@given(LENGTHS)
@settings(max_examples=8, deadline=None)
@torch.inference_mode()
def test_states_are_those_of_the_network(layers: int, lengths: list[int]) -> None:
    network = encoder(layers)
    prepared = InferenceEncoder(network, Compute(torch.device("cpu"), "fp32"))
    source, sizes = batch(lengths)
    for _ in range(VOCABULARY + 1):  # until the tables are made
        ours = prepared(source, sizes)
    theirs = network(source, sizes)
    real = torch.arange(source.shape[1]) < sizes.unsqueeze(1)
    torch.testing.assert_close(ours.padded(ours.states)[real], theirs.states[real], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(ours.last, theirs.last[0], atol=1e-5, rtol=1e-5)
    assert all(table.table is not None for table in prepared.first)


@pytest.mark.parametrize("precision", ["bf16", "int8"])
@torch.inference_mode()
def test_lower_precisions_read_nearly_the_same(precision: str) -> None:
    network = encoder(3)
    source, sizes = batch([5, 1, 9, 9, 3])
    exact, rounded = (
        InferenceEncoder(network, Compute(torch.device("cpu"), kind))(source, sizes).last
        for kind in ("fp32", precision)
    )
    assert 0 < float((exact - rounded).abs().max()) < 0.03


@given(LENGTHS)
def test_packing_finds_every_token_again(lengths: list[int]) -> None:
    source, sizes = batch(lengths)
    packing = Packing.of(sizes, source.shape[1])
    tokens = packing.pack(source)
    real = torch.arange(source.shape[1]) < sizes.unsqueeze(1)
    assert len(tokens) == sum(lengths) == sum(packing.running)
    assert torch.equal(tokens[packing.places][real], source[real])
    backwards = source.t().gather(0, reversed_positions(sizes, source.shape[1])).t()
    assert torch.equal(tokens[packing.swap], packing.pack(backwards))
