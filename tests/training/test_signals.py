"""The first signal is noted, the second ends the program, and the exit code says which it was."""

import os
import signal
import sys

import pytest

from nmt_attn.cli.app import main
from nmt_attn.errors import Interrupted, NmtError
from nmt_attn.lock import locked
from nmt_attn.training import train as train_module
from nmt_attn.training.signals import interruptible
from nmt_attn.training.train import train
from tests.conftest import ROOT, run_nmt
from tests.training.conftest import configure


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_first_signal_is_noted_and_a_second_ends_it(number):
    before = signal.getsignal(number)
    with interruptible() as interruption:
        assert not interruption.is_set()
        os.kill(os.getpid(), number)
        assert interruption.signal == number
        with pytest.raises(Interrupted) as ended:
            os.kill(os.getpid(), number)
        assert ended.value.exit_code == 128 + number
    assert signal.getsignal(number) is before


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_exit_code_after_a_second_signal(monkeypatch, capsys, number, code):
    def interrupted(*arguments, **options):
        raise Interrupted(number)

    monkeypatch.setattr(train_module, "train", interrupted)
    monkeypatch.setattr(sys, "argv", ["nmt", "train", "--config", str(ROOT / "configs" / "tiny.yaml")])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == code
    assert capsys.readouterr().err.strip() == "interrupted"


def test_a_run_that_is_being_trained_is_not_trained_by_another(prepared, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = configure(prepared, "training.max_steps=2", "training.max_epochs=null")
    with locked(config.run_directory):
        for how in ({}, {"resume": True}, {"force": True}):
            with pytest.raises(NmtError, match=rf"^runs/toy: in use by process {os.getpid()} on .+ since .+"):
                train(config, **how)
    assert not (tmp_path / "runs").exists()
    assert train(config).state.step == 2
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["toy"]


def test_data_that_is_being_prepared_is_not_prepared_by_another(toy):
    with locked(toy / "data" / "toy"):
        done = run_nmt(toy, "prepare", "--config", "toy.yaml")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"error: data/toy: in use by process {os.getpid()} on ")
    assert done.stderr.count("\n") == 1
