"""The loop: what accumulation, resuming, early stopping and a broken loss do."""

import json
from pathlib import Path

import pytest
import torch

from nmt_attn.checkpoint import load_weights
from nmt_attn.config import Config
from nmt_attn.config_file import load_config
from nmt_attn.corpus.batches import Batcher
from nmt_attn.corpus.prepare import PreparedData, prepare
from nmt_attn.errors import NmtError
from nmt_attn.model.device import Compute
from nmt_attn.model.network import TranslationModel
from nmt_attn.rundir import RunDirectory
from nmt_attn.training.batch import batch_loss, to_device
from nmt_attn.training.trainer import Trainer
from tests.conftest import write_toy


@pytest.fixture(scope="module")
def prepared(tmp_path_factory) -> Path:
    """A configuration file whose data is prepared."""
    folder = write_toy(tmp_path_factory.mktemp("trainer"))
    text = (folder / "toy.yaml").read_text(encoding="utf-8").replace("path: toy.tsv", f"path: {folder / 'toy.tsv'}")
    path = folder / "absolute.yaml"
    path.write_text(text.replace("data:\n", f"data:\n  directory: {folder / 'prepared'}\n"), encoding="utf-8")
    prepare(load_config(path))
    return path


def configure(prepared: Path, *sets: str) -> Config:
    return load_config(prepared, sets)


def train(config: Config, folder: Path, *, resume: bool = False):
    folder.mkdir(exist_ok=True)
    data = PreparedData.open(config.data_directory)
    return Trainer(config, data, RunDirectory(folder), resume=resume).train()


def weights_of(folder: Path) -> dict[str, torch.Tensor]:
    latest = RunDirectory(folder).pointed("latest")
    assert latest is not None
    return load_weights(latest, torch.device("cpu"))


def test_gradients_of_parts_add_up_to_those_of_the_whole(prepared):
    config = configure(prepared, "training.label_smoothing=0.1", "model.dropout=0.0")
    data = PreparedData.open(config.data_directory)
    torch.manual_seed(0)
    model = TranslationModel(config.model, data.tokenizer.source_size, data.tokenizer.target_size).double()
    batcher, compute = Batcher(data.pairs("train"), 10_000), Compute(torch.device("cpu"), "fp32")
    indices = batcher.epoch(0)[0][:30]  # of different lengths

    def gradients(parts: list) -> list[torch.Tensor]:
        model.zero_grad()
        batches = [batcher.batch(part) for part in parts]
        tokens = sum(batch.tokens for batch in batches)
        for batch in batches:
            loss = batch_loss(
                model, to_device(batch, compute.device), compute, label_smoothing=config.training.label_smoothing
            )
            (loss.objective / tokens).backward()
        return [weight.grad.clone() for weight in model.weights().values()]

    for whole, parts in zip(gradients([indices]), gradients([indices[:7], indices[7:]]), strict=True):
        torch.testing.assert_close(whole, parts)


@pytest.mark.parametrize(
    "extra",
    [
        [],
        ["training.subword_sampling=0.2"],
        ["training.teacher_forcing=0.7", "model.recurrent_dropout=0.2", "model.encoder.word_dropout=0.1"],
    ],
)
def test_a_resumed_run_ends_with_the_weights_of_an_undisturbed_one(prepared, tmp_path, extra):
    sets = ["training.max_epochs=null", "training.schedule.kind=constant", *extra]
    train(configure(prepared, *sets, "training.max_steps=45"), tmp_path / "whole")
    train(configure(prepared, *sets, "training.max_steps=25"), tmp_path / "parts")
    train(configure(prepared, *sets, "training.max_steps=45"), tmp_path / "parts", resume=True)
    whole, parts = weights_of(tmp_path / "whole"), weights_of(tmp_path / "parts")
    assert whole.keys() == parts.keys()
    for name, weight in whole.items():
        assert torch.equal(weight, parts[name]), name
    logged = [json.loads(line) for line in (tmp_path / "parts" / "metrics.jsonl").read_text("utf-8").splitlines()]
    steps = [entry["step"] for entry in logged if entry["kind"] == "train"]
    assert steps == sorted(set(steps))


def test_early_stopping_ends_a_run_that_no_longer_gets_better(prepared, tmp_path):
    config = configure(
        prepared, "training.learning_rate=1e-9", "training.early_stopping.patience=2", "training.max_epochs=50"
    )
    outcome = train(config, tmp_path / "run")
    assert outcome.state.epochs <= 6
    assert "without a better one" in outcome.reason


def test_the_best_and_the_last_checkpoints_are_kept(prepared, tmp_path):
    train(configure(prepared, "training.max_epochs=6", "training.keep_checkpoints=2"), tmp_path / "run")
    run = RunDirectory(tmp_path / "run")
    kept = sorted(path.name for path in run.checkpoints.iterdir())
    best, latest = run.pointed("best"), run.pointed("latest")
    assert best is not None
    assert latest is not None
    assert latest.name == kept[-1]
    assert best.name in kept
    assert len(kept) <= 3


def test_a_loss_that_is_no_number_ends_in_one_line(prepared, tmp_path):
    config = configure(prepared, "training.learning_rate=1e39", "training.clip_norm=null")
    with pytest.raises(NmtError, match=r"no longer a number at step \d+"):
        train(config, tmp_path / "run")


def test_every_style_learns(prepared, tmp_path):
    for index, sets in enumerate(
        [
            ["model.decoder.style=luong"],
            ["model.decoder.style=luong", "model.decoder.input_feeding=true", "model.cell=lstm"],
            ["model.decoder.style=bahdanau", "training.accumulate=2", "training.precision=bf16"],
            ["model.decoder.style=bahdanau", "training.teacher_forcing=0.8", "training.optimiser=adamw"],
        ]
    ):
        outcome = train(configure(prepared, "training.max_epochs=8", *sets), tmp_path / str(index))
        assert outcome.state.best_score is not None
        assert outcome.state.best_score > 40, sets


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("style", ["bahdanau", "luong"])
def test_a_gpu_learns_what_a_cpu_learns(prepared, tmp_path, style):
    sets = [f"model.decoder.style={style}", "training.max_epochs=8"]
    on_cpu = train(configure(prepared, *sets, "training.device=cpu"), tmp_path / "cpu")
    on_gpu = train(configure(prepared, *sets, "training.device=cuda"), tmp_path / "gpu")
    assert on_gpu.state.best_loss == pytest.approx(on_cpu.state.best_loss, rel=0.3)
