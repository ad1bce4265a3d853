"""A training from configuration to outcome: prepared data, a run directory, the loop."""

from __future__ import annotations

import sys

from nmt_attn.config import Config
from nmt_attn.config_file import dump_config
from nmt_attn.corpus.manifest import Manifest
from nmt_attn.corpus.prepare import PreparedData, prepare
from nmt_attn.errors import InputError, UserError
from nmt_attn.files import write_text
from nmt_attn.model.device import choose_compute
from nmt_attn.rundir import RunDirectory
from nmt_attn.training.trainer import Outcome, Trainer


def train(config: Config, *, resume: bool = False, force: bool = False) -> Outcome:
    """Prepare the data where needed, make the run directory, and train.

    Args:
        config: the experiment.
        resume: go on from the run's latest checkpoint.
        force: start anew although the run exists; it is moved aside.

    Raises:
        UserError: the run exists, or there is nothing to resume.
    """
    run = RunDirectory(config.run_directory)
    if resume and not run.has_checkpoint():
        raise InputError(f"{run.path}: no checkpoint to resume from; train without --resume first")
    if run.has_checkpoint() and not resume and not force:
        raise UserError(
            f"{run.path} holds a trained model; --resume goes on with it, --force moves it aside and trains anew, "
            "or give another name"
        )
    choose_compute(config.training.device, config.training.precision)  # a missing GPU is said before the long work
    data = prepare(config).data
    if not resume:
        _begin(run, config, data)
    elif not data.manifest.same_data_as(Manifest.load(run.path)):
        raise UserError(f"{data.directory} is no longer the data that {run.path} was trained on; train anew instead")
    return Trainer(config, data, run, resume=resume).train()


def _begin(run: RunDirectory, config: Config, data: PreparedData) -> None:
    """A fresh run directory with all that a translation will need beside the weights."""
    if run.has_checkpoint():
        print(f"the old run is now {run.move_aside()}", file=sys.stderr)
    run.path.mkdir(parents=True, exist_ok=True)
    run.metrics_file.unlink(missing_ok=True)
    data.tokenizer.save(run.tokenizer_directory)
    data.manifest.save(run.path)
    write_text(run.config_file, dump_config(config))
