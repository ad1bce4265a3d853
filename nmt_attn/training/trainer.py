"""The training loop."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils import clip_grad_norm_

from nmt_attn.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from nmt_attn.config import Config
from nmt_attn.corpus.batches import Batcher, Ids
from nmt_attn.corpus.prepare import PreparedData
from nmt_attn.decoding.translator import Translator
from nmt_attn.errors import InputError, NmtError
from nmt_attn.model.device import choose_compute
from nmt_attn.model.network import TranslationModel
from nmt_attn.rundir import RunDirectory
from nmt_attn.training.batch import to_device
from nmt_attn.training.log import Display, MetricsLog, Pace
from nmt_attn.training.loss import output_loss
from nmt_attn.training.optimiser import (
    make_optimiser,
    optimiser_tensors,
    restore_optimiser,
    set_learning_rate,
)
from nmt_attn.training.schedule import Budget, learning_rate
from nmt_attn.training.state import TrainingState
from nmt_attn.training.validation import Validation, Validator

LOG_STEPS = 20
"""Steps between two looks at the loss; on a GPU each look waits for the device."""


@dataclass(frozen=True)
class Outcome:
    """How a training ended."""

    run: RunDirectory
    reason: str
    interrupted: bool
    state: TrainingState

    def summary(self) -> str:
        """A line for people."""
        state = self.state
        speed = state.target_tokens / max(state.seconds, 1e-9)
        return (
            f"{self.run.path}: {self.reason} after {state.step:,} steps, {state.epoch} epochs and "
            f"{state.seconds / 60:.1f} min ({speed:,.0f} target tokens/s, validation included); "
            f"best checkpoint: step {state.best_step}"
        )


class Trainer:
    """Trains one run from its prepared data.

    Args:
        config: the experiment.
        data: its prepared data.
        run: where to write.
        resume: go on from the run's latest checkpoint.

    Raises:
        InputError: there is nothing to resume from, or it does not fit.
    """

    def __init__(self, config: Config, data: PreparedData, run: RunDirectory, *, resume: bool = False) -> None:
        self.config, self.run_directory = config, run
        self.training = config.training
        self.compute = choose_compute(self.training.device, self.training.precision)
        torch.manual_seed(config.seed)
        with torch.device(self.compute.device):
            self.model = TranslationModel(config.model, data.tokenizer.source_size, data.tokenizer.target_size)
        self.optimiser = make_optimiser(self.model, self.training)
        self.state = TrainingState()
        if resume:
            self._restore()
        self.batcher = Batcher(
            data.pairs("train"), self.training.batch_tokens, self.training.batch_sentences, config.seed
        )
        translator = Translator(self.model, data.tokenizer, config.decoding, self.compute)
        self.validator = Validator(config, data, translator)
        self.budget = Budget.of(self.training)
        self.metrics = MetricsLog(run.metrics_file, self.state.step)
        self._loss_sum: Tensor | None = None
        self._loss_tokens = 0

    def train(self) -> Outcome:
        """Train until the budget is used up, validation stands still, or somebody interrupts.

        A checkpoint is left in every case but a crash.
        """
        display = Display()
        display.say(self._opening_line())
        self._began = time.monotonic() - self.state.seconds
        self._last_saved = time.monotonic()
        reason, interrupted = "the budget is used up", False
        with _interruptible() as interruption:
            try:
                for _ in self._steps(display):
                    if interruption.is_set():
                        reason, interrupted = "interrupted", True
                        break
                    if self._standing_still():
                        reason = f"{self.state.validations_since_best} validations without a better one"
                        break
                if not interrupted and self.state.step > self._validated_step:
                    self._validate(display)
                elif self.state.step > 0:
                    self._save()
            finally:
                display.close()
        return Outcome(self.run_directory, reason, interrupted, self.state)

    # --- one step after the other -----------------------------------------------------------------

    def _steps(self, display: Display) -> Iterator[None]:
        """Do steps until the budget is used up; yields after each, validations and checkpoints done."""
        self._validated_step = self.state.step
        state, accumulate = self.state, self.training.accumulate
        self.model.train()
        while True:
            batches = self.batcher.epoch(state.epoch)
            steps = [batches[i : i + accumulate] for i in range(0, len(batches), accumulate)]
            while state.position < len(steps):
                if self._progress(len(steps)) >= 1.0:
                    return
                self._step(steps[state.position], self._progress(len(steps)))
                state.position += 1
                if state.position == len(steps):
                    state.epoch, state.position, epoch_done = state.epoch + 1, 0, True
                else:
                    epoch_done = False
                state.seconds = time.monotonic() - self._began
                self._report(display, len(steps))
                self._watch(display, epoch_done)
                yield
                if epoch_done:
                    break

    def _step(self, batches: list[Ids], progress: float) -> None:
        """One step of the optimiser over one or several batches; the loss is the mean over all their tokens."""
        training, model = self.training, self.model
        built = [self.batcher.batch(indices) for indices in batches]
        tokens = sum(batch.tokens for batch in built)
        self.optimiser.zero_grad(set_to_none=False)
        for batch in built:
            on_device = to_device(batch, self.compute.device)
            with self.compute.products():
                readouts = model(
                    on_device.source, on_device.source_lengths, on_device.targets, training.teacher_forcing
                )
                loss = output_loss(
                    on_device.real(readouts),
                    model.output.weight,
                    model.output.bias,
                    on_device.labels,
                    training.label_smoothing,
                )
            (loss.objective / tokens).backward()
            self._loss_sum = loss.cross_entropy + (0.0 if self._loss_sum is None else self._loss_sum)
        self._loss_tokens += tokens
        if training.clip_norm is not None:
            clip_grad_norm_(model.parameters(), training.clip_norm)
        set_learning_rate(self.optimiser, self._rate(progress))
        self.optimiser.step()
        self.state.step += 1
        self.state.target_tokens += tokens

    def _rate(self, progress: float) -> float:
        return learning_rate(
            self.training.schedule,
            self.training.learning_rate,
            step=self.state.step,
            progress=progress,
            plateau_drops=self.state.plateau_drops,
        )

    def _progress(self, steps_an_epoch: int) -> float:
        state = self.state
        epochs = state.epoch + state.position / steps_an_epoch
        return self.budget.progress(epochs=epochs, steps=state.step, minutes=state.seconds / 60)

    # --- watching ---------------------------------------------------------------------------------

    def _report(self, display: Display, steps_an_epoch: int) -> None:
        """Every so many steps: the mean loss since the last time, to the display and to the log."""
        if self.state.step % LOG_STEPS or self._loss_sum is None:
            return
        loss = float(self._loss_sum) / self._loss_tokens
        self._loss_sum, self._loss_tokens = None, 0
        if not loss < float("inf"):
            raise NmtError(
                f"the loss is no longer a number at step {self.state.step}; the last checkpoint is kept. "
                "Try a lower training.learning_rate or training.clip_norm"
            )
        progress = self._progress(steps_an_epoch)
        speed = self._speed()
        display.update(Pace(self.state.step, self.state.epoch + 1, loss, speed, progress))
        values = {"epoch": self.state.epoch, "loss": round(loss, 5), "learning_rate": self._rate(progress)}
        self.metrics.write("train", self.state.step, {**values, "tokens_per_second": round(speed, 1)})

    def _speed(self) -> float:
        """Target tokens a second since the last call."""
        now, tokens = time.monotonic(), self.state.target_tokens
        then, before = getattr(self, "_speed_mark", (self._began, 0))
        self._speed_mark = (now, tokens)
        return (tokens - before) / max(now - then, 1e-9)

    def _watch(self, display: Display, epoch_done: bool) -> None:
        """Validate or save if it is time to."""
        every = self.training.validation.every_steps
        due = epoch_done if every is None else self.state.step % every == 0
        if due:
            self._validate(display)
        elif time.monotonic() - self._last_saved >= 60 * self.training.checkpoint_minutes:
            self._save()

    def _validate(self, display: Display) -> None:
        """Validate, say so, keep the checkpoint, and the best of them."""
        result = self.validator.run()
        state = self.state
        state.seconds = time.monotonic() - self._began
        self._validated_step = state.step
        better = self._take_in(result)
        display.say(_validation_line(state, result, better))
        for sample in result.samples:
            display.say(f"    {sample.source}\n      → {sample.translation}\n      ( {sample.reference} )")
        self.metrics.write(
            "valid",
            state.step,
            {
                "epoch": state.epoch,
                "loss": round(result.loss, 5),
                "perplexity": round(result.perplexity, 3),
                "bleu": round(result.bleu, 3),
                "minutes": round(state.seconds / 60, 3),
                "target_tokens": state.target_tokens,
            },
        )
        self._save(best=better)
        self._speed()  # the time of validation does not count as training speed

    def _take_in(self, result: Validation) -> bool:
        """Update what early stopping and the plateau go by; true if this is the best so far."""
        state = self.state
        score = result.bleu if self.training.early_stopping.metric == "bleu" else -result.loss
        better = state.best_score is None or score > state.best_score
        if better:
            state.best_score, state.best_step, state.validations_since_best = score, state.step, 0
        else:
            state.validations_since_best += 1
        if state.best_loss is None or result.loss < state.best_loss:
            state.best_loss, state.validations_since_best_loss = result.loss, 0
        else:
            state.validations_since_best_loss += 1
            if state.validations_since_best_loss > self.training.schedule.plateau_patience:
                state.plateau_drops, state.validations_since_best_loss = state.plateau_drops + 1, 0
        return better

    def _standing_still(self) -> bool:
        patience = self.training.early_stopping.patience
        return patience is not None and self.state.validations_since_best >= patience

    # --- checkpoints ------------------------------------------------------------------------------

    def _save(self, best: bool = False) -> None:
        run, state = self.run_directory, self.state
        tensors = optimiser_tensors(self.optimiser, self.model) | {"generator.cpu": torch.get_rng_state()}
        if self.compute.device.type == "cuda":
            tensors["generator.cuda"] = torch.cuda.get_rng_state(self.compute.device)
        save_checkpoint(run.checkpoint(state.step), Checkpoint(self.model.weights(), tensors, state.to_json()))
        if best:
            run.point("best", state.step)
        run.point("latest", state.step)
        run.prune(self.training.keep_checkpoints)
        self._last_saved = time.monotonic()

    def _restore(self) -> None:
        latest = self.run_directory.pointed("latest")
        if latest is None:
            raise InputError(f"{self.run_directory.path}: no checkpoint to resume from")
        checkpoint = load_checkpoint(latest, self.compute.device)
        self.model.load_weights(checkpoint.weights)
        restore_optimiser(self.optimiser, self.model, checkpoint.optimiser)
        self.state = TrainingState.from_json(checkpoint.state)
        torch.set_rng_state(checkpoint.optimiser["generator.cpu"])
        if self.compute.device.type == "cuda" and "generator.cuda" in checkpoint.optimiser:
            torch.cuda.set_rng_state(checkpoint.optimiser["generator.cuda"], self.compute.device)

    def _opening_line(self) -> str:
        weights = sum(parameter.numel() for parameter in self.model.parameters())
        doing = f"resuming at step {self.state.step}" if self.state.step else "training"
        return (
            f"{doing}: {weights / 1e6:.1f} million weights, {len(self.batcher.pairs):,} pairs, "
            f"on {self.compute.device.type} in {self.compute.precision}, to {self.run_directory.path}"
        )


def _validation_line(state: TrainingState, result: Validation, better: bool) -> str:
    best = "  (best so far)" if better else ""
    return (
        f"epoch {state.epoch}, step {state.step}, {state.seconds / 60:.1f} min: "
        f"valid loss {result.loss:.3f}, perplexity {result.perplexity:.2f}, BLEU {result.bleu:.1f}{best}"
    )


@contextmanager
def _interruptible() -> Iterator[threading.Event]:
    """The event is set by the first Ctrl-C or SIGTERM; a second one ends the program at once."""
    event = threading.Event()

    def note(number: int, frame: FrameType | None) -> None:
        if event.is_set():
            raise KeyboardInterrupt
        event.set()

    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield event
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
