"""Deleting runs: what is asked for and nothing else."""

import os

import pytest

from nmt_attn.errors import NmtError, UserError
from nmt_attn.lock import locked
from nmt_attn.runs.deletion import Deletable, delete_run, find_deletable
from tests.runs.made_runs import make_run, trained_line


def test_a_run_is_deleted_as_a_whole_and_its_size_is_known(tmp_path):
    run = make_run(tmp_path / "a", 20, 30, best=20, log=[trained_line(20)])
    make_run(tmp_path / "a.old-1", 20)
    (run.path / ".best.1234.part").touch()  # left behind by a process that was killed
    size = sum(path.stat().st_size for path in run.path.rglob("*") if path.is_file())
    found = find_deletable(tmp_path, ["a", f"{tmp_path}/a.old-1/"])
    assert [entry.path.name for entry in found] == ["a", "a.old-1"]
    assert found[0].bytes == size
    delete_run(found[0])
    assert [path.name for path in tmp_path.iterdir()] == ["a.old-1"]


def test_a_damaged_run_can_be_deleted(tmp_path):
    run = make_run(tmp_path / "a", 20)
    run.config_file.write_text("nonsense: [")
    (entry,) = find_deletable(tmp_path, ["a"])
    delete_run(entry)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("gone", "no such run"), ("folder", "not a run"), ("project", "neither a tokenizer"), ("link", "a link"),
        ("file", "not a run"), ("..", "not the name of a run"), ("", "not the name of a run"),
        ("../outside", "not the name of a run"), ("/", "not the name of a run"), ("a/checkpoints", "not the name"),
        ("noted", "also holds notes.txt"), (".", "not the name"),
    ],
)  # fmt: skip
def test_nothing_else_is_deleted(tmp_path, name, says):
    folder = tmp_path / "runs"
    make_run(folder / "a", 20)
    make_run(tmp_path / "outside", 20)
    (make_run(folder / "noted", 20).path / "notes.txt").touch()
    (folder / "folder").mkdir()
    (folder / "project").mkdir()
    (folder / "project" / "config.yaml").touch()
    (folder / "file").touch()
    (folder / "link").symlink_to("a")
    with pytest.raises(UserError, match=says):
        find_deletable(folder, ["a", name])
    assert (folder / "a" / "config.yaml").exists()


def test_a_run_named_twice(tmp_path):
    make_run(tmp_path / "a", 20)
    with pytest.raises(UserError, match="named twice"):
        find_deletable(tmp_path, ["a", "a/"])


def test_a_run_that_is_being_trained_is_never_deleted(tmp_path):
    run = make_run(tmp_path / "a", 20)
    with locked(run.path):
        with pytest.raises(UserError, match="being trained"):
            find_deletable(tmp_path, ["a"])
        with pytest.raises(NmtError, match="in use"):  # it began after the question
            delete_run(Deletable(run.path, 1))
    assert run.pointed("latest") == run.checkpoint(20)


def test_a_link_in_a_run_is_deleted_and_what_it_leads_to_stays(tmp_path):
    run = make_run(tmp_path / "a", 20)
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").touch()
    (run.checkpoints / "00000099").symlink_to(tmp_path / "precious")
    (run.path / "manifest.json").symlink_to(tmp_path / "precious" / "file")
    (entry,) = find_deletable(tmp_path, ["a"])
    delete_run(entry)
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]
    assert (tmp_path / "precious" / "file").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may delete anything")
def test_what_cannot_be_deleted_is_said_in_a_line(tmp_path):
    run = make_run(tmp_path / "a", 20)
    run.checkpoint(20).chmod(0o500)
    with pytest.raises(NmtError, match="cannot be deleted: Permission denied"):
        delete_run(Deletable(run.path, 1))
    run.checkpoint(20).chmod(0o700)


def test_an_interrupted_deletion_leaves_a_run_that_can_be_deleted(tmp_path, monkeypatch):
    run = make_run(tmp_path / "a", 20, log=[trained_line(20)])
    real = __import__("shutil").rmtree

    def interrupted(path):
        if path.name == "checkpoints":
            raise KeyboardInterrupt
        real(path)

    monkeypatch.setattr("nmt_attn.runs.deletion.shutil.rmtree", interrupted)
    (entry,) = find_deletable(tmp_path, ["a"])
    with pytest.raises(KeyboardInterrupt):
        delete_run(entry)
    monkeypatch.undo()
    assert not run.metrics_file.exists()
    (entry,) = find_deletable(tmp_path, ["a"])
    delete_run(entry)
    assert not run.path.exists()
