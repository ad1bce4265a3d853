"""Alignments: whose attention they are, how pieces become words, and which links they give."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmt_attn import Translator
from nmt_attn.decoding.alignment import END, Alignment, word_spans
from tests.conftest import toy_corpus

PIECES = st.lists(st.sampled_from(["▁", "▁a", "▁bc", "d", "ef"]), max_size=8).map(lambda pieces: [*pieces, END])


@st.composite
def alignments(draw: st.DrawFn) -> Alignment:
    source, target = draw(PIECES), draw(PIECES)
    raw = [[draw(st.floats(0.01, 1)) for _ in source] for _ in target]
    return Alignment(source, target, [[weight / sum(row) for weight in row] for row in raw], -1.0)


@given(PIECES)
def test_words_are_made_of_all_pieces_in_order(pieces):
    spans = word_spans(pieces)
    assert [place for span in spans for place in span] == list(range(len(pieces)))
    assert all(pieces[span[0]].startswith("▁") or span[0] == 0 or pieces[span[0]] == END for span in spans)
    assert spans[-1] == range(len(pieces) - 1, len(pieces))


@given(alignments())
def test_rows_of_words_still_sum_to_one(alignment):
    merged = alignment.in_words()
    assert len(merged.weights) == len(merged.target)
    for row in merged.weights:
        assert len(row) == len(merged.source)
        assert sum(row) == pytest.approx(1.0)


def test_pieces_are_merged_to_words():
    weights = [[0.5, 0.25, 0.125, 0.125], [0.25, 0.25, 0.25, 0.25], [0.0, 0.0, 0.0, 1.0]]
    alignment = Alignment(["▁un", "seen", "▁cat", END], ["▁ch", "at", END], weights, 0.0)
    assert alignment.in_words() == Alignment(
        ["unseen", "cat", END], ["chat", END], [[0.625, 0.1875, 0.1875], [0.0, 0.0, 1.0]], 0.0
    )


def test_links_go_to_the_strongest_real_position():
    weights = [[0.6, 0.3, 0.1], [0.1, 0.2, 0.7], [0.1, 0.9, 0.0], [0.0, 0.0, 1.0]]
    assert Alignment(["▁a", "▁b", END], ["▁x", "▁y", "▁z", END], weights, 0.0).links() == [(0, 0), (1, 2)]
    nothing = [[0.0, 0.0]] * 2
    assert Alignment(["▁a", END], ["▁x", END], nothing, 0.0).links() == []


@pytest.fixture(scope="module")
def translator(trained) -> Translator:
    return Translator.load(trained / "runs" / "toy")


@pytest.mark.parametrize("beam_size", [1, 4])
def test_the_alignment_is_that_of_the_translation(translator, beam_size):
    for sentence in ["Not big dog.", "One red house."]:
        (best,) = translator.nbest([sentence], 1, beam_size=beam_size)[0]
        alignment = translator.align(sentence, beam_size=beam_size)
        assert translator.tokenizer.written(best.tokens) == alignment.target[:-1]
        assert len(alignment.weights) == len(alignment.target)
        assert all(sum(row) == pytest.approx(1.0, abs=1e-4) for row in alignment.weights)
        assert alignment.log_prob == pytest.approx(best.log_prob, abs=1e-3)


def test_words_look_at_the_words_they_come_from(translator):
    right, words = 0, 0
    for sentence, _ in toy_corpus(60, seed=9):
        expected = {(place, written) for written, place in enumerate(written_order(sentence))}
        right += len(expected & set(translator.align(sentence).in_words().links()))
        words += len(expected)
    # Which ones it gets wrong depends on the processor; by chance a third would be right.
    assert right >= 0.75 * words


def written_order(sentence: str) -> list[int]:
    """The source words in the order of their translations: "ne" comes behind the word that it negates."""
    words = sentence.lower().rstrip(".").split()
    order = list(range(len(words)))
    for place, word in enumerate(words[:-1]):
        if word == "not":
            order[place], order[place + 1] = place + 1, place
    return order


def test_a_given_translation_is_aligned_and_is_less_probable_if_wrong(translator):
    right, wrong = translator.align("Big dog.", "Granda hundo."), translator.align("Big dog.", "Eta kato.")
    assert right.log_prob > wrong.log_prob + 2
    assert "".join(wrong.target).replace("▁", " ").strip() == f"Eta kato.{END}"


def test_labels_are_the_letters_of_the_user_also_where_the_tokenizer_knows_none(translator):
    alignment = translator.align("Big 寿司 Zürich 🍣.", "Granda ñandú.").in_words()
    assert alignment.source == ["Big", "寿司", "Zürich", "🍣.", END]
    assert alignment.target == ["Granda", "ñandú.", END]
    assert len(alignment.weights) == 3
    assert {len(row) for row in alignment.weights} == {5}


def test_sentences_are_aligned_alike_alone_and_together(translator):
    sentences = ["Big dog.", "", "Not red cat takes one tree."]
    targets = [list(found[0].tokens) for found in translator.nbest(sentences, 1)]
    together = translator.align_all(sentences, targets)
    for sentence, target, alignment in zip(sentences, targets, together, strict=True):
        (alone,) = translator.align_all([sentence], [target])
        assert (alone.source, alone.target) == (alignment.source, alignment.target)
        for mine, theirs in zip(alone.weights, alignment.weights, strict=True):
            assert mine == pytest.approx(theirs, abs=1e-4)
