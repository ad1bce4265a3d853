"""Training on several processes: the same model as with one, and one clear end whatever happens to one of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor

from nmt_attn.runs.checkpoint import load_weights
from nmt_attn.runs.directory import RunDirectory
from tests.conftest import run_nmt, write_prepared_toy
from tests.distributed.groups import Groups

TIMED = ("tokens_per_second", "minutes")
"""What is logged of the clock, which no two trainings have alike."""

SMALL = (
    "data.directory=data/toy", "training.max_epochs=null",
    "training.max_steps=12", "training.threads=1",
    "training.timeout=20", "training.learning_rate=1e-3", "training.batch_tokens=200",
    "training.schedule.kind=constant", "training.validation={max_sentences: 4, every_steps: 6}", "model.dropout=0",
    "model.embedding_size=8", "model.encoder.hidden_size=8", "model.decoder.hidden_size=8",
)  # fmt: skip


@pytest.fixture(scope="module")
def groups(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Groups]:
    with Groups(write_prepared_toy(tmp_path_factory.mktemp("groups"))) as groups:
        yield groups


def train(groups: Groups, size: int, name: str, *sets: str, options: tuple[str, ...] = (), **how):
    words = [word for one in (*SMALL, f"name={name}", *sets) for word in ("--set", one)]
    return groups.run(size, "train", "--config", "toy.yaml", *words, *options, **how)


def weights(groups: Groups, name: str) -> dict[str, Tensor]:
    checkpoints = RunDirectory(groups.folder / "runs" / name).all_checkpoints()
    return load_weights(checkpoints[-1], torch.device("cpu"))


def rows(groups: Groups, name: str) -> list[dict[str, object]]:
    lines = (groups.folder / "runs" / name / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    return [{key: value for key, value in json.loads(line).items() if key not in TIMED} for line in lines]


def state(groups: Groups, name: str) -> dict[str, object]:
    checkpoint = RunDirectory(groups.folder / "runs" / name).all_checkpoints()[-1]
    return json.loads((checkpoint / "state.json").read_text(encoding="utf-8"))


def distance(one: dict[str, Tensor], other: dict[str, Tensor]) -> float:
    assert one.keys() == other.keys()
    return max(float((one[name] - other[name]).abs().max()) for name in one)


LOST = "one of the 2 processes has ended or has not answered"

WAYS = {
    "gru-bahdanau": (),
    "lstm-luong-accumulate-ema": (
        "model.cell=lstm", "model.decoder.style=luong", "training.accumulate=3", "training.ema=0.9",
    ),
    "gru-luong-own-tokens": ("model.decoder.style=luong", "training.teacher_forcing=0.0"),
    "lstm-bahdanau-early-stopping": (
        "model.cell=lstm", "training.early_stopping={patience: 1, metric: loss}", "training.learning_rate=0.1",
        "training.validation.every_steps=3",
    ),
}  # fmt: skip


def compare(groups: Groups, way: str, sizes: tuple[int, ...], *sets: str) -> None:
    """Train with one process and with several, and compare weights and log."""
    for size in (1, *sizes):
        done = train(groups, size, f"{way}-{size}", *WAYS[way], *sets)
        assert done.codes == [0] * size, done.said
        assert done.said[0].count(f"runs/{way}-{size}: ") == 1
        assert not any(done.said[1:])
    alone = rows(groups, f"{way}-1")
    assert alone[-1]["step"] > 5
    for size in sizes:
        together = rows(groups, f"{way}-{size}")
        for one, other in zip(alone, together, strict=True):
            near = {key: pytest.approx(other[key], rel=1e-4) for key in ("loss", "perplexity") if key in other}
            assert one == {**other, **near}
        # A step is as long as the learning rate, and so is what the order of sums changes in it.
        nearness = 1e-4 if "training.learning_rate=0.1" in WAYS[way] else 1e-5
        assert distance(weights(groups, f"{way}-1"), weights(groups, f"{way}-{size}")) < nearness


@pytest.mark.parametrize("way", ["lstm-luong-accumulate-ema"])
def test_two_processes_learn_what_one_learns(groups, way):
    compare(groups, way, (2,))


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_the_number_of_processes_changes_nothing(groups, way):
    longer = () if "stopping" in way else ("training.max_steps=50", "training.validation.every_steps=25")
    compare(groups, way, (2, 4), "training.max_steps=50", *longer)
    assert (rows(groups, f"{way}-1")[-1]["step"] < 50) == ("stopping" in way)


RANDOM = ("model.dropout=0.3", "training.teacher_forcing=0.7", "training.checkpoint_steps=4")


@pytest.fixture(scope="module")
def random(groups: Groups) -> str:
    """A run of two processes in which random numbers are drawn."""
    assert train(groups, 2, "random", *RANDOM).codes == [0, 0]
    return "random"


def test_with_random_numbers_another_number_of_processes_gives_another_model(groups, random):
    assert train(groups, 1, "random-alone", *RANDOM).codes == [0]
    assert distance(weights(groups, random), weights(groups, "random-alone")) > 0.0


def test_a_training_goes_on_with_another_number_of_processes(groups):
    assert train(groups, 1, "whole").codes == [0]
    assert train(groups, 3, "parts", "training.max_steps=6").codes == [0] * 3
    done = train(groups, 2, "parts", options=("--resume",))
    assert done.codes == [0, 0], done.said
    assert state(groups, "parts")["position"] == state(groups, "whole")["position"]
    assert distance(weights(groups, "parts"), weights(groups, "whole")) < 1e-5


def test_a_new_start_after_a_failure_goes_on_by_itself_to_the_same_bits(groups, random):
    launch = {"TORCHELASTIC_RUN_ID": "some-launch"}
    done = train(groups, 2, "restarted", *RANDOM, fault=("kill", 1, 10), **launch)
    assert done.codes == [1, -9]
    (error,) = done.errors
    assert LOST in error
    assert state(groups, "restarted")["step"] == 8
    done = train(groups, 2, "restarted", *RANDOM, options=("--force",), TORCHELASTIC_RESTART_COUNT="1", **launch)
    assert done.codes == [0, 0], done.said
    assert "resuming at step 8" in done.said[0]
    assert distance(weights(groups, "restarted"), weights(groups, random)) == 0.0
    assert rows(groups, "restarted") == rows(groups, random)
    other = train(groups, 2, "restarted", *RANDOM, TORCHELASTIC_RESTART_COUNT="1", TORCHELASTIC_RUN_ID="another")
    assert other.codes == [2, 2]
    assert len(other.errors) == 1
    assert "holds a trained model" in other.errors[0]


@pytest.mark.parametrize("rank", [1, pytest.param(0, marks=pytest.mark.slow)])
def test_where_one_is_asked_to_end_all_end_at_the_same_step(groups, rank):
    name = f"asked-{rank}"
    done = train(groups, 2, name, fault=("end", rank, 4))
    assert done.codes == [143, 143]
    assert done.errors == []
    assert "interrupted after 5 steps" in done.said[0]
    assert "go on with: " in done.said[0]
    assert done.said[1] == ""
    assert state(groups, name)["step"] == 5


def test_where_one_hangs_the_others_end_with_one_line(groups):
    done = train(groups, 2, "hangs", "training.checkpoint_steps=3", "training.timeout=2", fault=("stop", 1, 5))
    assert done.codes == [1, -9]
    (error,) = done.errors
    assert f"{LOST} for 2 seconds (training.timeout)" in error
    assert "the last checkpoint is kept, and --resume goes on with it" in error
    assert state(groups, "hangs")["step"] == 3


def test_the_error_of_any_process_is_the_one_that_is_said(groups):
    done = train(groups, 2, "error", fault=("error", 1, 2))
    assert done.codes == [1, 1]
    assert done.errors == ["error: the disk of this machine alone is full"]


def test_what_is_wrong_is_said_once_and_nothing_is_changed(groups, random):
    before = sorted((groups.folder / "runs").rglob("*"))
    for sets in (["training.max_step=3"], [f"name={random}"], ["training.device=cuda"]):
        done = train(groups, 2, "refused", *sets)
        assert done.codes == [2, 2], done.said
        assert len(done.errors) == 1
    assert sorted((groups.folder / "runs").rglob("*")) == before


def test_a_loss_that_is_no_number_in_one_process_is_skipped_by_all(groups):
    done = train(groups, 2, "skips", fault=("nan", 1, 7))
    assert done.codes == [0, 0], done.said
    assert state(groups, "skips")["skipped"] == 1
    assert all(bool(torch.isfinite(weight).all()) for weight in weights(groups, "skips").values())


@pytest.mark.slow
def test_where_one_process_has_no_memory_all_halve_their_batches(groups):
    assert train(groups, 2, "roomy").codes == [0, 0]
    done = train(groups, 2, "cramped", fault=("memory", 1, 7))
    assert done.codes == [0, 0], done.said
    assert done.said[0].count("out of memory: every batch is now computed in 2 parts") == 1
    assert state(groups, "cramped")["batch_parts"] == 2
    assert distance(weights(groups, "roomy"), weights(groups, "cramped")) < 1e-5


@pytest.mark.slow
def test_compressed_gradients_give_nearly_the_same_model(groups):
    assert train(groups, 2, "plain", "training.max_steps=10").codes == [0, 0]
    compressed = train(groups, 2, "bf16", "training.max_steps=10", "training.gradient_compression=bf16")
    assert compressed.codes == [0, 0], compressed.said
    assert 0.0 < distance(weights(groups, "plain"), weights(groups, "bf16")) < 0.02


@pytest.mark.slow
def test_more_processes_than_sentences_in_a_batch(groups):
    few = ("training.batch_tokens=4", "training.max_steps=8")
    for size in (1, 4):
        done = train(groups, size, f"few-{size}", *few)
        assert done.codes == [0] * size, done.said
    assert distance(weights(groups, "few-1"), weights(groups, "few-4")) < 1e-5


def test_the_main_process_alone_writes(groups, random):
    assert sorted(path.name for path in Path(groups.folder / "runs" / random).iterdir()) == [
        "best", "checkpoints", "config.yaml", "latest", "manifest.json", "metrics.jsonl", "run.json", "tokenizer",
    ]  # fmt: skip
    assert not list((groups.folder / "runs").glob(".*.lock"))


def test_the_command_starts_processes_of_its_own(groups, random):
    words = [word for one in (*SMALL, *RANDOM, "name=launched") for word in ("--set", one)]
    done = run_nmt(groups.folder, "train", "--config", "toy.yaml", *words, "--processes", "2")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("runs/launched: ") == 1
    assert "Traceback" not in done.stderr
    assert distance(weights(groups, "launched"), weights(groups, random)) == 0.0
