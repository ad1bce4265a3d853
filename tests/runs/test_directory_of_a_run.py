"""Which run or checkpoint is meant."""

import os
from pathlib import Path

import pytest

from nmt_attn.errors import InputError
from nmt_attn.runs.directory import RunDirectory, find_model


def make_run(path: Path, *steps: int, best: int | None = None) -> RunDirectory:
    path.mkdir(parents=True)
    run = RunDirectory(path)
    run.config_file.write_text("name: x\n", encoding="utf-8")
    for step in steps:
        run.checkpoint(step).mkdir(parents=True)
        run.point("latest", step)
    if best is not None:
        run.point("best", best)
    return run


def test_a_run_means_its_best_checkpoint_else_its_latest(tmp_path):
    run = make_run(tmp_path / "a", 10, 20, best=10)
    assert find_model(run.path).checkpoint == run.checkpoint(10)
    other = make_run(tmp_path / "b", 10, 20)
    assert find_model(other.path).checkpoint == other.checkpoint(20)
    assert find_model(run.checkpoint(20)).checkpoint == run.checkpoint(20)
    run.unpoint("best")
    run.unpoint("latest")  # a crash came before it was written
    assert find_model(run.path).checkpoint == run.checkpoint(20)


def test_left_out_it_is_the_variable_else_the_run_trained_last(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NMT_MODEL", raising=False)
    old, new = make_run(tmp_path / "runs" / "z", 1), make_run(tmp_path / "runs" / "a", 2)
    os.utime(old.path / "latest", (1, 1))
    assert find_model(None).run.path.name == new.path.name
    monkeypatch.setenv("NMT_MODEL", "runs/z")
    assert find_model(None).run.path.name == "z"


def test_what_is_no_run_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NMT_MODEL", raising=False)
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    make_run(tmp_path / "empty")
    for model, says in [(None, "no trained model"), ("nowhere", "no such"), ("folder", "not a run"), ("file", "not a"),
                        ("empty", "no checkpoint")]:  # fmt: skip
        with pytest.raises(InputError, match=says):
            find_model(Path(model) if model else None)


def test_a_pointer_cannot_lead_out_of_the_run(tmp_path):
    run = make_run(tmp_path / "a", 10)
    (tmp_path / "99").mkdir()
    (run.path / "latest").write_text("../../99\n", encoding="utf-8")
    assert run.pointed("latest") is None


def test_pruning_keeps_the_best_and_the_last(tmp_path):
    run = make_run(tmp_path / "a", 10, 20, 30, 40, best=10)
    run.prune(2)
    assert sorted(path.name for path in run.checkpoints.iterdir()) == ["00000010", "00000030", "00000040"]


def test_a_damaged_checkpoint_is_no_longer_one(tmp_path):
    run = make_run(tmp_path / "a", 10, 20)
    assert run.set_aside(run.checkpoint(20)).name == "00000020.damaged-1"
    run.checkpoint(20).mkdir()
    assert run.set_aside(run.checkpoint(20)).name == "00000020.damaged-2"
    assert run.all_checkpoints() == [run.checkpoint(10)]


def test_a_checkpoint_can_be_named_from_where_one_stands(tmp_path, monkeypatch):
    run = make_run(tmp_path / "a", 10, 20)
    monkeypatch.chdir(run.checkpoints)
    found = find_model(Path("00000010"))
    assert found.run.path == run.path
    assert found.checkpoint.samefile(run.checkpoint(10))


def test_checkpoints_are_in_the_order_of_their_steps_however_many_digits_they_have(tmp_path):
    run = make_run(tmp_path / "a", 99_999_999, 100_000_000)
    assert [int(path.name) for path in run.all_checkpoints()] == [99_999_999, 100_000_000]


def test_a_run_that_was_moved_aside_is_not_the_one_trained_last(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NMT_MODEL", raising=False)
    kept, again = make_run(tmp_path / "runs" / "kept", 1), make_run(tmp_path / "runs" / "again", 1)
    os.utime(kept.path / "latest", (1, 1))
    again.move_aside()
    assert find_model(None).run.path.name == "kept"


# --- links, pointers and the variable ---------------------------------------------------------------------------------


def models(folder: Path) -> RunDirectory:
    run = make_run(folder / "runs" / "a", 10, 20, best=10)
    links = {
        "to-run": "runs/a", "to-checkpoint": "runs/a/checkpoints/00000020", "to-best": "runs/a/best",
        "to-latest": str(run.path / "latest"), "twice": "to-checkpoint", "link/in/a/folder": "../../../to-run",
    }  # fmt: skip
    for name, target in links.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).symlink_to(target)
    return run


@pytest.mark.parametrize(
    ("named", "step"),
    [
        ("runs/a/best", 10), ("runs/a/latest", 20), ("to-run", 10), ("to-checkpoint", 20), ("to-best", 10),
        ("to-latest", 20), ("twice", 20), ("link/in/a/folder", 10), ("runs/a/checkpoints/00000010/", 10),
        ("runs/../to-run/best", 10), ("to-run/checkpoints/00000020", 20), ("./runs/a/latest", 20),
    ],
)  # fmt: skip
@pytest.mark.parametrize("way", ["option", "variable"])
def test_a_link_or_a_pointer_is_the_model_that_it_leads_to(tmp_path, monkeypatch, named, step, way):
    run = models(tmp_path)
    monkeypatch.chdir(tmp_path)
    if way == "variable":
        monkeypatch.setenv("NMT_MODEL", named)
    found = find_model(Path(named) if way == "option" else None)
    assert found.run.path.samefile(run.path)
    assert found.checkpoint.samefile(run.checkpoint(step))


def test_a_pointer_named_from_where_one_stands(tmp_path, monkeypatch):
    run = models(tmp_path)
    monkeypatch.chdir(run.path)
    assert find_model(Path("latest")).checkpoint.samefile(run.checkpoint(20))
    assert find_model(Path("checkpoints/00000010")).checkpoint.samefile(run.checkpoint(10))
    assert find_model(Path()).checkpoint.samefile(run.checkpoint(10))


@pytest.mark.parametrize(
    ("named", "says"),
    [
        ("broken", "broken: no such run or checkpoint"),
        ("loop", "loop: no such run or checkpoint"),
        ("runs/a/config.yaml", "runs/a/config.yaml: not a run \\(a file\\)"),
        ("runs/a/checkpoints", "runs/a/checkpoints: not a run"),
        ("runs/gone/best", "runs/gone/best: the checkpoint that it names is not there"),
        ("best", "best: not a run \\(a file\\)"),
        ("runs/a/checkpoints/00000030", "a link out of the run"),
    ],
)
def test_links_and_pointers_that_lead_to_no_model(tmp_path, monkeypatch, named, says):
    run = models(tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "best").write_text("checkpoints/00000010\n", encoding="utf-8")
    make_run(tmp_path / "runs" / "gone", 10, best=99)
    (tmp_path / "outside").mkdir()
    if "0030" in named:
        run.checkpoint(30).symlink_to(tmp_path / "outside")
    with pytest.raises(InputError, match=says):
        find_model(Path(named))


@pytest.mark.parametrize("empty", ["", None])
def test_an_empty_variable_is_none(tmp_path, monkeypatch, empty):
    run = models(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NMT_MODEL", raising=False)
    if empty is not None:
        monkeypatch.setenv("NMT_MODEL", empty)
    assert find_model(None).run.path.samefile(run.path)


def test_a_wrong_variable_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("NMT_MODEL", str(tmp_path / "nowhere"))
    with pytest.raises(InputError, match=r"nowhere \(of \$NMT_MODEL\): no such run"):
        find_model(None)
