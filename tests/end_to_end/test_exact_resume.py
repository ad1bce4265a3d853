"""A training that goes on in another process, by the real commands and with products of real size."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.conftest import ROOT, run_nmt

CONFIG = ["train", "--config", str(ROOT / "configs" / "tiny.yaml"),
          "--set", f"data.corpus.path={ROOT / 'data' / 'tiny' / 'eng-fra.tsv'}", "--set", "data.directory=data/tiny",
          "--set", "training.schedule.kind=constant", "--set", "training.device=cpu",
          "--set", "training.validation.max_sentences=2", "--threads", "1"]  # fmt: skip


def train(folder: Path, name: str, steps: int, *options: str) -> dict[str, str]:
    """A hash of each file of tensors that a training leaves."""
    done = run_nmt(
        folder, *CONFIG, "--set", f"name={name}", "--set", f"training.max_steps={steps}", *options, fresh=True
    )
    assert done.returncode == 0, done.stderr
    files = (folder / "runs" / name / "checkpoints" / f"{steps:08}").glob("*.safetensors")
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


@pytest.mark.slow
@pytest.mark.parametrize("cell", ["gru", "lstm"])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_it_ends_in_the_same_bits(tmp_path, cell, precision):
    sets = ["--set", f"model.cell={cell}", "--set", f"training.precision={precision}"]
    undisturbed = train(tmp_path, "whole", 6, *sets)
    assert undisturbed
    train(tmp_path, "parts", 3, *sets)
    assert train(tmp_path, "parts", 6, *sets, "--resume") == undisturbed
