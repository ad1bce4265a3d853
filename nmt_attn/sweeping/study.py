"""The trials of a sweep in Optuna's journal, which several processes share."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import optuna
from optuna.pruners import BasePruner, MedianPruner, NopPruner
from optuna.samplers import TPESampler
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, Trial, TrialState

from nmt_attn.errors import InputError, NmtError, UserError
from nmt_attn.lock import locked
from nmt_attn.sweeping.ranges import Range
from nmt_attn.sweeping.record import COMPLETE, FAILED, INTERRUPTED, PRUNED, RUNNING, TrialRecord

JOURNAL, STUDY = "trials.journal", "sweep"
STARTUP_TRIALS = 5
"""Most trials that are never ended early, as there is nothing yet to compare with."""

WAIT_SECONDS = 0.1
_STATES = {TrialState.COMPLETE: COMPLETE, TrialState.PRUNED: PRUNED, TrialState.RUNNING: RUNNING}


@contextmanager
def waiting_for(folder: Path, seconds: float = 3600.0) -> Iterator[None]:
    """Hold the lock on a folder, and wait for it where another process holds it.

    Raises:
        NmtError: it was held for too long, or its file cannot be written.
    """
    end = time.monotonic() + seconds
    with ExitStack() as stack:
        while True:
            try:
                stack.enter_context(locked(folder))
                break
            except NmtError:
                if not folder.parent.is_dir() or time.monotonic() > end:
                    raise
                time.sleep(WAIT_SECONDS)
        yield


@dataclass(frozen=True)
class Plan:
    """What a sweep searches, and how."""

    directory: Path
    ranges: list[Range]
    trials: int  # that there are to be in the end
    prune: bool
    direction: Literal["minimize", "maximize"]
    seed: int
    settings: dict[str, Any]  # that are the same in all trials, as plain values by key


class Trials:
    """The trials of a sweep.

    Args:
        plan: what is searched; the folder is there.

    Raises:
        InputError: the journal is damaged.
        UserError: the folder holds a sweep of something else.
    """

    def __init__(self, plan: Plan) -> None:
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self.plan, file = plan, plan.directory / JOURNAL
        startup = max(1, min(STARTUP_TRIALS, plan.trials // 4))
        pruner: BasePruner = MedianPruner(n_startup_trials=startup, n_warmup_steps=2) if plan.prune else NopPruner()
        with waiting_for(self._gate):
            try:
                storage = JournalStorage(JournalFileBackend(str(file)))
                if storage.get_all_studies():  # to look at it writes nothing
                    self.study = optuna.load_study(study_name=STUDY, storage=storage, pruner=pruner)
                else:
                    direction = plan.direction
                    self.study = optuna.create_study(
                        study_name=STUDY, storage=storage, pruner=pruner, direction=direction
                    )
                self.study.get_trials(deepcopy=False)
            except (ValueError, KeyError, TypeError) as error:
                raise InputError(f"{file}: damaged ({str(error)[:80]}); move the folder aside and begin anew") from None
            self._check_plan()

    @property
    def _gate(self) -> Path:
        """What is locked while a trial is taken or ended."""
        return self.plan.directory / "gate"

    def _check_plan(self) -> None:
        plan = self.plan
        now = {"ranges": [one.to_json() for one in plan.ranges], "settings": plan.settings}
        now = json.loads(json.dumps(now))
        before = self.study.user_attrs.get("plan")
        if before is None:
            self.study.set_user_attr("plan", now)
            return
        if before["ranges"] != now["ranges"]:
            raise UserError(f"{plan.directory} holds a sweep over other ranges; give another --directory")
        old, new = before["settings"], now["settings"]
        changed = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
        if changed:
            raise UserError(
                f"{plan.directory} holds a sweep in which {changed[0]} is {json.dumps(old.get(changed[0]))}, not "
                f"{json.dumps(new.get(changed[0]))}; give another --directory"
            )

    @contextmanager
    def next(self) -> Iterator[Trial | None]:
        """Take a trial, or None if there are enough; no other process takes it for dead until the block ends."""
        with ExitStack() as held:
            with waiting_for(self._gate):
                self._bury_dead()
                if self.counted() >= self.plan.trials:
                    trial = None
                else:
                    trial = self.study.ask()
                    self.study.sampler = TPESampler(seed=self.plan.seed + trial.number)  # same values, any process
                    held.enter_context(locked(self.held(trial.number)))
            yield trial

    def held(self, number: int) -> Path:
        """Return what the process of a trial holds the lock on."""
        return self.plan.directory / f"at-work-{number:04d}"

    def counted(self) -> int:
        """Return how many trials there are, without those that are repeated."""
        return sum(
            trial.state != TrialState.WAITING and not trial.user_attrs.get("interrupted")
            for trial in self.study.get_trials(deepcopy=False)
        )

    def _bury_dead(self) -> None:
        """Repeat trials whose process has been killed: nobody holds their lock."""
        for trial in self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            try:
                with locked(self.held(trial.number)):
                    # Meanwhile its process may have ended it, and only then let go.
                    if self.study.get_trials(deepcopy=False)[trial.number].state == TrialState.RUNNING:
                        self._repeat(trial.number)
            except NmtError:
                continue

    def interrupted(self, number: int) -> None:
        """Take note that a trial was interrupted; it is repeated with the same values."""
        with waiting_for(self._gate):
            self._repeat(number)

    def _repeat(self, number: int) -> None:
        trial = self.study.get_trials(deepcopy=False)[number]
        values = dict(trial.params)
        storage, identifier = self.study._storage, trial._trial_id
        storage.set_trial_user_attr(identifier, "interrupted", True)
        self.study.tell(number, state=TrialState.FAIL)
        if values:
            self.study.enqueue_trial(values)

    def records(self) -> list[TrialRecord]:
        """Return all trials that have begun."""
        trials = self.study.get_trials(deepcopy=False)
        return [_record(trial) for trial in trials if trial.state != TrialState.WAITING]

    def importances(self) -> dict[str, float]:
        """Return how much of the difference between good and bad trials each key explains, most important first.

        By PED-ANOVA (Watanabe et al. 2023), which needs two complete trials.
        """
        complete = self.study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        if len(complete) < 2 or len({trial.value for trial in complete}) < 2:
            return {}
        found = optuna.importance.get_param_importances(self.study)
        return {key: round(float(value), 4) for key, value in found.items()}


def _record(trial: FrozenTrial) -> TrialRecord:
    attributes = trial.user_attrs
    state = _STATES.get(trial.state, INTERRUPTED if attributes.get("interrupted") else FAILED)
    return TrialRecord(
        number=trial.number + 1,
        state=state,
        parameters=dict(trial.params),
        score=attributes.get("score"),
        minutes=attributes.get("minutes"),
        reason=attributes.get("reason"),
        run=attributes.get("run"),
        scores=[value for _, value in sorted(trial.intermediate_values.items())],
    )
