"""A training from configuration to outcome: prepared data, a run directory, the loop."""

from __future__ import annotations

import sys

from nmt_attn.config import Config
from nmt_attn.config_file import dump_config, load_config
from nmt_attn.corpus.manifest import Manifest
from nmt_attn.corpus.prepare import prepare
from nmt_attn.errors import InputError, UserError
from nmt_attn.files import disk_errors, recover, sync_directory, write_text
from nmt_attn.lock import locked
from nmt_attn.model.device import choose_compute
from nmt_attn.rundir import RunDirectory
from nmt_attn.training.resume import check_changes, with_metric_of
from nmt_attn.training.trainer import Outcome, Trainer


def train(config: Config, *, resume: bool = False, force: bool = False) -> Outcome:
    """Prepare the data where needed, make the run directory, and train.

    Args:
        config: the experiment.
        resume: go on from the run's latest checkpoint; a run that was killed before its first one begins again.
        force: start anew although the run exists; it is moved aside.

    Raises:
        UserError: the run exists, there is nothing to resume, or the configuration has changed too much for it.
        NmtError: another process trains this run, the disk is full or not writable, or the training came to nothing.
    """
    run = RunDirectory(config.run_directory)
    with locked(run.path):
        for folder in (run.path, run.checkpoints):
            recover(folder)
        if resume and not run.has_checkpoint():
            if not run.config_file.exists():
                raise InputError(f"{run.path}: no checkpoint to resume from; train without --resume first")
            print(f"{run.path}: no checkpoint yet; training begins at the beginning", file=sys.stderr)
            resume = False
        if run.has_checkpoint() and not resume and not force:
            raise UserError(
                f"{run.path} holds a trained model; --resume goes on with it, --force moves it aside and trains anew, "
                "or give another name"
            )
        choose_compute(config.training.device, config.training.precision)  # a missing GPU is said before the long work
        return _resume(run, config) if resume else _begin(run, config)


def _begin(run: RunDirectory, config: Config) -> Outcome:
    """Train from the beginning, in a fresh run directory with all that a translation will need beside the weights."""
    data = prepare(config).data
    if run.has_checkpoint():
        print(f"the old run is now {run.move_aside()}", file=sys.stderr)
    with disk_errors(run.path):
        run.path.mkdir(parents=True, exist_ok=True)
        run.metrics_file.unlink(missing_ok=True)
        data.tokenizer.save(run.tokenizer_directory)
        data.manifest.save(run.path)
    sync_directory(run.path)
    write_text(run.config_file, dump_config(config))
    return Trainer(config, data, run).train()


def _resume(run: RunDirectory, config: Config) -> Outcome:
    """Train on, with what may change in the configuration changed."""
    old = load_config(run.config_file)
    config = with_metric_of(old, config)
    changed = check_changes(old, config)
    data = prepare(config).data
    if not data.manifest.same_data_as(Manifest.load(run.path)):
        raise UserError(f"{data.directory} is no longer the data that {run.path} was trained on; train anew instead")
    trainer = Trainer(config, data, run, resume=True)
    if changed:
        write_text(run.config_file, dump_config(config))
    return trainer.train()
