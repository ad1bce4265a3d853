"""Averaging: the mean of each weight, of the checkpoints that were asked for."""

import json
import os

import pytest
import torch

from nmt_attn.config.loading import dump_config, load_config
from nmt_attn.errors import InputError, UserError
from nmt_attn.runs.checkpoint import WEIGHTS, save_weights
from nmt_attn.runs.directory import RunDirectory
from nmt_attn.training.average import average_run, best_checkpoints, last_checkpoints, mean_weights


@pytest.fixture
def run(tmp_path):
    """Four checkpoints; the validation of the last was cut off by a crash."""
    run = RunDirectory(tmp_path / "runs" / "some")
    lines = []
    for step, bleu in ((10, 30.0), (20, 50.0), (30, 40.0), (40, None)):
        run.checkpoint(step).mkdir(parents=True)
        save_weights({"a": torch.full((2, 3), float(step)), "b": torch.tensor([bleu or 0.0])}, run.checkpoint(step))
        lines.append(json.dumps({"kind": "train", "step": step, "loss": 1.0}))
        if bleu is not None:
            lines.append(json.dumps({"kind": "valid", "step": step, "bleu": bleu}))
    run.metrics_file.write_text("\n".join(lines) + '\n{"kind": "valid", "st')
    return run


def names(checkpoints):
    return [int(checkpoint.name) for checkpoint in checkpoints]


def test_last_and_best_are_what_they_say(run):
    assert names(last_checkpoints(run, 3)) == [20, 30, 40]
    assert names(best_checkpoints(run, 2)) == [20, 30]
    assert names(best_checkpoints(run, 3)) == [10, 20, 30]
    for too_many in (lambda: last_checkpoints(run, 5), lambda: best_checkpoints(run, 4)):
        with pytest.raises(UserError, match="are asked for"):
            too_many()


STRANGE = ['{"kind": "valid", "step": Infinity, "bleu": 1}', '{"step": 1%s, "kind": "valid", "bleu": 1%s}', "[" * 10**5]


@pytest.mark.parametrize("line", STRANGE)
def test_lines_of_the_log_that_training_would_not_write_are_left_out(run, line):
    with run.metrics_file.open("a") as log:
        log.write("\n" + line.replace("%s", "0" * 400) + "\n")
    assert names(best_checkpoints(run, 3)) == [10, 20, 30]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_pipe_in_place_of_the_log_is_not_waited_for(run):
    run.metrics_file.unlink()
    os.mkfifo(run.metrics_file)
    with pytest.raises(InputError, match="not an ordinary file"):
        best_checkpoints(run, 1)


@pytest.mark.parametrize("name", ["my average", "-x", "é"])
def test_a_folder_that_cannot_be_a_run_is_said(run, tmp_path, name):
    run.config_file.write_text(dump_config(load_config(None)))
    with pytest.raises(UserError, match=f"--output .*{name}: its last part names the run"):
        average_run(run, last_checkpoints(run, 2), tmp_path / name)
    assert not (tmp_path / name).exists()


def test_weights_are_means(run):
    mean = mean_weights(last_checkpoints(run, 3))
    assert mean["a"].tolist() == [[30.0] * 3] * 2
    assert mean["b"].tolist() == [30.0]
    assert mean["a"].dtype == torch.float32
    alone = mean_weights(last_checkpoints(run, 1))
    assert alone["a"].tolist() == [[40.0] * 3] * 2


def test_another_network_or_a_damaged_file_is_said(run):
    save_weights({"a": torch.zeros(3, 3), "b": torch.zeros(1)}, run.checkpoint(20))
    with pytest.raises(InputError, match="another network"):
        mean_weights(last_checkpoints(run, 3))
    (run.checkpoint(20) / WEIGHTS).write_bytes(b"nothing")
    with pytest.raises(InputError, match="damaged"):
        mean_weights(last_checkpoints(run, 3))
