"""Sweeps: the best is found, whatever happens to a trial, a process or the whole."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from nmt_attn.errors import NmtError
from nmt_attn.runs.metrics import read_metrics
from nmt_attn.sweeping import sweep as sweeping
from nmt_attn.sweeping.judge import TOO_BAD
from nmt_attn.training.outcome import Outcome
from nmt_attn.training.state import TrainingState
from nmt_attn.training.tracking import Validated
from tests.conftest import ROOT, write_opinions
from tests.in_process import Done, nmt_here

RATES = "training.learning_rate=log:1e-4..1e-1"


FEW = ("--set", "training.validation.max_sentences=9")


@pytest.fixture
def folder(tmp_path):
    return write_opinions(tmp_path)


def sweep(folder: Path, *words: str, trials: int, rates: str = RATES) -> Done:
    range_of_rates = ("--set-range", rates) if rates else ()
    return nmt_here(
        folder, "sweep", "--config", "opinions.yaml", *range_of_rates, "--trials", str(trials), "--json", *words
    )


def record(folder: Path) -> dict:
    return json.loads((folder / "sweeps" / "opinions" / "sweep.json").read_text(encoding="utf-8"))


def states(folder: Path) -> list[str]:
    return [trial["state"] for trial in record(folder)["trials"]]


class Trained:
    """In place of a training: its scores hang on the learning rate alone; some end otherwise."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.configs, self.endings, self.metrics = [], {}, {}
        monkeypatch.setattr(sweeping, "train", self)

    def __call__(self, config, *, force, reporter, draw, run, data):
        run.path.mkdir(parents=True)
        self.configs.append(config)
        number = len(self.configs)
        if isinstance(ending := self.endings.get(number), BaseException):
            raise ending
        state, reason = TrainingState(metric=self.metrics.get(number, "accuracy")), "the budget is used up"
        for step in range(1, 5):
            score = 100 * config.training.learning_rate * step
            ended = reporter.validated(Validated(step, step, 0.0, "", (), True, score))
            state.step = state.best_step = step
            state.best_score = score if number not in self.metrics or step else None
            if ended is not None:
                reason = ended
                break
        if ending == "no score":
            state.best_score = None
        return Outcome(run, reason, signal.SIGINT if ending == "interrupted" else None, state, "tokens", {})


@pytest.fixture
def trained(monkeypatch):
    return Trained(monkeypatch)


# --- real trainings ----------------------------------------------------------------------------


def test_the_better_of_two_rates_is_found_and_trained_again_by_the_command_that_is_printed(folder):
    epochs = ("--set", "training.max_epochs=2")
    done = sweep(folder, *epochs, "--no-prune", trials=3, rates="training.learning_rate=1e-7|1e-2")
    assert done.code == 0, done.err
    shown = json.loads(done.out)
    assert shown == record(folder)
    by_number = {trial["number"]: trial for trial in shown["trials"]}
    assert {trial["parameters"]["training.learning_rate"] for trial in by_number.values()} == {"1e-7", "1e-2"}
    best = by_number[shown["best"]]
    assert best["parameters"] == {"training.learning_rate": "1e-2"}
    assert shown["importances"] == {"training.learning_rate": 1.0}
    assert len(best["scores"]) == 2
    nmt, *words = shlex.split(shown["command"])
    assert nmt == "nmt"
    assert nmt_here(folder, *words).code == 0
    logged = read_metrics(folder / "runs" / "opinions-best" / "metrics.jsonl", "valid")
    assert max(line["accuracy"] for line in logged) == best["score"]
    assert not (folder / "data" / "opinions-best").exists()

    table = nmt_here(folder, "sweep", "--show", "sweeps/opinions")
    first, second = table.out.splitlines()[:2]
    assert first.split() == ["trial", "learning_rate", "accuracy", "state", "minutes"]
    assert second.split()[:4] == [str(best["number"]), "1e-2", f"{best['score']:.3f}", "complete"]
    assert shown["command"] in table.out


def start(folder: Path, *words: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "nmt_attn", "sweep", "--config", "opinions.yaml", "--set-range", RATES]
    return subprocess.Popen([*command, *FEW, *words], cwd=folder, stderr=subprocess.PIPE, env=environment, text=True)


@pytest.mark.slow
def test_two_processes_share_a_sweep(folder):
    words = ("--set", "training.max_epochs=1", "--no-prune")
    other = start(folder, *words, "--trials", "6")
    while not (folder / "sweeps" / "opinions" / "trial-0001").exists():
        assert other.poll() is None, other.communicate()
        time.sleep(0.05)
    done = sweep(folder, *words, *FEW, trials=6)
    said = [other.communicate(timeout=120)[1], done.err]
    assert (other.returncode, done.code) == (0, 0), said
    begun = [[line.split()[1] for line in text.splitlines() if line.startswith("trial ")] for text in said]
    assert all(begun)
    assert sorted(begun[0] + begun[1]) == [str(number) for number in range(1, 7)]
    assert states(folder) == ["complete"] * 6
    assert len({trial["parameters"]["training.learning_rate"] for trial in record(folder)["trials"]}) == 6
    assert len(list((folder / "sweeps" / "opinions").glob("trial-*"))) == 6


@pytest.mark.slow
def test_a_trial_whose_process_was_killed_is_repeated(folder, trained):
    words = ("--set", "training.max_epochs=9999")
    other = start(folder, *words, "--trials", "2")
    wait_for(folder / "sweeps" / "opinions" / "trial-0001" / "latest")
    other.kill()
    other.communicate()
    done = sweep(folder, *words, *FEW, trials=2)
    assert done.code == 0, done.err
    assert states(folder) == ["interrupted", "complete", "complete"]
    first, again, third = (trial["parameters"] for trial in record(folder)["trials"])
    assert first == again != third


def test_a_trial_that_ctrl_c_has_interrupted_is_repeated(folder, monkeypatch):
    words = ("--set", "training.max_epochs=9999", *FEW)
    run = folder / "sweeps" / "opinions" / "trial-0001"
    typing = threading.Thread(target=lambda: (wait_for(run / "latest"), os.kill(os.getpid(), signal.SIGINT)))
    typing.start()
    done = sweep(folder, *words, trials=2)
    typing.join()
    assert done.code == 130
    assert "interrupted; the same command goes on: nmt sweep --config opinions.yaml" in done.err
    assert states(folder) == ["interrupted"]
    assert not run.exists()
    (before,) = record(folder)["trials"]
    Trained(monkeypatch)
    assert sweep(folder, *words, trials=2).code == 0
    assert states(folder) == ["interrupted", "complete", "complete"]
    assert record(folder)["trials"][1]["parameters"] == before["parameters"]


def wait_for(path: Path) -> None:
    end = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < end
        time.sleep(0.05)


# --- what becomes of trials ----------------------------------------------------------------------------


def test_the_same_command_goes_on_until_there_are_as_many_trials_as_wanted(folder, trained):
    assert sweep(folder, trials=3).code == 0
    assert len(trained.configs) == 3
    assert sweep(folder, trials=3).code == 0
    assert len(trained.configs) == 3
    first = record(folder)["trials"]
    assert sweep(folder, "--set", "training.threads=1", trials=5).code == 0
    assert record(folder)["trials"][:3] == first
    assert len(trained.configs) == 5
    assert [config.name for config in trained.configs[3:]] == ["opinions-0004", "opinions-0005"]


def test_the_same_seed_tries_the_same_values(folder, trained):
    assert sweep(folder, trials=3).code == 0
    assert sweep(folder, "--directory", "elsewhere", trials=3).code == 0
    rates = [config.training.learning_rate for config in trained.configs]
    assert rates[:3] == rates[3:]
    assert len(set(rates)) == 3


@pytest.mark.parametrize(
    ("words", "rates", "error"),
    [
        ((), "training.learning_rate=log:1e-4..1e-2", "holds a sweep over other ranges; give another --directory"),
        (("--set", "seed=7"), RATES, "holds a sweep in which seed is 1, not 7; give another --directory"),
    ],
)
def test_another_sweep_in_the_same_folder_is_refused(folder, trained, words, rates, error):
    assert sweep(folder, trials=1).code == 0
    done = sweep(folder, *words, trials=2, rates=rates)
    assert done.code == 2
    assert error in done.error
    assert len(trained.configs) == 1


def test_a_sweep_does_not_pretend_to_train_with_several_processes(folder, trained):
    done = sweep(folder, "--set", "training.processes=2", trials=1)
    assert done.code == 2
    assert "training.processes: 2: each trial of a sweep is trained by one process" in done.error
    assert not trained.configs


def test_nmt_yaml_is_found_and_named_in_the_command(folder, trained):
    nothing = nmt_here(folder, "sweep", "--set-range", RATES)
    assert nothing.code == 2
    assert "give a file with --config FILE, or have nmt.yaml in this folder" in nothing.error
    (folder / "opinions.yaml").rename(folder / "nmt.yaml")
    done = nmt_here(folder, "sweep", "--set-range", RATES, "--trials", "1", "--json")
    assert done.code == 0, done.err
    assert "configuration: nmt.yaml\n" in done.err
    assert trained.configs[0].task == "classification"
    assert json.loads(done.out)["command"].startswith("nmt train --config nmt.yaml --set ")


def test_trials_behind_the_others_are_ended_early(folder, trained):
    assert sweep(folder, trials=8).code == 0
    found = record(folder)["trials"]
    pruned = [trial for trial in found if trial["state"] == "pruned"]
    assert pruned
    assert all(len(trial["scores"]) < 4 and trial["reason"].startswith(TOO_BAD) for trial in pruned)
    assert found[record(folder)["best"] - 1]["score"] == max(trial["score"] for trial in found)
    assert len(trained.configs) == 8


def test_no_trial_is_ended_early_if_that_is_not_wanted(folder, trained):
    assert sweep(folder, "--no-prune", trials=8).code == 0
    assert states(folder) == ["complete"] * 8


def test_of_a_loss_the_lowest_is_the_best(folder, trained):
    trained.metrics = {1: "loss", 2: "loss", 3: "loss"}
    assert sweep(folder, "--set", "training.early_stopping.metric=loss", "--no-prune", trials=3).code == 0
    shown = record(folder)
    assert shown["direction"] == "minimize"
    scores = [trial["score"] for trial in shown["trials"]]
    assert shown["trials"][shown["best"] - 1]["score"] == min(scores)


def test_trials_that_fail_say_why_and_the_others_go_on(folder, trained):
    trained.endings = {1: NmtError("10 steps in a row: loss\x1b[2J not a number"), 2: MemoryError(), 3: KeyError("x")}
    trained.endings[4] = "no score"
    trained.metrics[6] = "f1"
    done = sweep(folder, trials=6)
    assert done.code == 0, done.err
    assert states(folder) == ["failed"] * 4 + ["complete", "failed"]
    assert [trial["reason"] for trial in record(folder)["trials"]] == [
        "10 steps in a row: loss [2J not a number",
        "out of memory",
        "KeyError: 'x'",
        "no validation gave a score",
        None,
        "scored by f1, the trials before it by accuracy; set training.early_stopping.metric",
    ]
    assert "  failed: out of memory" in done.err
    assert "\x1b" not in done.err
    assert "Traceback" not in done.err


def test_a_sweep_without_a_complete_trial_has_failed(folder, trained):
    trained.endings = {1: MemoryError(), 2: MemoryError()}
    done = sweep(folder, trials=2)
    assert done.code == 1
    assert done.error == "no trial has come to its end; the table says why"


def test_values_that_do_not_go_together_fail_in_their_trial(folder, trained):
    clash = ("--set-range", "training.max_epochs=null|3")  # without an end there is nothing to train
    assert sweep(folder, *clash, trials=8).code == 0
    reasons = {
        trial["parameters"]["training.max_epochs"]: trial["reason"]
        for trial in record(folder)["trials"]
        if trial["state"] != "pruned"
    }
    assert reasons["3"] is None
    assert "no end is set" in reasons["null"]


def test_ctrl_c_leaves_a_sweep_that_goes_on(folder, trained):
    trained.endings = {2: "interrupted", 3: KeyboardInterrupt()}
    done = sweep(folder, trials=3)
    assert done.code == 130
    assert states(folder) == ["complete", "interrupted"]
    assert sweep(folder, trials=3).code == 130
    assert sweep(folder, trials=3).code == 0
    assert states(folder)[:4] == ["complete", "interrupted", "interrupted", "complete"]
    rates = [trial["parameters"]["training.learning_rate"] for trial in record(folder)["trials"]]
    assert rates[1] == rates[2] == rates[3]
    assert len(states(folder)) == 5


def test_data_is_shared_unless_a_range_changes_it(folder, trained):
    assert sweep(folder, trials=2).code == 0
    assert {config.data_directory for config in trained.configs} == {Path("data/opinions")}
    lengths = ("--set-range", "data.filter.max_tokens=6|12", "--directory", "lengths")
    assert sweep(folder, *lengths, trials=6).code == 0
    found = {config.data.filter.max_tokens: config.data_directory for config in trained.configs[2:]}
    assert len(found) == 2
    assert len(set(found.values())) == 2
    assert all((folder / path / "manifest.json").exists() for path in found.values())
    assert len(list((folder / "lengths" / "data").iterdir())) == 2


# --- what is refused ----------------------------------------------------------------------------


def test_what_is_wrong_is_said_at_once(folder, monkeypatch):
    for words, error in {
        (): "nothing to search; give a range, such as --set-range training.learning_rate=",
        ("--set-range", "training.learnin_rate=1..2"): "did you mean training.learning_rate?",
        ("--set", "model.cell=gnu", "--set-range", RATES): "model.cell must be 'gru' or 'lstm'",
        ("--show", "nowhere"): "nowhere: no sweep (sweep.json is not there, or cannot be read)",
        ("--show", ".", "--trials", "3"): "--trials has no effect with --show",
        ("--set-range", RATES, "--directory", "opinions.tsv"): "a file is in the way",
        ("--set-range", RATES, "--set", "data.split.valid=0"): "a sweep needs validation sentences",
    }.items():
        config = () if "--show" in words else ("--config", "opinions.yaml")
        done = nmt_here(folder, "sweep", *config, *words)
        assert done.code == 2, words
        assert error in done.error


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"trials": [3]}', "\x00", '{"trials": []}'])
def test_a_damaged_record_is_refused(tmp_path, content):
    (tmp_path / "sweep.json").write_text(content)
    done = nmt_here(tmp_path, "sweep", "--show", ".")
    assert done.code == 2
    assert "damaged" in done.error


def test_a_damaged_journal_is_refused(folder, trained):
    assert sweep(folder, trials=1).code == 0
    journal = folder / "sweeps" / "opinions" / "trials.journal"
    journal.write_text("what is this\n" + journal.read_text())
    done = sweep(folder, trials=2)
    assert done.code == 2
    assert "trials.journal: damaged" in done.error


def test_what_a_record_says_cannot_control_a_terminal(folder, trained):
    assert sweep(folder, trials=1).code == 0
    path = folder / "sweeps" / "opinions" / "sweep.json"
    path.write_text(
        path.read_text().replace('"complete"', '"failed"').replace('"reason": null', '"reason": "\\u001b[2J[red]"')
    )
    done = nmt_here(folder, "sweep", "--show", "sweeps/opinions")
    assert done.code == 0
    assert "\x1b" not in done.out
    assert "[2J[red]" in done.out
