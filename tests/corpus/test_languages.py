"""Which side a code or a heading means."""

import pytest

from nmt_attn.corpus.languages import Languages, same_language


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("en", "EN-us", True), ("eng", "en_GB", True), ("pt-BR", "pt-PT", True), ("fr", "fre", True), ("en", "fr", False),
     ("zh-Hans", "zh-Hant", False), ("zh", "zh-TW", True), ("zh-Hant", "zh-CN", True), ("cmn", "zh", True),
     ("x-dates", "x-iso", False), ("x-dates", "X-DATES", True), ("no such code", "en", False),
     ("e" * 10_000, "en", False)],
)  # fmt: skip
def test_regions_do_not_matter(one: str, other: str, same: bool) -> None:
    assert same_language(one, other) == same_language(other, one) == same


def test_a_language_code_gives_the_side_with_or_without_its_region() -> None:
    languages = Languages("en", "fr-CA")
    assert [languages.side(code) for code in ("en-AU", "fra", "FR_fr", "de", "")] == [
        "source",
        "target",
        "target",
        None,
        None,
    ]


def test_sides_that_differ_in_nothing_but_the_region() -> None:
    languages = Languages("en-GB", "en-US")
    assert [languages.side(code) for code in ("en-us", "en_GB", "en")] == ["target", "source", None]


@pytest.mark.parametrize("heading", ["source", "SRC", "source_text", "Source sentence", "en", "eng", "en-US", "English",
                                     "English words/sentences", "english_text"])  # fmt: skip
def test_headings_of_the_source(heading: str) -> None:
    assert Languages("en", "fr").named(heading) == "source"


@pytest.mark.parametrize(
    "heading", ["Hello.", "", "id", "The source of the river is far away", "Go on", "license", "x" * 5000]
)
def test_what_is_no_heading(heading: str) -> None:
    assert Languages("en", "fr").named(heading) is None
