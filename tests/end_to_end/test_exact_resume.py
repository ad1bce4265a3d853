"""A training that goes on in another process, by the real commands and with products of real size."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.conftest import ROOT, run_nmt

CONFIGS = {
    "translation": ("tiny.yaml", "tiny/eng-fra.tsv"),
    "classification": ("sentiment-tiny.yaml", "sentiment/reviews.tsv"),
}
SETS = ["--set", "data.directory=data/here", "--set", "training.schedule.kind=constant", "--set", "training.device=cpu",
        "--set", "training.validation.max_sentences=2", "--threads", "1"]  # fmt: skip


def train(folder: Path, task: str, name: str, steps: int, *options: str) -> dict[str, str]:
    """A hash of each file of tensors that a training leaves."""
    config, corpus = CONFIGS[task]
    command = [
        "train",
        "--config",
        str(ROOT / "configs" / config),
        "--set",
        f"data.corpus.path={ROOT / 'data' / corpus}",
    ]
    done = run_nmt(
        folder, *command, *SETS, "--set", f"name={name}", "--set", f"training.max_steps={steps}", *options, fresh=True
    )
    assert done.returncode == 0, done.stderr
    files = (folder / "runs" / name / "checkpoints" / f"{steps:08}").glob("*.safetensors")
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


@pytest.mark.slow
@pytest.mark.parametrize("cell", ["gru", "lstm"])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("task", CONFIGS)
def test_it_ends_in_the_same_bits(tmp_path, task, cell, precision):
    sets = ["--set", f"model.cell={cell}", "--set", f"training.precision={precision}"]
    undisturbed = train(tmp_path, task, "whole", 6, *sets)
    assert undisturbed
    train(tmp_path, task, "parts", 3, *sets)
    assert train(tmp_path, task, "parts", 6, *sets, "--resume") == undisturbed
