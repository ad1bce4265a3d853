"""Which run or checkpoint is meant."""

import os
from pathlib import Path

import pytest

from nmt_attn.errors import InputError
from nmt_attn.rundir import RunDirectory, find_model


def make_run(path: Path, *steps: int, best: int | None = None) -> RunDirectory:
    path.mkdir(parents=True)
    run = RunDirectory(path)
    run.config_file.write_text("name: x\n", encoding="utf-8")
    for step in steps:
        run.checkpoint(step).mkdir(parents=True)
        run.point("latest", step)
    if best is not None:
        run.point("best", best)
    return run


def test_a_run_means_its_best_checkpoint_else_its_latest(tmp_path):
    run = make_run(tmp_path / "a", 10, 20, best=10)
    assert find_model(run.path).checkpoint == run.checkpoint(10)
    other = make_run(tmp_path / "b", 10, 20)
    assert find_model(other.path).checkpoint == other.checkpoint(20)
    assert find_model(run.checkpoint(20)).checkpoint == run.checkpoint(20)
    run.unpoint("best")
    run.unpoint("latest")  # a crash came before it was written
    assert find_model(run.path).checkpoint == run.checkpoint(20)


def test_left_out_it_is_the_variable_else_the_run_trained_last(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NMT_MODEL", raising=False)
    old, new = make_run(tmp_path / "runs" / "z", 1), make_run(tmp_path / "runs" / "a", 2)
    os.utime(old.path / "latest", (1, 1))
    assert find_model(None).run.path.name == new.path.name
    monkeypatch.setenv("NMT_MODEL", "runs/z")
    assert find_model(None).run.path.name == "z"


def test_what_is_no_run_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NMT_MODEL", raising=False)
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    make_run(tmp_path / "empty")
    for model, says in [(None, "no trained model"), ("nowhere", "no such"), ("folder", "not a run"), ("file", "not a"),
                        ("empty", "no checkpoint")]:  # fmt: skip
        with pytest.raises(InputError, match=says):
            find_model(Path(model) if model else None)


def test_a_pointer_cannot_lead_out_of_the_run(tmp_path):
    run = make_run(tmp_path / "a", 10)
    (tmp_path / "99").mkdir()
    (run.path / "latest").write_text("../../99\n", encoding="utf-8")
    assert run.pointed("latest") is None


def test_pruning_keeps_the_best_and_the_last(tmp_path):
    run = make_run(tmp_path / "a", 10, 20, 30, 40, best=10)
    run.prune(2)
    assert sorted(path.name for path in run.checkpoints.iterdir()) == ["00000010", "00000030", "00000040"]


def test_a_damaged_checkpoint_is_no_longer_one(tmp_path):
    run = make_run(tmp_path / "a", 10, 20)
    assert run.set_aside(run.checkpoint(20)).name == "00000020.damaged-1"
    run.checkpoint(20).mkdir()
    assert run.set_aside(run.checkpoint(20)).name == "00000020.damaged-2"
    assert run.all_checkpoints() == [run.checkpoint(10)]


def test_a_checkpoint_can_be_named_from_where_one_stands(tmp_path, monkeypatch):
    run = make_run(tmp_path / "a", 10, 20)
    monkeypatch.chdir(run.checkpoints)
    found = find_model(Path("00000010"))
    assert found.run.path == run.path
    assert found.checkpoint.samefile(run.checkpoint(10))


def test_checkpoints_are_in_the_order_of_their_steps_however_many_digits_they_have(tmp_path):
    run = make_run(tmp_path / "a", 99_999_999, 100_000_000)
    assert [int(path.name) for path in run.all_checkpoints()] == [99_999_999, 100_000_000]


def test_a_run_that_was_moved_aside_is_not_the_one_trained_last(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NMT_MODEL", raising=False)
    kept, again = make_run(tmp_path / "runs" / "kept", 1), make_run(tmp_path / "runs" / "again", 1)
    os.utime(kept.path / "latest", (1, 1))
    again.move_aside()
    assert find_model(None).run.path.name == "kept"
