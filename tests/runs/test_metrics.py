"""``metrics.jsonl``: each step once, whatever a crash has left of it."""

import json

import pytest

from nmt_attn.errors import NmtError
from nmt_attn.runs.metrics import MetricsLog


def test_lines_after_the_checkpoint_and_broken_ones_go(tmp_path):
    path = tmp_path / "metrics.jsonl"
    whole = '{"kind": "train", "step": 20, "loss": 1.0}\n{"kind": "valid", "step": 30, "bleu": 5.0}\n'
    path.write_text(whole + '{"kind": "train", "step": 40}\n{"kind": "train", "step": 30}\n{"kind": "tra', "utf-8")
    log = MetricsLog(path, 30)
    log.log("train", 40, {"loss": float("nan"), "skipped": 2})
    lines = path.read_text("utf-8").splitlines(keepends=True)
    assert "".join(lines[:2]) == whole
    assert json.loads(lines[2]) == {"kind": "train", "step": 30}
    assert json.loads(lines[3]) == {"kind": "train", "step": 40, "loss": None, "skipped": 2}
    assert len(lines) == 4


@pytest.mark.parametrize("line", ['{"step": 1' + "0" * 400 + "}", "[" * 10**5])
def test_malformed_lines_of_the_log_are_removed(tmp_path, line):
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"kind": "train", "step": 20}\n' + line + "\n", "utf-8")
    MetricsLog(path, 30)
    assert path.read_text("utf-8") == '{"kind": "train", "step": 20}\n'


def test_a_last_line_without_its_end_is_no_line(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"kind": "train", "step": 20}\n{"kind": "train", "step": 30}', "utf-8")
    MetricsLog(path, 30).log("train", 30, {})
    assert path.read_text("utf-8") == '{"kind": "train", "step": 20}\n{"kind": "train", "step": 30}\n'


def test_a_log_that_cannot_be_written_is_one_line(tmp_path):
    log = MetricsLog(tmp_path / "metrics.jsonl", 0)
    log.path.unlink()
    log.path.mkdir()
    with pytest.raises(NmtError, match=r"metrics\.jsonl: cannot write: Is a directory"):
        log.log("train", 1, {})
