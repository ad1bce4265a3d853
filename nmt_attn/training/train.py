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
from nmt_attn.distributed.devices import device_of
from nmt_attn.distributed.environment import Place
from nmt_attn.distributed.group import ALONE, ProcessGroup
from nmt_attn.errors import InputError, UserError
from nmt_attn.files import delete_directory, disk_errors, recover, sync_directory, write_text
from nmt_attn.lock import locked
from nmt_attn.runs.checkpoint import load_weights, weights_sha256
from nmt_attn.runs.directory import RunDirectory
from nmt_attn.runs.origin import Origin, origin_of
from nmt_attn.runs.record import DIVERGED, FINISHED, STOPPED, Recording, read_record, recorded
from nmt_attn.tasks.registry import make_task, model_of_shapes
from nmt_attn.text.tokenizer import Tokenizer
from nmt_attn.training.outcome import Outcome
from nmt_attn.training.resume import check_changes, command_for_new_data, taken_over, with_batch_of, with_metric_of
from nmt_attn.training.trackers.drawing import Draw
from nmt_attn.training.trackers.registry import check_trackers
from nmt_attn.training.tracking import Reporter
from nmt_attn.training.trainer import Trainer
from nmt_attn.version import __version__

NO_PLACE = Place()
"""The place of a process that nobody has started together with others."""

COMMAND = ("nmt", "train", "--config", "FILE")


@dataclass(frozen=True)
class _Caller:
    """Who calls for a training: the words of the command, and what shows its progress (see ``train``)."""

    typed: Sequence[str]
    command: Sequence[str] | None
    reporter: Reporter | None
    draw: Draw | None
    group: ProcessGroup
    launch: str | None


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
    group: ProcessGroup = ALONE,
    place: Place = NO_PLACE,
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
        group: the processes that train together, all of which call this; the main one prepares, writes and speaks.
        place: of this process among them; after a restart by torchrun the training goes on from its last checkpoint.

    Raises:
        UserError: a tracker is missing, the run exists, there is nothing to resume, or too much has changed for that.
        NmtError: another process trains this run, the disk is full or not writable, or the training came to nothing.
    """
    if not group.is_main:
        return _follow(group)
    if resume and force:
        raise UserError("--resume goes on with a run and --force begins it anew; keep one of them")
    check_trackers(config)
    # A missing GPU is said before the long work.
    choose_compute(device_of(config.training.device, group), config.training.precision)
    run = run or RunDirectory(config.run_directory)
    caller = _Caller(typed, command, reporter, draw, group, place.launch or None)
    if _was_begun_by(run, place, max(place.restarts, group.restarts), force=force):
        resume, force = run.has_checkpoint(), False
    return _lead(run, config, caller, data, resume=resume, force=force)


def _lead(
    run: RunDirectory, config: Config, caller: _Caller, data: Dataset | None, *, resume: bool, force: bool
) -> Outcome:
    """Train as the main process, which alone writes to the run directory."""
    with locked(run.path):
        _recover(run, resume=resume, force=force)
        if resume and run.has_checkpoint():
            return _resume(run, config, caller)
        if resume:
            print(f"{run.path}: no checkpoint yet; training begins at the beginning", file=sys.stderr)
            config = taken_over(load_config(run.config_file), config, str(run.path))
        return _begin(run, config, caller, data)


_Begun = tuple[Config, RunDirectory, bool]
"""What the main process tells the others: the experiment, where it is written, and whether it goes on."""


def _was_begun_by(run: RunDirectory, place: Place, restarts: int, *, force: bool) -> bool:
    """Say whether this process is a new start, after a failure, of the launch that has trained this run last.

    A process that is left alone, where all other machines have gone, may know of no restart.
    """
    record = read_record(run.path) if place.launch else None
    if record is None or record.launch != place.launch:
        return False
    return bool(restarts) or not (force or record.outcome in (FINISHED, STOPPED, DIVERGED))


def _follow(group: ProcessGroup) -> Outcome:
    """Train with the main process, which has prepared everything, and says what is to be done."""
    group.wait_for_main()
    begun: _Begun | None = None
    begun = group.from_main(begun)
    assert begun is not None
    config, run, resume = begun
    data = Dataset.open(config.data_directory)
    return Trainer(config, make_task(config, data, group), run, resume=resume, group=group).train()


def _begin_together(config: Config, run: RunDirectory, group: ProcessGroup, *, resume: bool) -> None:
    """Tell the other processes that all is prepared, and what is to be done."""
    group.wait_for_main()
    begun: _Begun | None = (config, run, resume)
    group.from_main(begun)


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
    group = caller.group
    with recorded(run.path, caller.command, resumed=False, launch=caller.launch) as recording:
        _begin_together(config, run, group, resume=False)
        task = make_task(config, data, group)
        trainer = Trainer(config, task, run, start=start, reporter=caller.reporter, group=group, draw=caller.draw)
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
    group = caller.group
    _begin_together(config, run, group, resume=True)
    task = make_task(config, data, group)
    trainer = Trainer(config, task, run, resume=True, reporter=caller.reporter, group=group, draw=caller.draw)
    if changed:
        write_text(run.config_file, dump_config(config))
    with recorded(run.path, caller.command, resumed=True, launch=caller.launch) as recording:
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
