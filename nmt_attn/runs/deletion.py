"""Deleting runs: whole, never one that is being trained, never what is no run, never through a link."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nmt_attn.errors import UserError
from nmt_attn.files import disk_errors
from nmt_attn.lock import is_held, locked
from nmt_attn.runs.directory import RunDirectory
from nmt_attn.runs.summary import summarise, why_no_run

CONTENTS = frozenset(
    ("config.yaml", "manifest.json", "metrics.jsonl", "origin.json", "run.json", "report.html", "best", "latest")
) | {"tokenizer", "checkpoints", "tracking", "tensorboard"}
"""All that ``nmt train`` with its trackers, ``nmt average`` and ``nmt report`` write into a run."""


@dataclass(frozen=True)
class Deletable:
    """A run that may be deleted."""

    path: Path
    bytes: int


def find_deletable(folder: Path, names: Sequence[str]) -> list[Deletable]:
    """Find the runs that are to be deleted, and refuse all of them if one may not be.

    Args:
        folder: that they lie in.
        names: of their folders, or paths of them (``runs/x``).

    Raises:
        UserError: one is not there, no run, a link, being trained, named twice, or holds what is none of a run's.
    """
    found = [_deletable(folder, name) for name in names]
    paths = [run.path for run in found]
    for path in paths:
        if paths.count(path) > 1:
            raise UserError(f"{path} is named twice")
    return found


def _deletable(folder: Path, name: str) -> Deletable:
    given = Path(name)
    path = folder / given.name
    if not given.name or given.name == ".." or (given.parent != Path() and given.parent.resolve() != folder.resolve()):
        raise UserError(f"{name!r} is not the name of a run in {folder}")
    if path.is_symlink():
        raise UserError(f"{path}: a link, which is not deleted through; name the run that it leads to")
    if not path.exists():
        raise UserError(f"{path}: no such run; nmt runs {folder} lists those that there are")
    reason = why_no_run(path)
    if reason is not None:
        raise UserError(f"{path}: not a run ({reason}), so it is not deleted")
    if is_held(path):
        raise UserError(f"{path}: is being trained; stop it first")
    foreign = sorted(entry.name for entry in path.iterdir() if not _is_ours(entry.name))
    if foreign:
        raise UserError(f"{path} also holds {foreign[0]}, which would be lost; move it away first")
    return Deletable(path, summarise(path).bytes or 0)


def _is_ours(name: str) -> bool:
    """Say whether it is something of a run, or what a process left behind that was killed while it wrote that."""
    return name in CONTENTS or (name.startswith(".") and name.endswith((".part", ".old")))


def delete_run(run: Deletable) -> None:
    """Delete a run. What marks it as one goes last, so that the rest can be deleted if this is interrupted.

    Raises:
        NmtError: it is being trained by now, or the disk is read-only or not permitted.
    """
    marks = [RunDirectory(run.path).config_file, RunDirectory(run.path).checkpoints]
    with locked(run.path), disk_errors(run.path, "cannot be deleted"):
        others = [entry for entry in run.path.iterdir() if entry not in marks]
        for entry in (*others, *reversed(marks)):
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink(missing_ok=True)
        run.path.rmdir()
