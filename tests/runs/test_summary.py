"""A run in a few figures: its state, and never a failure."""

import json
import os

import pytest

from nmt_attn.errors import InputError
from nmt_attn.lock import locked
from nmt_attn.runs import summary as module
from nmt_attn.runs.metrics import METRIC_NAMES
from nmt_attn.runs.record import Recording
from nmt_attn.runs.summary import list_runs, summarise
from nmt_attn.tasks.selection import NAMES
from tests.runs.made_runs import make_run, trained_line, valid_line


def test_metrics_have_the_names_that_training_gives_them():
    assert METRIC_NAMES == NAMES


def test_the_figures_of_a_run(tmp_path):
    log = [trained_line(20), valid_line(20, loss=1.5, bleu=30.0, chrf=50.0, metric="chrf"), trained_line(25)]
    run = make_run(tmp_path / "a", 20, 25, best=20, log=log)
    found = summarise(run.path)
    assert (found.name, found.task, found.steps, found.epochs) == ("a", "translation", 25, 2.5)
    assert (found.metric, found.best, found.best_checkpoint) == ("chrf", 50.0, run.checkpoint(20))
    assert (found.latest_checkpoint, found.checkpoints, found.weights) == (run.checkpoint(25), 2, 40)
    assert found.minutes == pytest.approx(25 / 60, abs=0.01)
    assert found.bytes == sum(path.stat().st_size for path in run.path.rglob("*") if path.is_file())
    json.dumps(found.values())


def test_the_score_of_the_best_checkpoint_is_in_its_state_where_the_log_is_gone(tmp_path):
    run = make_run(tmp_path / "a", 20, best=20)
    state = run.checkpoint(20) / "state.json"
    state.write_text(json.dumps({"step": 20, "metric": "loss", "best_score": -1.25, "best_step": 20}))
    found = summarise(run.path)
    assert (found.metric, found.best) == ("loss", 1.25)


def test_a_run_that_is_being_trained_is_running(tmp_path):
    run = make_run(tmp_path / "a", 20, log=[trained_line(20)])
    Recording(run.path, ["nmt", "train"], resumed=False)
    with locked(run.path):
        assert summarise(run.path).state == "running"
    found = summarise(run.path)
    assert (found.state, found.reason) == ("stopped", "its process was killed")


def test_a_run_that_changes_while_it_is_read_is_read_again(tmp_path, monkeypatch):
    run = make_run(tmp_path / "a", 20, log=[trained_line(20)])
    real, failures = module.refuse_foreign, [FileNotFoundError("a checkpoint has gone"), None, None]

    def changing(path):
        if (error := failures.pop(0)) is not None:
            raise error
        real(path)

    monkeypatch.setattr(module, "refuse_foreign", changing)
    with locked(run.path):
        assert summarise(run.path).state == "running"
    failures.insert(0, FileNotFoundError("gone"))
    assert summarise(run.path).state == "damaged"


@pytest.mark.parametrize(
    ("steps", "log", "state"),
    [
        ((20,), [trained_line(20)], "stopped"),
        ((30,), [trained_line(30)], "finished"),  # three epochs, as configured
        ((20,), [trained_line(20), trained_line(40, loss=None)], "diverged"),
        ((), [trained_line(20)], "no checkpoint"),
        ((30,), [{"kind": "average", "step": 30, "of": []}], "averaged"),
    ],
)
def test_the_end_of_a_run_of_before_is_told_by_its_figures(tmp_path, steps, log, state):
    assert summarise(make_run(tmp_path / "a", *steps, log=log).path).state == state


@pytest.mark.parametrize("outcome", ["finished", "stopped", "diverged", "failed"])
def test_the_record_says_how_it_ended_and_what_it_came_from(tmp_path, outcome):
    run = make_run(tmp_path / "a", 20, log=[trained_line(20)])
    Recording(run.path, ["nmt", "train", "--config", "a b.yaml"], resumed=False).end(outcome, "because")
    found = summarise(run.path)
    assert (found.state, found.reason) == (outcome, "because")
    assert found.command == ("nmt", "train", "--config", "a b.yaml")


def break_config(run):
    run.config_file.write_text("nonsense: [")


def break_weights(run):
    (run.checkpoint(20) / "model.safetensors").write_bytes(b"\xff" * 100)


def cut_weights(run):
    path = run.checkpoint(20) / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-5])


def break_state(run):
    (run.checkpoint(20) / "state.json").write_text("[" * 100_000)


def lead_out(run):
    run.metrics_file.unlink()
    run.metrics_file.symlink_to("/etc/hostname")


def pipe(run):
    run.metrics_file.unlink()
    os.mkfifo(run.metrics_file)


def point_out(run):
    (run.path / "best").write_text("../../other")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (break_config, "config.yaml"), (break_weights, "model.safetensors"), (cut_weights, "its header asks for"),
        (break_state, "state.json"), (lead_out, "a link out of the run"), (pipe, "not an ordinary file"),
        (point_out, "expected checkpoints/"),
    ],
)  # fmt: skip
def test_a_damaged_run_is_a_row_with_the_reason(tmp_path, spoil, says):
    spoil(make_run(tmp_path / "a", 20, log=[trained_line(20)]))
    make_run(tmp_path / "b", 20)
    found = {run.name: run for run in list_runs(tmp_path)}
    assert found["a"].state == "damaged"
    assert says in found["a"].reason
    assert found["b"].state == "stopped"


def test_hostile_lines_of_a_log_are_left_out(tmp_path):
    run = make_run(tmp_path / "a", 20, log=[trained_line(20)])
    with run.metrics_file.open("ab") as file:
        file.write(b'\xff\x00\n[]\n{"kind": "valid", "step": 20, "bleu": {}, "metric": []}\n' + b"[" * 99_999 + b"\n")
        file.write(b'{"kind": "train", "step": 22, "epochs": 1e999, "loss": "x"}\n{"kind": "valid", "st')
    found = summarise(run.path)
    assert (found.state, found.steps, found.best) == ("stopped", 22, None)


def test_folders_that_are_no_runs_are_rows_and_files_are_none(tmp_path):
    make_run(tmp_path / "a", 20)
    make_run(tmp_path / "a.old-1", 20)
    (tmp_path / "empty").mkdir()
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "config.yaml").write_text("name: x\n")
    (tmp_path / "notes.txt").touch()
    (tmp_path / ".a.lock").touch()
    (tmp_path / "broken").symlink_to("nowhere")
    (tmp_path / "link").symlink_to("a")
    found = {run.name: run for run in list_runs(tmp_path)}
    assert set(found) == {"a", "a.old-1", "empty", "project", "broken", "link"}
    assert {name for name, run in found.items() if run.state == "no run"} == {"empty", "project", "broken"}
    assert found["empty"].reason == "no config.yaml in it"
    assert found["link"].link == "a"


def test_the_run_written_last_comes_first(tmp_path):
    for age, name in enumerate(("new", "middle", "old")):
        run = make_run(tmp_path / name, 20)
        for path in run.path.rglob("*"):
            os.utime(path, (1e9 - age, 1e9 - age))
    assert [run.name for run in list_runs(tmp_path)] == ["new", "middle", "old"]


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="no such folder"):
        list_runs(tmp_path / "runs")
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be read"):
        list_runs(tmp_path / "file")
