"""The training loop."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from nmt_attn.config import Config
from nmt_attn.corpus.batches import Batch, Batcher, Ids
from nmt_attn.corpus.prepare import PreparedData
from nmt_attn.errors import NmtError, is_out_of_memory
from nmt_attn.model.device import choose_compute, give_back_freed_memory, peak_memory
from nmt_attn.model.network import TranslationModel
from nmt_attn.rundir import RunDirectory
from nmt_attn.threads import usable_processors
from nmt_attn.training.batch_size import choose_batch_tokens, rate_factor
from nmt_attn.training.ema import WeightAverage
from nmt_attn.training.interruption import Interruption, interruptible
from nmt_attn.training.keeper import CheckpointKeeper
from nmt_attn.training.log import Display, MetricsLog, Pace
from nmt_attn.training.meter import Meter, Totals
from nmt_attn.training.neighbours import watching_neighbours
from nmt_attn.training.optimiser import make_optimiser
from nmt_attn.training.schedule import Budget, learning_rate, teacher_forcing
from nmt_attn.training.selection import Selection
from nmt_attn.training.skips import SkipCounter
from nmt_attn.training.state import TrainingState
from nmt_attn.training.step import Stepper
from nmt_attn.training.threads import choose_threads, computing_with
from nmt_attn.training.validation import Validation, Validator

REPORT_STEPS = 20
"""Steps between two looks at the loss, for which a GPU is waited for; on a CPU freed memory is given back then."""

INTERRUPTED = "interrupted"

Result = TypeVar("Result")


@dataclass(frozen=True)
class Outcome:
    """How a training ended."""

    run: RunDirectory
    reason: str
    signal: int | None  # that interrupted it
    state: TrainingState
    memory: dict[str, int]  # the most that was held, bytes, by kind; see peak_memory

    @property
    def interrupted(self) -> bool:
        """Whether somebody wanted it to end before it was done."""
        return self.signal is not None

    def summary(self) -> str:
        """A line for people."""
        state = self.state
        speed = state.target_tokens / max(state.seconds, 1e-9)
        memory = "".join(f"; peak {kind} memory {size / 2**30:.2f} GiB" for kind, size in self.memory.items())
        begun = ", with which it began" if state.step and self.run.pointed("best") == self.run.checkpoint(0) else ""
        return (
            f"{self.run.path}: {self.reason} after {state.step:,} steps, {state.epochs:.1f} epochs and "
            f"{state.seconds / 60:.1f} min ({speed:,.0f} target tokens/s, validation included); "
            f"best checkpoint: step {state.best_step}{begun}{memory}"
        )


class Trainer:
    """Trains one run from its prepared data.

    Args:
        config: the experiment.
        data: its prepared data.
        run: where to write.
        resume: go on from the run's latest checkpoint.
        start: the weights to begin with, by name, instead of random ones.

    Raises:
        InputError: there is nothing to resume from, or it does not fit.
        NmtError: the run's log cannot be written.
    """

    def __init__(
        self,
        config: Config,
        data: PreparedData,
        run: RunDirectory,
        *,
        resume: bool = False,
        start: Mapping[str, Tensor] | None = None,
    ) -> None:
        self.config, self.settings, self.data, self.run = config, config.training, data, run
        self.compute = choose_compute(self.settings.device, self.settings.precision)
        torch.manual_seed(config.seed)
        with torch.device(self.compute.device):
            self.model = TranslationModel(config.model, data.tokenizer.source_size, data.tokenizer.target_size)
        if start is not None:
            self.model.load_weights(start)
        self._starts_with_weights = start is not None
        self.optimiser = make_optimiser(self.model, self.settings)
        self.stepper = Stepper(self.model, self.optimiser, self.compute, self.settings)
        self.average = WeightAverage(self.model, self.settings.ema) if self.settings.ema is not None else None
        keep = self.settings.keep_checkpoints
        self.keeper = CheckpointKeeper(run, self.model, self.optimiser, self.average, keep=keep)
        self.state = self.keeper.restore() if resume else TrainingState()
        pairs, wished = data.pairs("train"), self.settings.batch_tokens
        if self.state.batch_tokens is None:
            self.state.batch_tokens = choose_batch_tokens(wished, self.compute.device.type, pairs)
        self.batcher = Batcher(pairs, self.state.batch_tokens, self.settings.batch_sentences, config.seed)
        watched = self.average.model if self.average is not None else self.model
        held_out = data.manifest.splits.valid.sentences
        tokens, tokenizer = self.state.batch_tokens, self.state.tokenizer
        self.validator = Validator(config, data, watched, tokens, tokenizer) if held_out else None
        self.selection = self._choose_selection(self.validator)
        self.budget = Budget.of(self.settings)
        self.metrics = MetricsLog(run.metrics_file, self.state.step)
        self.meter = Meter(Totals(self.state.meter_loss, self.state.meter_tokens, self.state.meter_seconds))
        self.skips = SkipCounter(self.state, self.meter, self.settings.max_skipped_steps)
        self._skips_said = self.state.skipped

    def train(self) -> Outcome:
        """Train until the budget is used up, validation stands still, or somebody interrupts.

        A checkpoint is left in every case but a crash.

        Raises:
            Interrupted: by a second signal.
            NmtError: the disk is full or not writable, loss or gradient were no numbers for too long, or a single pair
                is too much for the memory; the last checkpoint is kept.
        """
        self._began = time.monotonic() - self.state.seconds
        self.state.threads = self._choose_threads()
        display = Display()
        for line in self._opening_lines():
            display.say(line)
        try:
            with interruptible() as interruption, computing_with(self.state.threads), watching_neighbours():
                reason = self._train(display, interruption)
                signal = interruption.signal if reason == INTERRUPTED else None
                self._end(display, validate=signal is None)
                return Outcome(self.run, reason, signal, self.state, peak_memory())
        finally:
            display.close()

    def _train(self, display: Display, interruption: Interruption) -> str:
        """Do steps until there is a reason not to; which one."""
        if self._starts_with_weights:  # so that no later checkpoint counts as the best that is worse than these
            self._validate(self.validator, display)
        if self.compute.device.type == "cuda":
            self.try_largest_batch(display)
        for _ in chain([None], self._steps(display)):  # a crash may have come just before the end: so ask first
            if interruption.is_set():
                return INTERRUPTED
            if self._standing_still():
                return f"{self.state.validations_since_best} validations without a better one"
        return "the budget is used up"

    def _end(self, display: Display, *, validate: bool) -> None:
        """Leave a checkpoint of the last step, validated unless somebody waits for us to go."""
        if validate and self.validator is not None and self.state.step > self.state.validated_step:
            self._validate(self.validator, display)
        elif self.state.step and self.keeper.saved_step != self.state.step:
            self._save()

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
                place = f"step {state.step + 1} (epoch {state.epoch + 1}, batch {state.position + 1} of {len(steps)})"
                self._step(steps[state.position], progress, place, display)
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

    def _step(self, batches: list[Ids], progress: float, place: str, display: Display) -> None:
        """One step of the optimiser over one or several batches, and all that keeps count of it."""
        rate = self._rate(progress)
        forcing = teacher_forcing(self.settings.teacher_forcing, progress)
        built, result = self._within_memory(
            batches, display, lambda built: self.stepper.step(built, learning_rate=rate, teacher_forcing=forcing)
        )
        tokens = sum(batch.tokens for batch in built)
        self.state.step += 1
        self.state.target_tokens += tokens
        self.meter.add(result.cross_entropy, tokens)
        if self.average is not None:
            self.average.update(self.model, self.state.step)
        self.skips.note(result.skipped, tokens, place)

    def _choose_threads(self) -> int:
        """As many as the configuration says, or the run began with, or pay for a batch of middling size."""
        wished = self.settings.threads if self.settings.threads is not None else self.state.threads
        if self.compute.device.type != "cpu":  # where there is little for them to do
            return wished or min(torch.get_num_threads(), usable_processors())
        batches = self.batcher.in_order()
        batch = self.batcher.batch(batches[len(batches) // 2])
        self.model.train()
        with torch.random.fork_rng([]):
            threads = choose_threads(wished, lambda: self.stepper.gradients([batch]))
        self.optimiser.zero_grad()
        return threads

    # --- memory -----------------------------------------------------------------------------------------------

    def try_largest_batch(self, display: Display) -> None:
        """Compute the gradient of the batch that takes most memory, before hours have gone into the others."""
        source, target = self.batcher.pairs.source.lengths + 1, self.batcher.pairs.target.lengths + 1
        sizes = {len(ids) * int(source[ids].max()) * int(target[ids].max()): ids for ids in self.batcher.in_order()}
        largest = sizes[max(sizes)]
        self.model.train()
        with torch.random.fork_rng([self.compute.device] if self.compute.device.type == "cuda" else []):
            self._within_memory([largest] * self.settings.accumulate, display, self.stepper.gradients)
        self.optimiser.zero_grad()

    def _within_memory(
        self, batches: list[Ids], display: Display, compute: Callable[[list[Batch]], Result]
    ) -> tuple[list[Batch], Result]:
        """What ``compute`` makes of the batches, cut into as many parts as the memory of a GPU asks for.

        The parts are added up, so that a step is the same however many there are.
        """
        while True:
            parts = self.state.batch_parts
            built = [self.batcher.batch(part) for ids in batches for part in np.array_split(ids, min(parts, len(ids)))]
            try:
                return built, compute(built)
            except RuntimeError as error:
                if not is_out_of_memory(error):
                    raise
                # What did not fit is freed only when the error is gone.
            self._halve(max(len(ids) for ids in batches), display)

    def _halve(self, sentences: int, display: Display) -> None:
        """Cut batches, of which the largest has so many sentences, into twice as many parts from now on."""
        self.optimiser.zero_grad()
        self.stepper.free_graphs()
        if self.state.batch_parts >= sentences:
            raise NmtError(
                f"out of memory with a single sentence pair, after {self.state.step} steps; the last checkpoint is "
                "kept. A smaller model or data.filter.max_words needs less"
            )
        self.state.batch_parts *= 2
        if self.compute.device.type == "cuda":
            torch.cuda.empty_cache()
        display.say(f"out of memory: every batch is now computed in {self.state.batch_parts} parts, to the same effect")

    def _rate(self, progress: float) -> float:
        return learning_rate(
            self.settings.schedule,
            self._highest_rate,
            step=self.state.step,
            progress=progress,
            plateau_drops=self.state.plateau_drops,
        )

    @property
    def _highest_rate(self) -> float:
        """The learning rate after the warm-up: the configured one, or what goes with a batch that the device chose."""
        factor = rate_factor(self.settings.batch_tokens, self.batcher.batch_tokens)
        return self.settings.learning_rate * (1.0 if self.settings.batch_sentences else factor)

    def _progress(self) -> float:
        state = self.state
        return self.budget.progress(epochs=state.epochs, steps=state.step, minutes=state.seconds / 60)

    # --- watching ---------------------------------------------------------------------------------------------

    def _report(self, display: Display) -> None:
        """Every so many steps: the mean loss since the last time, to the display and to the log."""
        if self.state.step % REPORT_STEPS:
            return
        if self.compute.device.type == "cpu":
            give_back_freed_memory()
        self.skips.read()
        reading, progress = self.meter.read(), self._progress()
        if self.state.skipped > self._skips_said:
            new, self._skips_said = self.state.skipped - self._skips_said, self.state.skipped
            display.say(f"step {self.state.step}: {new} of the last {REPORT_STEPS} steps skipped: loss not a number")
        display.update(Pace(self.state.step, self.state.epoch + 1, reading.loss, reading.tokens_per_second, progress))
        values = {
            "epochs": round(self.state.epochs, 4),
            "loss": round(reading.loss, 5),
            "learning_rate": self._rate(progress),
            "tokens_per_second": round(reading.tokens_per_second, 1),
            "skipped": self.state.skipped,
        }
        self.metrics.write("train", self.state.step, values)

    def _watch(self, display: Display, *, epoch_done: bool) -> None:
        """Validate or save if it is time to."""
        every = self.settings.validation.every_steps
        if epoch_done if every is None else self.state.step % every == 0:
            self._validate(self.validator, display)
        elif self._checkpoint_is_due():
            self._save()

    def _checkpoint_is_due(self) -> bool:
        """Never while losses are no numbers: who knows what the weights are then, and the last good ones are kept."""
        every, minutes = self.settings.checkpoint_steps, (time.monotonic() - self.keeper.saved_at) / 60
        if not (every is not None and self.state.step % every == 0) and minutes < self.settings.checkpoint_minutes:
            return False
        self.skips.read()
        return self.state.skipped_in_a_row == 0

    def _save(self, *, best: bool = False) -> None:
        """Write a checkpoint, the log before it: a resumed run cuts the log at its checkpoint."""
        self.meter.stop()
        self.skips.read()
        totals = self.meter.totals()
        self.state.meter_loss, self.state.meter_tokens, self.state.meter_seconds = (
            totals.loss, totals.tokens, totals.seconds
        )  # fmt: skip
        if self.validator is None:  # who knows which is the best, so it is the latest
            self.state.best_step, best = self.state.step, True
        self.metrics.sync()
        self.keeper.save(self.state, best=best)
        self.meter.start()

    def _validate(self, validator: Validator | None, display: Display) -> None:
        """Validate, say so, keep the checkpoint, and the best of them; without a validation, keep the checkpoint."""
        if validator is None or self.selection is None:
            self._save()
            return
        self.meter.stop()
        state, result = self.state, validator.run()
        state.seconds = time.monotonic() - self._began
        state.validated_step = state.step
        better = self._take_in(self.selection, result)
        display.say(_validation_line(state, result, self.selection, better))
        for sample in result.samples:
            display.say(f"    {sample.source}\n      → {sample.translation}\n      ( {sample.reference} )")
        figures = result.figures
        values = {
            "epochs": round(state.epochs, 4),
            "loss": figures.loss,
            "perplexity": round(result.perplexity, 3),
            "bleu": figures.bleu,
            **({"bleu_reason": result.bleu.reason} if figures.bleu is None else {}),
            "chrf": figures.chrf,
            "exact": figures.exact,
            "metric": self.selection.metric,
            "minutes": round(state.seconds / 60, 3),
            "target_tokens": state.target_tokens,
        }
        self.metrics.write("valid", state.step, values)
        self._save(best=better)

    def _choose_selection(self, validator: Validator | None) -> Selection | None:
        """How the best checkpoint is chosen, now or when the training began; None where nothing is validated."""
        if validator is None:
            return None
        state, tokenizer = self.state, validator.scorer.tokenizer
        selection = validator.selection(state.metric)
        if state.metric is None and selection.metric == "bleu" and tokenizer.name != "13a":
            state.best_score = None  # of a version that may have cut text otherwise, so it compares with nothing
        state.metric, state.tokenizer = selection.metric, tokenizer.name
        return selection

    def _take_in(self, selection: Selection, result: Validation) -> bool:
        """Update what early stopping and the plateau go by; true if this is the best so far."""
        state, figures = self.state, result.figures
        score = selection.score(figures)
        better = math.isfinite(score) and (
            state.best_score is None
            or selection.rank_of(figures) > selection.rank(state.best_score, state.best_exact, state.best_score_loss)
        )
        if better:
            state.best_score, state.best_exact, state.best_score_loss = score, figures.exact, _finite(figures.loss)
            state.best_step, state.validations_since_best = state.step, 0
        else:
            state.validations_since_best += 1
        if math.isfinite(result.loss) and (state.best_loss is None or result.loss < state.best_loss):
            state.best_loss, state.validations_since_best_loss = result.loss, 0
        else:
            state.validations_since_best_loss += 1
            if state.validations_since_best_loss > self.settings.schedule.plateau_patience:
                state.plateau_drops, state.validations_since_best_loss = state.plateau_drops + 1, 0
        return better

    def _standing_still(self) -> bool:
        patience = self.settings.early_stopping.patience
        return patience is not None and self.state.validations_since_best >= patience

    def _place(self) -> str:
        """The device; of a CPU with how many threads."""
        threads, device = self.state.threads, self.compute.device
        return f"{device} ({threads} thread{'' if threads == 1 else 's'})" if device.type == "cpu" else str(device)

    def _opening_lines(self) -> list[str]:
        weights = sum(parameter.numel() for parameter in self.model.parameters())
        doing = f"resuming at step {self.state.step}" if self.state.step else "training"
        first = (
            f"{doing}: {weights / 1e6:.1f} million weights, {len(self.batcher.pairs):,} pairs, "
            f"on {self._place()} in {self.compute.precision}, to {self.run.path}"
        )
        chosen = [] if self._highest_rate == self.settings.learning_rate else [self._batch_line()]
        if self.validator is None or self.selection is None:
            return [first, *chosen, "no validation sentences: the latest checkpoint counts as the best"]
        note = self.validator.scorer.tokenizer.note
        notes = [] if note is None else [f"note: {note}"]
        return [first, *chosen, *notes, f"{self.selection.line()}; {self.validator.line()}"]

    def _batch_line(self) -> str:
        """What a batch is that the device chose, and what comes of it."""
        return (
            f"batches of {self.batcher.batch_tokens:,} target tokens suit the device (training.batch_tokens: auto), so "
            f"the learning rate is {self._highest_rate:.2g} instead of {self.settings.learning_rate:.2g}"
        )


def _finite(loss: float | None) -> float | None:
    return loss if loss is not None and math.isfinite(loss) else None


def _validation_line(state: TrainingState, result: Validation, selection: Selection, better: bool) -> str:
    """The figure that decides, the share of exact translations, and why there is no BLEU where there is none."""
    best = "  (best so far)" if better else ""
    scores = [] if selection.metric == "chrf" or result.bleu.score is None else [f"BLEU {result.bleu.score:.1f}"]
    if not scores:
        scores = [f"chrF {result.chrf.score:.1f}"]
    scores.append(f"exact {result.exact.score:.1f} %")
    if result.bleu.score is None:
        scores.append(f"BLEU n/a: {result.bleu.reason}")
    return (
        f"epoch {state.epochs:.1f}, step {state.step}, {state.seconds / 60:.1f} min: "
        f"valid loss {result.loss:.3f}, perplexity {result.perplexity:.2f}, {', '.join(scores)}{best}"
    )
