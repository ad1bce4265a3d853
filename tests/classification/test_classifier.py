"""The Classifier: probabilities in order, whatever the batches, the processes and the number of models."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nmt_attn import Classifier, Translator
from nmt_attn.errors import ConfigError, InputError, UserError
from nmt_attn.text.text_cut import TextCut
from tests.conftest import opinions

TEXTS = [text for _, text in opinions(60, seed=3)]


@pytest.fixture(scope="module")
def run(trained_classifier) -> Path:
    return trained_classifier / "runs" / "opinions"


@pytest.fixture(scope="module")
def classifier(run) -> Classifier:
    return Classifier.load(run, device="cpu", overrides=["decoding.processes=1"])


def test_it_has_learned_what_decides(classifier):
    labels = [label for label, _ in opinions(60, seed=3)]
    found = [prediction.label for prediction in classifier.classify(TEXTS)]
    assert np.mean([one == other for one, other in zip(found, labels, strict=True)]) >= 0.9


def test_blank_texts_have_no_label_and_disturb_nobody(classifier):
    alone = classifier.classify(TEXTS[:3])
    among = classifier.classify(["", TEXTS[0], "  ", TEXTS[1], "\t", TEXTS[2]])
    assert [among[place].label for place in (0, 2, 4)] == ["", "", ""]
    assert not among[0].probabilities
    assert classifier.probabilities(["", TEXTS[0]])[0].tolist() == [0.5, 0.5]
    assert [among[place].label for place in (1, 3, 5)] == [one.label for one in alone]
    assert classifier.classify([]) == []


@settings(max_examples=20, deadline=None)
@given(st.randoms(use_true_random=False), st.sampled_from([1, 10, 100]))
def test_probabilities_depend_on_no_neighbour(classifier, generator: random.Random, batch_tokens):
    order = list(range(len(TEXTS)))
    generator.shuffle(order)
    expected = classifier.probabilities(TEXTS)
    before, classifier.batch_tokens = classifier.batch_tokens, batch_tokens
    try:
        found = classifier.probabilities([TEXTS[place] for place in order])
    finally:
        classifier.batch_tokens = before
    np.testing.assert_allclose(found, expected[order], atol=1e-6)
    np.testing.assert_allclose(found.sum(1), 1.0)


def test_several_processes_give_the_same_in_the_same_order(run, classifier):
    several = Classifier.load(run, device="cpu", overrides=["decoding.processes=2"])
    texts = [text for _, text in opinions(300, seed=5)] + [""]
    try:
        found = several.classify(texts)
    finally:
        several.workers.close()
    expected = classifier.classify(texts)
    assert [one.label for one in found] == [one.label for one in expected]
    assert [one.probability for one in found] == pytest.approx([one.probability for one in expected], abs=1e-5)


def test_several_models_give_the_mean_of_their_probabilities(run, classifier):
    first, last = sorted((run / "checkpoints").iterdir())[0], sorted((run / "checkpoints").iterdir())[-1]
    each = [Classifier.load(path, device="cpu").probabilities(TEXTS) for path in (first, last)]
    both = Classifier.load([first, last], device="cpu")
    np.testing.assert_allclose(both.probabilities(TEXTS), np.mean(each, axis=0), atol=1e-6)
    assert both.weigh(TEXTS[:1])[0].in_words().text == classifier.weigh(TEXTS[:1])[0].in_words().text


@pytest.mark.parametrize(("precision", "tolerance"), [("bf16", 0.05), ("int8", 0.05)])
def test_fewer_bits_change_little(run, classifier, precision, tolerance):
    rounded = Classifier.load(run, device="cpu", overrides=[f"decoding.precision={precision}"])
    np.testing.assert_allclose(rounded.probabilities(TEXTS), classifier.probabilities(TEXTS), atol=tolerance)


def test_models_with_other_labels_are_refused(run, tmp_path):
    other = shutil.copytree(run, tmp_path / "other")
    tokenizer = other / "tokenizer" / "tokenizer.json"
    tokenizer.write_text(tokenizer.read_text("utf-8").replace('"pos"', '"positive"'), encoding="utf-8")
    with pytest.raises(InputError, match="other has other labels than"):
        Classifier.load([run, other])


def test_wrong_arguments_are_refused(run, classifier):
    with pytest.raises(TypeError, match="put it into a list"):
        classifier.classify("A good room.")
    with pytest.raises(ConfigError, match=r"decoding\.beam_size"):
        Classifier.load(run, overrides=["decoding.beam_size=3"])
    with pytest.raises(ConfigError, match="has no effect on the labels"):
        Classifier.load(run, overrides=["training.max_steps=3"])


def test_a_translation_run_is_refused(trained):
    with pytest.raises(UserError, match="a run that translates; use nmt translate"):
        Classifier.load(trained / "runs" / "toy")


def test_weights_that_are_no_numbers_are_said(run):
    broken = Classifier.load(run, device="cpu")
    with torch.no_grad():
        broken.members[0].model.output.bias.fill_(torch.nan)
    with pytest.raises(InputError, match="no finite numbers"):
        broken.classify(["A good room."])


def test_the_attention_belongs_to_the_words_that_are_read(run, classifier):
    (weighed,) = classifier.weigh(["Not a good room"])
    assert weighed.in_words().units == ("Not", "a", "good", "room")
    assert sum(weighed.weights) + weighed.end_weight == pytest.approx(1.0, abs=1e-5)
    assert (weighed.label, weighed.probability) == (
        classifier.classify(["Not a good room"])[0].label,
        pytest.approx(classifier.classify(["Not a good room"])[0].probability),
    )
    long = " ".join(["a good room"] * 10)
    (cut,) = classifier.weigh([long])
    assert (len(cut.units), cut.left_out, cut.cut_at) == (12, 18, 12)
    assert classifier.classify([long])[0].left_out == 18


@given(st.lists(st.integers(), max_size=12), st.integers(1, 8), st.sampled_from(["head", "tail", "both"]))
def test_a_cut_keeps_the_ends_that_it_says(tokens, most, keep):
    kept = TextCut(most, keep)(tokens)
    assert len(kept) == min(len(tokens), most)
    if len(tokens) > most:
        head = {"head": most, "tail": 0, "both": (most + 1) // 2}[keep]
        assert kept == tokens[:head] + tokens[len(tokens) - (most - head) :]


def test_the_translator_refuses_a_run_that_classifies(run):
    with pytest.raises(UserError, match="a run that classifies texts; use nmt classify"):
        Translator.load(run)
