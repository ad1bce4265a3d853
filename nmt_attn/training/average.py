"""The mean of several checkpoints of a run, as a run of its own (Junczys-Dowmunt et al. 2016)."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from nmt_attn.config.loading import dump_config, load_config
from nmt_attn.corpus.manifest import MANIFEST_FILE
from nmt_attn.errors import ConfigError, InputError, UserError
from nmt_attn.files import atomic_directory, write_text
from nmt_attn.runs.checkpoint import load_weights, save_weights
from nmt_attn.runs.directory import RunDirectory
from nmt_attn.runs.metrics import read_metrics
from nmt_attn.tasks.selection import logged_ranks


def average_run(run: RunDirectory, checkpoints: Sequence[Path], output: Path) -> RunDirectory:
    """Write a run whose only checkpoint is the mean of ``checkpoints``; it translates, but cannot be resumed.

    Args:
        run: the run that the checkpoints belong to.
        checkpoints: one checkpoint or more.
        output: the folder of the new run, which must not exist.

    Raises:
        UserError: ``output`` exists, or its name is not valid for a run.
        InputError: a checkpoint is damaged, or they are not of the same network.
    """
    if output.exists():
        raise UserError(f"{output} exists; give another --output")
    data = load_config(run.config_file).data_directory  # which has the old name unless it is said
    names = [f"name={json.dumps(output.name)}", f"data.directory={json.dumps(str(data))}"]
    try:
        config = load_config(run.config_file, names)
    except ConfigError:  # it has been read already, so the name is what is wrong
        raise UserError(
            f"--output {output}: its last part names the run, so it holds letters, digits, '_', '-' and '.' alone, and "
            "begins with none of the last two"
        ) from None
    step = max(int(checkpoint.name) for checkpoint in checkpoints)
    weights = mean_weights(checkpoints)
    with atomic_directory(output) as aside:
        inside = RunDirectory(aside)
        inside.checkpoint(step).mkdir(parents=True)
        save_weights(weights, inside.checkpoint(step))
        shutil.copytree(run.tokenizer_directory, inside.tokenizer_directory)
        shutil.copyfile(run.path / MANIFEST_FILE, aside / MANIFEST_FILE)
        write_text(inside.config_file, dump_config(config))
        values = {"kind": "average", "step": step, "of": [str(checkpoint) for checkpoint in checkpoints]}
        write_text(inside.metrics_file, json.dumps(values) + "\n")
        inside.point("best", step)
        inside.point("latest", step)
    return RunDirectory(output)


def mean_weights(checkpoints: Sequence[Path]) -> dict[str, Tensor]:
    """Compute the mean of each weight.

    Raises:
        InputError: a checkpoint is damaged, or they are not of the same network.
    """
    sums: dict[str, Tensor] = {}
    for checkpoint in checkpoints:
        weights = load_weights(checkpoint, torch.device("cpu"))
        shapes = {name: weight.shape for name, weight in weights.items()}
        if sums and shapes != {name: weight.shape for name, weight in sums.items()}:
            raise InputError(f"{checkpoint}: of another network than {checkpoints[0]}")
        for name, weight in weights.items():
            sums[name] = sums[name] + weight.double() if name in sums else weight.double()
    return {name: (total / len(checkpoints)).float() for name, total in sums.items()}


def last_checkpoints(run: RunDirectory, count: int) -> list[Path]:
    """Return the last ``count`` checkpoints of a run, oldest first.

    Raises:
        UserError: there are fewer.
    """
    return _enough(run, run.all_checkpoints(), count, "checkpoints")[-count:]


def best_checkpoints(run: RunDirectory, count: int) -> list[Path]:
    """Return the ``count`` best checkpoints, oldest first, ranked as training ranks them to choose its best one.

    Raises:
        UserError: fewer have been validated.
    """
    ranks = logged_ranks(read_metrics(run.metrics_file, "valid"), _setting(run))
    validated = [checkpoint for checkpoint in run.all_checkpoints() if int(checkpoint.name) in ranks]
    # Of equals the earlier one is the better, as in training.
    ranked = sorted(
        _enough(run, validated, count, "validated checkpoints"),
        key=lambda checkpoint: ranks[int(checkpoint.name)],
        reverse=True,
    )
    return sorted(ranked[:count])


def _enough(run: RunDirectory, checkpoints: list[Path], count: int, what: str) -> list[Path]:
    if len(checkpoints) < count:
        raise UserError(
            f"{run.path}: {len(checkpoints)} {what} to choose from, {count} are asked for; "
            "training.keep_checkpoints says how many a training keeps"
        )
    return checkpoints


def _setting(run: RunDirectory) -> str:
    """Return ``training.early_stopping.metric`` of a run; one from before there was a configuration went by BLEU."""
    return load_config(run.config_file).training.early_stopping.metric if run.config_file.is_file() else "bleu"
