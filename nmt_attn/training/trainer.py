"""The training loop."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch.nn.utils import clip_grad_norm_

from nmt_attn.config import Config
from nmt_attn.corpus.batches import Batcher, Ids
from nmt_attn.corpus.prepare import PreparedData
from nmt_attn.errors import NmtError
from nmt_attn.model.device import choose_compute, peak_memory
from nmt_attn.model.graphs import GraphCache, replaying
from nmt_attn.model.network import TranslationModel
from nmt_attn.rundir import RunDirectory
from nmt_attn.training.batch import batch_loss, to_device
from nmt_attn.training.interruption import interruptible
from nmt_attn.training.keeper import CheckpointKeeper
from nmt_attn.training.log import Display, MetricsLog, Pace
from nmt_attn.training.meter import Meter
from nmt_attn.training.optimiser import make_optimiser, set_learning_rate
from nmt_attn.training.schedule import Budget, learning_rate, teacher_forcing
from nmt_attn.training.state import TrainingState
from nmt_attn.training.validation import Validation, Validator

REPORT_STEPS = 20
"""Steps between two looks at the loss; on a GPU each look waits for the device."""


@dataclass(frozen=True)
class Outcome:
    """How a training ended."""

    run: RunDirectory
    reason: str
    interrupted: bool
    state: TrainingState
    memory: dict[str, int]  # the most that was held, bytes, by kind; see peak_memory

    def summary(self) -> str:
        """A line for people."""
        state = self.state
        speed = state.target_tokens / max(state.seconds, 1e-9)
        memory = "".join(f"; peak {kind} memory {size / 2**30:.2f} GiB" for kind, size in self.memory.items())
        return (
            f"{self.run.path}: {self.reason} after {state.step:,} steps, {state.epochs:.1f} epochs and "
            f"{state.seconds / 60:.1f} min ({speed:,.0f} target tokens/s, validation included); "
            f"best checkpoint: step {state.best_step}{memory}"
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
        self.config, self.settings, self.data, self.run = config, config.training, data, run
        self.compute = choose_compute(self.settings.device, self.settings.precision)
        torch.manual_seed(config.seed)
        with torch.device(self.compute.device):
            self.model = TranslationModel(config.model, data.tokenizer.source_size, data.tokenizer.target_size)
        self.optimiser = make_optimiser(self.model, self.settings)
        self.keeper = CheckpointKeeper(run, self.model, self.optimiser, keep=self.settings.keep_checkpoints)
        self.state = self.keeper.restore() if resume else TrainingState()
        self.batcher = Batcher(
            data.pairs("train"), self.settings.batch_tokens, self.settings.batch_sentences, config.seed
        )
        on_gpu = self.compute.device.type == "cuda"
        self.graphs = GraphCache() if self.settings.cuda_graphs and on_gpu else None
        self.validator = Validator(config, data, self.model)
        self.budget = Budget.of(self.settings)
        self.metrics = MetricsLog(run.metrics_file, self.state.step)
        self.meter = Meter()
        self._validated_step = self.state.step

    def train(self) -> Outcome:
        """Train until the budget is used up, validation stands still, or somebody interrupts.

        A checkpoint is left in every case but a crash.
        """
        display = Display()
        display.say(self._opening_line())
        self._began = time.monotonic() - self.state.seconds
        try:
            with interruptible() as interruption:
                reason = "the budget is used up"
                for _ in self._steps(display):
                    if interruption.is_set():
                        reason = "interrupted"
                        break
                    if self._standing_still():
                        reason = f"{self.state.validations_since_best} validations without a better one"
                        break
                self._end(display, validate=not interruption.is_set())
                return Outcome(self.run, reason, interruption.is_set(), self.state, peak_memory())
        finally:
            display.close()

    def _end(self, display: Display, *, validate: bool) -> None:
        """Leave a checkpoint of the last step, validated unless somebody waits for us to go."""
        if validate and self.state.step > self._validated_step:
            self._validate(display)
        elif self.state.step and self.keeper.saved_step != self.state.step:
            self.keeper.save(self.state)

    # --- one step after the other -----------------------------------------------------------------------------

    def _steps(self, display: Display) -> Iterator[None]:
        """Do steps until the budget is used up; yields after each, validations and checkpoints done."""
        state = self.state
        self.model.train()
        self.meter.start()
        while True:
            steps = self._epoch(state.epoch)
            while state.position < len(steps):
                progress = self._progress()
                if progress >= 1.0:
                    return
                self._step(steps[state.position], progress)
                state.position += 1
                state.epochs = state.epoch + state.position / len(steps)
                state.seconds = time.monotonic() - self._began
                self._report(display)
                self._watch(display, epoch_done=state.position == len(steps))
                yield
            state.epoch, state.position = state.epoch + 1, 0

    def _epoch(self, epoch: int) -> list[list[Ids]]:
        """The steps of an epoch, each one or several batches."""
        alpha = self.settings.subword_sampling
        if alpha is not None:
            seed = int(np.random.default_rng([self.config.seed, epoch]).integers(2**32 - 1))
            self.batcher = replace(self.batcher, pairs=self.data.sampled_pairs(alpha, seed))
        batches, each = self.batcher.epoch(epoch), self.settings.accumulate
        return [batches[start : start + each] for start in range(0, len(batches), each)]

    def _step(self, batches: list[Ids], progress: float) -> None:
        """One step of the optimiser over one or several batches; the loss is the mean over all their tokens."""
        built = [self.batcher.batch(indices) for indices in batches]
        tokens = sum(batch.tokens for batch in built)
        forcing = teacher_forcing(self.settings.teacher_forcing, progress)
        self.optimiser.zero_grad()
        for batch in built:
            with replaying(self.graphs):
                loss = batch_loss(
                    self.model,
                    to_device(batch, self.compute.device),
                    self.compute,
                    label_smoothing=self.settings.label_smoothing,
                    teacher_forcing=forcing,
                )
            (loss.objective / tokens).backward()
            self.meter.add(loss.cross_entropy, batch.tokens)
        if self.settings.clip_norm is not None:
            clip_grad_norm_(self.model.parameters(), self.settings.clip_norm)
        set_learning_rate(self.optimiser, self._rate(progress))
        self.optimiser.step()
        self.state.step += 1
        self.state.target_tokens += tokens

    def _rate(self, progress: float) -> float:
        return learning_rate(
            self.settings.schedule,
            self.settings.learning_rate,
            step=self.state.step,
            progress=progress,
            plateau_drops=self.state.plateau_drops,
        )

    def _progress(self) -> float:
        state = self.state
        return self.budget.progress(epochs=state.epochs, steps=state.step, minutes=state.seconds / 60)

    # --- watching ---------------------------------------------------------------------------------------------

    def _report(self, display: Display) -> None:
        """Every so many steps: the mean loss since the last time, to the display and to the log."""
        if self.state.step % REPORT_STEPS:
            return
        reading, progress = self.meter.read(), self._progress()
        if not reading.loss < float("inf"):
            raise NmtError(
                f"the loss is no longer a number at step {self.state.step}; the last checkpoint is kept. "
                "Try a lower training.learning_rate or training.clip_norm"
            )
        display.update(Pace(self.state.step, self.state.epoch + 1, reading.loss, reading.tokens_per_second, progress))
        values = {
            "epochs": round(self.state.epochs, 4),
            "loss": round(reading.loss, 5),
            "learning_rate": self._rate(progress),
            "tokens_per_second": round(reading.tokens_per_second, 1),
        }
        self.metrics.write("train", self.state.step, values)

    def _watch(self, display: Display, *, epoch_done: bool) -> None:
        """Validate or save if it is time to."""
        every = self.settings.validation.every_steps
        if epoch_done if every is None else self.state.step % every == 0:
            self._validate(display)
        elif time.monotonic() - self.keeper.saved_at >= 60 * self.settings.checkpoint_minutes:
            self.meter.stop()
            self.keeper.save(self.state)
            self.meter.start()

    def _validate(self, display: Display) -> None:
        """Validate, say so, keep the checkpoint, and the best of them."""
        self.meter.stop()
        state, result = self.state, self.validator.run()
        state.seconds = time.monotonic() - self._began
        self._validated_step = state.step
        better = self._take_in(result)
        display.say(_validation_line(state, result, better, exact=self.config.data.task is not None))
        for sample in result.samples:
            display.say(f"    {sample.source}\n      → {sample.translation}\n      ( {sample.reference} )")
        values = {
            "epochs": round(state.epochs, 4),
            "loss": round(result.loss, 5),
            "perplexity": round(result.perplexity, 3),
            "bleu": round(result.bleu, 3),
            "exact": round(result.exact, 3),
            "minutes": round(state.seconds / 60, 3),
            "target_tokens": state.target_tokens,
        }
        self.metrics.write("valid", state.step, values)
        self.keeper.save(state, best=better)
        self.meter.start()

    def _take_in(self, result: Validation) -> bool:
        """Update what early stopping and the plateau go by; true if this is the best so far."""
        state = self.state
        score = result.bleu if self.settings.early_stopping.metric == "bleu" else -result.loss
        better = state.best_score is None or score > state.best_score
        if better:
            state.best_score, state.best_step, state.validations_since_best = score, state.step, 0
        else:
            state.validations_since_best += 1
        if state.best_loss is None or result.loss < state.best_loss:
            state.best_loss, state.validations_since_best_loss = result.loss, 0
        else:
            state.validations_since_best_loss += 1
            if state.validations_since_best_loss > self.settings.schedule.plateau_patience:
                state.plateau_drops, state.validations_since_best_loss = state.plateau_drops + 1, 0
        return better

    def _standing_still(self) -> bool:
        patience = self.settings.early_stopping.patience
        return patience is not None and self.state.validations_since_best >= patience

    def _opening_line(self) -> str:
        weights = sum(parameter.numel() for parameter in self.model.parameters())
        doing = f"resuming at step {self.state.step}" if self.state.step else "training"
        return (
            f"{doing}: {weights / 1e6:.1f} million weights, {len(self.batcher.pairs):,} pairs, "
            f"on {self.compute.device.type} in {self.compute.precision}, to {self.run.path}"
        )


def _validation_line(state: TrainingState, result: Validation, better: bool, *, exact: bool) -> str:
    """With exact matches instead of BLEU where a translation is one word, of which BLEU knows nothing."""
    best = "  (best so far)" if better else ""
    score = f"exact {result.exact:.1f} %" if exact else f"BLEU {result.bleu:.1f}"
    return (
        f"epoch {state.epochs:.1f}, step {state.step}, {state.seconds / 60:.1f} min: "
        f"valid loss {result.loss:.3f}, perplexity {result.perplexity:.2f}, {score}{best}"
    )
