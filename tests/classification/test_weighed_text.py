"""Weighed texts: pieces become words, and neither text nor attention is lost on the way."""

from __future__ import annotations

import doctest
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nmt_attn.classification import weighed_text
from nmt_attn.classification.weighed_text import WeighedText
from nmt_attn.errors import InputError


def of(pieces: list[str], weights: list[float] | None = None, **rest) -> WeighedText:
    given = weights if weights is not None else [1 / max(1, len(pieces))] * len(pieces)
    return WeighedText.of_pieces(pieces, given, label="neg", probability=0.9, **rest)


def words(pieces: list[str]) -> list[str]:
    return list(of(pieces).in_words().units)


def test_the_examples_of_the_docstrings_give_what_they_say():
    examples = [test for test in doctest.DocTestFinder(exclude_empty=True).find(weighed_text) if test.examples]
    examples.sort(key=lambda test: not test.name.endswith(".WeighedText"))  # the methods go on with its example
    assert len(examples) >= 4
    names, said = dict(examples[0].globs), []
    for example in examples:
        example.globs = names
        doctest.DocTestRunner().run(example, out=said.append, clear_globs=False)
    assert not said, "".join(said)


def test_pieces_lose_their_marks_of_spaces():
    weighed = of(["▁A", "▁dr", "ab", "▁plot", "."])
    assert weighed.units == ("A", "dr", "ab", "plot", ".")
    assert weighed.spaced == (True, True, False, True, False)
    assert weighed.text == "A drab plot."


def test_the_attention_to_a_word_is_the_sum_over_its_pieces():
    whole = of(["▁A", "▁dr", "ab", "▁plot", "."], [0.1, 0.2, 0.3, 0.1, 0.1], end_weight=0.2).in_words()
    assert whole.units == ("A", "drab", "plot.")
    assert whole.weights == pytest.approx((0.1, 0.5, 0.2))
    assert whole.end_weight == 0.2
    assert whole.text == "A drab plot."


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        (["▁(", "so", "▁sad", "▁!", ")"], ["(so", "sad", "!)"]),
        (["▁don", "'", "t"], ["don't"]),
        (["▁", "猫", "が", "好き", "。", "犬", "も"], ["猫", "が", "好き。", "犬", "も"]),
        (["▁他说", ":", "“", "好", "”", "。", "走"], ["他说:", "“好”。", "走"]),
        (["▁2008", "年", "の", "GPU"], ["2008", "年", "の", "GPU"]),
        (["▁スタ", "ー", "ウォーズ"], ["スター", "ウォーズ"]),
        (["▁หนัง", "ดี", "มาก", "ๆ"], ["หนัง", "ดี", "มากๆ"]),
        (["▁영", "화", "가", "▁좋다"], ["영화가", "좋다"]),
        (["▁فيل", "م", "▁رائع"], ["فيلم", "رائع"]),
        (["▁so", "▁", "🙂"], ["so", "🙂"]),
    ],
)
def test_words_are_merged_and_scripts_without_spaces_stay_in_pieces(pieces, expected):
    assert words(pieces) == expected


def test_pieces_of_bytes_become_the_letters_that_they_spell():
    weighed = of(["▁so", "▁", "<0xF0>", "<0x9F>", "<0x99>", "<0x82>", "!"], [0.1, 0, 0.2, 0.1, 0.1, 0.1, 0.4])
    assert weighed.units == ("so", "", "🙂", "!")
    assert weighed.weights == pytest.approx((0.1, 0, 0.5, 0.4))
    assert weighed.in_words().units == ("so", "🙂!")


def test_bytes_that_spell_nothing_are_shown_as_such():
    assert of(["▁", "<0xF0>", "a"]).units == ("", "\ufffd", "a")


def test_what_was_left_out_keeps_its_place_in_words():
    weighed = of(["▁a", "▁lo", "ng", "▁t", "ex", "t"], left_out=7, cut_at=4)
    assert weighed.text == "a long t ext"
    assert weighed.in_words().units == ("a", "long", "t", "ext")
    assert weighed.in_words().cut_at == 3
    assert of(["▁a", "b"], left_out=7).in_words().cut_at is None
    assert of(["▁a", "b"], left_out=7, cut_at=2).in_words().cut_at == 1
    assert of(["▁a", "b"], left_out=7, cut_at=0).in_words().cut_at == 0


def test_a_cut_between_bytes_keeps_them_apart():
    weighed = of(["▁", "<0x41>", "<0x42>", "<0x43>"], left_out=7, cut_at=2)
    assert (weighed.units, weighed.cut_at) == (("", "A", "BC"), 2)


def test_an_empty_text_stays_empty():
    weighed = of([], end_weight=1.0).in_words()
    assert (weighed.units, weighed.text, weighed.end_weight) == ((), "", 1.0)


PIECES = st.lists(
    st.builds(
        lambda space, letters: space + letters,
        st.sampled_from(["", "▁"]),
        st.text("ab.,!(“”'1猫がー。ดี\u0301🙂é", max_size=3),
    ).filter(bool),
    max_size=12,
)


@settings(max_examples=150, deadline=None)
@given(PIECES, st.data())
def test_words_lose_neither_text_nor_attention(pieces, data):
    weights = data.draw(st.lists(st.floats(0, 1), min_size=len(pieces), max_size=len(pieces)))
    total = math.fsum(weights) or 1.0
    cut_at = data.draw(st.none() | st.integers(0, len(pieces)))
    weighed = of(pieces, [weight / total for weight in weights], left_out=3, cut_at=cut_at)
    if cut_at is None:
        assert weighed.text == "".join(pieces).replace("▁", " ").removeprefix(" ")
    merged = weighed.in_words()
    assert merged.text == weighed.text
    assert math.fsum(merged.weights) == pytest.approx(math.fsum(weighed.weights))
    assert merged.in_words() == merged
    if cut_at is not None:
        assert "".join(merged.units[: merged.cut_at]) == "".join(weighed.units[:cut_at])


@pytest.mark.parametrize("weight", [float("nan"), float("inf"), -0.1, 3.0])
def test_attention_of_a_damaged_model_is_refused_in_a_line(weight):
    with pytest.raises(InputError, match=r"^the model gives .* use another checkpoint$"):
        of(["▁a", "▁b"], [0.5, weight])


def test_parts_that_do_not_belong_together_are_refused():
    with pytest.raises(ValueError, match="2 units, 2 spaces and 1 weights"):
        of(["▁a", "▁b"], [1.0])
    with pytest.raises(ValueError, match="cut before unit 3 of 2"):
        of(["▁a", "▁b"], cut_at=3)
