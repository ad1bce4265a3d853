"""The wishes by which lines are translated: what cannot be fulfilled is said, and what an answer looks like."""

import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest

from nmt_attn.cli.translate import OPTIONS
from nmt_attn.decoding.request import Answer, TranslationRequest, one_line
from nmt_attn.decoding.sampling import SamplingOptions
from nmt_attn.decoding.translation import Translation
from nmt_attn.decoding.translator import Translator
from nmt_attn.errors import UserError
from tests.conftest import ROOT, toy_corpus


@pytest.fixture(scope="module")
def translator(trained):
    return Translator.load(trained / "runs" / "toy", device="cpu", overrides=["decoding.processes=1"])


def blind(translator):
    """The same without attention, as far as a check can see."""
    return SimpleNamespace(options=translator.options, model=SimpleNamespace(attends=False))


REFUSED = [
    ({"mbr": 1}, "mbr 1 leaves nothing to choose from; give 2 or more, or leave it out"),
    ({"nbest": 9}, "9 candidates need a beam of that size; add beam_size 9"),
    ({"mbr": 8, "beam_size": 7}, "8 candidates need a beam of that size; add beam_size 8"),
    ({"sampling": SamplingOptions(), "prefix": "Eta"}, "prefix is not for sampling; leave out one of them"),
    ({"mbr": 3, "nbest": 2}, "mbr chooses one translation; leave out nbest"),
    ({"alignments": True, "nbest": 2}, "alignments is for the best translation; leave out nbest"),
    ({"nbest": 0}, "nbest 0: must be at least 1"),
    ({"mbr": -1}, "mbr -1: must be at least 0"),
    ({"beam_size": 0}, "beam_size 0: must be at least 1"),
]


@pytest.mark.parametrize(("wishes", "says"), REFUSED, ids=lambda value: str(value) if isinstance(value, dict) else "")
def test_wishes_that_cannot_be_fulfilled_are_one_line(translator, wishes, says):
    with pytest.raises(UserError) as caught:
        TranslationRequest(**wishes).check(translator)
    assert str(caught.value) == says


@pytest.mark.parametrize("wish", ["alignments", "replace_unknown"])
def test_no_attention_no_alignment(translator, wish):
    with pytest.raises(UserError, match=f"has no attention.*by which {wish} goes"):
        TranslationRequest(**{wish: True}).check(blind(translator))
    TranslationRequest().check(blind(translator))


def test_messages_use_the_names_that_the_caller_has(translator):
    with pytest.raises(UserError, match="--mbr chooses one translation; leave out --nbest"):
        TranslationRequest(mbr=3, nbest=2).check(translator, OPTIONS)
    with pytest.raises(UserError, match="--prefix is not for --sample"):
        TranslationRequest(prefix="a", sampling=SamplingOptions()).check(translator, OPTIONS)


def test_every_wish_has_an_option():
    assert set(OPTIONS) == set(TranslationRequest.__dataclass_fields__)


@pytest.mark.parametrize(
    "wishes",
    [
        {},
        {"beam_size": 1},
        {"nbest": 3},
        {"prefix": "Eta"},
        {"nbest": 2, "sampling": SamplingOptions(seed=3)},
    ],
)
def test_answers_are_those_of_the_translator(translator, wishes):
    lines = [source for source, _ in toy_corpus(20, seed=4)] + [""]
    request = TranslationRequest(**wishes)
    request.check(translator)
    answers = request.answers(translator, lines)
    assert [one.line for one in answers] == lines
    assert all(one.links is None for one in answers)
    given = {key: value for key, value in wishes.items() if key != "nbest"}
    assert [one.found for one in answers] == translator.nbest(lines, request.nbest, **given)


def test_minimum_bayes_risk_takes_one_of_the_candidates(translator):
    (answer,) = TranslationRequest(mbr=4).answers(translator, ["Small blue house."])
    ((candidates),) = translator.nbest(["Small blue house."], 4)
    assert len(answer.found) == 1
    assert answer.best in candidates


def test_alignments_come_with_each_line(translator):
    big, blank = TranslationRequest(alignments=True).answers(translator, ["Big dog.", ""])
    assert big.links
    assert blank.links == []


ANSWER = Answer("Big dog.", [Translation("Granda hundo.", -0.12345, -0.5), Translation("Hundo.", -1.0, -2.0)])


def test_an_answer_as_text():
    assert ANSWER.to_text(7, 1) == "Granda hundo.\n"
    assert ANSWER.to_text(7, 2) == "7\t-0.1235\tGranda hundo.\n7\t-1.0000\tHundo.\n"
    assert replace(ANSWER, links=[(0, 0), (1, 2)]).to_text(7, 1) == "Granda hundo.\t0-0 1-2\n"
    assert replace(ANSWER, links=[]).to_text(7, 1) == "Granda hundo.\t\n"


def test_an_answer_as_json():
    assert ANSWER.to_json() == {
        "source": "Big dog.",
        "translation": "Granda hundo.",
        "score": -0.1235,
        "nbest": [
            {"text": "Granda hundo.", "score": -0.1235, "log_prob": -0.5},
            {"text": "Hundo.", "score": -1.0, "log_prob": -2.0},
        ],
        "parts": 1,
    }
    assert replace(ANSWER, links=[(0, 0)]).to_json()["alignment"] == [(0, 0)]
    assert list(replace(ANSWER, links=[]).to_json())[-1] == "alignment"


def test_a_sentence_with_line_breaks_is_one_line():
    assert one_line("Big\ndog.\n\nRed  cat.") == "Big dog.  Red  cat."


def test_a_request_needs_no_command_line_and_no_torch():
    code = "import sys, nmt_attn.decoding.request; print({'torch', 'typer'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert done.stdout == "set()\n"
