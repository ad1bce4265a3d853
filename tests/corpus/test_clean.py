import pytest

from nmt_attn.config.schema import FilterConfig, NormaliseConfig
from nmt_attn.corpus.clean import REASONS, Cleaner, has_entity
from nmt_attn.corpus.pairs import ExtraColumns, Pair
from nmt_attn.text.normalise import Normaliser


def drops(pairs: list[Pair | None], normalise: NormaliseConfig | None = None, **config: object) -> dict[str, int]:
    """The reasons with a count, after a check that nothing is lost in silence."""
    cleaner = Cleaner(FilterConfig.model_validate(config), Normaliser(normalise or NormaliseConfig()))
    kept = list(cleaner.clean(pairs))
    assert len(kept) + sum(cleaner.drops.values()) == len(pairs)
    assert tuple(cleaner.drops) == REASONS
    return {reason: count for reason, count in cleaner.drops.items() if count}


def test_a_good_pair_is_kept_as_raw_text_without_stray_spaces() -> None:
    cleaner = Cleaner(FilterConfig(), Normaliser(NormaliseConfig(lowercase=True)))
    [kept] = cleaner.clean([Pair(" How  are you?", "Comment ça va\u202f?\u200b")])
    assert kept.raw == Pair("How are you?", "Comment ça va ?")
    assert kept.normalised == Pair("how are you?", "comment ça va ?")


def test_blank_lines_and_empty_sides() -> None:
    assert drops([None, Pair("Hello.", "\u00a0"), Pair("\u200b", "Bonjour.")]) == {"blank": 1, "empty": 2}


def test_a_side_that_normalises_to_nothing_is_empty() -> None:
    assert drops([Pair("123", "Cent vingt-trois")], NormaliseConfig(punctuation="basic")) == {"empty": 1}


def test_too_long_counts_words_of_either_side() -> None:
    pairs: list[Pair | None] = [Pair("a b c", "d e f"), Pair("a b c d", "e"), Pair("e", "a b c d")]
    assert drops(pairs, max_words=3) == {"too_long": 2}


def test_length_without_spaces_counts_too() -> None:
    pairs: list[Pair | None] = [
        Pair("字" * 1000, "b" * 1000), Pair("字" * 1001, "b " * 40), Pair("a", "字" * 20_000), Pair("x y " * 300, "z"),
        Pair("字" * 1001, "漢" * 1001),
    ]  # fmt: skip
    assert drops(pairs, max_length_ratio=1e6) == {"too_many_characters": 3, "too_long": 1}
    assert drops(pairs, max_length_ratio=1e6, max_characters=1_000_000) == {"too_long": 1}
    assert drops(pairs, max_length_ratio=1e6, max_characters=999) == {"too_many_characters": 4, "too_long": 1}


def test_lines_with_stray_columns_are_counted_and_the_first_is_kept_in_mind() -> None:
    cleaner = Cleaner(FilterConfig(), Normaliser())
    lines = [Pair("a", "b"), ExtraColumns("x.tsv, line 2", 3, 2), ExtraColumns("x.tsv, line 3", 4, 2)]
    assert len(list(cleaner.clean(lines))) == 1
    assert cleaner.drops["columns"] == 2
    assert cleaner.first_extra == lines[1]


@pytest.mark.parametrize("text", ["Tom &amp; Ann", "it&#39;s", "&quot;Go&quot;", "&#x2019;", "caf&eacute;", "a&nbsp;b"])
def test_html_entities_are_counted(text: str) -> None:
    assert has_entity(text)
    cleaner = Cleaner(FilterConfig(), Normaliser())
    list(cleaner.clean([Pair(text, "b"), Pair("a", text), Pair("R & D", "AT&T; and so on &c.")]))
    assert cleaner.with_entities == 2


def test_html_entities_that_are_resolved_are_not_counted() -> None:
    cleaner = Cleaner(FilterConfig(), Normaliser(NormaliseConfig(html_entities=True)))
    assert len(list(cleaner.clean([Pair("Tom &amp; Ann", "it&#39;s")]))) == 1
    assert cleaner.with_entities == 0


@pytest.mark.parametrize("text", ["Tom & Ann", "AT&T", "&;", "& amp;", "&nosuch;", "a & b; c", "&#;", "?a=1&b=2"])
def test_an_ampersand_is_no_entity(text: str) -> None:
    assert not has_entity(text)


def test_length_ratio_spares_short_sentences() -> None:
    pairs: list[Pair | None] = [Pair("Go.", "x" * 40), Pair("Go.", "x" * 41), Pair("y" * 82, "z" * 40)]
    assert drops(pairs, max_length_ratio=2.0) == {"length_ratio": 2}


def test_identical_sides() -> None:
    pairs: list[Pair | None] = [Pair("Paris", "Paris"), Pair("Taxi!", "Taxi !")]
    assert drops(pairs) == {"identical": 1}
    assert drops(pairs, identical=False) == {}


def test_a_pair_is_counted_under_one_reason_only() -> None:
    assert drops([Pair("a b c", "a b c"), Pair("a b c", "a b c")], max_words=2) == {"too_long": 2}


def test_given_test_sets_lose_only_what_has_no_two_sides() -> None:
    cleaner = Cleaner(FilterConfig(max_words=1), Normaliser())
    kept = list(cleaner.present([Pair("a b c", "a b c"), Pair("a b c", "a b c"), Pair("a", " "), None]))
    assert len(kept) == 2
    assert {reason: count for reason, count in cleaner.drops.items() if count} == {"blank": 1, "empty": 1}


def test_each_side_is_lowercased_as_its_language_is() -> None:
    config = NormaliseConfig(lowercase=True)
    cleaner = Cleaner(FilterConfig(), Normaliser(config, dotted_i=True), Normaliser(config))
    [kept] = cleaner.clean([Pair("IŞIK İYİ", "LIGHT IS GOOD")])
    assert kept.normalised == Pair("ışık iyi", "light is good")
    assert kept.raw == Pair("IŞIK İYİ", "LIGHT IS GOOD")


def test_entities_leave_the_raw_text_too() -> None:
    pair = Pair("Tom &amp; Mary&nbsp;", "Tom &amp;amp; Mary")
    for resolved in (False, True):
        cleaner = Cleaner(FilterConfig(identical=False), Normaliser(NormaliseConfig(html_entities=resolved)))
        [kept] = cleaner.clean([pair])
        assert kept.raw == (Pair("Tom & Mary", "Tom & Mary") if resolved else pair)


def test_a_side_of_nothing_but_entities_for_nothing_is_empty() -> None:
    assert drops([Pair("&nbsp;&shy;", "Rien")], NormaliseConfig(html_entities=True)) == {"empty": 1}
