"""Batches: every pair once, within the budget, near-equal lengths, the same for the same seed."""

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nmt_attn.corpus.batches import ROWS, Batcher, batches_of, make_batch
from nmt_attn.corpus.store import PairStore, TokenStore
from nmt_attn.text.tokenizer import BOS, EOS, PAD

ids = st.lists(st.integers(4, 99), min_size=1, max_size=30)
pairs = st.lists(st.tuples(ids, ids), min_size=1, max_size=60)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("store")


def store(folder: Path, sentences) -> PairStore:
    sides = []
    for name, side in (("source", 0), ("target", 1)):
        TokenStore.write(folder / name, [pair[side] for pair in sentences], 100)
        sides.append(TokenStore.open(folder / name))
    return PairStore(*sides)


@given(sentences=pairs, budget=st.integers(1, 200), epoch=st.integers(0, 3))
@settings(deadline=None, max_examples=60)
def test_every_pair_is_in_one_batch_within_the_budget(folder, sentences, budget, epoch):
    batcher = Batcher(store(folder, sentences), budget, seed=3)
    batches = batcher.epoch(epoch)
    assert sorted(np.concatenate(batches).tolist()) == list(range(len(sentences)))
    for indices in batches:
        sizes = [max(len(sentences[i][0]), len(sentences[i][1])) + 1 for i in indices]
        assert sum(sizes) <= budget or len(sizes) == 1
    again = Batcher(batcher.pairs, budget, seed=3).epoch(epoch)
    assert [batch.tolist() for batch in batches] == [batch.tolist() for batch in again]


@given(sentences=pairs)
@settings(deadline=None, max_examples=60)
def test_a_batch_holds_the_sentences_and_nothing_else(sentences):
    batch = make_batch([np.array(one) for one, _ in sentences], [np.array(other) for _, other in sentences])
    labels = np.full(batch.targets.size, PAD)
    labels[batch.positions] = batch.labels
    labels = labels.reshape(batch.targets.shape)
    for row, (source, target) in enumerate(sentences):
        length = batch.source_lengths[row]
        assert batch.source[row, :length].tolist() == [*source, EOS]
        assert (batch.source[row, length:] == PAD).all()
        assert batch.targets[row, : len(target) + 1].tolist() == [BOS, *target]
        assert labels[row, : len(target) + 1].tolist() == [*target, EOS]
    assert batch.tokens == sum(len(target) + 1 for _, target in sentences)


@given(sentences=pairs)
@settings(deadline=None, max_examples=30)
def test_a_batch_is_the_same_from_a_store(folder, sentences):
    indices = np.arange(len(sentences))[::-2]
    batch = Batcher(store(folder, sentences), 10).batch(indices)
    chosen = [sentences[index] for index in indices]
    expected = make_batch([source for source, _ in chosen], [target for _, target in chosen])
    for field in fields(batch):
        assert getattr(batch, field.name).tolist() == getattr(expected, field.name).tolist()


def test_little_padding_and_another_order_in_each_epoch(folder):
    generator = np.random.default_rng(0)
    sources = generator.integers(2, 30, size=3000)
    lengths = np.stack([sources, sources + generator.integers(-1, 2, size=3000)], axis=1)
    batcher = Batcher(store(folder, [([5] * one, [5] * other) for one, other in lengths]), 1000)
    batches = [batcher.batch(indices) for indices in batcher.epoch(0)]
    real = sum(batch.tokens + int(batch.source_lengths.sum()) for batch in batches)
    assert real / sum(batch.targets.size + batch.source.size for batch in batches) > 0.9
    assert [one.tolist() for one in batcher.epoch(0)] != [one.tolist() for one in batcher.epoch(1)]


def test_batches_come_in_few_sizes(folder):
    generator = np.random.default_rng(0)
    lengths = generator.integers(2, 40, size=(3000, 2))
    batcher = Batcher(store(folder, [([5] * one, [5] * other) for one, other in lengths]), 1000)
    sizes = [len(indices) for indices in batcher.in_order()]
    assert max(sizes) > 3 * ROWS
    assert all(size % ROWS == 0 or size <= ROWS for size in sizes[:-1])


def test_batches_of_a_fixed_number_of_sentences(folder):
    batcher = Batcher(store(folder, [([5], [5, 6])] * 300), 10, batch_sentences=128)
    assert sorted(len(indices) for indices in batcher.epoch(0)) == [44, 128, 128]


@given(st.lists(st.integers(1, 50), max_size=50), st.integers(1, 300))
def test_sentences_to_translate_are_grouped_within_the_budget(lengths, budget):
    groups = list(batches_of(np.array(lengths, dtype=np.int64), budget))
    assert sorted(index for group in groups for index in group) == list(range(len(lengths)))
    for group in groups:
        assert len(group) * max(lengths[index] for index in group) <= budget or len(group) == 1
