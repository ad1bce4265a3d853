"""The average of the weights: its arithmetic, and who uses it."""

import pytest
import torch
from torch import nn

from nmt_attn.decoding.translator import Translator
from nmt_attn.runs.checkpoint import load_checkpoint
from nmt_attn.runs.directory import RunDirectory
from nmt_attn.training.ema import WeightAverage
from nmt_attn.training.train import train
from tests.training.conftest import configure


class Two(nn.Module):
    """Two weights, one of them shared."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.zeros(3))
        self.b = nn.Linear(2, 2)
        self.c = self.b


def test_the_average_follows_the_weights_by_its_formula():
    torch.manual_seed(0)
    model = Two()
    average = WeightAverage(model, 0.5)  # type: ignore[arg-type]
    assert average.model.c is average.model.b  # type: ignore[union-attr]
    expected = {name: weight.detach().double() for name, weight in model.named_parameters()}
    for step in range(1, 30):
        with torch.no_grad():
            for weight in model.parameters():
                weight.add_(torch.randn_like(weight))
        average.update(model, step)  # type: ignore[arg-type]
        decay = min(0.5, (1 + step) / (10 + step))
        for name, weight in model.named_parameters():
            expected[name] = decay * expected[name] + (1 - decay) * weight.detach().double()
    for name, weight in average.model.named_parameters():
        torch.testing.assert_close(weight.double(), expected[name], rtol=1e-5, atol=1e-6)
        assert not weight.requires_grad


def test_at_first_it_forgets_its_beginning_quickly():
    average = WeightAverage(Two(), 0.999)  # type: ignore[arg-type]
    assert average.decay_at(1) == pytest.approx(2 / 11)
    assert average.decay_at(90) == pytest.approx(0.91)
    assert average.decay_at(10**6) == 0.999


def test_what_is_validated_kept_and_translates_is_the_average(prepared, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sets = [
        "training.ema=0.9",
        "training.max_steps=30",
        "training.max_epochs=null",
        "training.validation.every_steps=30",
    ]
    outcome = train(configure(prepared, *sets))
    checkpoint = load_checkpoint(RunDirectory(outcome.run.path).checkpoint(30), torch.device("cpu"))
    assert checkpoint.trained is not None
    assert checkpoint.trained.keys() == checkpoint.weights.keys()
    assert not any(torch.equal(checkpoint.trained[name], weight) for name, weight in checkpoint.weights.items())
    translator = Translator.load(outcome.run.path)
    for name, weight in translator.model.named_parameters():
        assert torch.equal(weight, checkpoint.weights[name])


def test_the_validation_loss_is_that_of_the_average(prepared, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sets = ["training.max_steps=30", "training.max_epochs=null", "training.validation.every_steps=30"]
    plain = train(configure(prepared, *sets, "name=plain"))
    slow = train(configure(prepared, *sets, "name=slow", "training.ema=0.999"))
    assert plain.state.target_tokens == slow.state.target_tokens
    trained = load_checkpoint(slow.run.checkpoint(30), torch.device("cpu")).trained
    assert trained is not None
    for name, weight in load_checkpoint(plain.run.checkpoint(30), torch.device("cpu")).weights.items():
        assert torch.equal(trained[name], weight)  # training itself does not know of the average
    assert plain.state.best_loss != slow.state.best_loss


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_the_average_on_a_gpu_is_read_in_one_piece(prepared, tmp_path, monkeypatch, cell):
    """Else cuDNN warns, which is an error in tests, and gathers the weights anew at each call."""
    monkeypatch.chdir(tmp_path)
    sets = [f"model.cell={cell}", "training.device=cuda", "training.ema=0.9", "training.max_steps=4"]
    assert train(configure(prepared, *sets, "training.max_epochs=null")).state.step == 4
