"""What a run keeps about its trainings."""

import json

import pytest

from nmt_attn.errors import Diverged, Interrupted, NmtError
from nmt_attn.runs.record import RECORD_FILE, Recording, RunRecord, read_record, recorded


def test_a_run_of_before_has_none(tmp_path):
    assert read_record(tmp_path) is None


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{", b"\xff", b"[" * 100_000, b'{"outcome": "great"}', b"x" * 2_000_000]
)
def test_a_damaged_one_counts_as_none(tmp_path, content):
    (tmp_path / RECORD_FILE).write_bytes(content)
    assert read_record(tmp_path) is None


def test_values_of_other_kinds_are_left_out(tmp_path):
    values = {"command": "rm", "resumed": "x", "began": 3, "reason": "yes", "of_later": 1}
    (tmp_path / RECORD_FILE).write_text(json.dumps(values))
    assert read_record(tmp_path) == RunRecord(reason="yes")


def test_a_resumed_training_keeps_the_command_it_began_with(tmp_path):
    Recording(tmp_path, ["nmt", "train"], resumed=False).end("stopped", "interrupted")
    Recording(tmp_path, ["nmt", "train", "--resume"], resumed=True)
    record = read_record(tmp_path)
    assert record.command == ["nmt", "train"]
    assert record.last_command == ["nmt", "train", "--resume"]
    assert (record.resumed, record.outcome, record.ended) == (1, None, None)
    Recording(tmp_path, None, resumed=True)
    assert read_record(tmp_path).resumed == 2
    assert read_record(tmp_path).last_command is None


@pytest.mark.parametrize(
    ("error", "outcome", "reason"),
    [
        (Diverged("the loss was no number"), "diverged", "the loss was no number"),
        (NmtError("the disk is full"), "failed", "the disk is full"),
        (RuntimeError(), "failed", "RuntimeError"),
        (KeyboardInterrupt(), "stopped", "interrupted"),
        (Interrupted(15), "stopped", "interrupted"),
    ],
)
def test_an_error_is_how_it_ended(tmp_path, error, outcome, reason):
    with pytest.raises(type(error)), recorded(tmp_path, ["nmt"], resumed=False):
        raise error
    record = read_record(tmp_path)
    assert (record.outcome, record.reason) == (outcome, reason)
    assert record.ended is not None
