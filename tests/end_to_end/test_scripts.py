"""The scripts for measuring: each runs on a small corpus and prints what it promises."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, run_nmt, write_toy


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_toy(tmp_path_factory.mktemp("scripts"))
    assert run_nmt(folder, "prepare", "--config", "toy.yaml").returncode == 0
    return folder


def run_script(folder: Path, name: str, *arguments: str, stdin: str = "") -> str:
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "benchmarks" / name), *arguments],
        cwd=folder,
        input=stdin,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("style", ["luong", "bahdanau"])
def test_bench_train_counts_all_loops(folder, style):
    options = ("--config", "toy.yaml", "--set", f"model.decoder.style={style}", "--repeats", "1", "--seconds", "0.5")
    printed = run_script(folder, "bench_train.py", *options, "--loops", "nmt", "plain", "naive", "--json")
    figures = json.loads(printed)
    assert all(figures[f"{loop}, target tokens/s"] > 0 for loop in ("nmt", "plain", "naive"))
    quotient = figures["nmt, target tokens/s"] / figures["naive, target tokens/s"]
    assert figures["nmt / naive"] == pytest.approx(quotient, rel=0.05)
    assert 0 < figures["share of the matrix-product bound"] < 1
    table = run_script(folder, "bench_table.py", stdin=printed + printed.replace(style, "other"))
    assert len(table.split("\n\n")[0].splitlines()) == 4


@pytest.mark.slow
def test_profile_train_says_what_takes_time(folder):
    printed = run_script(folder, "profile_train.py", "--config", "toy.yaml", "--steps", "3", "--seconds", "1")
    assert "matrix products" in printed
    shares = [float(line.split("|")[2].rstrip("% ")) for line in printed.split("\n\n")[1].splitlines()[2:]]
    assert sum(shares) == pytest.approx(100, abs=1)


def test_compare_attention_draws_a_line_a_score(folder):
    pytest.importorskip("matplotlib")
    options = ("--config", "toy.yaml", "--set", "training.max_steps=4", "--scores", "none", "dot", "--edges", "2", "4")
    printed = run_script(folder, "compare_attention.py", *options, "--plot", "plot.png", "--maps", "maps.svg")
    rows = [line for line in printed.splitlines() if line.startswith("| ")]
    assert [row.split("|")[1].strip() for row in rows] == ["score", "---", "sentences", "`none`", "`dot`"]
    assert all(len(row.split("|")) == 7 for row in rows)
    counts = [int(cell) for cell in rows[2].split("|")[2:-1]]
    assert counts[0] == sum(counts[1:])
    assert (folder / "plot.png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" in (folder / "maps.svg").read_text()


def test_bench_checkpoint_says_what_share_of_the_time_they_take(folder):
    printed = run_script(folder, "bench_checkpoint.py", "--config", "toy.yaml", "--checkpoints", "3", "--json")
    figures = json.loads(printed)
    assert figures["checkpoints measured"] == 3
    seconds, share = figures["seconds a checkpoint, median"], figures["share of training time, percent"]
    assert share == pytest.approx(100 * seconds / (600 + seconds), abs=1e-3)
    assert not list(folder.glob("bench-checkpoint-*"))
