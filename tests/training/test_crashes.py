"""Nothing is lost, whenever and however a training ends: it is resumed, and ends as one that was never disturbed."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from nmt_attn.runs.directory import RunDirectory
from tests.conftest import write_opinions, write_toy
from tests.training.conftest import SAMPLES_ALIKE
from tests.training.faults import FULL, TWO_SIGNALS, Ended, Trainings

# All that draws random numbers, all that keeps a state.
SETS = [
    "data.directory=data/toy", "model.embedding_size=8", "model.encoder.hidden_size=8",
    "model.recurrent_dropout=0.1", "model.encoder.word_dropout=0.1",
    "training.device=cpu", "training.max_epochs=null", "training.batch_tokens=1000", "training.ema=0.9",
    "training.validation.max_sentences=4", "training.validation.samples=0", "training.validation.every_steps=7",
    "training.schedule.kind=plateau", "training.schedule.plateau_patience=0", "training.early_stopping.patience=1000",
]  # fmt: skip
if SAMPLES_ALIKE:
    SETS.append("training.subword_sampling=0.2")
OF_TASK = {
    "translation": ["model.decoder.hidden_size=16", "training.teacher_forcing=0.9",
                    "training.teacher_forcing.final_ratio=0.7"],
    "classification": ["data.tokenizer.kind=unigram", "data.tokenizer.vocab_size=40", "model.classifier.dropout=0.1",
                       "training.class_weights=balanced"],
}  # fmt: skip
STEPS = 40
TIMES = {"seconds", "meter_seconds", "tokens_per_second", "minutes"}


@dataclass(frozen=True)
class Result:
    """All that a training leaves, but for how long things took."""

    files: dict[str, str]  # by name, a hash of each
    state: dict[str, Any]
    metrics: list[dict[str, Any]]
    best: str


def result_of(run: RunDirectory) -> Result:
    latest, best = run.pointed("latest"), run.pointed("best")
    assert latest is not None
    assert best is not None
    return Result(
        files={path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in latest.glob("*.safetensors")},
        state=_without_times(json.loads((latest / "state.json").read_text(encoding="utf-8"))),
        metrics=[_without_times(json.loads(line)) for line in run.metrics_file.read_text("utf-8").splitlines()],
        best=best.name,
    )


def _without_times(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key not in TIMES}


@dataclass
class Undisturbed:
    """A training that nothing happened to."""

    result: Result
    seconds: float  # of training
    setup: float  # seconds before it


@cache
def undisturbed(trainings: Trainings, *sets: str) -> Undisturbed:
    began = time.monotonic()
    ended = trainings.run("undisturbed", *sets, force=True)
    whole = time.monotonic() - began
    assert ended.code == 0, ended.said
    run = RunDirectory(trainings.folder / "runs" / "undisturbed")
    state = json.loads((run.pointed("latest") / "state.json").read_text(encoding="utf-8"))  # type: ignore[operator]
    return Undisturbed(result_of(run), state["seconds"], whole - state["seconds"])


@contextmanager
def trainings_of(task: str, folder: Path) -> Iterator[Trainings]:
    """Trainings of a task, whose data is prepared."""
    if task == "classification":
        (write_opinions(folder) / "opinions.yaml").rename(folder / "toy.yaml")
    else:
        write_toy(folder)
    with Trainings(folder, *SETS, *OF_TASK[task]) as trainings:
        first = trainings.run("first", "training.max_steps=1")  # makes the data
        assert first.code == 0, first.said
        yield trainings


@pytest.fixture(scope="module", params=["translation", pytest.param("classification", marks=pytest.mark.slow)])
def trainings(request, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trainings]:
    with trainings_of(request.param, tmp_path_factory.mktemp("crashes")) as trainings:
        yield trainings


def finish(trainings: Trainings, name: str, *sets: str) -> Result:
    """Resume a run to its end; each of its steps is in the log once, and nothing else is left about."""
    ended = trainings.run(name, *sets, resume=True)
    assert ended.code == 0, ended.said
    run = RunDirectory(trainings.folder / "runs" / name)
    result = result_of(run)
    for kind in ("train", "valid"):
        steps = [entry["step"] for entry in result.metrics if entry["kind"] == kind]
        assert steps == sorted(set(steps))
    litter = [path for path in run.path.rglob("*") if path.name.endswith((".part", ".old")) or "damaged" in path.name]
    assert not litter
    return result


def one_line(ended: Ended) -> str:
    """The error that ended it, which nothing but a line says."""
    assert "Traceback" not in ended.said
    assert ended.said.endswith(f"{ended.error}\n")
    return ended.error


def begun(trainings: Trainings, name: str) -> None:
    """A run that was killed before its first checkpoint: --resume is right for it, and begins at the beginning."""
    run = RunDirectory(trainings.folder / "runs" / name)
    run.checkpoints.mkdir(parents=True)
    run.config_file.write_text("name: x\n", encoding="utf-8")


def kill_often(
    trainings: Trainings, times: int, number: int, *sets: str, early: float = 1.0, late: float = 1.0
) -> list[int]:
    """Send a signal to a training at so many random moments, resume it each time, and let it end at last.

    Its result is that of an undisturbed one; the exit codes. ``early``: how much of the time before the training proper
    is among the moments; ``late``: how much of that part of the training itself which each has on average.
    """
    expected = undisturbed(trainings, *sets)
    generator, name = random.Random(times), f"killed-{times}-{number}"
    begun(trainings, name)
    codes = []
    for _ in range(times):
        pid = trainings.start(name, *sets, resume=True)
        moment = generator.uniform((1 - early) * expected.setup, expected.setup + late * expected.seconds / times)
        ended = trainings.kill(pid, number, moment)
        assert "error: " not in ended.said
        codes.append(ended.code)
    assert finish(trainings, name, *sets) == expected.result
    return codes


@pytest.mark.parametrize(("times", "steps"), [(5, STEPS), pytest.param(50, 5 * STEPS, marks=pytest.mark.slow)])
def test_killed_at_random_moments(trainings, times, steps):
    sets = [f"training.max_steps={steps}", "training.checkpoint_steps=2"]
    assert kill_often(trainings, times, signal.SIGKILL, *sets) == [-signal.SIGKILL] * times


def test_a_classifier_killed_at_random_moments(tmp_path):
    """The others do this with classifiers too, with ``-m slow``."""
    with trainings_of("classification", tmp_path) as trainings:
        sets = ["training.max_steps=30", "training.checkpoint_steps=2"]
        assert kill_often(trainings, 4, signal.SIGKILL, *sets) == [-signal.SIGKILL] * 4


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize(("times", "steps"), [(3, STEPS), pytest.param(20, 5 * STEPS, marks=pytest.mark.slow)])
def test_asked_to_stop_at_random_moments(trainings, number, times, steps):
    codes = kill_often(trainings, times, number, f"training.max_steps={steps}", early=0.1, late=0.5)
    assert 128 + number in codes
    assert set(codes) <= {128 + number, -number}  # the latter: before training began


@pytest.mark.parametrize("stride", [13, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("number", [None, FULL, TWO_SIGNALS], ids=["killed", "disk full", "two signals"])
def test_stopped_at_any_write_of_a_checkpoint(trainings, number, stride):
    """Each training goes on where the one before it was stopped, and is stopped a write or a few later itself."""
    # A checkpoint with its pointers has some 50 writes; later trainings come to their second or third one.
    sets, name = [f"training.max_steps={24 + 60 // stride}", "training.checkpoint_steps=1"], f"writes-{stride}-{number}"
    expected = undisturbed(trainings, *sets)
    begun(trainings, name)
    stopped = 0
    for at in range(1, 1000, stride):
        ended = trainings.run(name, *sets, resume=True, fault=at, number=number)
        if ended.code == 0:
            break
        if number is None:
            assert ended.code == -signal.SIGKILL, ended.said
        elif number == TWO_SIGNALS:
            assert ended.code == 128 + signal.SIGTERM, ended.said
        else:
            assert ended.code == 1, ended.said
            assert "No space left on device" in one_line(ended)
        stopped += 1
    assert stopped > 80 / stride
    assert finish(trainings, name, *sets) == expected.result


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES, errno.EIO])
def test_a_disk_that_cannot_be_written_is_one_line(trainings, number):
    sets = ["training.max_steps=6", "training.checkpoint_steps=2"]
    ended = trainings.run(f"disk-{number}", *sets, fault=60, number=number)
    assert ended.code == 1
    assert f"error: runs/disk-{number}/" in one_line(ended)
    assert os.strerror(number) in one_line(ended)
    finish(trainings, f"disk-{number}", *sets)


def test_files_that_cannot_grow(trainings):
    """As on a full disk, writes fail half done, the system's own ones."""
    sets = [f"training.max_steps={STEPS}", "training.checkpoint_steps=5"]
    expected = undisturbed(trainings, *sets)
    assert trainings.run("limited", *sets, fault=100, number=FULL).code == 1
    codes = []
    for limit in (200, 700, 2_000, 5_000, 10_000, 20_000, 200_000):
        ended = trainings.run("limited", *sets, resume=True, limit=limit)
        codes.append(ended.code)
        if ended.code:
            assert "File too large" in one_line(ended)
    assert codes == [1, 1, 1, 1, 1, 1, 0]
    assert finish(trainings, "limited", *sets) == expected.result


@pytest.mark.parametrize("number", [None, pytest.param(FULL, marks=pytest.mark.slow)], ids=["killed", "disk full"])
def test_a_run_that_goes_on_from_another_is_resumed_without_it(trainings, number):
    """The other one is there until the first checkpoint, then it is gone."""
    base = trainings.folder / "runs" / "base"
    if not base.exists():
        assert trainings.run("base", "training.max_steps=3").code == 0
    name = f"from-{number}"
    sets = ["training.from=runs/base", "data.directory=data/from", "training.max_steps=10", "seed=4",
            "training.checkpoint_steps=1"]  # fmt: skip
    expected = undisturbed(trainings, *sets)
    begun(trainings, name)
    stopped = 0
    for at in range(3, 1000, 37):
        gone = RunDirectory(trainings.folder / "runs" / name).has_checkpoint()
        if gone:
            base.rename(base.with_name("gone"))
        try:
            ended = trainings.run(name, *(sets[1:] if gone else sets), resume=True, fault=at, number=number)
        finally:
            if gone:
                base.with_name("gone").rename(base)
        if ended.code == 0:
            break
        assert ended.code == (-signal.SIGKILL if number is None else 1), ended.said
        stopped += 1
    assert stopped > 2
    result = finish(trainings, name, *sets[1:])
    assert result == expected.result
    assert [entry["step"] for entry in result.metrics if entry["kind"] == "valid"][:2] == [0, 7]
