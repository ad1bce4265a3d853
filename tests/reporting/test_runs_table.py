"""Runs and sizes as people read them."""

import pytest
from rich.cells import cell_len

from nmt_attn.reporting.plain_table import columns, count_text, size_text, time_text
from nmt_attn.reporting.runs_table import runs_table
from nmt_attn.runs.record import Recording
from nmt_attn.runs.summary import list_runs
from tests.runs.made_runs import make_run, trained_line, valid_line


def test_cells_stand_below_one_another_also_wide_ones_and_control_no_terminal():
    lines = columns([("name", "n"), ("日本語", "1"), ("a\x1b[2Jb", "200")], right=[1])
    assert lines[1] == "日本語" + " " * 7 + "1"
    assert len({cell_len(line) for line in lines}) == 1
    assert all(line.isprintable() for line in lines)


def test_the_last_column_is_cut_to_the_terminal_and_no_other():
    rows = [("name", "command"), ("a" * 30, "word " * 30), ("b", "short")]
    lines = columns(rows, width=70)
    assert max(map(len, lines)) <= 70
    assert lines[1].endswith("…")
    assert lines[2].endswith("short")
    assert lines[1].startswith("a" * 30)
    assert columns(rows)[1].endswith("word")


@pytest.mark.parametrize(
    ("size", "text"),
    [(None, "-"), (0, "0 B"), (999, "999 B"), (1024, "1.0 KiB"), (300 << 20, "300 MiB"), (5 << 40, "5.0 TiB")],
)
def test_sizes(size, text):
    assert size_text(size) == text


def test_counts_and_times():
    assert [count_text(count) for count in (None, 64_787, 4_200_000, 2_500_000_000)] == [
        "-",
        "64,787",
        "4.2 M",
        "2.5 G",
    ]
    assert time_text(0) == time_text(1e30) == "-"
    assert len(time_text(1e9)) == len("2001-09-09 01:46")


def test_a_row_has_the_command_or_what_is_wrong(tmp_path):
    run = make_run(tmp_path / "good", 30, log=[trained_line(30), valid_line(30, bleu=41.5, metric="bleu")])
    Recording(run.path, ["nmt", "train", "--config", "my file.yaml"], resumed=False).end("finished", "the budget")
    Recording(run.path, ["nmt", "train", "--resume"], resumed=True).end("finished", "the budget")
    failed = make_run(tmp_path / "bad", 30)
    Recording(failed.path, ["nmt", "train"], resumed=False).end("failed", "the disk is full")
    (tmp_path / "other").mkdir()
    lines = {line.split()[0]: line for line in runs_table(list_runs(tmp_path))}
    assert "BLEU 41.50" in lines["good"]
    assert lines["good"].endswith("nmt train --config 'my file.yaml' (resumed once)")
    assert lines["bad"].endswith("the disk is full")
    assert lines["other"].endswith("no config.yaml in it")
