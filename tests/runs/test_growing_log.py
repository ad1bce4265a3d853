"""A log that is read while it is written: each line once, however it comes."""

import json
import os
import random

import pytest

from nmt_attn.errors import InputError
from nmt_attn.runs import metrics
from nmt_attn.runs.curves import Curves
from nmt_attn.runs.metrics import GrowingLog, MetricsLog, read_metrics
from tests.runs.made_runs import trained_line, valid_line, write_log


def test_each_reading_gives_what_is_new(tmp_path):
    log = GrowingLog(tmp_path / "log")
    assert log.read() == (False, [])  # it is not there yet
    writer = MetricsLog(tmp_path / "log", 0)
    writer.log("train", 20, {"loss": 2.0})
    assert [entry["step"] for entry in log.read()[1]] == [20]
    assert log.read() == (False, [])
    writer.log("valid", 30, {"loss": 1.0})
    assert [entry["kind"] for entry in log.read()[1]] == ["valid"]


def test_a_half_written_line_is_waited_for(tmp_path):
    path, line = tmp_path / "log", json.dumps(trained_line(20)).encode()
    log = GrowingLog(path)
    path.write_bytes(line[:30])
    assert log.read() == (False, [])
    with path.open("ab") as file:
        file.write(line[30:])
    assert log.read() == (False, [])
    with path.open("ab") as file:
        file.write(b"\n")
    assert log.read() == (False, [trained_line(20)])


@pytest.mark.parametrize("seed", range(20))
def test_however_it_is_cut_it_is_the_same_as_the_whole(tmp_path, seed):
    generator, path = random.Random(seed), tmp_path / "log"
    entries = [trained_line(step, note="é\u2028" * (step % 3)) for step in range(1, 40)]
    write_log(tmp_path / "whole", entries)
    content, place, found, log = (tmp_path / "whole").read_bytes(), 0, [], GrowingLog(path)
    while place < len(content):
        end = place + generator.randint(1, 400)
        with path.open("ab") as file:
            file.write(content[place:end])
        place = end
        anew, new = log.read()
        assert not anew
        found += new
    assert found == entries == list(read_metrics(tmp_path / "whole"))


def test_a_resumed_training_cuts_its_log_and_the_curves_begin_anew(tmp_path):
    path = tmp_path / "log"
    write_log(path, [trained_line(step) for step in (20, 40, 60)])
    log = GrowingLog(path)
    assert len(log.read()[1]) == 3
    MetricsLog(path, 40).log("train", 60, {"loss": 0.5})  # which is as long as before
    anew, entries = log.read()
    assert anew
    assert [entry["step"] for entry in entries] == [20, 40, 60]
    assert entries[-1]["loss"] == 0.5
    path.unlink()
    assert log.read() == (True, [])
    assert log.read() == (False, [])
    write_log(path, [trained_line(20)])
    assert log.read() == (False, [trained_line(20)])


def test_a_new_log_with_the_number_of_the_old_file_is_told_by_its_beginning(tmp_path):
    path = tmp_path / "log"
    write_log(path, [trained_line(20)])
    log = GrowingLog(path)
    log.read()
    write_log(path, [trained_line(20, loss=7.0), trained_line(40, loss=7.0)])  # written over: the same inode
    anew, entries = log.read()
    assert anew
    assert [entry["loss"] for entry in entries] == [7.0, 7.0]


def test_what_is_no_log_is_refused(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="not an ordinary file"):
        GrowingLog(tmp_path / "pipe").read()
    monkeypatch.setattr(metrics, "MAX_BYTES", 100)
    (tmp_path / "large").write_bytes(bytes(101))
    for read in (GrowingLog(tmp_path / "large").read, lambda: list(read_metrics(tmp_path / "large"))):
        with pytest.raises(InputError, match="larger than 100 bytes"):
            read()


def test_curves_take_what_is_a_number(tmp_path):
    curves = Curves()
    curves.take_in([trained_line(20), trained_line(40, loss=None), trained_line(60, loss="x", tokens_per_second=True)])
    curves.take_in([valid_line(60, loss=0.5, bleu=40.0), valid_line(70, loss=None, chrf=50.0, metric="chrf")])
    assert curves.loss == [(20, 1.0)]
    assert curves.speed == [(20, 100.0), (40, 100.0)]
    assert curves.valid_loss == [(60, 0.5)]
    assert curves.score == [(60, 40.0), (70, 50.0)]
    assert (curves.metric, curves.step, curves.epochs) == ("chrf", 70, 7.0)
    by_loss = Curves()
    by_loss.take_in([valid_line(10, loss=0.5, metric="loss")])
    assert (by_loss.score, by_loss.valid_loss) == ([], [(10, 0.5)])
