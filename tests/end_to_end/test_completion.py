"""Completion in shells, by the protocol that the scripts of ``nmt --show-completion`` speak with the program."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nmt_attn.cli.completion import complete_key, complete_run_setting, complete_setting, join_at_equals_signs
from nmt_attn.config.keys import LEAVES
from nmt_attn.config.shipped import shipped_names
from tests.conftest import ROOT

CALLED = "import sys; sys.argv = ['nmt']; from nmt_attn.cli.app import main; main()"
LISTED = f"import sys, atexit; atexit.register(lambda: print(*sys.modules, file=sys.stderr)); {CALLED}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("completion")
    for name in ("runs/old/config.yaml", "runs/new/config.yaml", "configs/a.yaml", "nmt.yaml", "pairs.tsv"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    (folder / "runs" / "no-run").mkdir()
    os.utime(folder / "runs" / "old", (1, 1))
    return folder


def asked(folder: Path, code: str = CALLED, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True, timeout=60
    )


def bash(folder: Path, *words: str) -> list[str]:
    """What bash is offered for the last of the words, as it cuts them."""
    done = asked(folder, COMP_WORDS="\n".join(words), COMP_CWORD=str(len(words) - 1), _NMT_COMPLETE="complete_bash")
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_bash(folder):
    assert bash(folder, "nmt", "tr") == ["train", "translate"]
    assert "--config" in bash(folder, "nmt", "train", "--")
    assert bash(folder, "nmt", "train", "--config", "") == ["nmt.yaml", "configs/a.yaml"]
    assert bash(folder, "nmt", "translate", "--model", "runs/") == ["runs/new", "runs/old"]
    assert bash(folder, "nmt", "config", "init", "--like", "t") == ["tiny"]
    for command in ("report", "compare", "inspect", "watch"):
        assert bash(folder, "nmt", command, "") == ["runs/new", "runs/old"]
    assert bash(folder, "nmt", "compare", "runs/new", "pa") == ["pairs.tsv"]


def test_bash_cuts_words_at_equals_signs_and_is_told_what_follows_them(folder):
    assert bash(folder, "nmt", "train", "--set", "model.ce") == ["model.cell=", "model.cell=gru", "model.cell=lstm"]
    assert bash(folder, "nmt", "train", "--set", "model.cell", "=") == ["gru", "lstm"]
    assert bash(folder, "nmt", "train", "--set", "model.cell", "=", "l") == ["lstm"]
    assert bash(folder, "nmt", "train", "--set", "=", "model.cell", "=", "l") == ["lstm"]
    assert bash(folder, "nmt", "train", "--set", "data.corpus.path", "=", "p") == ["pairs.tsv"]


def test_what_is_wrong_in_the_line_so_far_is_not_said_and_does_not_matter(folder):
    assert bash(folder, "nmt", "train", "--config", "a", "--config", "b", "--set", "model.cell", "=", "l") == ["lstm"]


def test_zsh_and_fish(folder):
    zsh = asked(folder, _TYPER_COMPLETE_ARGS="nmt train --set model.cell=", _NMT_COMPLETE="complete_zsh")
    assert zsh.stdout.splitlines() == ["""_arguments '*: :(("model.cell=gru\"""", '"model.cell=lstm"))\'']
    variables = {"_TYPER_COMPLETE_ARGS": "nmt train --set model.cell=", "_NMT_COMPLETE": "complete_fish"}
    fish = asked(folder, _TYPER_COMPLETE_FISH_ACTION="get-args", **variables)
    assert fish.stdout.splitlines() == ["model.cell=gru", "model.cell=lstm"]
    assert asked(folder, _TYPER_COMPLETE_FISH_ACTION="is-args", **variables).returncode == 0
    variables["_TYPER_COMPLETE_ARGS"] = "nmt train --set no.such"
    assert asked(folder, _TYPER_COMPLETE_FISH_ACTION="is-args", **variables).returncode == 1


@pytest.mark.parametrize("words", ["nmt ", "nmt train --set training."])
def test_nothing_heavy_is_loaded_for_it(folder, words):
    done = asked(folder, LISTED, _TYPER_COMPLETE_ARGS=words, _NMT_COMPLETE="complete_zsh")
    assert done.stdout.startswith("_arguments")
    assert not {"torch", "numpy", "pydantic", "rich.console"} & set(done.stderr.split())


def test_a_shell_is_given_a_script_that_asks_for_it(folder):
    code = CALLED.replace("['nmt']", "['nmt', '--show-completion', 'bash']")
    done = asked(folder, code, _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1")
    assert "_NMT_COMPLETE=complete_bash" in done.stdout
    (folder / "script").write_text(done.stdout, encoding="utf-8")
    (folder / "nmt").write_text(f'#!/bin/sh\nexec {sys.executable} -c "{CALLED}"\n', encoding="utf-8")
    (folder / "nmt").chmod(0o755)
    typed = 'source ./script; COMP_WORDS=(./nmt train --set model.cell "=" l) COMP_CWORD=5; _nmt_completion ./nmt; '
    shell = subprocess.run(
        ["bash", "--norc", "-c", f'{typed} echo "${{COMPREPLY[@]}}"'],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert shell.stdout == "lstm\n", shell.stderr


# --- what is offered ------------------------------------------------------------------------------------------------


def test_every_key_is_offered():
    assert set(complete_key("")) == LEAVES
    assert complete_key("training.learn") == ["training.learning_rate"]
    assert set(complete_setting("")) == LEAVES


def test_of_a_trained_model_only_keys_that_have_an_effect():
    assert {name.partition(".")[0] for name in complete_run_setting("")} == {"decoding", "evaluation"}
    assert complete_run_setting("model.ce") == []


@pytest.mark.parametrize(
    ("begun", "offered"),
    [
        ("data.filter.identical=", ["data.filter.identical=true", "data.filter.identical=false"]),
        ("training.device=", ["training.device=auto"]),
        ("training.max_minutes=n", ["training.max_minutes=null"]),
        ("training.learning_r", ["training.learning_rate=", "training.learning_rate=0.001"]),
        ("data.synthetic.kind=d", ["data.synthetic.kind=dates"]),
        ("no.such.key=", []),
        ("=", []),
    ],
)
def test_values(begun, offered):
    assert complete_setting(begun) == offered


def test_the_names_of_shipped_configurations_are_the_files():
    assert shipped_names() == sorted(path.stem for path in (ROOT / "configs").glob("*.yaml"))


@pytest.mark.parametrize(
    ("words", "place", "whole"),
    [
        ("nmt\ntrain\n", "2", ("nmt\ntrain\n", "2")),
        ("nmt\ntrain", "2", ("nmt\ntrain\n", "2")),
        ("nmt\n--set\na\n=\nb\n--force", "4", ("nmt\n--set\na=b", "2")),
        ("nmt\n--set\na\n=\n", "4", ("nmt\n--set\na=", "2")),
        ("nmt", "", ("nmt", "0")),
    ],
)
def test_words_are_put_together_up_to_the_cursor(words, place, whole):
    assert join_at_equals_signs(words, place) == whole
