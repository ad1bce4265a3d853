"""Trackers of experiments: what they are told is in their own files, once, and they never disturb a training."""

from __future__ import annotations

import json
import math
import struct
import threading
from collections import defaultdict
from pathlib import Path

import pytest
import torch

from nmt_attn.config.schema import Config
from nmt_attn.corpus.dataset import Dataset
from nmt_attn.reporting.tracked_pictures import draw
from nmt_attn.runs.checkpoint import load_weights
from nmt_attn.runs.directory import RunDirectory
from nmt_attn.runs.metrics import numbers
from nmt_attn.tasks.registry import make_task
from nmt_attn.training.trackers import background, registry
from nmt_attn.training.trackers.background import Background
from nmt_attn.training.tracking import Silent
from nmt_attn.training.trainer import Trainer
from tests.conftest import write_opinions
from tests.in_process import nmt_here
from tests.tasks.test_any_task import CountTask
from tests.training.conftest import configure

# The database of MLflow and its parts do not follow one another's changes at once.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")

TIMED = ("tokens_per_second", "minutes")
PNG = b"\x89PNG"
SETS = (
    "training.max_epochs=null",
    "training.schedule.kind=constant",
    "training.validation.every_steps=20",
    "training.validation.max_sentences=4",
    "decoding.max_length_ratio=1",
    "training.keep_checkpoints=9",
)


class Said(Silent):
    """Keeps the lines that are said."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def notice(self, line: str) -> None:
        self.lines.append(line)


def train(prepared: Path, folder: Path, steps: int, trackers: str, *, resume: bool = False) -> Said:
    config = configure(prepared, *SETS, f"training.max_steps={steps}", f"training.track=[{trackers}]")
    folder.mkdir(exist_ok=True)
    said, task = Said(), make_task(config, Dataset.open(config.data_directory))
    Trainer(config, task, RunDirectory(folder), resume=resume, reporter=said, draw=draw).train()
    return said


def offline(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """Let everything be written below a folder, by somebody who has logged in nowhere."""
    for name in ("WANDB_MODE", "WANDB_API_KEY", "WANDB_PROJECT", "MLFLOW_EXPERIMENT_NAME"):
        patch.delenv(name, raising=False)
    patch.setenv("NETRC", str(folder / "no-netrc"))
    patch.setenv("HOME", str(folder))
    patch.setenv("WANDB_DIR", str(folder))
    patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder}/mlflow.db")
    patch.chdir(folder)


@pytest.fixture(scope="module")
def tracked(prepared, tmp_path_factory):
    """A folder with a run that went on from an earlier step than the last one that was logged, and what was said."""
    folder = tmp_path_factory.mktemp("tracked")
    with pytest.MonkeyPatch.context() as patch:
        offline(patch, folder)
        first = train(prepared, folder / "run", 40, "tensorboard, mlflow, wandb")
        (folder / "run" / "checkpoints" / "00000040").rename(folder / "lost")  # as if it had been killed before
        second = train(prepared, folder / "run", 60, "tensorboard, mlflow, wandb", resume=True)
    return folder, first.lines + second.lines


def logged(folder: Path) -> dict[str, dict[int, float]]:
    """Return what metrics.jsonl holds: figures by name and step."""
    found: dict[str, dict[int, float]] = defaultdict(dict)
    for line in (folder / "run" / "metrics.jsonl").read_text(encoding="utf-8").splitlines():
        values = json.loads(line)
        kind, step = values.pop("kind"), values.pop("step")
        for name, number in numbers(values).items():
            assert step not in found[f"{kind}/{name}"]
            found[f"{kind}/{name}"][step] = number
    return found


def assert_same(found: dict[str, dict[int, float]], folder: Path, tolerance: float = 0.0) -> None:
    """Compare with metrics.jsonl; times are others where steps were done again and their first ones are kept."""
    wished = logged(folder)
    assert found.keys() == wished.keys()
    for name, points in wished.items():
        assert list(found[name]) == list(points), name
        for step, value in points.items():
            again = name.partition("/")[2] in TIMED and step == 40
            assert again or math.isclose(found[name][step], value, rel_tol=tolerance), (name, step)


def best(folder: Path) -> dict[str, float]:
    step = int(RunDirectory(folder / "run").pointed("best").name)
    return {"step": step} | {
        name.removeprefix("valid/"): points[step] for name, points in logged(folder).items() if name.startswith("valid")
    }


def test_nothing_fails_and_wandb_says_that_it_stays_offline(tracked):
    _, lines = tracked
    assert len(lines) == 2
    assert all(line.startswith("wandb: nobody is logged in, so it stays offline; ") for line in lines)


def test_tensorboard_reads_back_what_was_logged(tracked):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    folder, _ = tracked
    reader = EventAccumulator(str(folder / "run" / "tensorboard"))
    reader.Reload()
    tags = reader.Tags()
    scalars = {tag: {point.step: point.value for point in reader.Scalars(tag)} for tag in tags["scalars"]}
    for tag in tags["scalars"]:
        assert len(reader.Scalars(tag)) == len(scalars[tag]), f"{tag} has a step twice"
    assert_same({tag: points for tag, points in scalars.items() if not tag.startswith("best/")}, folder, 1e-6)
    for name, value in best(folder).items():
        if name not in TIMED:
            assert scalars[f"best/{name}"][best(folder)["step"]] == pytest.approx(value)
    table = reader.Tensors("samples/text_summary")
    assert [entry.step for entry in table] == [20, 40, 60]
    assert b"| source | output | reference |" in table[-1].tensor_proto.string_val[0]
    configurations = reader.Tensors("configuration/text_summary")
    assert [entry.step for entry in configurations] == [0, 20]
    assert b"| training.max_steps | 60 |" in configurations[-1].tensor_proto.string_val[0]
    picture = reader.Images("attention/1")[-1]
    assert picture.encoded_image_string.startswith(PNG)
    assert picture.width > 100
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

    content = reader.PluginTagToContent("hparams")["_hparams_/session_start_info"]
    parameters = HParamsPluginData.FromString(content).session_start_info.hparams
    assert parameters["training.learning_rate"].number_value == 1e-2
    assert parameters["model.cell"].string_value == "gru"


def test_mlflow_reads_back_what_was_logged(tracked):
    from mlflow.tracking import MlflowClient

    folder, _ = tracked
    client = MlflowClient(f"sqlite:///{folder}/mlflow.db")
    (run,) = client.search_runs([client.get_experiment_by_name("nmt").experiment_id])
    assert run.info.run_id == json.loads((folder / "run" / "tracking" / "mlflow.json").read_text())["run"]
    assert (run.info.run_name, run.info.status) == ("toy", "FINISHED")
    found = {}
    for name in run.data.metrics:
        points = client.get_metric_history(run.info.run_id, name)
        found[name] = {point.step: point.value for point in points}
        assert len(found[name]) == len(points), f"{name} has a step twice"
    assert_same({name: points for name, points in found.items() if not name.startswith("best/")}, folder)
    for name, value in best(folder).items():
        if name not in TIMED:
            assert found[f"best/{name}"][best(folder)["step"]] == value
    assert run.data.params["training.learning_rate"] == "0.01"
    files = {entry.path for part in ("samples", "attention") for entry in client.list_artifacts(run.info.run_id, part)}
    assert {"samples/step-00000020.txt", "attention/step-00000020-1.png"} <= files
    path = client.download_artifacts(run.info.run_id, "attention/step-00000020-1.png", str(folder))
    assert Path(path).read_bytes().startswith(PNG)


def wandb_records(file: Path):
    """Read the records of a W&B file: blocks of 32 KiB with pieces of records, as in a log of LevelDB."""
    from wandb.proto.wandb_internal_pb2 import Record

    content, place, record = file.read_bytes(), 7, b""
    while place + 7 <= len(content):
        if (left := -place % 32768) and left < 7:
            place += left
            continue
        _, length, kind = struct.unpack("<IHB", content[place : place + 7])
        record += content[place + 7 : place + 7 + length]
        place += 7 + length
        if kind in (1, 4):  # whole, or the last piece
            yield Record.FromString(record)
            record = b""


def test_wandb_reads_back_what_was_logged(tracked):
    folder, _ = tracked
    files = sorted(folder.glob("wandb/offline-run-*/run-*.wandb"))
    assert len(files) == 2
    known = json.loads((folder / "run" / "tracking" / "wandb.json").read_text())["run"]
    found: dict[str, dict[int, float]] = defaultdict(dict)
    media, summary, config, exits = set(), {}, {}, []
    for record in (record for file in files for record in wandb_records(file)):
        kind = record.WhichOneof("record_type")
        if kind == "run":
            assert record.run.run_id == known
            config |= {item.key: item.value_json for item in record.run.config.update}
        elif kind == "history":
            items = {
                (item.key or "/".join(item.nested_key)): json.loads(item.value_json) for item in record.history.item
            }
            for name, value in items.items():
                if name.startswith(("train/", "valid/")):
                    assert items["_step"] not in found[name], f"{name} has step {items['_step']} twice"
                    found[name][items["_step"]] = value
                elif name.endswith("/_type"):
                    media.add((name.removesuffix("/_type"), items["_step"]))
        elif kind == "summary":
            summary |= {(item.key or "/".join(item.nested_key)): item.value_json for item in record.summary.update}
        elif kind == "exit":
            exits.append(record.exit.exit_code)
    assert_same(found, folder)
    assert {("samples", step) for step in (20, 40, 60)} | {("attention/1", 20)} <= media
    assert {name: float(summary[f"best/{name}"]) for name in best(folder)} == best(folder)
    assert json.loads(config["training"])["max_steps"] == 60
    assert exits == [0, 0]


# --- a training is not disturbed --------------------------------------------------------------------------------------


class Broken:
    """A tracker in which one method raises an error."""

    def __init__(self, wrong: str) -> None:
        self.wrong = wrong
        self.called: list[str] = []
        self._call("open")

    def _call(self, name: str) -> None:
        self.called.append(name)
        if self.wrong == name:
            raise SystemExit("\x1b[2Jthe server\nis gone")

    def log(self, kind, step, values):
        self._call("log")

    def samples(self, step, samples):
        self._call("samples")

    def pictures(self, step, pictures):
        for picture in pictures:
            picture.draw()
        self._call("pictures")

    def finish(self, scores, *, done):
        self._call("finish")

    def sync(self):
        pass

    def close(self):
        self._call("close")


def count(folder: Path, trackers: str, *, drawn=lambda attention: PNG) -> Said:
    """Train a tiny network that counts words."""
    settings = {"device": "cpu", "max_epochs": 2, "batch_tokens": 20, "threads": 1, "track": trackers.split()}
    config = Config.model_validate({"name": "count", "training": settings})
    folder.mkdir(exist_ok=True)
    said = Said()
    Trainer(config, CountTask(), RunDirectory(folder), reporter=said, draw=drawn).train()
    return said


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The weights and the log of a training without trackers."""
    folder = tmp_path_factory.mktemp("undisturbed") / "run"
    count(folder, "")
    return weights_and_log(folder)


def weights_and_log(folder: Path):
    latest = RunDirectory(folder).pointed("latest")
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text("utf-8").splitlines()]
    timeless = [{key: value for key, value in line.items() if key not in TIMED} for line in lines]
    return load_weights(latest, torch.device("cpu")), timeless


def assert_undisturbed(folder: Path, undisturbed) -> None:
    weights, lines = weights_and_log(folder)
    assert lines == undisturbed[1]
    for name, weight in undisturbed[0].items():
        assert torch.equal(weight, weights[name]), name


@pytest.mark.parametrize("wrong", ["open", "log", "samples", "pictures", "finish", "close"])
def test_a_tracker_that_fails_is_left_out_and_said_in_one_line(tmp_path, monkeypatch, undisturbed, wrong):
    made: list[Broken] = []

    def make(name, tracked):
        made.append(tracker := Broken.__new__(Broken))
        tracker.__init__(wrong)
        return tracker

    monkeypatch.setattr(registry, "_make", make)
    said = count(tmp_path / "run", "mlflow")
    (line,) = said.lines
    assert line.startswith("warning: training.track: mlflow has failed: SystemExit  [2Jthe server;")
    assert line.isprintable()
    if wrong != "close":
        assert made[0].called.count(wrong) == 1
    assert_undisturbed(tmp_path / "run", undisturbed)


def test_a_tracker_that_works_changes_nothing(tmp_path, monkeypatch, undisturbed):
    monkeypatch.setattr(registry, "_make", lambda name, tracked: Broken("nothing"))
    assert count(tmp_path / "run", "mlflow wandb").lines == []
    assert_undisturbed(tmp_path / "run", undisturbed)


def test_a_tracker_that_hangs_is_not_waited_for(tmp_path, monkeypatch, undisturbed):
    hangs = threading.Event()

    def make(name, tracked):
        hangs.wait(60)
        return Broken("nothing")

    monkeypatch.setattr(registry, "_make", make)
    monkeypatch.setattr(background, "CLOSE_SECONDS", 0.1)
    try:
        said = count(tmp_path / "run", "wandb")  # all steps are done while it hangs
    finally:
        hangs.set()
    (line,) = said.lines
    assert "wandb was still busy 0.1 s after the end; " in line
    assert_undisturbed(tmp_path / "run", undisturbed)


def test_a_tracker_far_behind_is_left_out():
    said, hangs = [], threading.Event()
    slow = Background("wandb", lambda: (hangs.wait(60), Broken("nothing"))[1], said.append)
    try:
        for step in range(background.MOST_WAITING + 100):
            slow.log("train", step, {})
    finally:
        hangs.set()
    slow.close()
    assert said == ["warning: training.track: wandb is too slow; it is left out from here, the training goes on"]


def test_pictures_that_cannot_be_drawn_are_said_once_and_the_rest_is_logged(tmp_path, monkeypatch):
    tracker = Broken("nothing")
    monkeypatch.setattr(registry, "_make", lambda name, tracked: tracker)

    def fail(attention):
        raise ValueError("no ink")

    said = count(tmp_path / "run", "mlflow", drawn=fail)
    assert said.lines == ["warning: training.track: no more pictures of the attention: no ink"]
    assert tracker.called[-2:] == ["finish", "close"]


def test_without_matplotlib_there_are_no_pictures_which_is_said_once(tmp_path, monkeypatch):
    tracker = Broken("nothing")
    monkeypatch.setattr(registry, "_make", lambda name, tracked: tracker)
    monkeypatch.setattr(registry, "_installed", lambda library: library != "matplotlib")
    said = count(tmp_path / "run", "mlflow")
    assert said.lines == [
        "no pictures of the attention for mlflow: they need matplotlib; pip install 'nmt-attn[plots]'"
    ]
    assert "pictures" not in tracker.called
    assert tracker.called.count("samples") == 2


# --- the command ------------------------------------------------------------------------------------------------------


def test_a_tracker_that_is_not_installed_is_refused_before_anything_is_done(toy, monkeypatch):
    monkeypatch.setattr(registry, "_installed", lambda library: library != "wandb")
    done = nmt_here(toy, "train", "--config", "toy.yaml", "--set", "training.track=[tensorboard,wandb]")
    assert done.code == 2
    assert done.error == "training.track: wandb is not installed; pip install 'nmt-attn[wandb]'"
    assert not (toy / "runs").exists()


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ("tensorbord", "no tracker is called 'tensorbord'; did you mean tensorboard?"),
        ("[mlflow, mlflow]", "mlflow stands there twice"),
        ("3", "must be a valid list, found 3"),
    ],
)
def test_a_wrong_name_is_refused(toy, value, error):
    done = nmt_here(toy, "train", "--config", "toy.yaml", "--set", f"training.track={value}", checked=False)
    assert done.code == 2
    assert error in done.error


def test_a_folder_that_wandb_has_made_is_not_taken_for_its_library(tmp_path, monkeypatch):
    (tmp_path / "nolibrary").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    assert not registry._installed("nolibrary")
    assert registry._installed("json")


def test_the_training_of_a_classifier_is_tracked_by_the_command(tmp_path, monkeypatch):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    write_opinions(tmp_path)
    sets = ("--set", "training.max_epochs=2", "--set", "training.track=tensorboard")
    done = nmt_here(tmp_path, "train", "--config", "opinions.yaml", *sets)
    assert done.code == 0, done.err
    reader = EventAccumulator(str(tmp_path / "runs" / "opinions" / "tensorboard"))
    reader.Reload()
    assert "valid/accuracy" in reader.Tags()["scalars"]
    assert reader.Images("attention/1")[0].encoded_image_string.startswith(PNG)
    assert b"pos" in reader.Tensors("samples/text_summary")[0].tensor_proto.string_val[0]
