"""A training put together: what the loop is made of, and what comes before and after it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor

from nmt_attn.config.schema import Config
from nmt_attn.device import choose_compute, denormals_as_zero, give_back_freed_memory, peak_memory
from nmt_attn.distributed.devices import device_of
from nmt_attn.distributed.group import ALONE, ProcessGroup
from nmt_attn.runs.directory import RunDirectory
from nmt_attn.tasks.task import Decided, Ids, Task
from nmt_attn.training import loop, schedule
from nmt_attn.training.batch_size import choose_batch_tokens, rate_factor
from nmt_attn.training.checkpoints import CheckpointManager
from nmt_attn.training.consensus import Consensus
from nmt_attn.training.ema import WeightAverage
from nmt_attn.training.memory import CountedStep, StepWithinMemory
from nmt_attn.training.meter import Meter, Totals
from nmt_attn.training.neighbours import watching_neighbours
from nmt_attn.training.opening import opening_of
from nmt_attn.training.optimiser import make_optimiser
from nmt_attn.training.outcome import Outcome
from nmt_attn.training.run_writer import RunWriter
from nmt_attn.training.schedule import Budget
from nmt_attn.training.signals import interruptible
from nmt_attn.training.skips import SkipCounter
from nmt_attn.training.state import TrainingState
from nmt_attn.training.step import TrainingStep
from nmt_attn.training.stopping import Stopping
from nmt_attn.training.threads import computing_with, threads_of
from nmt_attn.training.trackers.drawing import Draw
from nmt_attn.training.trackers.registry import loggers_of, make_drawing
from nmt_attn.training.tracking import Pace, Reporter, Silent, Validated

REPORT_STEPS = 20
"""Steps between two looks at the loss, for which a GPU is waited for; on a CPU freed memory is given back then."""


class Trainer:
    """Trains one run from its prepared data.

    Args:
        config: the experiment.
        task: what is learned, with its data.
        run: where to write.
        resume: go on from the run's latest checkpoint.
        start: the weights to begin with, by name, instead of random ones.
        reporter: shows people how it goes.
        group: the processes that train; None: this one alone.
        draw: draws attention for trackers; None: they get no pictures.

    Raises:
        InputError: there is nothing to resume from, or it does not fit.
        NmtError: the run's log cannot be written.
    """

    def __init__(
        self,
        config: Config,
        task: Task,
        run: RunDirectory,
        *,
        resume: bool = False,
        start: Mapping[str, Tensor] | None = None,
        reporter: Reporter | None = None,
        group: ProcessGroup | None = None,
        draw: Draw | None = None,
    ) -> None:
        self.config, self.settings, self.task, self.run = config, config.training, task, run
        self.reporter, self.group = reporter or Silent(), group or ALONE
        self.drawing = make_drawing(config, draw, self.reporter.notice)
        self.compute = choose_compute(device_of(self.settings.device, self.group), self.settings.precision)
        torch.manual_seed(config.seed)
        with torch.device(self.compute.device):
            self.model = task.make_model()
        if start is not None:
            self.model.load_weights(start)
        self._starts_with_weights = start is not None
        self.optimiser = make_optimiser(self.model, self.settings)
        self.average = WeightAverage(self.model, self.settings.ema) if self.settings.ema is not None else None
        keep = self.settings.keep_checkpoints
        self.checkpoints = CheckpointManager(run, self.model, self.optimiser, self.average, keep=keep)
        self.state = TrainingState()
        if resume:
            self.state = self.checkpoints.restore(self.group)
        elif self.group.size > 1:
            self.group.copy_from_main(self.model.parameters())
        self._make_batches()
        self._make_evaluator()
        self._make_steps()

    def _make_batches(self) -> None:
        state, device = self.state, self.compute.device.type
        if state.batch_tokens is None:
            tokens, reference = self.task.training_tokens, self.task.reference_tokens
            state.batch_tokens = choose_batch_tokens(self.settings.batch_tokens, device, tokens, reference)
        self.source = self.task.batches(state.batch_tokens)

    def _make_evaluator(self) -> None:
        """Make the look at the validation data, with what the training has decided about it before."""
        watched, state = self.average.model if self.average is not None else self.model, self.state
        decided = Decided(state.metric, state.tokenizer)
        self.evaluator = self.task.evaluator(watched, self.source.batch_tokens, decided)
        self.stopping = Stopping(state, self.settings)
        if self.evaluator is not None:
            if not self.evaluator.compares_with_earlier:
                state.best_score = None
            state.metric, state.tokenizer = self.evaluator.decided.metric, self.evaluator.decided.tokenizer

    def _make_steps(self) -> None:
        config, state, settings = self.config, self.state, self.settings
        loss = self.task.loss(self.model, self.compute)
        now = time.monotonic
        self.consensus = Consensus(self.group, lambda: now() - self._began, lambda: now() - self.checkpoints.saved_at)
        self.training_step = TrainingStep(
            self.model, self.optimiser, self.compute, settings, loss, self.consensus, config.seed
        )
        notice, self.budget = self.reporter.notice, Budget.of(settings)
        self.within_memory = StepWithinMemory(self.training_step, state, notice, self.task.example)
        loggers = loggers_of(config, self.run, state.step, notice) if self.group.is_main else []
        self.writer = RunWriter(self.group, self.checkpoints, loggers, self.drawing)
        self.meter = Meter(Totals(state.meter_loss, state.meter_tokens, state.meter_seconds))
        self.skips = SkipCounter(state, self.meter, settings.max_skipped_steps)
        self._skips_said, self._steps_in_epoch = state.skipped, 0

    @denormals_as_zero()
    def train(self) -> Outcome:
        """Train until the budget is used up, validation stands still, or somebody interrupts; leave a checkpoint.

        Raises:
            Interrupted: by a second signal.
            NmtError: the disk is full or not writable, loss or gradient were no numbers for too long, or a single pair
                is too much for the memory; the last checkpoint is kept.
        """
        self._began = time.monotonic() - self.state.seconds
        self.state.threads = self.group.from_main(threads_of(self))
        self.reporter.opening(opening_of(self))
        try:
            with interruptible() as interruption, computing_with(self.state.threads), watching_neighbours():
                self.consensus.watch(interruption)
                self.consensus.exchange()
                reason = self._train()
                signal = self.consensus.signal if reason == loop.INTERRUPTED else None
                self._end(validate=signal is None)
                self.writer.finish(self.state, done=signal is None)
                return Outcome(self.run, reason, signal, self.state, self.task.unit, peak_memory())
        finally:
            self.reporter.close()
            self.writer.close()

    def _train(self) -> str:
        if self._starts_with_weights:  # so that no later checkpoint counts as the best that is worse than these
            self.validate()
        if self.compute.device.type == "cuda":
            self.within_memory.try_largest_batch(self.source, self.settings.accumulate)
        self.model.train()
        self.meter.start()
        return loop.run(self, self.consensus)

    def _end(self, *, validate: bool) -> None:
        """Leave a checkpoint of the last step, validated unless somebody waits for us to go."""
        if validate and self.evaluator is not None and self.state.step > self.state.validated_step:
            self.validate()
        elif self.state.step and self.checkpoints.saved_step != self.state.step:
            self.save()

    # --- what a step is made of -----------------------------------------------------------------------------------

    def batches(self) -> Iterator[Sequence[Ids]]:
        """Yield the batches of each step, from where the state stands, epoch after epoch without end."""
        state = self.state
        while True:
            batches, each = self.source.epoch(state.epoch), self.settings.accumulate
            steps = [batches[start : start + each] for start in range(0, len(batches), each)]
            self._steps_in_epoch = len(steps)
            while state.position < len(steps):
                yield steps[state.position]
            state.epoch, state.position = state.epoch + 1, 0

    def progress(self) -> float:
        """Return the used share of the budget, 0 to 1."""
        state = self.state
        return self.budget.progress(epochs=state.epochs, steps=state.step, minutes=state.seconds / 60)

    def learning_rate(self, progress: float) -> float:
        """Return the learning rate of the next step."""
        state, kind = self.state, self.settings.schedule
        return schedule.learning_rate(
            kind, self.highest_rate, step=state.step, progress=progress, plateau_drops=state.plateau_drops
        )

    @property
    def highest_rate(self) -> float:
        """The learning rate after the warm-up: the configured one, or what goes with a batch that the device chose."""
        factor = rate_factor(self.settings.batch_tokens, self.source.batch_tokens, self.task.reference_tokens)
        return self.settings.learning_rate * (1.0 if self.settings.batch_sentences else factor)

    def teacher_forcing(self, progress: float) -> float:
        """Return the share of target tokens that the next step reads from the reference."""
        return schedule.teacher_forcing(self.settings.teacher_forcing, progress)

    def step(self, batches: Sequence[Ids], *, learning_rate: float, teacher_forcing: float) -> CountedStep:
        """Do one step of the optimiser, in as many parts as the memory asks for."""
        return self.within_memory(self.source, batches, learning_rate=learning_rate, teacher_forcing=teacher_forcing)

    def count(self, step: CountedStep) -> None:
        """Keep count of a step that has been done."""
        state, steps = self.state, self._steps_in_epoch
        place = f"step {state.step + 1} (epoch {state.epoch + 1}, batch {state.position + 1} of {steps})"
        state.step += 1
        state.target_tokens += step.tokens
        self.meter.add(step.result.cross_entropy, step.tokens)
        if self.average is not None:
            self.average.update(self.model, state.step)
        self.skips.note(step.result.skipped, step.tokens, place)
        state.position += 1
        state.epochs = state.epoch + state.position / steps
        state.seconds = self.consensus.seconds()

    # --- what is due now and then ---------------------------------------------------------------------------------

    def report_is_due(self) -> bool:
        """Say whether it is time to look at the loss."""
        return self.state.step % REPORT_STEPS == 0

    def report(self) -> None:
        """Show and log the mean loss since the last time."""
        if self.compute.device.type == "cpu":
            give_back_freed_memory()
        self.skips.read()
        state, reading, progress = self.state, self.meter.read(), self.progress()
        if state.skipped > self._skips_said:
            new, self._skips_said = state.skipped - self._skips_said, state.skipped
            last = f"{new} of the last {REPORT_STEPS} steps"
            self.reporter.notice(f"step {state.step}: {last} skipped: loss not a number")
        speed = reading.tokens_per_second
        self.reporter.pace(Pace(state.step, state.epoch + 1, reading.loss, speed, self.task.unit, progress))
        values = {
            "epochs": round(state.epochs, 4),
            "loss": round(reading.loss, 5),
            "learning_rate": self.learning_rate(progress),
            "tokens_per_second": round(reading.tokens_per_second, 1),
            "skipped": state.skipped,
        }
        self.writer.log("train", state.step, values)

    def validation_is_due(self) -> bool:
        """Say whether it is time to validate, or where nothing is validated to save instead."""
        every = self.settings.validation.every_steps
        return self.state.position == self._steps_in_epoch if every is None else self.state.step % every == 0

    def validate(self) -> None:
        """Validate, say so, keep the checkpoint, and the best of them; without a validation, keep the checkpoint."""
        if self.evaluator is None:
            self.save()
            return
        self.meter.stop()
        state, evaluator, result = self.state, self.evaluator, self.evaluator.run(self.reporter.validating())
        self.consensus.exchange()
        state.seconds = self.consensus.seconds()
        state.validated_step = state.step
        standing = evaluator.standing(result)
        better = self.stopping.take_in(standing, result.loss, evaluator.rank)
        minutes, line, score = state.seconds / 60, evaluator.line(result), standing.score
        validated = Validated(state.step, state.epochs, minutes, line, result.samples, better, score)
        self.stopping.ended = self.group.from_main(self.reporter.validated(validated))
        about = {"metric": state.metric, "minutes": round(minutes, 3), "target_tokens": state.target_tokens}
        self.writer.log("valid", state.step, {"epochs": round(state.epochs, 4), **result.values(), **about})
        self.writer.samples(state.step, result.samples)
        if better:
            self.writer.pictures(state.step, lambda count: evaluator.attention(result, count))
        self.save(best=better)

    def checkpoint_is_due(self) -> bool:
        """Say whether to save; never while losses are no numbers, so that the last good weights are kept."""
        every, minutes = self.settings.checkpoint_steps, self.consensus.unsaved() / 60
        if not (every is not None and self.state.step % every == 0) and minutes < self.settings.checkpoint_minutes:
            return False
        self.skips.read()
        return self.state.skipped_in_a_row == 0

    def save(self, *, best: bool = False) -> None:
        """Write a checkpoint."""
        self.meter.stop()
        self.skips.read()
        totals = self.meter.totals()
        state = self.state
        state.meter_loss, state.meter_tokens, state.meter_seconds = totals.loss, totals.tokens, totals.seconds
        if self.evaluator is None:  # who knows which is the best, so it is the latest
            state.best_step, best = state.step, True
        self.writer.save(state, best=best)
        self.meter.start()
