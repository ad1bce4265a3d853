"""The loop: what accumulation, resuming, early stopping and a broken loss do."""

import itertools
import json
import math
import os
import signal
from pathlib import Path

import pytest
import torch

from nmt_attn.config.schema import Config
from nmt_attn.corpus.batches import Batcher
from nmt_attn.corpus.dataset import Dataset
from nmt_attn.decoding.translator import Translator
from nmt_attn.device import Compute
from nmt_attn.errors import InputError, NmtError
from nmt_attn.kernels.output_loss import TokenLoss
from nmt_attn.model.network import TranslationModel
from nmt_attn.reporting.training_display import TrainingDisplay
from nmt_attn.runs.checkpoint import WEIGHTS, load_weights
from nmt_attn.runs.directory import RunDirectory
from nmt_attn.tasks import translation_loss
from nmt_attn.tasks.registry import make_task
from nmt_attn.tasks.translation_loss import batch_loss, to_device
from nmt_attn.training.optimiser import optimiser_tensors
from nmt_attn.training.train import train as train_run
from nmt_attn.training.trainer import Trainer
from tests.training.conftest import configure


def train(config: Config, folder: Path, *, resume: bool = False):
    folder.mkdir(exist_ok=True)
    data = Dataset.open(config.data_directory)
    return Trainer(
        config, make_task(config, data), RunDirectory(folder), resume=resume, reporter=TrainingDisplay()
    ).train()


def weights_of(folder: Path) -> dict[str, torch.Tensor]:
    latest = RunDirectory(folder).pointed("latest")
    assert latest is not None
    return load_weights(latest, torch.device("cpu"))


def test_gradients_of_parts_add_up_to_those_of_the_whole(prepared):
    config = configure(prepared, "training.label_smoothing=0.1", "model.dropout=0.0")
    data = Dataset.open(config.data_directory)
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
    train(configure(prepared, "training.max_epochs=4", "training.keep_checkpoints=2"), tmp_path / "run")
    run = RunDirectory(tmp_path / "run")
    kept = sorted(path.name for path in run.checkpoints.iterdir())
    best, latest = run.pointed("best"), run.pointed("latest")
    assert best is not None
    assert latest is not None
    assert latest.name == kept[-1]
    assert best.name in kept
    assert len(kept) <= 3


def bad_losses(monkeypatch, *steps: int) -> None:
    """At these steps, from 1 and one batch each, the loss is not a number."""
    calls = itertools.count(1)

    def loss(*arguments, **options):
        good = batch_loss(*arguments, **options)
        factor = math.nan if next(calls) in steps else 1.0
        return TokenLoss(good.objective * factor, good.cross_entropy * factor)

    monkeypatch.setattr(translation_loss, "batch_loss", loss)


@pytest.mark.parametrize("clip", ["1.0", "null"])
@pytest.mark.parametrize("optimiser", ["adam", "adamw"])
def test_a_loss_that_is_no_number_teaches_nothing(prepared, tmp_path, monkeypatch, clip, optimiser):
    sets = [f"training.clip_norm={clip}", f"training.optimiser={optimiser}", "training.max_epochs=null"]
    # On a CPU no batch is tried before the first step.
    sets += ["training.device=cpu", "training.max_steps=4", "training.validation.every_steps=99"]
    config = configure(prepared, *sets)
    (tmp_path / "run").mkdir()
    trainer = Trainer(config, make_task(config, Dataset.open(config.data_directory)), RunDirectory(tmp_path / "run"))
    bad_losses(monkeypatch, 1, 3, 4)
    seen = []
    step = trainer.training_step.step

    def watched(*arguments, **options):
        result = step(*arguments, **options)
        moments = optimiser_tensors(trainer.optimiser, trainer.model)
        seen.append({name: value.clone() for name, value in (trainer.model.weights() | moments).items()})
        return result

    monkeypatch.setattr(trainer.training_step, "step", watched)
    before = {name: weight.detach().clone() for name, weight in trainer.model.weights().items()}
    outcome = trainer.train()
    assert (outcome.state.step, outcome.state.skipped, outcome.state.skipped_in_a_row) == (4, 3, 2)
    assert all(torch.equal(seen[0][name], weight) for name, weight in before.items())
    assert not all(torch.equal(seen[1][name], weight) for name, weight in before.items())
    for after in seen[2:]:
        assert all(torch.equal(value, after[name]) for name, value in seen[1].items())
    lengths = trainer.source.epoch(0)[1]
    assert outcome.state.target_tokens == sum(len(trainer.source.batcher.pairs.target[i]) + 1 for i in lengths)


def test_skipped_steps_are_counted_and_leave_the_mean_loss_alone(prepared, tmp_path, monkeypatch, capsys):
    bad_losses(monkeypatch, 5, 6, 17)
    sets = ["training.device=cpu", "training.max_steps=20", "training.max_epochs=null"]
    train(configure(prepared, *sets), tmp_path / "run")
    (first, *_) = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text("utf-8").splitlines()]
    assert (first["kind"], first["step"], first["skipped"]) == ("train", 20, 3)
    assert 0 < first["loss"] < 10
    assert "3 of the last 20 steps skipped" in capsys.readouterr().err


def test_too_many_in_a_row_end_in_one_line_that_says_where(prepared, tmp_path, monkeypatch):
    bad_losses(monkeypatch, 2, 3, *range(5, 99))
    sets = ["training.device=cpu", "training.max_skipped_steps=3", "training.checkpoint_steps=1"]
    sets += ["training.keep_checkpoints=1"]
    with pytest.raises(NmtError, match=r"at 3 steps in a row, the last of them step 7 \(epoch 1, batch 7 of \d+\)"):
        train(configure(prepared, *sets), tmp_path / "run")
    latest = RunDirectory(tmp_path / "run").pointed("latest")
    assert latest is not None
    assert latest.name == "00000004"  # none is written while losses are no numbers


def test_a_learning_rate_out_of_all_reason_ends_in_one_line(prepared, tmp_path):
    config = configure(prepared, "training.learning_rate=1e39", "training.clip_norm=null")
    with pytest.raises(NmtError, match=r"no longer a number at 10 steps in a row, the last of them step \d+"):
        train(config, tmp_path / "run")


OUT_OF_MEMORY = [
    torch.cuda.OutOfMemoryError("CUDA out of memory."),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
]


def short_of_memory(monkeypatch, most: int, error: RuntimeError = OUT_OF_MEMORY[0]) -> list[int]:
    """Batches of more than so many sentences do not fit; how large those are that do."""
    sizes: list[int] = []

    def loss(model, batch, *arguments, **options):
        if len(batch.source) > most:
            raise error
        sizes.append(len(batch.source))
        return batch_loss(model, batch, *arguments, **options)

    monkeypatch.setattr(translation_loss, "batch_loss", loss)
    return sizes


@pytest.mark.parametrize("error", OUT_OF_MEMORY)
def test_out_of_memory_of_every_library_halves_the_batch(prepared, tmp_path, monkeypatch, error):
    sizes = short_of_memory(monkeypatch, 5, error)
    outcome = train(configure(prepared, "training.max_steps=1", "training.max_epochs=null"), tmp_path / "run")
    assert max(sizes) <= 5
    assert outcome.state.batch_parts > 1


def test_an_error_that_is_not_of_memory_is_none(prepared, tmp_path, monkeypatch):
    short_of_memory(monkeypatch, 5, RuntimeError("CUDA error: an illegal memory access was encountered"))
    with pytest.raises(RuntimeError, match="illegal memory access"):
        train(configure(prepared, "training.max_steps=1", "training.max_epochs=null"), tmp_path / "run")


def test_out_of_memory_halves_the_batch_to_the_same_effect(prepared, tmp_path, monkeypatch, capsys):
    sets = ["training.max_steps=3", "training.max_epochs=null", "model.dropout=0.0", "training.clip_norm=null"]
    sets += ["training.device=cpu"]
    whole = train(configure(prepared, *sets), tmp_path / "whole")
    sizes = short_of_memory(monkeypatch, 5)
    parts = train(configure(prepared, *sets), tmp_path / "parts")
    assert max(sizes) <= 5
    assert parts.state.batch_parts in (2, 4, 8)
    assert "out of memory: every batch is now computed in 2 parts" in capsys.readouterr().err
    assert parts.state.target_tokens == whole.state.target_tokens
    assert parts.state.best_loss == pytest.approx(whole.state.best_loss, rel=1e-4)
    train(configure(prepared, *sets, "training.max_steps=4"), tmp_path / "parts", resume=True)
    assert "out of memory" not in capsys.readouterr().err


def test_a_single_pair_that_does_not_fit_is_one_line(prepared, tmp_path, monkeypatch):
    short_of_memory(monkeypatch, 0)
    with pytest.raises(NmtError, match="out of memory with a single sentence pair"):
        train(configure(prepared), tmp_path / "run")


def test_the_largest_batch_is_tried_without_a_trace(prepared, tmp_path, monkeypatch):
    config = configure(prepared)
    (tmp_path / "run").mkdir()
    trainer = Trainer(config, make_task(config, Dataset.open(config.data_directory)), RunDirectory(tmp_path / "run"))
    weights = {name: weight.detach().clone() for name, weight in trainer.model.weights().items()}
    random = torch.get_rng_state()
    sizes = short_of_memory(monkeypatch, 5)
    trainer.within_memory.try_largest_batch(trainer.source, 1)
    assert trainer.state.batch_parts > 1
    assert sizes
    assert trainer.state.step == 0
    assert torch.equal(torch.get_rng_state(), random)
    for name, weight in trainer.model.named_parameters():
        assert torch.equal(weight, weights[name])
        assert weight.grad is None


def test_damaged_checkpoints_are_reported_and_the_one_before_is_used(prepared, tmp_path, capsys):
    sets = [
        "training.max_epochs=null",
        "training.schedule.kind=constant",
        "training.checkpoint_steps=4",
        "training.keep_checkpoints=3",
    ]
    whole = train(configure(prepared, *sets, "training.max_steps=22"), tmp_path / "whole")
    train(configure(prepared, *sets, "training.max_steps=12"), tmp_path / "parts")
    run = RunDirectory(tmp_path / "parts")
    weights = run.checkpoint(12) / WEIGHTS
    weights.write_bytes(weights.read_bytes()[:-1])
    (run.checkpoint(8) / "state.json").unlink()
    outcome = train(configure(prepared, *sets, "training.max_steps=22"), run.path, resume=True)
    said = capsys.readouterr().err
    assert f"warning: {weights}: damaged" in said
    assert f"warning: {run.checkpoint(8) / 'state.json'}: no such file" in said
    assert "resuming at step 4" in said
    assert outcome.state.step == whole.state.step
    assert (run.checkpoints / "00000012.damaged-1").is_dir()
    for name, weight in weights_of(tmp_path / "whole").items():
        assert torch.equal(weights_of(run.path)[name], weight), name


def test_a_damaged_model_does_not_translate(prepared, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = train_run(configure(prepared, "training.max_steps=3", "training.max_epochs=null")).run
    weights = run.checkpoint(3) / WEIGHTS
    raw = bytearray(weights.read_bytes())
    raw[-1] ^= 1
    weights.write_bytes(raw)
    with pytest.raises(InputError, match=rf"^{weights}: damaged"):
        Translator.load(run.path)


def test_where_no_checkpoint_is_whole_nothing_is_touched(prepared, tmp_path):
    train(configure(prepared, "training.max_steps=3", "training.max_epochs=null"), tmp_path / "run")
    run = RunDirectory(tmp_path / "run")
    (run.checkpoint(3) / "state.json").unlink()
    with pytest.raises(InputError, match="none of its checkpoints is whole"):
        train(configure(prepared), run.path, resume=True)
    assert run.all_checkpoints() == [run.checkpoint(3)]


def test_pointers_follow_the_state_where_a_crash_came_between(prepared, tmp_path):
    sets = ["training.max_epochs=null", "training.validation.every_steps=3", "training.keep_checkpoints=9"]
    outcome = train(configure(prepared, *sets, "training.max_steps=6"), tmp_path / "run")
    run = RunDirectory(tmp_path / "run")
    run.point("latest", 3)
    run.point("best", 9 - outcome.state.best_step)
    train(configure(prepared, *sets, "training.max_steps=6"), run.path, resume=True)
    assert run.pointed("latest") == run.checkpoint(6)
    assert run.pointed("best") == run.checkpoint(outcome.state.best_step)


def test_a_last_validation_that_a_signal_prevented_is_made_up_for(prepared, tmp_path, monkeypatch):
    sets = ["training.max_epochs=null", "training.max_steps=5"]
    counted = Trainer.count

    def count(trainer, step):
        counted(trainer, step)
        if trainer.state.step == 5:
            os.kill(os.getpid(), signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "validate", lambda *_: pytest.fail("validated"))
        patch.setattr(Trainer, "count", count)
        assert train(configure(prepared, *sets), tmp_path / "run").signal == signal.SIGINT
    outcome = train(configure(prepared, *sets), tmp_path / "run", resume=True)
    assert (outcome.state.step, outcome.state.validated_step) == (5, 5)


def test_early_stopping_is_not_forgotten_by_a_resumed_run(prepared, tmp_path):
    sets = ["training.learning_rate=1e-9", "training.early_stopping.patience=2", "training.max_epochs=50"]
    first = train(configure(prepared, *sets), tmp_path / "run")
    steps = first.state.step
    again = train(configure(prepared, *sets), tmp_path / "run", resume=True)
    assert again.state.step == steps
    assert "without a better one" in again.reason


@pytest.mark.parametrize(
    "sets",
    [
        pytest.param(["model.decoder.style=luong", "training.max_epochs=8"], marks=pytest.mark.slow),
        pytest.param(
            ["model.decoder.style=luong", "model.decoder.input_feeding=true", "model.cell=lstm",
             "training.max_epochs=5"],
            marks=pytest.mark.slow,
        ),
        pytest.param(
            ["model.decoder.style=bahdanau", "training.accumulate=2", "training.precision=bf16",
             "training.max_epochs=8"],
            marks=pytest.mark.slow,
        ),
        ["model.decoder.style=bahdanau", "training.teacher_forcing=0.8", "training.optimiser=adamw",
         "training.max_epochs=5"],
    ],
)  # fmt: skip
def test_every_style_learns(prepared, tmp_path, sets):
    outcome = train(configure(prepared, *sets), tmp_path / "run")
    assert outcome.state.best_score is not None
    assert outcome.state.best_score > 40


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("style", ["bahdanau", "luong"])
def test_a_gpu_learns_what_a_cpu_learns(prepared, tmp_path, style):
    sets = [f"model.decoder.style={style}", "training.max_epochs=8"]
    on_cpu = train(configure(prepared, *sets, "training.device=cpu"), tmp_path / "cpu")
    on_gpu = train(configure(prepared, *sets, "training.device=cuda"), tmp_path / "gpu")
    assert on_gpu.state.best_loss == pytest.approx(on_cpu.state.best_loss, rel=0.3)
