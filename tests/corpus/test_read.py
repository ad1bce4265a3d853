import gzip
import io
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nmt_attn.corpus.archive import find_members
from nmt_attn.corpus.pairs import Pair
from nmt_attn.corpus.read import ParallelLine, read_pairs, read_parallel
from nmt_attn.errors import InputError, NmtError
from nmt_attn.text import reading, unpacking

TEXT = "Hello.\tBonjour.\nSee you.\tÀ plus.\tWritten for this test\n"
PAIRS = [Pair("Hello.", "Bonjour."), Pair("See you.", "À plus.")]


def write_zip(path: Path, **members: Any) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def zipped(content: str | bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("pairs.txt", content)
    return buffer.getvalue()


def put(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def complaint(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        list(read_pairs(path))
    message = str(caught.value)
    assert "\n" not in message
    assert path.name in message
    return message


# --- what can be read ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.tsv", "a.txt", "a.TSV", "a.tsv.gz", "a.txt.gz", "a.zip"])
def test_pairs_are_read_from_every_kind_of_file(tmp_path: Path, name: str) -> None:
    content = TEXT.encode()
    if name.endswith(".gz"):
        content = gzip.compress(content)
    if name.endswith(".zip"):
        content = zipped(content)
    assert list(read_pairs(put(tmp_path / name, content))) == PAIRS


@pytest.mark.parametrize(
    "content", ["\ufeff" + TEXT, TEXT.replace("\n", "\r\n"), TEXT.rstrip("\n"), "\ufeff" + TEXT.replace("\n", "\r\n")]
)
def test_byte_order_mark_and_line_ends_do_not_matter(tmp_path: Path, content: str) -> None:
    assert list(read_pairs(put(tmp_path / "a.tsv", content))) == PAIRS


def test_blank_lines_are_reported_as_such(tmp_path: Path) -> None:
    assert list(read_pairs(put(tmp_path / "a.tsv", "\na\tb\n  \t \n"))) == [None, Pair("a", "b"), None]


def test_max_pairs_stops_reading_after_that_many_lines(tmp_path: Path) -> None:
    path = put(tmp_path / "a.tsv", TEXT + "a line without a tab that is never reached\n")
    assert list(read_pairs(path, max_pairs=2)) == PAIRS


def test_columns_can_be_swapped(tmp_path: Path) -> None:
    path = put(tmp_path / "a.tsv", TEXT)
    assert list(read_pairs(path, reverse=True)) == [Pair(pair.target, pair.source) for pair in PAIRS]


def test_unicode_line_separators_are_no_line_ends(tmp_path: Path) -> None:
    assert list(read_pairs(put(tmp_path / "a.tsv", "a\u2028b\x85c\x0cd\te\n"))) == [Pair("a\u2028b\x85c\x0cd", "e")]


def test_the_table_among_other_members(tmp_path: Path) -> None:
    path = write_zip(
        tmp_path / "a.zip",
        **{"_about.txt": "no tab", "README.txt": "no tab", "LICENSE.txt": "", "__MACOSX/._x.txt": "", "d/x.txt": TEXT,
           "picture.png": b"\x89"},
    )  # fmt: skip
    assert find_members(path).names == ("d/x.txt",)
    assert list(read_pairs(path)) == PAIRS


# --- what cannot --------------------------------------------------------------------------------------------


def test_no_tab_names_member_and_line(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", **{"fra.txt": "a\tb\n\nno tab here\n"})
    assert complaint(path).startswith(f"fra.txt in {path}, line 3: no tab")


def test_too_many_columns(tmp_path: Path) -> None:
    assert "line 1: 4 columns" in complaint(put(tmp_path / "a.tsv", "a\tb\tc\td\n"))


def test_invalid_utf8_names_the_line(tmp_path: Path) -> None:
    assert "line 2: not UTF-8" in complaint(put(tmp_path / "a.tsv", b"a\tb\ncaf\xe9\tb\n"))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_what_its_byte_order_mark_says_is_read(tmp_path: Path, encoding: str) -> None:
    assert list(read_pairs(put(tmp_path / "a.tsv", TEXT.encode(encoding)))) == PAIRS


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le"])
def test_utf16_without_a_mark_is_refused_with_a_hint(tmp_path: Path, encoding: str) -> None:
    assert "UTF-16 without a byte-order mark" in complaint(put(tmp_path / "a.tsv", TEXT.encode(encoding)))


@pytest.mark.parametrize("name", ["a.zip", "a.tsv", "a.tsv.gz"])
@pytest.mark.parametrize("page", ["<!DOCTYPE html>\n<p>404\tnot found", "\ufeff \n<HTML lang=en>"])
def test_a_web_page_instead_of_a_corpus_is_refused(tmp_path: Path, name: str, page: str) -> None:
    assert "web page" in complaint(put(tmp_path / name, page))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_truncated_zip(tmp_path: Path, share: float) -> None:
    content = zipped(TEXT * 100)
    assert "damaged or cut off" in complaint(put(tmp_path / "a.zip", content[: int(len(content) * share)]))


def test_a_zip_with_a_flipped_bit(tmp_path: Path) -> None:
    content = bytearray(zipped("".join(f"{number}\t{number * 7919}\n" for number in range(1000))))
    content[len(content) // 2] ^= 4
    assert "damaged or cut off" in complaint(put(tmp_path / "a.zip", bytes(content)))


def test_a_truncated_gzip_file(tmp_path: Path) -> None:
    assert "damaged or cut off" in complaint(put(tmp_path / "a.tsv.gz", gzip.compress(TEXT.encode() * 50)[:-12]))


@pytest.mark.parametrize("name", ["a.tsv.gz", "a.zip", "a.txt.zst", "pairs"])
def test_a_wrong_name_on_a_plain_file_does_not_matter(tmp_path: Path, name: str) -> None:
    assert list(read_pairs(put(tmp_path / name, TEXT))) == PAIRS


def test_an_encrypted_zip(tmp_path: Path) -> None:
    content = bytearray(zipped(TEXT))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + offset] |= 1  # the flag in the header of the file and in the directory
    assert "encrypted" in complaint(put(tmp_path / "a.zip", bytes(content)))


def test_several_tables_in_a_zip(tmp_path: Path) -> None:
    message = complaint(write_zip(tmp_path / "a.zip", **{"one.txt": TEXT, "two.tsv": TEXT}))
    assert "one.txt, two.tsv" in message


def test_no_table_in_a_zip(tmp_path: Path) -> None:
    assert "picture.png" in complaint(write_zip(tmp_path / "a.zip", **{"picture.png": b"", "_about.txt": ""}))


@pytest.mark.parametrize("content", [b"", zipped(""), gzip.compress(b"", mtime=0)])
def test_an_empty_file(tmp_path: Path, content: bytes) -> None:
    name = "a.zip" if content[:2] == b"PK" else "a.tsv.gz" if content else "a.tsv"
    assert "empty" in complaint(put(tmp_path / name, content))


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    assert "no such file" in complaint(tmp_path / "a.tsv")
    (tmp_path / "b.tsv").mkdir()
    assert "is a folder" in complaint(tmp_path / "b.tsv")


def test_an_unknown_kind_of_file_is_refused(tmp_path: Path) -> None:
    assert "expected a .zip, .tsv or .txt" in complaint(put(tmp_path / "a.xlsx", b"PK"))


def test_an_absurdly_long_line(tmp_path: Path) -> None:
    path = put(tmp_path / "a.tsv", "a\tb\n" + "a\t" + "b" * reading.MAX_LINE_BYTES)
    assert "line 2: longer than 1,000,000 bytes" in complaint(path)


@pytest.mark.parametrize("kind", ["zip", "tsv.gz"])
def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setattr(unpacking, "_SUSPECT_BYTES", 100_000)
    text = "a\tb\n" * 100_000
    path = put(tmp_path / f"a.{kind}", zipped(text) if kind == "zip" else gzip.compress(text.encode()))
    assert "refused" in complaint(path)


def outcome(path: Path) -> str:
    """The error that reading ends in, or nothing. Any other exception goes through."""
    try:
        assert all(pair is None or isinstance(pair, Pair) for pair in read_pairs(path))
    except NmtError as error:
        return str(error)
    return ""


@given(st.binary(max_size=200), st.sampled_from(["a.zip", "a.tsv", "a.txt.gz"]))
@settings(max_examples=300)
def test_any_bytes_give_pairs_or_one_clear_error(content: bytes, name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = put(Path(folder) / name, content)
        assert outcome(path).isprintable()


PACKED = {"a.zip": zipped(TEXT * 4), "a.tsv.gz": gzip.compress(TEXT.encode() * 4)}


@given(st.sampled_from(sorted(PACKED)), st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=4))
@settings(max_examples=400)
def test_any_damage_gives_pairs_or_one_clear_error(name: str, damage: list[tuple[int, int]]) -> None:
    content = bytearray(PACKED[name])
    for place, value in damage:
        content[place % len(content)] = value
    with tempfile.TemporaryDirectory() as folder:
        path = put(Path(folder) / name, bytes(content))
        assert outcome(path).isprintable()


# --- parallel files -----------------------------------------------------------------------------------------


def test_parallel_files_are_read_line_by_line_with_all_references(tmp_path: Path) -> None:
    source = put(tmp_path / "a.en", "Hello.\nSee you.\n")
    targets = [put(tmp_path / "a.fr", "Bonjour.\r\n\r\n"), put(tmp_path / "b.fr.gz", gzip.compress(b"Salut.\nA plus."))]
    assert list(read_parallel(source, targets)) == [
        ParallelLine("Hello.", ["Bonjour.", "Salut."]),
        ParallelLine("See you.", ["", "A plus."]),
    ]


@pytest.mark.parametrize(("lines", "references"), [(3, 2), (2, 5), (300, 299)])
def test_parallel_files_of_unequal_length_name_both_counts(tmp_path: Path, lines: int, references: int) -> None:
    source = put(tmp_path / "a.en", "x\n" * lines)
    same, other = put(tmp_path / "a.fr", "y\n" * lines), put(tmp_path / "b.fr", "z\n" * references)
    with pytest.raises(InputError, match=rf"a\.en has {lines} lines but .*b\.fr has {references}"):
        list(read_parallel(source, [same, other]))


def test_a_parallel_file_that_is_no_text_names_the_line(tmp_path: Path) -> None:
    source, target = put(tmp_path / "a.en", "x\ny\n"), put(tmp_path / "a.fr", b"x\n\xff\n")
    with pytest.raises(InputError, match=r"a\.fr, line 2: not UTF-8"):
        list(read_parallel(source, [target]))


def test_a_missing_parallel_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a\.fr: no such file"):
        list(read_parallel(put(tmp_path / "a.en", "x\n"), [tmp_path / "a.fr"]))
