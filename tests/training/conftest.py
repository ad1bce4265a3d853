"""What the tests of training share: a small corpus, prepared once a module."""

from __future__ import annotations

from pathlib import Path

import pytest

from nmt_attn.config import Config
from nmt_attn.config_file import load_config
from nmt_attn.corpus.prepare import prepare
from tests.conftest import write_toy


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
