"""The package as it is installed: a wheel in an environment of its own, with nothing of the clone at hand."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from nmt_attn.config.shipped import shipped_names
from tests.conftest import ROOT

MOST_BYTES = 2_000_000

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w"]
    subprocess.run([*command, str(folder), str(ROOT)], check=True, timeout=300)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an environment that has the wheel; other packages are those of this environment."""
    folder = tmp_path_factory.mktemp("installed") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True, timeout=300)
    (site,) = (folder / "lib").glob("python*/site-packages")
    (site / "others.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "install", "--quiet"]
    subprocess.run([*command, "--no-deps", "--no-index", str(wheel)], check=True, timeout=300)
    return folder / "bin"


def run(programs: Path, folder: Path, line: str, **variables: str) -> str:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    environment |= {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", **variables}
    done = subprocess.run(
        line, shell=True, cwd=folder, env=environment, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_is_small_and_holds_what_is_shipped(wheel: Path) -> None:
    assert wheel.stat().st_size < MOST_BYTES
    names = zipfile.ZipFile(wheel).namelist()
    shipped = {name.removeprefix("nmt_attn/shipped/") for name in names if name.startswith("nmt_attn/shipped/")}
    expected = {f"configs/{name}.yaml" for name in shipped_names()}
    assert shipped == expected | {
        "data/tiny/eng-fra.tsv",
        "data/sentiment/reviews.tsv",
        "docs/configuration.schema.json",
    }
    for name in shipped:
        assert zipfile.ZipFile(wheel).read(f"nmt_attn/shipped/{name}") == (ROOT / name).read_bytes()


def test_in_an_empty_folder_it_trains_at_the_first_try(installed: Path, tmp_path: Path) -> None:
    out = run(installed, tmp_path, "nmt config init --like tiny && nmt train --set training.max_steps=4")
    assert "runs/tiny-eng-fra" in out
    run(installed, tmp_path, "python -c 'import nmt_attn; assert \"venv\" in nmt_attn.__file__, nmt_attn.__file__'")
    assert run(installed, tmp_path, "nmt translate --beam 1 'I am hungry.'").count("\n") == 1


@pytest.mark.parametrize("name", ["sentiment-tiny", "dates"])
def test_other_shipped_configurations_prepare_there(installed: Path, tmp_path: Path, name: str) -> None:
    run(installed, tmp_path, f"nmt config init --like {name} && nmt config check && nmt prepare")


def test_completion_works_there(installed: Path, tmp_path: Path) -> None:
    variables = {"_TYPER_COMPLETE_ARGS": "nmt train --set model.cell=", "_NMT_COMPLETE": "complete_fish"}
    out = run(installed, tmp_path, "nmt", _TYPER_COMPLETE_FISH_ACTION="get-args", **variables)
    assert out.splitlines() == ["model.cell=gru", "model.cell=lstm"]
