"""The part of a report about the sweep that the run is a trial of."""

from dataclasses import replace
from pathlib import Path

import pytest

from nmt_attn.errors import InputError
from nmt_attn.reporting.page_contents import Code, Plot, Table
from nmt_attn.reporting.sweep_section import sweep_section
from nmt_attn.runs.directory import RunDirectory
from nmt_attn.sweeping.record import SweepRecord, TrialRecord, best_trial

RATE, CELL = "training.learning_rate", "model.cell"
TRIALS = [
    TrialRecord(1, "complete", {RATE: 0.00123456, CELL: "gru"}, 10.0, 1.0, None, "trial-0001"),
    TrialRecord(2, "failed", {RATE: 0.5, CELL: "gru"}, None, 0.1, "diverged", "trial-0002"),
    TrialRecord(3, "complete", {RATE: 0.01, CELL: "lstm"}, 30.0, 2.0, None, "trial-0003"),
    TrialRecord(4, "pruned", {RATE: 0.1, CELL: "lstm"}, 5.0, 0.5, "behind", "trial-0004"),
    TrialRecord(5, "complete", {RATE: 0.02, CELL: "lstm"}, 20.0, 2.0, None, "trial-0005"),
]
COMMAND = "nmt train --set model.cell=lstm"
RECORD = SweepRecord("toy", "bleu", "maximize", [], TRIALS, 3, COMMAND, {CELL: 0.75, RATE: 0.25})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    RECORD.save(tmp_path)
    (tmp_path / "trial-0003").mkdir()
    return tmp_path


def parts(folder: Path, name: str = "trial-0003"):
    section = sweep_section(RunDirectory(folder / name))
    assert section is not None
    return section.items


def test_it_shows_the_trials_from_the_best_to_those_that_failed(folder):
    table = next(item for item in parts(folder) if isinstance(item, Table) and item.title.startswith("All trials"))
    assert [row[0] for row in table.rows] == ["3", "5", "1", "2", "4"]
    assert [column.name for column in table.columns][:4] == ["trial", "training.learning_rate", "model.cell", "bleu"]
    assert table.rows[0] == ["3", "0.01", "lstm", 30.0, "complete", 2.0, "this run"]
    assert table.rows[2][1] == "0.001235"
    assert table.rows[3][-1] == "diverged"


def test_it_shows_what_made_the_difference_and_the_scores_as_they_came(folder):
    shares = next(item for item in parts(folder) if isinstance(item, Table) and "come from" in item.title)
    assert shares.columns[1].bar
    assert shares.rows == [["model.cell", 75.0], ["training.learning_rate", 25.0]]
    (plot,) = (item for item in parts(folder) if isinstance(item, Plot))
    trial, best = plot.views[0].curves
    assert (trial.x, trial.y, best.y) == ([1.0, 3.0, 5.0], [10.0, 30.0, 20.0], [10.0, 30.0, 30.0])
    (code,) = (item for item in parts(folder) if isinstance(item, Code))
    assert code.text == COMMAND


def test_of_a_loss_the_lowest_is_the_best(tmp_path):
    replace(RECORD, direction="minimize", metric="loss", best=1).save(tmp_path)
    table = next(item for item in parts(tmp_path, "trial-0001") if isinstance(item, Table) and "trials" in item.title)
    assert [row[0] for row in table.rows] == ["1", "5", "3", "2", "4"]


def test_a_run_beside_no_sweep_or_not_of_it_has_no_such_part(folder, tmp_path_factory):
    assert sweep_section(RunDirectory(folder / "other")) is None
    assert sweep_section(RunDirectory(tmp_path_factory.mktemp("runs") / "trial-0003")) is None
    (folder / "sweep.json").write_text("{", encoding="utf-8")
    assert sweep_section(RunDirectory(folder / "trial-0003")) is None


def test_a_sweep_stands_for_its_best_trial(folder):
    assert best_trial(folder) == folder / "trial-0003"
    assert best_trial(folder / "trial-0003") is None
    replace(RECORD, trials=[replace(TRIALS[2], run="../../elsewhere")]).save(folder)
    assert best_trial(folder) == folder / "elsewhere"
    replace(RECORD, best=None).save(folder)
    with pytest.raises(InputError, match="no trial has come to its end"):
        best_trial(folder)
