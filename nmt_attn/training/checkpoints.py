"""The management of checkpoints: keeping the last few and the best, and resuming from the latest intact one."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path

import torch

from nmt_attn.distributed.group import ALONE, ProcessGroup
from nmt_attn.errors import InputError
from nmt_attn.model.trainable import TrainableModel
from nmt_attn.runs.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from nmt_attn.runs.directory import RunDirectory
from nmt_attn.training.ema import WeightAverage
from nmt_attn.training.optimiser import optimiser_tensors, restore_optimiser
from nmt_attn.training.state import TrainingState


@dataclass(frozen=True)
class _Found:
    checkpoint: Checkpoint
    damaged: list[Path]  # the later ones


class CheckpointManager:
    """A manager that saves and restores a training.

    Args:
        run: the run directory to save to.
        model: the network.
        optimiser: its optimiser.
        average: the average of its weights, if there is one; a checkpoint then translates with it.
        keep: the number of checkpoints to keep besides the best.
    """

    def __init__(
        self,
        run: RunDirectory,
        model: TrainableModel,
        optimiser: torch.optim.Optimizer,
        average: WeightAverage | None = None,
        *,
        keep: int,
    ) -> None:
        self.run, self.model, self.optimiser, self.average, self.keep = run, model, optimiser, average, keep
        self.saved_at = time.monotonic()
        self.saved_step: int | None = None

    def save(self, state: TrainingState, *, best: bool = False) -> None:
        """Write a checkpoint and point ``latest`` at it, and ``best`` too if it is the best.

        Raises:
            NmtError: the disk is full, read-only or not permitted; earlier checkpoints are untouched.
        """
        tensors = optimiser_tensors(self.optimiser, self.model) | {"generator.cpu": torch.get_rng_state()}
        if self.model.device.type == "cuda":
            tensors["generator.cuda"] = torch.cuda.get_rng_state(self.model.device)
        trained = self.model.weights()
        if self.average is None:
            checkpoint = Checkpoint(trained, tensors, state.to_json())
        else:
            checkpoint = Checkpoint(self.average.model.weights(), tensors, state.to_json(), trained)
        save_checkpoint(self.run.checkpoint(state.step), checkpoint)
        if best:
            self.run.point("best", state.step)
        self.run.point("latest", state.step)
        self.run.prune(self.keep)
        self.saved_at, self.saved_step = time.monotonic(), state.step

    def restore(self, group: ProcessGroup = ALONE) -> TrainingState:
        """Load the latest intact checkpoint into model, optimiser and random generators.

        Damaged ones after it are reported on standard error and renamed. Of several processes the main one reads it
        and gives it to the others.

        Raises:
            InputError: there is none, or it does not fit the configuration.
        """
        device = self.model.device if group.size == 1 else torch.device("cpu")
        found = self._latest_whole(device) if group.is_main else None
        state = self._take_over(group.from_main(None if found is None else found.checkpoint))
        if found is not None:
            for damaged in found.damaged:
                self.run.set_aside(damaged)
            self._point(state)
        self.saved_step = state.step
        return state

    def _latest_whole(self, device: torch.device) -> _Found:
        """Find the latest intact checkpoint by the folders, not the pointer: a crash may have come between the two."""
        damaged: list[Path] = []
        for folder in reversed(self.run.all_checkpoints()):
            try:
                return _Found(load_checkpoint(folder, device), damaged)
            except InputError as error:
                print(f"warning: {error}; looking for a checkpoint before it", file=sys.stderr)
                damaged.append(folder)
        which = "none of its checkpoints is whole" if damaged else "no checkpoint to resume from"
        raise InputError(f"{self.run.path}: {which}; --force moves the run aside and trains anew")

    def _take_over(self, checkpoint: Checkpoint | None) -> TrainingState:
        assert checkpoint is not None
        if (checkpoint.trained is None) != (self.average is None):
            raise InputError("the checkpoint does not fit the configuration: training.ema was different")
        self.model.load_weights(checkpoint.weights if checkpoint.trained is None else checkpoint.trained)
        if self.average is not None:
            self.average.model.load_weights(checkpoint.weights)
        state = TrainingState.from_json(checkpoint.state)
        if state.step:  # before the first step an optimiser has no moments
            restore_optimiser(self.optimiser, self.model, checkpoint.optimiser)
        if "generator.cpu" in checkpoint.optimiser:
            torch.set_rng_state(checkpoint.optimiser["generator.cpu"])
        if self.model.device.type == "cuda" and "generator.cuda" in checkpoint.optimiser:
            torch.cuda.set_rng_state(checkpoint.optimiser["generator.cuda"], self.model.device)
        return state

    def _point(self, state: TrainingState) -> None:
        """Make the pointers agree with the state: a crash may have come before they were written, or after."""
        for pointer, step in (("latest", state.step), ("best", state.best_step)):
            checkpoint = self.run.checkpoint(step)
            if self.run.pointed(pointer) == checkpoint:
                continue
            if checkpoint.is_dir():
                self.run.point(pointer, step)
            else:
                self.run.unpoint(pointer)
