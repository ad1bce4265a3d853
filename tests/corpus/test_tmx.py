"""Translation memories."""

import gzip
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nmt_attn.corpus.languages import Languages
from nmt_attn.corpus.pairs import Pair
from nmt_attn.corpus.read import read_pairs
from nmt_attn.corpus.tmx import read_tmx
from nmt_attn.errors import InputError

HEAD = '<?xml version="1.0" encoding="utf-8"?>\n<tmx version="1.4"><header srclang="en" datatype="plaintext"/><body>\n'
TAIL = "</body></tmx>\n"


def unit(**variants: str | list[str]) -> str:
    """A unit; ``_`` stands for ``-`` in the codes."""
    texts = [
        f'<tuv xml:lang="{code.replace("_", "-")}"><seg>{text}</seg></tuv>'
        for code, several in variants.items()
        for text in ([several] if isinstance(several, str) else several)
    ]
    return f"<tu>{''.join(texts)}</tu>\n"


def read(
    folder: Path, content: str | bytes, source: str = "en", target: str = "fr", name: str = "a.tmx"
) -> list[object]:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(read_pairs(path, languages=Languages(source, target)))


def complaint(folder: Path, content: str | bytes, source: str = "en", target: str = "fr") -> str:
    with pytest.raises(InputError) as caught:
        read(folder, content, source, target)
    assert str(caught.value).isprintable()
    return str(caught.value)


@pytest.mark.parametrize("name", ["a.tmx", "a.tmx.gz", "a.xml", "pairs"])
def test_pairs_are_read_from_tmx(tmp_path: Path, name: str) -> None:
    content = (
        HEAD + unit(en="Hello.", fr="Bonjour.") + unit(fr="Oui &amp; non.", en="Yes &lt;no&gt;.") + TAIL
    ).encode()
    packed = gzip.compress(content) if name.endswith(".gz") else content
    assert read(tmp_path, packed, name=name) == [Pair("Hello.", "Bonjour."), Pair("Yes <no>.", "Oui & non.")]


def test_languages_are_picked_whatever_their_codes_look_like(tmp_path: Path) -> None:
    content = HEAD + unit(EN_us="Hello.", fr_FR="Bonjour.", de="Hallo.") + unit(eng="Bye.", FRA="Salut.") + TAIL
    assert read(tmp_path, content) == [Pair("Hello.", "Bonjour."), Pair("Bye.", "Salut.")]
    assert read(tmp_path, content, "fr", "de") == [Pair("Bonjour.", "Hallo."), Pair("Salut.", "")]
    assert read(tmp_path, content.replace("xml:lang", "lang"))[0] == Pair("Hello.", "Bonjour.")


def test_several_translations_are_several_pairs(tmp_path: Path) -> None:
    content = HEAD + unit(en="Hello.", fr=["Bonjour.", "Salut."], fr_CA="Allô.") + TAIL
    assert [pair.target for pair in read(tmp_path, content)] == ["Bonjour.", "Salut."]  # as asked for to the letter
    assert [pair.target for pair in read(tmp_path, content, target="fr-CA")] == ["Allô."]
    assert [pair.target for pair in read(tmp_path, content, target="fr-CH")] == ["Bonjour.", "Salut.", "Allô."]
    assert [pair.source for pair in read(tmp_path, content, "fr", "en")] == ["Bonjour.", "Salut."]


def test_two_regions_of_one_language(tmp_path: Path) -> None:
    content = HEAD + unit(en_GB="Colour.", en_US="Color.") + TAIL
    assert read(tmp_path, content, "en-US", "en-GB") == [Pair("Color.", "Colour.")]


def test_the_text_within_tags_is_kept_and_the_code_is_not(tmp_path: Path) -> None:
    marked = (
        'A <bpt i="1">&lt;b&gt;</bpt>bold<ept i="1">&lt;/b&gt;</ept> <hi type="x">word</hi>'
        '<ph x="1">{0}<sub>no text</sub></ph>, <it pos="begin">[i]</it>so.<ut>x</ut>'
    )
    content = HEAD + unit(en=marked, fr="Un <hi>mot <hi>gras</hi></hi>.") + TAIL
    assert read(tmp_path, content) == [Pair("A bold word, so.", "Un mot gras.")]


def test_a_unit_without_one_of_the_languages_is_a_pair_with_an_empty_side(tmp_path: Path) -> None:
    content = (
        HEAD + unit(en="Hello.", fr="Bonjour.") + unit(en="Alone.") + unit(de="Allein.") + unit(en="x", fr="") + TAIL
    )
    assert read(tmp_path, content)[1:] == [Pair("Alone.", ""), Pair("", ""), Pair("x", "")]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "iso-8859-1", "windows-1252"])
def test_encodings_that_xml_declares(tmp_path: Path, encoding: str) -> None:
    content = HEAD.replace("utf-8", encoding.removesuffix("-sig")) + unit(en="Hello.", fr="Été.") + TAIL
    assert read(tmp_path, content.encode(encoding)) == [Pair("Hello.", "Été.")]


def test_a_document_type_is_fine_and_not_fetched(tmp_path: Path) -> None:
    content = (
        HEAD.replace("<tmx", '<!DOCTYPE tmx SYSTEM "http://127.0.0.1:9/tmx14.dtd">\n<tmx') + unit(en="a", fr="b") + TAIL
    )
    assert read(tmp_path, content) == [Pair("a", "b")]


BOMBS = {
    "billion laughs": '<!DOCTYPE tmx [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>',
    "an entity that is never used": '<!DOCTYPE tmx [<!ENTITY a "ha">]>',
    "a file of this machine": '<!DOCTYPE tmx [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
    "an entity of parameters": '<!DOCTYPE tmx [<!ENTITY % a SYSTEM "http://127.0.0.1:9/x"> %a;]>',
}


@pytest.mark.parametrize("name", BOMBS)
def test_entities_are_refused(tmp_path: Path, name: str) -> None:
    content = HEAD.replace("<tmx", BOMBS[name] + "<tmx") + unit(en="x", fr="y") + TAIL
    assert "declares an entity" in complaint(tmp_path, content)


DAMAGED = {
    "cut off": (HEAD + unit(en="a", fr="b"), "line 4: not well-formed XML"),
    "a tag that is not closed": (HEAD + unit(en="a <b>", fr="b") + TAIL, "line 3: not well-formed XML: mismatched tag"),
    "an ampersand": (HEAD + unit(en="a & b", fr="b") + TAIL, "line 3: not well-formed XML"),
    "an unknown entity": (HEAD + unit(en="a&nbsp;b", fr="b") + TAIL, "line 3: not well-formed XML: undefined entity"),
    "bytes": ((HEAD + unit(en="a", fr="b") + TAIL).encode().replace(b">a<", b">\xff<"), "line 3: not well-formed XML"),
    "no units": (HEAD + TAIL, "no unit has both en and fr; its languages are none"),
    "other languages": (HEAD + unit(de="a", pl="b") + TAIL, "its languages are de, pl; set data.source_lang"),
    "an encoding that is none": (HEAD.replace("utf-8", "x-y") + unit(en="a", fr="b") + TAIL, "encoding"),
    "too deep": (HEAD + "<tu>" * 200 + TAIL, "nested too deeply"),
    "an endless segment": (HEAD + unit(en="x" * 1_100_000, fr="b") + TAIL, "segment of more than 1,000,000"),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGED)
def test_what_is_wrong_is_one_line(tmp_path: Path, name: str) -> None:
    content, says = DAMAGED[name]
    assert says in complaint(tmp_path, content)


def test_with_a_document_type_an_unknown_entity_is_not_left_out_in_silence(tmp_path: Path) -> None:
    content = HEAD.replace("<tmx", '<!DOCTYPE tmx SYSTEM "tmx14.dtd">\n<tmx') + unit(en="a&nbsp;b", fr="b") + TAIL
    assert "unknown entity &nbsp;" in complaint(tmp_path, content)


@pytest.mark.parametrize("key", [{"reverse": True}, {"columns": [1, 2]}])
def test_keys_for_tables_have_no_effect_and_are_refused(tmp_path: Path, key: dict[str, object]) -> None:
    (tmp_path / "a.tmx").write_text(HEAD + unit(en="a", fr="b") + TAIL, encoding="utf-8")
    with pytest.raises(InputError, match=f"data.corpus.{next(iter(key))} has no effect"):
        list(read_pairs(tmp_path / "a.tmx", **key))  # type: ignore[arg-type]


def test_max_pairs_stops_reading_after_that_many_units(tmp_path: Path) -> None:
    (tmp_path / "a.tmx").write_text(HEAD + unit(en="a", fr="b") * 5, encoding="utf-8")  # cut off, but not reached
    assert len(list(read_pairs(tmp_path / "a.tmx", max_pairs=3))) == 3


def test_a_large_memory_is_not_held_in_memory() -> None:
    chunk = "".join(unit(en=f"Sentence {number}.", fr=f"Phrase {number}.") for number in range(500)).encode()
    tracemalloc.start()
    count = sum(1 for _ in read_tmx(iter([HEAD.encode(), *[chunk] * 40, TAIL.encode()]), "a", Languages("en", "fr")))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 20_000
    assert peak < 2_000_000


WHOLE = (HEAD + unit(en="Hello.", fr="Bonjour.") + unit(EN="Bye.", fr_FR="Salut.") + TAIL).encode()


@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), max_size=4), st.integers(1, 300))
@settings(max_examples=300, deadline=None)
def test_any_damage_gives_pairs_or_one_error(damage: list[tuple[int, int]], size: int) -> None:
    raw = bytearray(WHOLE)
    for place, value in damage:
        raw[place] = value
    pieces = (bytes(raw[start : start + size]) for start in range(0, len(raw), size))
    message = ""
    try:
        assert all(isinstance(pair, Pair) for pair in read_tmx(pieces, "a.tmx", Languages("en", "fr")))
    except InputError as error:
        message = str(error)
    assert message.isprintable()
