"""A split of no sentences: what works without it, and one line about what does not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from types import SimpleNamespace

import pytest

from nmt_attn.config.loading import load_config
from nmt_attn.corpus.dataset import Dataset
from nmt_attn.corpus.prepare import prepare
from nmt_attn.errors import ConfigError
from tests.builders import transliterations, write_parallel
from tests.in_process import Done, nmt_here

SMALL = ["model.encoder.hidden_size=8", "model.decoder.hidden_size=16", "model.embedding_size=8",
         "decoding.processes=1", "training.max_epochs=2", "training.device=cpu"]  # fmt: skip


def with_sets(values: Iterator[str]) -> list[str]:
    return list(chain.from_iterable(("--set", value) for value in values))


def nmt(folder: Path, command: str, *sets: str, options: tuple[str, ...] = ()) -> Done:
    return nmt_here(folder, command, "--config", "toy.yaml", *options, *with_sets(iter([*SMALL, *sets])))


def pointed(folder: Path, pointer: str) -> str:
    return (folder / "runs" / "toy" / pointer).read_text().strip()


def test_without_validation_the_latest_checkpoint_is_the_best(toy):
    done = nmt(toy, "train", "data.split.valid=0")
    assert done.code == 0, done.err
    assert "no validation sentences: the latest checkpoint counts as the best" in done.err
    assert "valid loss" not in done.err
    assert pointed(toy, "best") == pointed(toy, "latest")
    first = pointed(toy, "best")
    resumed = nmt(toy, "train", "data.split.valid=0", "training.max_epochs=3", options=("--resume",))
    assert resumed.code == 0, resumed.err
    assert pointed(toy, "best") == pointed(toy, "latest") != first
    entries = map(json.loads, (toy / "runs" / "toy" / "metrics.jsonl").read_text(encoding="utf-8").splitlines())
    assert {entry["kind"] for entry in entries} == {"train"}
    assert nmt_here(toy, "translate", "Big dog.").code == 0
    assert json.loads(nmt_here(toy, "eval", "--json").out)["sentences"] == 40
    refused = nmt_here(toy, "eval", "--split", "valid")
    assert refused.code == 2
    assert "data/toy has no valid sentences (data.split.valid is 0)" in refused.error
    assert refused.error.endswith("--split test")
    averaged = nmt_here(toy, "average", "--best", "1", "--output", "runs/mean")
    assert averaged.code == 2
    assert "0 validated checkpoints to choose from" in averaged.error
    assert nmt_here(toy, "average", "--output", "runs/mean").code == 0


def test_an_interrupted_training_without_validation_has_a_best_checkpoint_too(toy):
    done = nmt(toy, "train", "data.split.valid=0", "training.checkpoint_steps=3", "training.max_steps=7")
    assert done.code == 0, done.err
    assert pointed(toy, "best") == pointed(toy, "latest") == "checkpoints/00000007"


def test_without_test_sentences_eval_says_what_to_do(toy):
    done = nmt(toy, "train", "data.split.test=0")
    assert done.code == 0, done.err
    refused = nmt_here(toy, "eval")
    assert refused.code == 2
    assert "data/toy has no test sentences (data.split.test is 0)" in refused.error
    assert "--source FILE --reference FILE or --split valid" in refused.error
    assert json.loads(nmt_here(toy, "eval", "--split", "valid", "--json").out)["sentences"] == 40
    (toy / "s").write_text("Big dog.\n", encoding="utf-8")
    assert nmt_here(toy, "eval", "--source", "s", "--reference", "s").code == 0


def test_with_neither_all_is_learned_from(toy):
    done = nmt(toy, "prepare", "data.split.valid=0", "data.split.test=0")
    assert done.code == 0, done.err
    assert "no validation sentences: training is not watched" in done.out
    assert "no test sentences: nmt eval needs --source and --reference" in done.out
    data = Dataset.open(toy / "data" / "toy")
    assert data.manifest.splits.train.pairs == 900
    for split in ("valid", "test"):
        assert (len(data.held_out(split)), len(data.pairs(split))) == (0, 0)
    assert nmt(toy, "train", "data.split.valid=0", "data.split.test=0").code == 0
    refused = nmt_here(toy, "eval")
    assert refused.error.endswith("score on others with --source FILE --reference FILE")


@pytest.mark.parametrize("lacking", [("valid",), ("test",), ("valid", "test")])
@pytest.mark.parametrize("written", ["left out", "null"])
def test_files_of_ones_own_need_no_valid_and_test(tmp_path, lacking, written):
    files = write_parallel(tmp_path, transliterations(120), valid=20, test=20)
    given = [one for one in files if one.split("=")[0].rpartition(".")[2] not in lacking]
    given += [f"data.parallel.{part}=null" for part in lacking] if written == "null" else []
    sets = [*given, "data.tokenizer.kind=char", "name=own", *SMALL]
    done = nmt_here(tmp_path, "train", *with_sets(iter(sets)))
    assert done.code == 0, done.err
    assert ("no validation sentences" in done.err) == ("valid" in lacking)
    for split in ("valid", "test"):
        evaluated = nmt_here(tmp_path, "eval", "--split", split)
        assert evaluated.code == (2 if split in lacking else 0), evaluated.err
        if split in lacking:
            assert f"(data.parallel.{split} is not set)" in evaluated.error
    assert "is up to date" in nmt_here(tmp_path, "prepare", *with_sets(iter(sets))).out


@pytest.mark.parametrize(
    ("idle", "named"),
    [
        ("training.early_stopping.patience=3", "training.early_stopping.patience"),
        ("training.early_stopping.metric=bleu", "training.early_stopping.metric"),
        ("training.early_stopping.metric=loss", "training.early_stopping.metric"),
        ("training.validation.every_steps=10", "training.validation.every_steps"),
        ("training.schedule.kind=plateau", "training.schedule.kind: plateau"),
    ],
)
@pytest.mark.parametrize(
    ("without", "reason"),
    [
        (["data.corpus.path=a.tsv", "data.split.valid=0"], "data.split.valid is 0"),
        (["data.synthetic.kind=dates", "data.split.valid=0"], "data.split.valid is 0"),
        (["data.parallel.train={source: a, target: b}"], "data.parallel.valid is not set"),
    ],
)
def test_what_would_have_no_effect_without_validation_is_refused(idle, named, without, reason):
    with pytest.raises(ConfigError) as refused:
        load_config(None, [*without, idle])
    assert f"{named} needs validation sentences, and {reason}" in str(refused.value)
    load_config(None, without)  # alone it is fine


def test_prepared_data_of_made_up_pairs_may_lack_parts_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sets = ["data.synthetic.kind=reverse", "data.synthetic.pairs=200", "data.split.valid=0", "data.split.test=10"]
    data = prepare(load_config(None, [*sets, "data.tokenizer.kind=char"])).data
    assert [len(data.held_out(split)) for split in ("valid", "test")] == [0, 10]
    assert data.manifest.splits.train.pairs + 10 <= 200


def test_a_file_of_one_blank_line_is_not_an_empty_one(tmp_path):
    """The reader of the prepared text tells no lines from one line that is empty."""
    data = Dataset(tmp_path, SimpleNamespace(sha256={}), None)  # type: ignore[arg-type]
    for text, lines in (("", []), ("\n", [""]), ("a\n", ["a"]), ("a\n\n", ["a", ""]), ("\na\n", ["", "a"])):
        (tmp_path / "x").write_text(text, encoding="utf-8")
        assert data._lines("x") == lines
