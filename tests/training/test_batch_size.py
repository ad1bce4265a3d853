"""Batches that suit the device, and what is learned by each."""

from __future__ import annotations

from pathlib import Path

import pytest

from nmt_attn.config.loading import load_config
from nmt_attn.config.schema import Config
from nmt_attn.reporting.training_display import TrainingDisplay
from nmt_attn.training.batch_size import choose_batch_tokens, rate_factor
from nmt_attn.training.train import train
from tests.conftest import write_prepared_toy
from tests.pretended_cuda import pretended_cuda


@pytest.mark.parametrize(
    ("wished", "device", "tokens", "chosen"),
    [
        (300, "cpu", 10_000_000, 300),
        (300, "cuda", 10_000_000, 300),
        ("auto", "cpu", 10_000_000, 1024),
        ("auto", "cuda", 10_000_000, 16384),
        ("auto", "cuda", 640_000, 10_000),
        ("auto", "cuda", 64, 1024),
    ],
)
def test_what_suits_the_device(wished, device, tokens, chosen):
    assert choose_batch_tokens(wished, device, tokens, 1024) == chosen


def test_the_learning_rate_goes_with_what_was_chosen_alone():
    assert rate_factor("auto", 1024, 1024) == 1.0
    assert rate_factor("auto", 16384, 1024) == 4.0
    assert rate_factor(16384, 16384, 1024) == 1.0


SIZES = ["model.embedding_size=8", "model.encoder.hidden_size=8", "model.decoder.hidden_size=8",
         "training.batch_tokens=auto", "training.schedule.kind=constant", "training.schedule.warmup_steps=0",
         "training.validation.max_sentences=1", "training.precision=fp32", "decoding.max_length_ratio=0.1",
         "data.directory=data/toy", "name=sized"]  # fmt: skip


def configured(device: str, steps: int) -> Config:
    return load_config(Path("toy.yaml"), [*SIZES, f"training.device={device}", f"training.max_steps={steps}"])


def test_a_run_keeps_its_batch_wherever_it_goes_on(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(write_prepared_toy(tmp_path))
    monkeypatch.setattr("nmt_attn.training.batch_size.STEPS", 2)  # of the toy corpus in an epoch
    with pretended_cuda():
        state = train(configured("cuda", 1), reporter=TrainingDisplay()).state
        assert state.batch_tokens is not None
        assert state.batch_tokens > 1024
        said = capsys.readouterr().err
        assert f"batches of {state.batch_tokens:,} tokens suit the device" in said
        assert "so the learning rate is" in said
    resumed = train(configured("cpu", 2), resume=True, reporter=TrainingDisplay()).state
    assert resumed.batch_tokens == state.batch_tokens
    assert "so the learning rate is" in capsys.readouterr().err
