"""Classification in the training loop: batches, loss, weights of labels, validation, and what it goes by."""

from __future__ import annotations

from contextlib import chdir
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from nmt_attn.config.loading import load_config
from nmt_attn.config.schema import Config
from nmt_attn.corpus.dataset import Dataset
from nmt_attn.corpus.prepare import prepare
from nmt_attn.device import Compute
from nmt_attn.errors import InputError, UserError
from nmt_attn.runs.directory import RunDirectory
from nmt_attn.runs.metrics import read_metrics
from nmt_attn.tasks.classification import ClassificationTask
from nmt_attn.tasks.selection import logged_ranks
from nmt_attn.tasks.task import Decided
from nmt_attn.text.tokenizer import EOS
from nmt_attn.training.average import best_checkpoints
from nmt_attn.training.train import train
from tests.conftest import write_opinions

CPU = Compute(torch.device("cpu"), "fp32")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = write_opinions(tmp_path_factory.mktemp("opinions"))
    with chdir(folder):
        prepare(load_config(Path("opinions.yaml")))
    return folder


@pytest.fixture
def task(folder, monkeypatch):
    """Makes the task with some settings."""
    monkeypatch.chdir(folder)

    def make(*sets: str) -> ClassificationTask:
        config = load_config(Path("opinions.yaml"), sets)
        return ClassificationTask(config, Dataset.open(config.data_directory))

    return make


def test_an_epoch_has_each_text_once_with_its_label_in_batches_of_like_length(task):
    one = task()
    batches, data = one.batches(64), one.data
    held = data.labelled("train")
    found: list[tuple[str, str]] = []
    for ids in batches.epoch(0):
        batch = batches.batch(ids)
        assert batch.tokens == len(ids)
        assert int(batch.source_lengths.sum()) <= 64 or len(ids) == 1
        for row, length, label in zip(batch.source, batch.source_lengths, batch.labels, strict=True):
            assert row[length - 1] == EOS
            assert (row[length:] == 0).all()
            found.append((data.tokenizer.decode([row[: length - 1].tolist()])[0], data.tokenizer.labels[label]))
    assert sorted(found) == sorted(zip(held.texts, held.labels, strict=True))
    assert [ids.tolist() for ids in batches.epoch(1)] != [ids.tolist() for ids in batches.epoch(0)]
    assert [ids.tolist() for ids in batches.epoch(1)] == [ids.tolist() for ids in task().batches(64).epoch(1)]
    lengths = data.pairs("train").source.lengths + 1
    assert all(lengths[ids].max() - lengths[ids].min() <= 2 for ids in batches.in_order())


def test_the_loss_is_a_mean_over_texts_whatever_the_padding(task):
    one = task("training.label_smoothing=0.1", "model.dropout=0")
    model = one.make_model().eval()
    loss, batches = one.loss(model, CPU), one.batches(10_000)
    (ids,) = batches.in_order()
    whole = loss(batches.batch(ids))
    parts = [loss(batches.batch(some)) for some in np.array_split(ids[::-1], 7)]
    torch.testing.assert_close(whole.objective, torch.stack([part.objective for part in parts]).sum())
    torch.testing.assert_close(whole.cross_entropy, torch.stack([part.cross_entropy for part in parts]).sum())


def test_weights_of_labels_have_the_mean_one_and_weigh_the_loss(task):
    assert task().class_weights() is None
    one = task("training.class_weights={neg: 3, pos: 1}", "training.label_smoothing=0")
    weights = one.class_weights()
    counts = np.bincount(np.asarray(one.data.pairs("train").target.tokens))
    assert weights[0] == pytest.approx(3 * weights[1])
    assert np.dot(weights, counts) == pytest.approx(counts.sum())
    balanced = task("training.class_weights=balanced").class_weights()
    assert balanced[0] * counts[0] == pytest.approx(balanced[1] * counts[1])
    model, batches = one.make_model().eval(), one.batches(10_000)
    batch = batches.batch(batches.in_order()[0])
    logits = model(torch.from_numpy(batch.source), torch.from_numpy(batch.source_lengths)).logits
    each = F.cross_entropy(logits, torch.from_numpy(batch.labels), reduction="none")
    found = one.loss(model, CPU)(batch)
    torch.testing.assert_close(found.objective, (each * torch.tensor(weights)[batch.labels]).sum())
    torch.testing.assert_close(found.cross_entropy, each.sum())  # unweighted, to be compared with others


@pytest.mark.parametrize(
    ("weights", "said"), [("{neg: 3}", "pos is not in it"), ("{neg: 1, pos: 1, x: 1}", "x is no label")]
)
def test_weights_of_other_labels_are_refused(folder, monkeypatch, weights, said):
    monkeypatch.chdir(folder)
    for more in ([], ["data.directory=data/fresh"]):
        with pytest.raises(UserError, match=said):
            prepare(load_config(Path("opinions.yaml"), [f"training.class_weights={weights}", *more]))
    assert not Path("data/fresh").exists()


def test_the_batch_that_suits_a_cpu_holds_some_texts_of_mean_length(task):
    one = task()
    assert one.reference_tokens == 1024  # of short texts, at least so many
    assert one.training_tokens == sum(one.data.pairs("train").source.lengths + 1)
    assert one.unit == "texts"


def test_it_validates_in_the_same_way_each_time(task):
    one = task()
    model = one.make_model().train()
    evaluator = one.evaluator(model, 50, Decided())
    first, again = evaluator.run(), one.evaluator(model, 7, Decided("accuracy")).run()
    assert model.training
    assert first.scores.confusion == again.scores.confusion
    assert first.loss == pytest.approx(again.loss)
    assert first.scores.texts == 40
    assert evaluator.decided.metric == "accuracy"
    assert len(first.samples) == 2
    assert f"accuracy {first.scores.accuracy:.2f} %" in evaluator.line(first)
    with pytest.raises(InputError, match="'bleu', which is no metric here"):
        one.evaluator(model, 50, Decided("bleu"))


def test_there_is_no_validation_without_texts_for_it(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(write_opinions(tmp_path))
    config = load_config(Path("opinions.yaml"), ["data.split.valid=0", "data.split.test=0", "training.max_steps=2"])
    outcome = train(config)
    assert outcome.state.best_step == 2
    assert outcome.unit == "texts"


def brief(*sets: str) -> Config:
    return load_config(Path("opinions.yaml"), ["training.validation.samples=0", *sets])


@pytest.mark.parametrize("metric", ["accuracy", "f1", "loss"])
def test_the_best_checkpoint_and_the_end_go_by_the_metric(tmp_path, monkeypatch, metric):
    monkeypatch.chdir(write_opinions(tmp_path))
    config = brief(
        "name=watched", f"training.early_stopping.metric={metric}", "training.early_stopping.patience=3",
        "training.max_epochs=20", "training.learning_rate=3e-2", "training.keep_checkpoints=30",
    )  # fmt: skip
    outcome = train(config)
    lines = list(read_metrics(RunDirectory(Path("runs/watched")).metrics_file, "valid"))
    ranks = logged_ranks(lines, metric)
    assert outcome.state.best_step == max(ranks, key=lambda step: (ranks[step], -step))
    figures = [line[metric] for line in lines]
    best = max(range(len(lines)), key=lambda place: ranks[lines[place]["step"]])
    assert figures[best] == (min(figures) if metric == "loss" else max(figures))
    assert (len(lines) == 20) == ("budget" in outcome.reason)
    if "without a better one" in outcome.reason:
        assert len(lines) - 1 - best == 3
    chosen = best_checkpoints(RunDirectory(Path("runs/watched")), 2)
    assert f"{outcome.state.best_step:08}" in [path.name for path in chosen]


def test_subwords_are_cut_anew_in_each_epoch_and_texts_stay_within_the_limit(tmp_path, monkeypatch):
    monkeypatch.chdir(write_opinions(tmp_path))
    config = brief(
        "data.tokenizer.kind=unigram",
        "data.tokenizer.vocab_size=40",
        "training.subword_sampling=0.3",
        "data.filter.max_tokens=7",
    )
    one = ClassificationTask(config, prepare(config).data)
    batches = one.batches(200)
    labels = np.asarray(one.data.pairs("train").target.tokens).copy()
    seen = []
    for epoch in (0, 1):
        batches.epoch(epoch)
        store = batches.batcher.pairs
        assert store.source.lengths.max() <= 7
        assert (np.asarray(store.target.tokens) == labels).all()
        seen.append([store.source[index].tolist() for index in range(len(store))])
    assert seen[0] != seen[1]


def test_new_data_goes_on_with_the_labels_of_the_old_run(tmp_path, monkeypatch):
    monkeypatch.chdir(write_opinions(tmp_path))
    train(brief("training.max_steps=30"))
    lines = Path("opinions.tsv").read_text("utf-8").splitlines()
    Path("more.tsv").write_text("\n".join(lines[::2]) + "\n", encoding="utf-8")
    more = ["name=more", "data.corpus.path=more.tsv", "training.from=runs/opinions", "training.max_steps=2"]
    outcome = train(brief(*more, "data.split.valid=20", "data.split.test=20"))
    assert outcome.state.step == 2
    Path("other.tsv").write_text("\n".join([*lines[::2], "odd\tA good room?!", "odd\tA fine room?!"]), encoding="utf-8")
    with pytest.raises(UserError, match="the new data has the label 'odd'"):
        train(brief(*more, "name=other", "data.corpus.path=other.tsv", "data.split.valid=20", "data.split.test=20"))
