"""A training from configuration to outcome: the prepared data, the run directory, the loop."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from nmt_attn.config.loading import dump_config, load_config
from nmt_attn.config.schema import Config
from nmt_attn.corpus.dataset import Dataset
from nmt_attn.corpus.manifest import FORMAT, Manifest
from nmt_attn.corpus.prepare import expected_data, prepare
from nmt_attn.device import choose_compute
from nmt_attn.errors import InputError, UserError
from nmt_attn.files import delete_directory, disk_errors, recover, sync_directory, write_text
from nmt_attn.lock import locked
from nmt_attn.runs.checkpoint import load_weights, weights_sha256
from nmt_attn.runs.directory import RunDirectory
from nmt_attn.runs.origin import Origin, origin_of
from nmt_attn.runs.record import FINISHED, STOPPED, Recording, recorded
from nmt_attn.tasks.registry import make_task, model_of_shapes
from nmt_attn.text.tokenizer import Tokenizer
from nmt_attn.training.outcome import Outcome
from nmt_attn.training.resume import check_changes, command_for_new_data, taken_over, with_batch_of, with_metric_of
from nmt_attn.training.trackers.drawing import Draw
from nmt_attn.training.trackers.registry import check_trackers
from nmt_attn.training.tracking import Reporter
from nmt_attn.training.trainer import Trainer
from nmt_attn.version import __version__

COMMAND = ("nmt", "train", "--config", "FILE")


@dataclass(frozen=True)
class _Caller:
    """Who calls for a training: the words of the command, and what shows its progress (see ``train``)."""

    typed: Sequence[str]
    command: Sequence[str] | None
    reporter: Reporter | None
    draw: Draw | None


def train(
    config: Config,
    *,
    resume: bool = False,
    force: bool = False,
    typed: Sequence[str] = COMMAND,
    command: Sequence[str] | None = None,
    reporter: Reporter | None = None,
    draw: Draw | None = None,
    run: RunDirectory | None = None,
    data: Dataset | None = None,
) -> Outcome:
    """Prepare the data where needed, make the run directory, and train.

    Everything that can be refused is refused before anything is written.

    Args:
        config: the experiment. With ``training.from`` it begins with the weights of that run, and inherits what they
            depend on.
        resume: continue from the run's latest checkpoint; a run that was killed before its first one begins again.
        force: start anew although the run exists; it is moved aside.
        typed: the words of the command, for advice, without ``--resume``, ``--force`` and ``--from``.
        command: all words of the command, to be kept in the run; None: it is called from Python.
        reporter: shows the progress to people; None means that nobody looks.
        draw: draws attention for the trackers of ``training.track``; None: they get no pictures.
        run: where to write; None: the run directory that the configuration names.
        data: the prepared data of the configuration, for a run that begins; None: it is prepared where needed.

    Raises:
        UserError: a tracker is missing, the run exists, there is nothing to resume, or too much has changed for that.
        NmtError: another process trains this run, the disk is full or not writable, or the training came to nothing.
    """
    if resume and force:
        raise UserError("--resume goes on with a run and --force begins it anew; keep one of them")
    check_trackers(config)
    choose_compute(config.training.device, config.training.precision)  # a missing GPU is said before the long work
    run, caller = run or RunDirectory(config.run_directory), _Caller(typed, command, reporter, draw)
    with locked(run.path):
        _recover(run, resume=resume, force=force)
        if resume and run.has_checkpoint():
            return _resume(run, config, caller)
        if resume:
            print(f"{run.path}: no checkpoint yet; training begins at the beginning", file=sys.stderr)
            config = taken_over(load_config(run.config_file), config, str(run.path))
        return _begin(run, config, caller, data)


def _recover(run: RunDirectory, *, resume: bool, force: bool) -> None:
    """Bring back what a crash had left moved aside, and refuse a run that is not to be trained like this."""
    new = not resume and not force
    if new:
        _refuse_trained(run)
    if resume and not run.config_file.exists():
        raise InputError(f"{run.path}: no checkpoint to resume from; train without --resume first")
    for folder in (run.path, run.checkpoints):
        recover(folder)
    if new:  # now that it is back
        _refuse_trained(run)


def _refuse_trained(run: RunDirectory) -> None:
    if run.has_checkpoint():
        raise UserError(
            f"{run.path} holds a trained model; --resume goes on with it, --force moves it aside and trains anew, "
            "or give another name"
        )


def _begin(run: RunDirectory, config: Config, caller: _Caller, data: Dataset | None) -> Outcome:
    """Train from the beginning, in a fresh run directory with all that translation needs besides the weights."""
    origin = origin_of(config)
    start: Mapping[str, Tensor] | None = None
    if origin is not None:
        config = origin.inherited_by(config)
        start = _weights_of(origin)
    data = data or prepare(config).data
    if run.has_checkpoint():
        print(f"the old run is now {run.move_aside()}", file=sys.stderr)
    with disk_errors(run.path):
        run.path.mkdir(parents=True, exist_ok=True)
        run.metrics_file.unlink(missing_ok=True)
        for folder in (run.tracking, run.tensorboard):  # of a training that was killed before its first checkpoint
            delete_directory(folder)
        data.tokenizer.save(run.tokenizer_directory)
        data.manifest.save(run.path)
    if origin is not None:
        print(f"begins with the weights of {origin.found.checkpoint}", file=sys.stderr)
        write_text(run.origin_file, json.dumps(_record(origin), indent=2, ensure_ascii=False) + "\n")
    else:
        run.origin_file.unlink(missing_ok=True)
    sync_directory(run.path)
    write_text(run.config_file, dump_config(config))
    with recorded(run.path, caller.command, resumed=False) as recording:
        task = make_task(config, data)
        trainer = Trainer(config, task, run, start=start, reporter=caller.reporter, draw=caller.draw)
        return _trained(trainer, recording)


def _trained(trainer: Trainer, recording: Recording) -> Outcome:
    outcome = trainer.train()
    recording.end(STOPPED if outcome.interrupted else FINISHED, outcome.reason)
    return outcome


def _weights_of(origin: Origin) -> dict[str, Tensor]:
    """Load the weights that the old run translates with (with ``training.ema`` the average); check that they fit."""
    weights = load_weights(origin.found.checkpoint, torch.device("cpu"))
    model_of_shapes(origin.config, origin.tokenizer).check_fit(weights)
    return weights


def _record(origin: Origin) -> dict[str, object]:
    """Return the record of a run's origin for ``origin.json``."""
    checkpoint = origin.found.checkpoint
    return {
        "run": origin.name,
        "name": origin.config.name,
        "checkpoint": checkpoint.name,
        "sha256": weights_sha256(checkpoint),
        "nmt_version": __version__,
    }


def _resume(run: RunDirectory, config: Config, caller: _Caller) -> Outcome:
    """Resume a training with the changes in the configuration that are allowed."""
    old = load_config(run.config_file)
    config = with_batch_of(old, with_metric_of(old, taken_over(old, config, str(run.path))))
    advice = command_for_new_data(caller.typed, config)
    changed = check_changes(old, config, advice)
    data = _data_of(run, config, advice)
    trainer = Trainer(config, make_task(config, data), run, resume=True, reporter=caller.reporter, draw=caller.draw)
    if changed:
        write_text(run.config_file, dump_config(config))
    with recorded(run.path, caller.command, resumed=True) as recording:
        return _trained(trainer, recording)


def _data_of(run: RunDirectory, config: Config, advice: str) -> Dataset:
    """Open or make the data that a run was trained on.

    Raises:
        UserError: the current configuration and files would make other data. The prepared data is left unchanged.
    """
    manifest = Manifest.load(run.path)
    tokenizer = Tokenizer.load(run.tokenizer_directory) if config.training.from_run is not None else None
    differences = expected_data(config, tokenizer).differences(manifest)
    if manifest.format != FORMAT and len(differences) == 1:  # that of the format alone: what was made then is needed
        data = Dataset.open(config.data_directory)
        differences = [] if data.manifest.same_data_as(manifest) else differences
        if not differences:
            return data
    if differences:
        raise UserError(
            f"--resume needs the data that {run.path} was trained on, and {' and '.join(differences)}; put back the "
            f"old data, or {advice}"
        )
    return prepare(config, tokenizer=tokenizer).data
