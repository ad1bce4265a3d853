"""Checkpoints come back as they went, damaged ones are said to be, and a failing write leaves nothing."""

import pytest
import torch

from nmt_attn import checkpoint as module
from nmt_attn.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from nmt_attn.errors import InputError, NmtError

CPU = torch.device("cpu")


def make() -> Checkpoint:
    return Checkpoint({"w": torch.randn(3, 4)}, {"step.w": torch.tensor(5.0)}, {"step": 5, "best": None})


def test_comes_back_as_it_went(tmp_path):
    saved = make()
    save_checkpoint(tmp_path / "5", saved)
    loaded = load_checkpoint(tmp_path / "5", CPU)
    assert torch.equal(loaded.weights["w"], saved.weights["w"])
    assert torch.equal(loaded.optimiser["step.w"], saved.optimiser["step.w"])
    assert loaded.state == saved.state
    assert [path.name for path in tmp_path.iterdir()] == ["5"]


@pytest.mark.parametrize("name", ["model.safetensors", "optimiser.safetensors", "state.json"])
def test_a_damaged_file_is_named(tmp_path, name):
    save_checkpoint(tmp_path / "5", make())
    path = tmp_path / "5" / name
    path.write_bytes(path.read_bytes()[:7])
    with pytest.raises(InputError, match=name):
        load_checkpoint(tmp_path / "5", CPU)
    path.unlink()
    with pytest.raises(InputError, match=name):
        load_checkpoint(tmp_path / "5", CPU)


def test_a_write_that_fails_leaves_the_old_checkpoint(tmp_path, monkeypatch):
    first = make()
    save_checkpoint(tmp_path / "5", first)
    writes = iter([None, OSError(28, "No space left on device")])
    real = module.save_file

    def failing(*arguments):
        error = next(writes)
        if error is not None:
            raise error
        real(*arguments)

    monkeypatch.setattr(module, "save_file", failing)
    with pytest.raises(NmtError, match="No space left on device"):
        save_checkpoint(tmp_path / "5", make())
    assert [path.name for path in tmp_path.iterdir()] == ["5"]
    assert torch.equal(load_checkpoint(tmp_path / "5", CPU).weights["w"], first.weights["w"])
