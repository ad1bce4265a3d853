"""Whole files or none, and what is left by a process that was killed."""

import os

import pytest

from nmt_attn.errors import NmtError
from nmt_attn.files import atomic_directory, delete_directory, recover, write_text


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_failing_write_leaves_what_was_there(tmp_path, monkeypatch):
    write_text(tmp_path / "a", "old")

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NmtError, match=r"a: cannot write: No space left on device"):
        write_text(tmp_path / "a", "new")
    with pytest.raises(NmtError), atomic_directory(tmp_path / "folder") as folder:
        (folder / "b").write_text("new")
    assert (tmp_path / "a").read_text() == "old"
    assert names(tmp_path) == ["a"]


def test_a_folder_replaces_another_whole(tmp_path):
    for content in ("old", "new"):
        with atomic_directory(tmp_path / "folder") as folder:
            (folder / content).touch()
    assert names(tmp_path / "folder") == ["new"]
    assert names(tmp_path) == ["folder"]


def test_recovery_brings_back_what_was_moved_aside_and_deletes_halves(tmp_path):
    (tmp_path / ".gone.17.old").mkdir()
    (tmp_path / ".gone.17.old" / "file").write_text("whole")
    (tmp_path / ".gone.17.part").mkdir()
    (tmp_path / ".there.17.old").mkdir()
    (tmp_path / "there").write_text("newer")
    (tmp_path / ".there.18.part").write_text("ha")
    (tmp_path / ".hidden").touch()
    recover(tmp_path, "gone")
    assert names(tmp_path) == [".hidden", ".there.17.old", ".there.18.part", "gone", "there"]
    assert (tmp_path / "gone" / "file").read_text() == "whole"
    recover(tmp_path)
    assert names(tmp_path) == [".hidden", "gone", "there"]
    assert (tmp_path / "there").read_text() == "newer"
    recover(tmp_path / "nowhere")


def test_deleting_never_leaves_half_under_the_name(tmp_path, monkeypatch):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").touch()

    def no(*arguments, **options):
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "unlink", no)
        delete_directory(tmp_path / "folder")
    assert not (tmp_path / "folder").exists()
    recover(tmp_path)
    assert names(tmp_path) == []
