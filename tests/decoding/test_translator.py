"""The Translator as Python callers use it: order, empty sentences, n-best lists, independence of the batch."""

import dataclasses
import os
import pickle
import random
import subprocess
import sys

import pytest
import torch

from nmt_attn import Translator
from nmt_attn.config.loading import load_config
from nmt_attn.config.schema import DecodingConfig
from nmt_attn.decoding import translator as translator_module
from nmt_attn.decoding import workers as workers_module
from nmt_attn.decoding.alignment import Alignment, source_words
from nmt_attn.decoding.sampling import SamplingOptions
from nmt_attn.device import choose_compute
from nmt_attn.errors import InputError, UserError
from nmt_attn.text.tokenizer import UNK
from tests.conftest import ROOT, toy_corpus

under_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="sentences are shared under Linux alone")


@pytest.fixture(scope="module")
def translator(trained) -> Translator:
    return Translator.load(trained / "runs" / "toy")


def test_translates_in_order_with_empty_sentences_in_between(translator):
    assert translator.translate(["Big dog.", "", "Red cat.", "   ", "Big dog."]) == [
        "Granda hundo.", "", "Rugha kato.", "", "Granda hundo."
    ]  # fmt: skip
    assert translator.translate([]) == []


@pytest.mark.parametrize("beam_size", [1, 5])
def test_a_translation_does_not_depend_on_its_batch(translator, beam_size):
    sentences = [source for source, _ in toy_corpus(60, seed=7)]
    together = translator.translate(sentences, beam_size=beam_size)
    order = random.Random(1).sample(range(60), 60)
    shuffled = translator.translate([sentences[i] for i in order], beam_size=beam_size)
    assert [shuffled[order.index(i)] for i in range(60)] == together
    assert [translator.translate([one], beam_size=beam_size)[0] for one in sentences] == together


@under_linux
def test_a_translation_does_not_depend_on_who_makes_it(trained, translator, monkeypatch):
    monkeypatch.setattr(translator_module, "SHARE", 4)
    monkeypatch.setattr(workers_module, "PAYS_FROM", 0.0)
    shared = Translator.load(trained / "runs" / "toy", overrides=["decoding.processes=3"])
    while not shared.workers.ready:
        shared.translate([str(number) for number in range(20)])
    sentences = [source for source, _ in toy_corpus(40, seed=8)] + ["", "x", "Big dog.", "Big dog.", ""]
    wishes = [
        {"count": 1},
        {"count": 1, "beam_size": 1},
        {"count": 4},
        {"count": 1, "prefix": "Eta"},
        {"count": 3, "sampling": SamplingOptions(temperature=0.7, seed=5)},
    ]
    for wish in wishes:
        expected = translator.nbest(sentences, **wish)
        found = shared.nbest(sentences, **wish)
        assert [[one.text for one in nbest] for nbest in found] == [[one.text for one in nbest] for nbest in expected]
        scores = [one.score for nbest in found for one in nbest]
        assert scores == pytest.approx([one.score for nbest in expected for one in nbest], abs=1e-4)
    assert shared.processes == shared.workers.processes == 3
    assert translator.processes == 1
    assert shared.translate(["Big dog."]) == ["Granda hundo."]
    shared.workers.close()


@under_linux
@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("write_unknown", [False, True])
def test_what_is_sent_to_other_processes_translates_alike(trained, count, write_unknown):
    run, overrides = trained / "runs" / "toy", ["decoding.processes=3"]
    loaded = Translator.load([run] * count, device="cpu", overrides=overrides, write_unknown=write_unknown)
    translate = pickle.loads(pickle.dumps(loaded.workers.there))()
    sentences = [source for source, _ in toy_corpus(30, seed=9)] + ["", "Big dog 猫."]
    options = dataclasses.replace(loaded.options, beam_size=3, nbest=2)
    assert translate(sentences, options, None) == loaded.lines.nbest(sentences, options, None)


SCRIPT = """
with open("times it was run", "a") as times:
    times.write("once\\n")
from nmt_attn import Translator
from nmt_attn.decoding import workers

workers.PAYS_FROM = 0.0
translator = Translator.load("runs/toy", device="cpu", overrides=["decoding.processes=2"])
sentences = [f"Big dog {number}." for number in range(600)] + ["Big dog."]
first = translator.translate(sentences)
while not translator.workers.ready:
    translator.translate(sentences)
assert translator.translate(sentences) == first
print(first[-1])
"""


@under_linux
@pytest.mark.parametrize("way", ["script", "standard input"])
def test_a_script_without_a_guard_may_share_sentences(trained, tmp_path, way):
    (tmp_path / "runs").symlink_to(trained / "runs")
    (tmp_path / "script.py").write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, "script.py" if way == "script" else "-"], input=SCRIPT if way != "script" else "",
        cwd=tmp_path, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=120,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("Granda hundo.\n", "")
    assert (tmp_path / "times it was run").read_text() == "once\n"


def test_nbest_lists_are_sorted_different_and_begin_with_the_best(translator):
    (nbest,) = translator.nbest(["Small blue house sees dog."], 4)
    assert nbest[0].text == translator.translate(["Small blue house sees dog."])[0]
    assert [one.score for one in nbest] == sorted((one.score for one in nbest), reverse=True)
    assert len(nbest) == len({one.text for one in nbest}) == 4


def test_a_sentence_of_unknown_characters_gives_one_line(translator):
    for strange in ["猫" * 300, "\x00\x01", "a\nb", "\ud800"]:
        (translation,) = translator.translate([strange])
        assert "\n" not in translation


def test_the_search_can_be_configured_when_loading(trained):
    config = load_config(trained / "toy.yaml", ["decoding.beam_size=2", "decoding.length_penalty=0.3"])
    loaded = Translator.load(trained / "runs" / "toy", decoding=config.decoding)
    assert (loaded.options.beam_size, loaded.options.length_penalty) == (2, 0.3)
    by_override = Translator.load(trained / "runs" / "toy", overrides=["decoding.beam_size=3"])
    assert by_override.options.beam_size == 3


def test_what_is_too_long_is_translated_in_parts(trained):
    small = Translator.load(trained / "runs" / "toy", overrides=["decoding.max_source_tokens=12"])
    sentences = [source for source, _ in toy_corpus(12, seed=3)]
    whole, short = " ".join(sentences), "Big dog."
    (joined,), (alone,) = small.nbest([whole, short], 1)
    assert joined.parts > 3
    assert joined.long
    assert (alone.parts, alone.long) == (1, False)
    # Sentences that fit are cut at their ends; so most of them are translated as if they stood alone.
    apart = [translation for translation in small.translate(sentences) if translation in joined.text]
    assert len(apart) > 6
    assert small.translate(["x" * 5000 + " \U0001f363 " + "y " * 3000])[0] is not None


def test_translations_begin_with_the_given_prefix(translator):
    assert translator.nbest(["Big dog."], 1, prefix="Eta")[0][0].text.startswith("Eta")
    assert translator.nbest(["Big dog."], 1, prefix="")[0][0].text == "Granda hundo."
    with pytest.raises(UserError, match="cannot write"):
        translator.nbest(["Big dog."], 1, prefix="寿司")


def test_what_the_model_has_no_word_for_is_copied_from_where_it_looks(trained):
    loaded = Translator.load(trained / "runs" / "toy", write_unknown=True)
    with torch.no_grad():
        loaded.model.output.bias[UNK] = 1e3  # it knows no word at all
    options = DecodingConfig(beam_size=2, max_length_ratio=1.0)
    copying = Translator(loaded.model, loaded.tokenizer, options, loaded.compute)
    source = "Big dog sees tree."
    ((translation,),) = copying.nbest([source], 1)
    assert set(translation.tokens) == {UNK}
    assert len(translation.text.split()) == len(translation.tokens)
    assert set(translation.text.split()) <= set(source.split())
    # Unless it is asked for, the unknown token is never written.
    (plain,) = Translator.load(trained / "runs" / "toy").nbest([source], 1)
    assert UNK not in plain[0].tokens


def test_source_words_are_those_that_were_looked_at_most():
    rows = [[0.1, 0.2, 0.6, 0.1], [0.3, 0.25, 0.4, 0.05], [0.0, 0.0, 0.0, 0.0]]
    alignment = Alignment(["▁Pad", "ua", "▁sees", "</s>"], ["a", "b", "</s>"], rows, 0.0)
    assert source_words(alignment) == ["sees", "Padua", ""]


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_a_network_that_comes_to_no_numbers_is_said(trained, precision):
    translator = Translator.load(trained / "runs" / "toy", device="cpu")
    with torch.no_grad():
        for weight in translator.model.parameters():
            weight.fill_(3e38)  # finite, unlike what comes of it
    compute = choose_compute("cpu", precision)
    translator = Translator(translator.model, translator.tokenizer, DecodingConfig(), compute)
    for use in (
        lambda: translator.translate(["Big dog."]),
        lambda: translator.translate(["Big dog."], beam_size=1),
        lambda: translator.nbest(["Big dog."], 3, sampling=SamplingOptions()),
        lambda: translator.score(["Big dog."], ["Granda hundo."]),
        lambda: translator.align("Big dog.", "Granda hundo."),
    ):
        with pytest.raises(InputError, match="no finite numbers"):
            use()


# --- what is no list of texts -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def loaded(trained):
    return Translator.load(trained / "runs" / "toy", device="cpu", overrides=["decoding.processes=1"])


CALLS = {
    "translate": lambda translator, texts: translator.translate(texts),
    "nbest": lambda translator, texts: translator.nbest(texts, 2),
    "score sources": lambda translator, texts: translator.score(texts, ["x"]),
    "score targets": lambda translator, texts: translator.score(["x"], texts),
    "align_all": lambda translator, texts: translator.align_all(texts, [[5]]),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("Big dog.", r"a list of texts is expected, not a text alone; put it into a list: \[text\]"),
        ("", "not a text alone"),
        (b"Big dog.", r"a list of texts \(str\) is expected, not bytes"),
        (None, "is expected, not None"),
        (3, "is expected, not int"),
        (["Big dog.", None], r"\[1\]: a text \(str\) is expected, not None"),
        ([b"Big dog."], r"\[0\]: a text \(str\) is expected, not bytes"),
        ([["Big dog."]], r"\[0\]: a text \(str\) is expected, not list"),
    ],
)
def test_what_is_no_list_of_texts_is_a_type_error(loaded, call, given, says):
    with pytest.raises(TypeError, match=says):
        call(loaded, given)


@pytest.mark.parametrize("given", [["Big dog."], None, b"Big dog.", 3])
def test_one_sentence_at_a_time_is_aligned(loaded, given):
    with pytest.raises(TypeError, match="align one sentence at a time"):
        loaded.align(given)
    if given is not None:
        with pytest.raises(TypeError, match="target: a text"):
            loaded.align("Big dog.", given)


@pytest.mark.parametrize("kind", [list, tuple, iter, lambda texts: (text for text in texts), dict.fromkeys])
def test_anything_that_texts_can_be_taken_from_will_do(loaded, kind):
    texts = ["Big dog.", "", "Red cat."]
    assert loaded.translate(kind(texts)) == ["Granda hundo.", "", "Rugha kato."]
    assert len(loaded.score(kind(texts), kind(texts))) == 3


def test_each_source_has_its_target(loaded):
    with pytest.raises(ValueError, match="2 sources and 1 targets"):
        loaded.score(["a", "b"], ["c"])
