"""What the tests of training share: a small corpus, prepared once a module."""

from __future__ import annotations

from pathlib import Path

import pytest
import sentencepiece

from nmt_attn.config.loading import load_config
from nmt_attn.config.schema import Config
from nmt_attn.corpus.prepare import prepare
from tests.conftest import write_toy

SAMPLES_ALIKE = tuple(map(int, sentencepiece.__version__.split(".")[:3])) < (0, 2, 2)
"""Whether sentencepiece cuts up words alike in each process that has the same seed; from 0.2.2 on it does not."""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory) -> Path:
    """A configuration file whose data is prepared."""
    folder = write_toy(tmp_path_factory.mktemp("trainer"))
    text = (folder / "toy.yaml").read_text(encoding="utf-8").replace("path: toy.tsv", f"path: {folder / 'toy.tsv'}")
    path = folder / "absolute.yaml"
    path.write_text(text.replace("data:\n", f"data:\n  directory: {folder / 'prepared'}\n"), encoding="utf-8")
    prepare(load_config(path))
    return path


def configure(prepared: Path, *sets: str) -> Config:
    return load_config(prepared, sets)
