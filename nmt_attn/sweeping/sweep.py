"""A sweep: one training after another, each with values of its own for some keys."""

from __future__ import annotations

import gc
import hashlib
import json
import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from optuna.trial import Trial, TrialState

from nmt_attn.config.loading import flat_values, load_config, plain_values
from nmt_attn.config.schema import Config
from nmt_attn.corpus.dataset import Dataset
from nmt_attn.corpus.prepare import prepare
from nmt_attn.device import choose_compute
from nmt_attn.errors import NmtError, UserError, is_out_of_memory, printable
from nmt_attn.files import delete_directory, disk_errors
from nmt_attn.runs.directory import RunDirectory
from nmt_attn.sweeping.judge import TOO_BAD, Judge
from nmt_attn.sweeping.ranges import Range
from nmt_attn.sweeping.record import COMPLETE, FAILED, PRUNED, SweepRecord
from nmt_attn.sweeping.study import JOURNAL, Plan, Trials, waiting_for
from nmt_attn.training.outcome import Outcome
from nmt_attn.training.trackers.drawing import Draw
from nmt_attn.training.trackers.registry import check_trackers
from nmt_attn.training.tracking import Reporter
from nmt_attn.training.train import train

FREE = ("name", "data.directory", "training.device", "training.threads", "training.track", "decoding.threads")
"""Keys that may differ between the processes that share a sweep, or when it goes on."""


@dataclass(frozen=True)
class Search:
    """What is to be searched."""

    config: Path | None
    sets: Sequence[str]  # KEY=VALUE, the same in all trials
    ranges: Sequence[Range]
    trials: int
    directory: Path | None = None  # None: sweeps/<name>
    prune: bool = True


@dataclass(frozen=True)
class Shown:
    """How a sweep is shown to people."""

    notice: Callable[[str], None]
    reporter: Callable[[], Reporter]  # of one trial
    draw: Draw | None = None


@dataclass(frozen=True)
class Swept:
    """How far a sweep has come."""

    record: SweepRecord
    directory: Path
    signal: int | None  # that interrupted it


class Sweep:
    """A sweep that is about to begin, or to go on; everything that can be refused is refused here.

    Raises:
        UserError: the configuration is wrong, there is nothing to compare trials by, or the folder holds another sweep.
    """

    def __init__(self, search: Search, shown: Shown) -> None:
        self.search, self.shown = search, shown
        self.config = config = load_config(search.config, search.sets)
        check_trackers(config)
        choose_compute(config.training.device, config.training.precision)
        if (reason := config.data.nothing_held_out("valid")) is not None:
            raise UserError(f"a sweep needs validation sentences, and {reason}; hold some out")
        self.directory = search.directory or Path("sweeps") / config.name
        if self.directory.exists() and not self.directory.is_dir():
            raise UserError(f"{self.directory}: a file is in the way of the sweep's folder; give another --directory")
        self.moves_data = any(one.key.startswith("data.") for one in search.ranges)
        self.direction: Literal["minimize", "maximize"]
        self.direction = "minimize" if config.training.early_stopping.metric == "loss" else "maximize"

    def run(self) -> Swept:
        """Train until there are as many trials as wanted.

        Raises:
            NmtError: the disk is full or not writable, or the data cannot be prepared.
        """
        if (self.directory / JOURNAL).exists():
            Trials(self._plan())  # so that another sweep is refused before anything is done
        data = None if self.moves_data else self._prepared(self.config)
        with disk_errors(self.directory):
            self.directory.mkdir(parents=True, exist_ok=True)
        self.trials = Trials(self._plan())
        self._save()
        while True:
            with self.trials.next() as trial:
                if trial is None:
                    return Swept(self._save(), self.directory, None)
                signal = self._try(trial, data)
            record = self._save()
            if signal is not None:
                return Swept(record, self.directory, signal)

    def _plan(self) -> Plan:
        ranged = {one.key for one in self.search.ranges}
        settings = dict(flat_values(plain_values(self.config)))
        settings = {key: value for key, value in settings.items() if key not in FREE and key not in ranged}
        search = self.search
        return Plan(
            self.directory,
            list(search.ranges),
            search.trials,
            search.prune,
            self.direction,
            self.config.seed % 2**31,
            settings,
        )

    # --- one trial --------------------------------------------------------------------------------------------------

    def _try(self, trial: Trial, data: Dataset | None) -> int | None:
        """Do one trial; return the signal that interrupted it, if one did."""
        began, run = time.monotonic(), RunDirectory(self.directory / f"trial-{trial.number + 1:04d}")
        judge = Judge(trial, self.shown.reporter(), self.direction)
        try:
            values = {one.key: one.suggest(trial) for one in self.search.ranges}
            settings = ", ".join(f"{key}={_short(value)}" for key, value in values.items())
            self.shown.notice(f"trial {trial.number + 1} ({self.trials.counted()} of {self.search.trials}): {settings}")
            outcome = self._train(trial, values, run, data, judge)
            if outcome.interrupted:
                self._undo(trial, run)
                return outcome.signal
            self._end(trial, outcome, judge, (time.monotonic() - began) / 60)
        except Exception as error:  # whatever it is, it concerns this trial alone
            self._fail(trial, _reason(error), (time.monotonic() - began) / 60)
        except BaseException:  # Ctrl-C before the training began, or twice
            self._undo(trial, run)
            raise
        finally:
            if torch.cuda.is_available():  # the next network may need what this one has held
                gc.collect()
                torch.cuda.empty_cache()
        return None

    def _train(
        self, trial: Trial, values: Mapping[str, str], run: RunDirectory, data: Dataset | None, judge: Judge
    ) -> Outcome:
        sets = [*self.search.sets, *(f"{key}={value}" for key, value in values.items())]
        config = load_config(self.search.config, sets)
        config = config.model_copy(update={"name": f"{self.config.name[:90]}-{trial.number + 1:04d}"})
        config = _with_data_in(config, self._data_directory(config))
        trial.set_user_attr("run", run.path.name)
        return train(
            config,
            force=run.path.exists(),
            reporter=judge,
            draw=self.shown.draw,
            run=run,
            data=data or self._prepared(config),
        )

    def _data_directory(self, config: Config) -> Path:
        """Return where the data of a trial lies: that of trials with the same settings of the data is shared."""
        if not self.moves_data:
            return self.config.data_directory
        settings = {**plain_values(config)["data"], "directory": None}
        digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()
        return self.directory / "data" / digest[:12]

    def _prepared(self, config: Config) -> Dataset:
        with waiting_for(config.data_directory.with_name(f"{config.data_directory.name}-of-a-sweep")):
            return prepare(config).data

    def _end(self, trial: Trial, outcome: Outcome, judge: Judge, minutes: float) -> None:
        """Take note of how a training ended."""
        state = outcome.state
        score = None if state.best_score is None else judge.shown(state.best_score)
        metric = self.trials.study.user_attrs.get("metric")
        if score is None:
            self._fail(trial, "no validation gave a score", minutes)
            return
        if metric is None:
            self.trials.study.set_user_attr("metric", state.metric)
        elif metric != state.metric:
            advice = "set training.early_stopping.metric"
            self._fail(trial, f"scored by {state.metric}, the trials before it by {metric}; {advice}", minutes)
            return
        trial.set_user_attr("score", score)
        trial.set_user_attr("minutes", round(minutes, 3))
        pruned = outcome.reason == TOO_BAD
        if pruned:
            trial.set_user_attr("reason", f"{TOO_BAD}, after {state.step:,} steps")
            self.trials.study.tell(trial, state=TrialState.PRUNED)
        else:
            self.trials.study.tell(trial, score)
        how = PRUNED if pruned else COMPLETE
        self.shown.notice(f"  {how}: {state.metric} {score:.3f}, {minutes:.1f} min, best at step {state.best_step}")

    def _fail(self, trial: Trial, reason: str, minutes: float) -> None:
        trial.set_user_attr("reason", reason)
        trial.set_user_attr("minutes", round(minutes, 3))
        self.trials.study.tell(trial, state=TrialState.FAIL)
        self.shown.notice(f"  {FAILED}: {reason}")

    def _undo(self, trial: Trial, run: RunDirectory) -> None:
        """Leave nothing of an interrupted trial but its values, with which it is repeated."""
        self.trials.interrupted(trial.number)
        delete_directory(run.path)

    # --- all of them ------------------------------------------------------------------------------------------------

    def _save(self) -> SweepRecord:
        """Write the record of all trials, those of other processes included."""
        with waiting_for(self.directory / "record"):
            records = self.trials.records()
            complete = [one for one in records if one.state == COMPLETE and one.score is not None]
            sign = -1.0 if self.direction == "minimize" else 1.0
            best = max(complete, key=lambda one: (sign * (one.score or 0.0), -one.number), default=None)
            record = SweepRecord(
                name=self.config.name,
                metric=self.trials.study.user_attrs.get("metric"),
                direction=self.direction,
                ranges=[one.to_json() for one in self.search.ranges],
                trials=records,
                best=None if best is None else best.number,
                command=None if best is None else self._command(best.parameters),
                importances=self.trials.importances(),
            )
            record.save(self.directory)
        return record

    def _command(self, parameters: Mapping[str, Any]) -> str:
        """Spell out the command that trains with the best values."""
        words = (
            ["nmt", "train"] if self.search.config is None else ["nmt", "train", "--config", str(self.search.config)]
        )
        own = [one for one in self.search.sets if one.partition("=")[0].strip() != "name"]
        sets = [*own, *(f"{key}={value}" for key, value in parameters.items()), f"name={self.config.name[:95]}-best"]
        if not self.moves_data and self.config.data.directory is None:
            sets.append(f"data.directory={self.config.data_directory}")
        return shlex.join([*words, *(word for one in sets for word in ("--set", one))])


def _with_data_in(config: Config, directory: Path) -> Config:
    return config.model_copy(update={"data": config.data.model_copy(update={"directory": directory})})


def _reason(error: Exception) -> str:
    """Say in one short line why a trial failed."""
    if is_out_of_memory(error):
        return "out of memory"
    text = str(error) if isinstance(error, NmtError) else f"{type(error).__name__}: {error}"
    return printable(text)[:300]


def _short(value: str) -> str:
    """Shorten a number for people."""
    try:
        return value if float(value).is_integer() else f"{float(value):.4g}"
    except (ValueError, OverflowError):
        return value
