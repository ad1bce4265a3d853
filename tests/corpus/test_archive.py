"""Zip archives as people give them."""

import gzip
import io
import zipfile
from pathlib import Path

import pytest

from nmt_attn.corpus.archive import find_members
from nmt_attn.corpus.languages import Languages
from nmt_attn.corpus.pairs import Pair
from nmt_attn.corpus.read import read_pairs
from nmt_attn.errors import InputError

SIDES = {"Songs.en-fr.en": "Hello.\nBye.\n\n", "Songs.en-fr.fr": "Bonjour.\nSalut.\n\n"}
AROUND = {"README": "About.", "LICENSE": "CC0", "Songs.en-fr.xml": "<?xml version='1.0'?>", "Songs.en-fr.ids": "1\t1\n"}


def put(folder: Path, members: dict[str, str | bytes], name: str = "a.zip") -> Path:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    (folder / name).write_bytes(buffer.getvalue())
    return folder / name


def complaint(path: Path, languages: Languages) -> str:
    with pytest.raises(InputError) as caught:
        list(read_pairs(path, languages=languages))
    assert str(caught.value).isprintable()
    return str(caught.value)


@pytest.mark.parametrize("name", ["a.zip", "download", "a.txt"])
@pytest.mark.parametrize(
    ("source", "target", "pairs"),
    [("en", "fr", [Pair("Hello.", "Bonjour."), Pair("Bye.", "Salut."), None]),
     ("fr-CA", "eng", [Pair("Bonjour.", "Hello."), Pair("Salut.", "Bye."), None])],
)  # fmt: skip
def test_pairs_are_read_from_an_archive_with_a_file_for_each_language(
    tmp_path: Path, name: str, source: str, target: str, pairs: list[Pair | None]
) -> None:
    path = put(tmp_path, {**SIDES, **AROUND}, name)
    assert list(read_pairs(path, languages=Languages(source, target))) == pairs
    assert list(read_pairs(path, languages=Languages(source, target), max_pairs=1)) == pairs[:1]


OTHERS: dict[str, dict[str, str | bytes]] = {
    "regions in the names": {"x.pt_BR": "Oi.\n", "x.en_GB": "Hi.\n"},
    "packed in it": {"d/x.pt.gz": gzip.compress(b"Oi.\n"), "d/x.en.gz": gzip.compress(b"Hi.\n")},
    "a table": {"x.csv": "en,pt\nHi.,Oi.\n", **AROUND},
    "a packed table": {"x.tsv.gz": gzip.compress(b"Hi.\tOi.\n")},
    "TMX": {
        "en-pt.tmx": '<tmx version="1.4"><body><tu><tuv lang="en"><seg>Hi.</seg></tuv>'
        '<tuv lang="pt"><seg>Oi.</seg></tuv></tu></body></tmx>',
        "README.txt": "x",
    },
    "files of other languages": {"x.en": "Hi.\n", "x.pt": "Oi.\n", "y.de": "Hallo.\n", "z.en": "alone\n"},
    "a table beside them": {"x.en": "Hi.\n", "x.pt": "Oi.\n", "notes.txt": "no pairs"},
}


@pytest.mark.parametrize("name", OTHERS)
def test_pairs_are_found_under_other_names_of_files_in_an_archive(tmp_path: Path, name: str) -> None:
    assert list(read_pairs(put(tmp_path, OTHERS[name]), languages=Languages("en", "pt"))) == [Pair("Hi.", "Oi.")]


def test_languages_that_are_not_there(tmp_path: Path) -> None:
    message = complaint(put(tmp_path, {**SIDES, **AROUND}), Languages("de", "fr"))
    assert "nor two files whose names end in .de and .fr" in message
    assert "Songs.en-fr.en" in message


def test_several_pairs_of_files(tmp_path: Path) -> None:
    path = put(tmp_path, {**SIDES, "Talks.en": "a\n", "Talks.fr": "b\n"})
    assert "several files could hold the pairs: Songs.en-fr.en and Songs.en-fr.fr, Talks.en and Talks.fr" in complaint(
        path, Languages("en", "fr")
    )


def test_files_of_unequal_length(tmp_path: Path) -> None:
    path = put(tmp_path, {**SIDES, "Songs.en-fr.fr": "Bonjour.\n"})
    message = complaint(path, Languages("en", "fr"))
    assert "Songs.en-fr.en in" in message
    assert "has 3 lines but Songs.en-fr.fr in" in message


@pytest.mark.parametrize("key", [{"reverse": True}, {"columns": [1, 2]}])
def test_keys_for_tables_have_no_effect_and_are_refused(tmp_path: Path, key: dict[str, object]) -> None:
    with pytest.raises(InputError, match=f"data.corpus.{next(iter(key))} has no effect"):
        list(read_pairs(put(tmp_path, SIDES), languages=Languages("en", "fr"), **key))  # type: ignore[arg-type]


@pytest.mark.parametrize("first", ["[Content_Types].xml", "mimetype"])
def test_documents_of_office_programs(tmp_path: Path, first: str) -> None:
    message = complaint(put(tmp_path, {first: "x", "sheet.xml": "<x/>"}, "table.tsv"), Languages("en", "fr"))
    assert "a document of an office program; save it as CSV" in message


def test_the_members_are_recorded(tmp_path: Path) -> None:
    assert str(find_members(put(tmp_path, SIDES), Languages("fr", "en"))) == "Songs.en-fr.fr and Songs.en-fr.en"


def test_a_member_that_is_no_text(tmp_path: Path) -> None:
    path = put(tmp_path, {"x.txt": bytes(range(256)) * 20})
    assert "x.txt in" in complaint(path, Languages("en", "fr"))
    assert "NUL bytes" in complaint(path, Languages("en", "fr"))
