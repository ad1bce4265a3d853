"""What a command loads before it does anything."""

from __future__ import annotations

import subprocess
import sys

import pytest

LISTED = "import sys, atexit; atexit.register(lambda: print(*sys.modules, file=sys.stderr)); "


def loaded(folder, *arguments: str) -> set[str]:
    """The modules that a command has loaded when it ends."""
    code = f"{LISTED}sys.argv = ['nmt', *{arguments!r}]; from nmt_attn.cli.app import main; main()"
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize("command", ["translate", "attend"])
def test_what_translates_does_not_load_the_compiler_of_torch(trained, command):
    modules = loaded(trained, command, "Big dog.")
    assert "torch" in modules
    assert "torch._dynamo" not in modules  # which takes as long to load as the rest of torch


@pytest.mark.parametrize("arguments", [["--help"], ["translate", "--help"], ["prepare", "--config", "toy.yaml"]])
def test_what_computes_nothing_does_not_load_torch(trained, arguments):
    assert "torch" not in loaded(trained, *arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "--config", "nowhere.yaml"],
        ["translate", "--model", "nowhere", "Big dog."],
        ["score", "--model", "nowhere"],
        ["attend", "--model", "nowhere", "Big dog."],
        ["eval", "--model", "nowhere"],
        ["average", "--model", "nowhere", "--output", "mean"],
        ["export", "--model", "nowhere", "--output", "exported"],
    ],
)
def test_a_wrong_name_is_said_before_torch_is_loaded(tmp_path, arguments):
    code = f"{LISTED}sys.argv = ['nmt', *{arguments!r}]; from nmt_attn.cli.app import main; main()"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    said, modules = done.stderr.splitlines()
    assert "nowhere" in said
    assert "torch" not in modules.split()
