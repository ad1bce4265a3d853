import random
import re
import string
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nmt_attn.corpus import shards as shards_module
from nmt_attn.corpus.clean import CleanPair
from nmt_attn.corpus.digests import SOURCE
from nmt_attn.corpus.duplicates import count_distinct, without_duplicates
from nmt_attn.corpus.pairs import Pair
from nmt_attn.corpus.shards import KeptPairs
from nmt_attn.corpus.split import known_from
from nmt_attn.errors import UserError
from tests.corpus.small_shards import Part, Parts, comparison_key, literal_split, sharded, split


def clean(source: str, target: str) -> CleanPair:
    return CleanPair(Pair(source, target), Pair(source, target))


def plain(count: int) -> list[CleanPair]:
    return [clean(f"Sentence {number}.", f"Phrase {number}.") for number in range(count)]


def sources(part: Part) -> list[str]:
    return list(dict.fromkeys(pair.normalised.source for pair in part.pairs))


def simple_key(text: str) -> str:
    """Equal but for case and punctuation, in the plainest of words: not how the module does it."""
    return " ".join(re.sub(f"[{re.escape(string.punctuation)}…’«»]", "", text.casefold()).split())


def leaks(one: Part, other: Part) -> set[str]:
    sides = [
        {(side, simple_key(text)) for pair in part.pairs for side, text in
         (("source", pair.raw.source), ("target", pair.raw.target))}
        for part in (one, other)
    ]  # fmt: skip
    return {text for _, text in sides[0] & sides[1]}


# Few words, so that sides are shared often and through several steps.
sides = st.sampled_from([f"{word}{end}" for word in "abcdefghijklmnopqrstuvwxyz" for end in ("", ".", " !", "?")])
corpora = st.lists(st.builds(clean, sides, sides), min_size=4, max_size=60).map(lambda pairs: plain(12) + pairs)


@given(corpora)
@settings(max_examples=100, deadline=None)
def test_no_side_lies_in_two_parts_and_nothing_is_lost(pairs: list[CleanPair]) -> None:
    parts = split(pairs, valid=2, test=3)
    assert not leaks(parts.train, parts.test)
    assert not leaks(parts.train, parts.valid)
    assert not leaks(parts.valid, parts.test)
    everything = [*parts.train.pairs, *parts.valid.pairs, *parts.test.pairs]
    assert sorted(map(repr, everything)) == sorted(map(repr, pairs))
    assert len(sources(parts.test)) == 3
    assert len(sources(parts.valid)) == 2


def as_sets(parts: Parts) -> list[set[CleanPair]]:
    return [set(part.pairs) for part in (parts.train, parts.valid, parts.test)]


@given(corpora, st.randoms())
@settings(max_examples=60, deadline=None)
def test_the_order_of_the_file_does_not_matter(pairs: list[CleanPair], shuffler: random.Random) -> None:
    shuffled = list(pairs)
    shuffler.shuffle(shuffled)
    assert as_sets(split(pairs, valid=2, test=3)) == as_sets(split(shuffled, valid=2, test=3))


def test_the_choice_is_the_same_on_every_machine() -> None:
    parts = split(plain(30), valid=2, test=2)
    assert sources(parts.test) == ["Sentence 27.", "Sentence 22."]


def test_a_sentence_once_held_out_is_not_trained_on_when_the_corpus_grows() -> None:
    before, after = split(plain(1000), valid=100, test=100), split(plain(1500), valid=100, test=100)
    held_out = {*sources(after.test), *sources(after.valid)}
    assert set(sources(before.test)) <= held_out
    assert not set(sources(before.test)) & set(sources(after.train))
    kept = set(sources(before.test)) & set(sources(after.test))
    assert 50 < len(kept) < 85  # a third of the new test sentences are new ones


def test_all_translations_of_a_sentence_stay_together() -> None:
    pairs = plain(40) + [clean(f"Sentence {number}!", f"Autre phrase {number}.") for number in range(40)]
    parts = split(pairs, valid=4, test=4)
    assert len(parts.test.pairs) == 4
    assert parts.test.groups == 2


def test_a_group_too_large_is_passed_over() -> None:
    large = [clean(f"One of many {number}.", "La même chose.") for number in range(50)]
    parts = split(plain(200) + large, valid=10, test=10)
    assert len(sources(parts.test)) == 10
    assert len(sources(parts.valid)) == 10
    assert set(large) <= set(parts.train.pairs)


def test_training_pairs_keep_their_order_and_held_out_ones_do_not() -> None:
    pairs = plain(200)
    parts = split(pairs, valid=20, test=20)
    assert [pairs.index(pair) for pair in parts.train.pairs] == sorted(pairs.index(pair) for pair in parts.train.pairs)
    # A file sorted by length must not give a first few test sentences that are all short.
    assert [pairs.index(pair) for pair in parts.test.pairs] != sorted(pairs.index(pair) for pair in parts.test.pairs)


@pytest.mark.parametrize(("count", "good"), [(20, False), (21, True), (3, False)])
def test_training_must_keep_more_than_is_held_out(count: int, good: bool) -> None:
    if good:
        assert len(split(plain(count), valid=5, test=5).train.pairs) == 11
        return
    with pytest.raises(UserError, match=r"too small.*lower data\.split\.test and data\.split\.valid"):
        split(plain(count), valid=5, test=5)


def test_a_corpus_of_one_group_cannot_be_split_and_is_told_so() -> None:
    """It is large enough: what is wrong is that its sentences hang together."""
    pairs = [clean(f"Source {number}", "Toujours pareil") for number in range(1188)]
    with pytest.raises(UserError, match=r"1,188 of the 1,188 usable pairs hang together in a single group") as refused:
        split(pairs, valid=2, test=2)
    assert "too small" not in str(refused.value)
    assert "data.parallel" in str(refused.value)
    assert "\n" not in str(refused.value)


def chained(count: int) -> list[CleanPair]:
    """Pairs that hang together through others alone: each shares a side with the next."""
    return [clean(f"S{number // 2}", f"T{(number + 1) // 2}") for number in range(count)]


@pytest.mark.parametrize("count", [50, 51, 400])
def test_pairs_that_hang_together_through_others_are_told_so_too(count: int) -> None:
    with pytest.raises(UserError, match=f"{count} of the {count} usable pairs hang together"):
        split(chained(count), valid=5, test=5)


@pytest.mark.parametrize(("valid", "test", "part"), [(2, 2, "test"), (0, 2, "test"), (2, 0, "valid"), (2, 5, "valid")])
def test_groups_that_are_all_larger_than_a_part_are_told_with_their_size(valid: int, test: int, part: str) -> None:
    pairs = [clean(f"Source {group} {member}", f"Cible {group}") for group in range(40) for member in range(5)]
    with pytest.raises(
        UserError, match=rf"data\.split\.{part}: 2 cannot be held out.*smallest.*has 5 sentences"
    ) as refused:
        split(pairs, valid=valid, test=test)
    assert f"Set data.split.{part} to at least 5" in str(refused.value)
    assert split(pairs, valid=5, test=5).test.groups == 1


@pytest.mark.parametrize(("valid", "test"), [(0, 0), (0, 5), (5, 0)])
def test_nothing_need_be_held_out(valid: int, test: int) -> None:
    parts = split(plain(40), valid=valid, test=test)
    assert (len(sources(parts.valid)), len(sources(parts.test))) == (valid, test)
    assert len(parts.train.pairs) == 40 - valid - test


def test_a_corpus_of_one_group_can_be_learned_from_whole() -> None:
    assert len(split(chained(30), valid=0, test=0).train.pairs) == 30


@pytest.mark.parametrize(
    ("one", "other"),
    [("Go!", "go"), ("It's me.", "It’s me"), ("porte-monnaie", "Porte monnaie"), ("STRASSE", "Straße"),
     ("«\u00a0Oui\u00a0»", "oui"), ("e\u0301te\u0301", "Été"), ("ΟΔΟΣ", "οδος"),
     ("IŞIK", "ışık"), ("İYİ", "iyi"), ("I\u0307yi", "iyi"), ("DİYARBAKIR", "Diyarbakır"), ("می\u200cروم", "میروم"),
     ("👩\u200d🚀 Go", "go")],
)  # fmt: skip
def test_sentences_that_count_as_the_same(one: str, other: str) -> None:
    assert comparison_key(one) == comparison_key(other)


@pytest.mark.parametrize(("one", "other"), [("Go", "Va"), ("?", "!"), ("a 1", "a 2"), ("ou", "où"), ("कि", "की")])
def test_sentences_that_differ(one: str, other: str) -> None:
    assert comparison_key(one) != comparison_key(other)


def test_known_sentences_are_found_by_either_side() -> None:
    others = [Pair("go", "Pars."), Pair("Leave.", "Va."), Pair("Va", "Go")]
    with sharded([clean("Go!", "Va !"), clean("Left out.", "Va")], size=1) as shards:
        assert known_from(KeptPairs(shards, np.array([0])), others).tolist() == [True, True, False]


@given(corpora, st.sampled_from([3, 10, 1000]))
@settings(max_examples=100, deadline=None)
def test_the_split_is_that_of_the_plainest_way_to_do_it(pairs: list[CleanPair], at_once: int) -> None:
    with patch.object(shards_module, "ROWS_AT_ONCE", at_once):
        parts = split(pairs, valid=2, test=3)
    assert [part.pairs for part in (parts.train, parts.valid, parts.test)] == literal_split(pairs, valid=2, test=3)


@given(corpora, st.sampled_from([3, 10, 1000]))
@settings(max_examples=100, deadline=None)
def test_the_first_of_equal_pairs_is_kept(pairs: list[CleanPair], at_once: int) -> None:
    first = {pair.normalised: row for row, pair in reversed(list(enumerate(pairs)))}
    with sharded(pairs) as shards, patch.object(shards_module, "ROWS_AT_ONCE", at_once):
        rows = without_duplicates(shards)
        assert rows.tolist() == sorted(first.values())
        assert list(KeptPairs(shards, rows)) == [pairs[row] for row in sorted(first.values())]
        distinct = len({pairs[row].normalised.source for row in rows.tolist()})
        assert count_distinct(shards, SOURCE, rows) == distinct
