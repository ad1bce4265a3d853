"""Keeping checkpoints: the last few, the best, and going on from the latest."""

from __future__ import annotations

import time

import torch

from nmt_attn.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from nmt_attn.errors import InputError
from nmt_attn.model.network import TranslationModel
from nmt_attn.rundir import RunDirectory
from nmt_attn.training.optimiser import optimiser_tensors, restore_optimiser
from nmt_attn.training.state import TrainingState


class CheckpointKeeper:
    """Saves and restores a training.

    Args:
        run: where to.
        model: the network.
        optimiser: its optimiser.
        keep: how many checkpoints to leave besides the best.
    """

    def __init__(
        self, run: RunDirectory, model: TranslationModel, optimiser: torch.optim.Optimizer, *, keep: int
    ) -> None:
        self.run, self.model, self.optimiser, self.keep = run, model, optimiser, keep
        self.saved_at = time.monotonic()
        self.saved_step: int | None = None

    def save(self, state: TrainingState, *, best: bool = False) -> None:
        """Write a checkpoint and point ``latest``, and ``best`` if it is, at it.

        Raises:
            NmtError: the disk is full, read-only or not permitted; what was saved before is untouched.
        """
        tensors = optimiser_tensors(self.optimiser, self.model) | {"generator.cpu": torch.get_rng_state()}
        if self.model.device.type == "cuda":
            tensors["generator.cuda"] = torch.cuda.get_rng_state(self.model.device)
        folder = self.run.checkpoint(state.step)
        save_checkpoint(folder, Checkpoint(self.model.weights(), tensors, state.to_json()))
        if best:
            self.run.point("best", state.step)
        self.run.point("latest", state.step)
        self.run.prune(self.keep)
        self.saved_at, self.saved_step = time.monotonic(), state.step

    def restore(self) -> TrainingState:
        """Load the latest checkpoint into model, optimiser and random generators.

        Raises:
            InputError: there is none, it is damaged, or it does not fit the configuration.
        """
        latest = self.run.pointed("latest")
        if latest is None:
            raise InputError(f"{self.run.path}: no checkpoint to resume from")
        checkpoint = load_checkpoint(latest, self.model.device)
        self.model.load_weights(checkpoint.weights)
        restore_optimiser(self.optimiser, self.model, checkpoint.optimiser)
        state = TrainingState.from_json(checkpoint.state)
        if "generator.cpu" in checkpoint.optimiser:
            torch.set_rng_state(checkpoint.optimiser["generator.cpu"])
        if self.model.device.type == "cuda" and "generator.cuda" in checkpoint.optimiser:
            torch.cuda.set_rng_state(checkpoint.optimiser["generator.cuda"], self.model.device)
        self.saved_step = state.step
        return state
