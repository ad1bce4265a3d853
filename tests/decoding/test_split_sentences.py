"""Lines of several sentences: cut where training held fewer, put together again in every way of translating."""

from __future__ import annotations

import json
import shutil
import time
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmt_attn import Translator
from nmt_attn.config.schema import DecodingConfig
from nmt_attn.decoding.alignment import links_in_words
from nmt_attn.decoding.combine import drawn, likeliest
from nmt_attn.decoding.sampling import SamplingOptions
from nmt_attn.decoding.translation import Translation
from nmt_attn.evaluation.scores import bleu
from nmt_attn.text.lines import TrainingLines
from tests.conftest import toy_corpus

SENTENCES = ["Big dog.", "Red cat sees one tree.", "Not small house."]
LINE = " ".join(SENTENCES)


@pytest.fixture(scope="module")
def translator(trained) -> Translator:
    return Translator.load(trained / "runs" / "toy")


def like(translator: Translator, lines: TrainingLines | None, **decoding: object) -> Translator:
    """The same model as if it had been trained on other lines."""
    object.__setattr__(other := shallow(translator.tokenizer), "lines", lines)
    options = DecodingConfig.model_validate({"processes": 1, **decoding})
    return Translator(translator.model, other, options, translator.compute)


def shallow(tokenizer):
    return tokenizer.from_models(
        tokenizer.kind, tokenizer.normaliser, tokenizer.source_model, tokenizer.target_model,
        source_lang=tokenizer.source_lang, target_lang=tokenizer.target_lang,
    )  # fmt: skip


def test_no_sentence_of_a_line_is_lost(translator):
    apart = translator.translate(SENTENCES)
    assert translator.translate([LINE]) == [" ".join(apart)]
    assert translator.translate([f"  {LINE}  "], beam_size=1) == [
        " ".join(translator.translate(SENTENCES, beam_size=1))
    ]
    ((best,),) = translator.nbest([LINE], 1)
    assert (best.parts, best.long) == (3, False)
    singles = [nbest[0] for nbest in translator.nbest(SENTENCES, 1)]
    assert best.score == pytest.approx(sum(one.score for one in singles))
    assert best.log_prob == pytest.approx(sum(one.log_prob for one in singles))
    assert best.tokens == tuple(token for one in singles for token in one.tokens)


@pytest.mark.parametrize(
    ("lines", "decoding", "parts"),
    [
        (None, {}, 1),  # a run of before: nothing is known
        (None, {"split_sentences": "on"}, 3),
        (TrainingLines(several=0.0, common_sentences=1, usual_tokens=99), {"split_sentences": "off"}, 1),
        (TrainingLines(several=0.04, common_sentences=1, usual_tokens=99), {}, 3),
        (TrainingLines(several=0.6, common_sentences=2, usual_tokens=99), {}, 2),
        (TrainingLines(several=0.6, common_sentences=3, usual_tokens=99), {}, 1),
        (TrainingLines(several=0.6, common_sentences=3, usual_tokens=12), {}, 3),
        (TrainingLines(several=0.6, common_sentences=3, usual_tokens=99), {"split_sentences": "on"}, 3),
    ],
)
def test_whether_a_line_is_split_depends_on_the_lines_in_training(translator, lines, decoding, parts):
    other = like(translator, lines, **decoding)
    ((best,),) = other.nbest([LINE], 1)
    assert best.parts == parts
    assert other.nbest(["Big dog."], 1)[0][0].parts == 1


def test_a_sentence_by_itself_is_translated_as_ever(translator):
    """On lines of one sentence, such as those of a usual test set, the outcome is the same."""
    sources, targets = zip(*toy_corpus(60, seed=21), strict=True)
    off = like(translator, translator.tokenizer.lines, split_sentences="off")
    assert translator.translate(sources) == off.translate(sources)
    of_lines = [" ".join(sources[place : place + 2]) for place in range(0, 60, 2)]
    references = [[" ".join(targets[place : place + 2])] for place in range(0, 60, 2)]
    split, whole = (bleu(one.translate(of_lines), references) for one in (translator, off))
    assert split > 80
    assert split > whole


def test_the_order_of_lines_and_their_company_do_not_matter(translator):
    lines = [LINE, "", "Big dog.", "Big dog. Red cat.", "  ", LINE]
    together = translator.translate(lines)
    assert together == [translator.translate([line])[0] for line in lines]
    assert [line == "" for line in together] == [False, True, False, False, True, False]


def test_the_best_of_a_line_are_put_together_of_the_best_of_its_parts(translator):
    (nbest,) = translator.nbest([LINE], 4)
    parts = translator.nbest(SENTENCES, 4)
    sums = sorted((sum(one.score for one in way) for way in product(*parts)), reverse=True)
    assert [one.score for one in nbest] == pytest.approx(sums[:4])
    assert nbest[0].text == translator.translate([LINE])[0]
    assert len({one.tokens for one in nbest}) == 4


@given(st.lists(st.lists(st.integers(-9, 0), min_size=1, max_size=5), min_size=1, max_size=4), st.integers(1, 6))
def test_the_likeliest_ways_are_found_without_looking_at_all(parts, count):
    lists = [[Translation("", float(score), 0.0) for score in sorted(some, reverse=True)] for some in parts]
    sums = sorted((sum(one.score for one in way) for way in product(*lists)), reverse=True)
    found = [sum(one.score for one in way) for way in likeliest(lists, count)]
    assert found == sums[:count]


def test_a_line_of_very_many_sentences_takes_no_time(translator):
    began = time.perf_counter()
    ((best,),) = translator.nbest(["Big dog. Red cat. " * 10_000], 1)
    assert (best.parts, best.long) == (20_000, True)
    assert best.text == " ".join(translator.translate(["Big dog.", "Red cat."]) * 10_000)
    assert best.score == pytest.approx(
        sum(one.score for (one,) in translator.nbest(["Big dog.", "Red cat."], 1)) * 10_000
    )
    assert time.perf_counter() - began < 20


def test_what_is_drawn_for_a_line_is_drawn_for_each_part(translator):
    sampling = SamplingOptions(temperature=1.5, seed=5)
    (once,), (again,) = (translator.nbest([LINE], 30, sampling=sampling) for _ in range(2))
    assert once == again
    assert len(once) == 30
    parts = translator.nbest(SENTENCES, 30, sampling=sampling)
    for place, draws in enumerate(parts):
        assert sorted(one.made_of[place].tokens for one in once) == sorted(one.tokens for one in draws)
    assert [one.score for one in once] == sorted((one.score for one in once), reverse=True)


def test_the_best_draw_of_a_part_does_not_only_meet_the_best_of_another():
    lists = [[Translation("", -float(place), 0.0) for place in range(100)] for _ in range(2)]
    ways = drawn(lists, 1)
    assert sum(one.score == other.score for one, other in ways) < 20
    assert [sorted(one.score for one in column) for column in zip(*ways, strict=True)] == [
        sorted(one.score for one in part) for part in lists
    ]
    assert drawn([lists[0][:1], lists[1][:3]], 1) != []


def test_a_prefix_begins_the_line_and_not_each_sentence(translator):
    ((best,),) = translator.nbest(["Big dog. Red cat."], 1, prefix="Eta")
    assert best.text.startswith("Eta ")
    assert best.text.count("Eta") == 1
    assert best.text.endswith("Rugha kato.")
    ((whole,),) = translator.nbest(["Big dog. Red cat."], 1, prefix="Granda hundo. Eta")
    assert whole.parts == 1
    assert whole.text.startswith("Granda hundo. Eta")


def test_links_are_between_words_of_the_whole_line(translator):
    ((best,),) = translator.nbest([LINE], 1)
    (parts,) = translator.align_parts([LINE], [best])
    links = links_in_words(parts)
    apart, source, target = [], 0, 0
    for sentence, ((one,),) in zip(SENTENCES, ([nbest] for nbest in translator.nbest(SENTENCES, 1)), strict=True):
        alignment = translator.align_all([sentence], [one.tokens])[0].in_words()
        apart += [(source + place, target + other) for place, other in alignment.links()]
        source, target = source + len(sentence.split()), target + len(one.text.split())
    assert links == apart
    assert max(place for place, _ in links) < len(LINE.split())
    whole = translator.align(LINE).in_words()
    assert whole.source == [*LINE.split(), "</s>"]
    assert whole.target == [*best.text.split(), "</s>"]
    assert whole.links() == links
    assert all(sum(row) == pytest.approx(1.0, abs=1e-4) for row in whole.weights)
    assert whole.log_prob == pytest.approx(best.log_prob, abs=1e-3)


@pytest.mark.parametrize(
    ("language", "space"), [("fr", " "), ("zh", ""), ("ja", ""), ("th", " "), ("ko", " "), ("", " ")]
)
def test_sentences_are_joined_as_the_language_does(translator, language, space):
    other = like(translator, translator.tokenizer.lines)
    object.__setattr__(other.tokenizer, "target_lang", language)
    assert other.translate(["Big dog. Red cat."]) == [f"Granda hundo.{space}Rugha kato."]
    ((best,),) = other.nbest(["Big dog. Red cat."], 1)
    (parts,) = other.align_parts(["Big dog. Red cat."], [best])
    words = len(best.text.split())
    assert max(place for _, place in links_in_words(parts)) == words - 1
    assert len(other.align("Big dog. Red cat.").in_words().target) == words + 1


def test_a_run_of_before_translates_as_it_did(trained, tmp_path):
    run = shutil.copytree(trained / "runs" / "toy", tmp_path / "old")
    path = run / "tokenizer" / "tokenizer.json"
    info = json.loads(path.read_text(encoding="utf-8"))
    for later in ("lines", "source_lang", "target_lang"):
        del info[later]
    del info["normalise"]["html_entities"]
    path.write_text(json.dumps(info), encoding="utf-8")
    config = (run / "config.yaml").read_text(encoding="utf-8")
    kept = [line for line in config.splitlines() if "split_sentences" not in line and "html_entities" not in line]
    (run / "config.yaml").write_text("\n".join(kept) + "\n", encoding="utf-8")
    old = Translator.load(run)
    new = Translator.load(trained / "runs" / "toy", overrides=["decoding.split_sentences=off"])
    assert old.nbest([LINE], 1)[0][0].parts == 1
    assert old.translate([LINE, "Big dog."]) == new.translate([LINE, "Big dog."])
    both = Translator.load([run, trained / "runs" / "toy"])  # as one model
    assert both.translate(["Big dog."]) == ["Granda hundo."]
