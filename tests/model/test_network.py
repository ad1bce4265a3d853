"""The whole network: gradients do not see padding, own tokens, tied weights, checkpoints that fit or say why not.

What holds for every kind of network is in test_family.py.
"""

import pytest
import torch

from nmt_attn.config.schema import AttentionConfig, DecoderConfig, EncoderConfig, ModelConfig
from nmt_attn.errors import InputError
from nmt_attn.model.network import TranslationModel
from nmt_attn.text.tokenizer import BOS

STYLES = [("bahdanau", False), ("luong", False), ("luong", True)]


def make(cell, style, score, layers):
    torch.manual_seed(0)
    decoder_style, feeding = style
    config = ModelConfig(
        cell=cell,
        embedding_size=6,
        dropout=0.3,
        encoder=EncoderConfig(layers=layers, hidden_size=5),
        decoder=DecoderConfig(style=decoder_style, layers=layers, hidden_size=10, input_feeding=feeding),
        attention=AttentionConfig(score=score),
    )
    return TranslationModel(config, 20, 20).double().eval()


SENTENCES = [[5, 6, 7, 8, 9], [4], [9, 9, 3]]


def padded(sequences: list[list[int]], garbage: int = 0) -> torch.Tensor:
    width = max(map(len, sequences))
    return torch.tensor([sequence + [garbage] * (width - len(sequence)) for sequence in sequences])


def lengths_of(sequences: list[list[int]]) -> torch.Tensor:
    return torch.tensor([len(sequence) for sequence in sequences])


@pytest.mark.parametrize("style", STYLES)
def test_gradients_do_not_see_padding(style):
    model = make("gru", style, "additive", 2)
    short = [[4, 5]]

    def gradient(source: torch.Tensor) -> list[torch.Tensor]:
        loss = model(source, lengths_of(short), torch.tensor([[BOS, 5, 6]])).square().sum()
        return list(torch.autograd.grad(loss, list(model.parameters()), allow_unused=True))

    for bare, with_padding in zip(gradient(torch.tensor(short)), gradient(torch.tensor([[4, 5, 11, 12]])), strict=True):
        if bare is not None:
            torch.testing.assert_close(bare, with_padding)


def test_without_teacher_forcing_the_model_reads_its_own_best_tokens():
    model = make("gru", ("luong", True), "general", 1)
    source, lengths = padded(SENTENCES), lengths_of(SENTENCES)
    own = model(source, lengths, torch.full((3, 4), BOS), teacher_forcing=0.0)
    tokens = torch.full((3, 1), BOS)
    start = model.encode(source, lengths)
    state = start.state
    for position in range(4):
        step = model.step(tokens, state, start.encoded)
        torch.testing.assert_close(own[:, position], step.readout[:, 0])
        tokens, state = model.output(step.readout).argmax(-1), step.state


def test_tied_weights_are_one_and_stored_once():
    config = ModelConfig(embedding_size=4, tie_embeddings="all", encoder=EncoderConfig(hidden_size=3))
    model = TranslationModel(config, 50, 50)
    assert model.output.weight is model.decoder.embedding.weight
    assert model.encoder.embedding.weight is model.output.weight
    shapes = [tuple(weight.shape) for weight in model.weights().values()]
    assert shapes.count((50, 4)) == 1


def test_weights_of_another_shape_are_refused_in_one_line():
    small = TranslationModel(ModelConfig(embedding_size=4, encoder=EncoderConfig(hidden_size=3)), 9, 9)
    large = TranslationModel(ModelConfig(embedding_size=4, encoder=EncoderConfig(hidden_size=3)), 10, 9)
    with pytest.raises(InputError, match="do not fit"):
        small.load_weights(large.weights())
