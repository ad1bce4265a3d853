"""Labelled texts out of tables, JSON, folders and archives, and one line about what is none."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import sys
import tarfile
import time
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmt_attn.corpus.labelled_folder import describe_input
from nmt_attn.corpus.read_labelled import read_labelled
from nmt_attn.errors import InputError
from tests.conftest import ROOT

REVIEWS = ROOT.parent / "shared" / "data" / "aclImdb.tar.gz"
FILES = {
    "top/README": "no text",
    "top/imdb.vocab": "the",
    "top/notes.txt": "a list beside the parts, before them",
    "top/train/urls_pos.txt": "an address",
    "top/train/labeledBow.feat": "1:1",
    "top/train/pos/1_9.txt": "A good film.<br />\nYes.",
    "top/train/neg/0_2.txt": "\ufeffA bad film.",
    "top/train/unsup/3_0.txt": "Who knows?",
    "top/test/pos/7_10.txt": "Très bon.",
    "top/test/neg/.hidden.txt": "x",
    "__MACOSX/top/test/neg/8_1.txt": "x",
    "top/test/neg/8_1.txt": "Dull.",
    "top/more.txt": "and behind them",
}
TEXTS = {
    ("pos", "A good film.<br />\nYes.", "train"),
    ("neg", "A bad film.", "train"),
    ("pos", "Très bon.", "test"),
    ("neg", "Dull.", "test"),
}


def read(path: Path, **how: object) -> list[tuple[str, str, str | None] | None]:
    return [None if one is None else (one.label, one.text, one.part) for one in read_labelled(path, **how)]


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def tar_of(files: dict[str, str | bytes], mode: str = "w:gz") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for name, text in files.items():
            content = text.encode() if isinstance(text, str) else text
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


# --- tables --------------------------------------------------------------------------------------------------------


def test_lines_of_a_table(tmp_path):
    path = write(tmp_path / "a.tsv", "pos\tA good film.\n\nneg\tA bad one,  said he.\n")
    assert read(path) == [("pos", "A good film.", None), None, ("neg", "A bad one,  said he.", None)]
    assert [one.place for one in read_labelled(path) if one] == [f"{path}, line 1", f"{path}, line 3"]
    assert read(path, max_texts=1) == [("pos", "A good film.", None)]
    assert read(path, ignore_labels=["pos"]) == [None, ("neg", "A bad one,  said he.", None)]
    packed = write(tmp_path / "a.tsv.gz", gzip.compress(path.read_bytes()))
    assert read(packed) == read(path)


def test_columns_say_where_label_and_text_are(tmp_path):
    path = write(tmp_path / "a.tsv", "1\tA good film.\tpos\n2\tBad.\tneg\textra\n")
    assert read(path, columns=[3, 2]) == [("pos", "A good film.", None), ("neg", "Bad.", None)]


LINES = st.lists(
    st.tuples(
        *[st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp", "Zs", "Cf")), min_size=1, max_size=9)] * 2
    ),
    min_size=1,
)


@given(LINES)
def test_what_was_written_as_a_table_is_read_again(tmp_path_factory, pairs):
    path = tmp_path_factory.getbasetemp() / "round.tsv"
    # A first line that looks like a page would be refused as one.
    path.write_text("first\tline\n" + "".join(f"{label}\t{text}\n" for label, text in pairs), encoding="utf-8")
    assert [one[:2] for one in read(path)[1:]] == pairs


@pytest.mark.parametrize("header", ["sentiment,review", "Category, TEXT ".strip(), "label,text"])
def test_a_csv_header_names_the_columns(tmp_path, header):
    path = write(tmp_path / "a.csv", f'id,{header}\n1,pos,"Good,\nin ""two"" lines"\n\n2,neg,Bad\n')
    assert read(path) == [("pos", 'Good,\nin "two" lines', None), None, ("neg", "Bad", None)]


def test_a_csv_with_names_of_its_own(tmp_path):
    path = write(tmp_path / "a.csv", "stern;worte\n5;Gut\n")
    assert read(path, fields=["stern", "worte"]) == [("5", "Gut", None)]
    assert read(path, columns=[1, 2]) == [("5", "Gut", None)]


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.ndjson"])
def test_json_lines(tmp_path, name):
    lines = [
        {"text": "Good\nfilm", "label": 1},
        {"label": True, "text": "x"},
        {"label": "odd", "text": "y", "more": []},
    ]
    path = write(tmp_path / name, "\n\n".join(json.dumps(line) for line in lines))
    assert read(path) == [("1", "Good\nfilm", None), None, ("true", "x", None), None, ("odd", "y", None)]
    array = write(tmp_path / "array.json", json.dumps(lines, indent=1))
    assert read(array) == [one for one in read(path) if one is not None]
    assert read(write(tmp_path / "own.jsonl", '{"a": "x", "b": "y"}'), fields=["b", "a"]) == [("y", "x", None)]


WRONG_TABLES = [
    (
        "a.tsv",
        "pos A good film.\n",
        {},
        "line 1: no label and text in it, as it has 1 column; a line is: label TAB text",
    ),
    ("a.tsv", "pos\tx\nneg\ty\tz\n", {}, "line 2: 3 columns where there should be 2"),
    ("a.tsv", "pos\tx\n \ty\n", {}, "line 2: the label is empty"),
    ("a.tsv", f"{'long ' * 50}\tx\n", {}, "are label and text the wrong way round"),
    ("a.tsv", "pos\tx\n", {"fields": ["a", "b"]}, "data.corpus.fields names the columns of a .csv header"),
    ("a.tsv", "", {}, "the file is empty"),
    ("a.tsv", b"pos\tx\xff\n", {}, "line 1"),
    ("a.tsv", b"\x00\x01\x02\x00" * 50, {}, "this is no text"),
    ("a.tsv", "<!doctype html><html>\n<body>404</body>\n", {}, "this is a web page"),
    ("a.csv", "one,two\nx,y\n", {}, "it is not clear which of 'one', 'two' is the label; set data.corpus.fields"),
    ("a.csv", "label,two\nx,y\n", {}, "is the text"),
    ("a.csv", "label,text\nx,y\n", {"fields": ["a", "text"]}, "no column is called 'a'; there are 'label', 'text'"),
    ("a.csv", "label,text\nx,y\n", {"columns": [1, 3]}, "asks for column 3 of 2"),
    ("a.csv", "label,text\npos,good, really\n", {}, "line 2: 3 columns where there should be 2"),
    ("a.csv", 'label,text\npos,"good\n', {}, "not CSV"),
    ("a.jsonl", '{"label": "x", "text": "y"}\n{"label": \n', {}, "line 2: not JSON"),
    ("a.jsonl", "[" * 100_000, {}, "not JSON"),
    ("a.jsonl", "3\n", {}, "line 1: expected a JSON object"),
    ("a.jsonl", '{"label": ["x"], "text": "y"}', {}, "the label is neither a text nor a number"),
    ("a.jsonl", '{"label": "x", "text": 3}', {}, "'text' is no text"),
    ("a.jsonl", '{"label": "x", "text": "y"}\n{"label": "x"}', {}, "line 2: no 'text' in it, but 'label'"),
    ("a.jsonl", '{"label": "x", "text": "y"}', {"columns": [1, 2]}, "set data.corpus.fields"),
    ("a.tsv.gz", gzip.compress(b"pos\tx\n" * 500)[:-9], {}, "a.tsv.gz"),
]


@pytest.mark.parametrize(("name", "content", "how", "said"), WRONG_TABLES, ids=range(len(WRONG_TABLES)))
def test_what_is_wrong_with_a_table_is_said_in_one_line(tmp_path, name, content, how, said):
    path = write(tmp_path / name, content)
    with pytest.raises(InputError) as error:
        read(path, **how)
    assert said in str(error.value)
    assert str(path) in str(error.value) or "data.corpus" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_long_first_line_takes_no_time(tmp_path):
    path = write(tmp_path / "a.jsonl", json.dumps({"label": "x", "text": "<word " * 20_000}) + "\n")
    began = time.monotonic()
    assert len(read(path)) == 1
    assert time.monotonic() - began < 1


# --- folders and archives ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_a_tar_archive_of_one_folder_a_label(tmp_path, capsys, mode):
    ending = {"w": "tar", "w:gz": "tar.gz", "w:bz2": "tar.bz2", "w:xz": "tar.xz"}[mode]
    path = write(tmp_path / f"a.{ending}", tar_of(FILES, mode))
    assert set(read(path, ignore_labels=["unsup"])) == TEXTS
    said = capsys.readouterr().err
    assert "skipped 1 files with the label unsup" in said
    assert {one.place for one in read_labelled(path)} >= {f"{path}: top/train/pos/1_9.txt"}


def test_a_zip_archive_and_a_folder_are_read_alike(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name, text in FILES.items():
            archive.writestr(name, text)
            write(tmp_path / "folder" / name, text)
    assert set(read(tmp_path / "a.zip", ignore_labels=["unsup"])) == TEXTS
    assert set(read(tmp_path / "folder", ignore_labels=["unsup"])) == TEXTS
    assert set(read(tmp_path / "folder" / "top", ignore_labels=["unsup"])) == TEXTS
    assert tmp_path / "folder" / "top" / "train" / "pos" / "1_9.txt" in describe_input(tmp_path / "folder")


def test_labels_without_parts_above_them(tmp_path):
    for name in ("good/1.txt", "good/2.txt", "bad/1.txt"):
        write(tmp_path / "texts" / name, name)
    expected = [("bad", "bad/1.txt", None), ("good", "good/1.txt", None), ("good", "good/2.txt", None)]
    assert read(tmp_path / "texts") == expected
    assert read(tmp_path) == expected


def test_a_folder_of_tables_called_after_parts(tmp_path):
    write(tmp_path / "train.csv", "label,text\npos,a\n")
    write(tmp_path / "test.csv", "label,text\nneg,b\n")
    write(tmp_path / "dev.csv", "label,text\nneg,c\n")
    assert set(read(tmp_path)) == {("pos", "a", "train"), ("neg", "b", "test"), ("neg", "c", "valid")}
    write(tmp_path / "train.tsv", "pos\ta\n")
    with pytest.raises(InputError, match=r"several files for train \(train\.csv, train\.tsv\)"):
        read(tmp_path)


STREAMED = """
import sys, tracemalloc
from pathlib import Path
from nmt_attn.corpus.read_labelled import read_labelled

tracemalloc.start()
count = sum(len(one.text) > 0 for one in read_labelled(Path(sys.argv[1])))
print(count, tracemalloc.get_traced_memory()[1])
"""


def test_an_archive_is_streamed(tmp_path):
    path = write(tmp_path / "a.tar.gz", tar_of({f"x/{number}.txt": "word " * 4000 for number in range(400)}))
    # In a process of its own: here, threads of other tests may still take memory.
    done = subprocess.run([sys.executable, "-c", STREAMED, str(path)], capture_output=True, text=True, check=True)
    count, peak = map(int, done.stdout.split())
    assert count == 400
    assert peak < 3 << 20  # of 8 MB of text
    assert {file.name for file in tmp_path.iterdir()} == {"a.tar.gz"}


def linked() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        info = tarfile.TarInfo("pos/1.txt")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(info)
    return buffer.getvalue()


PLAIN = tar_of({"pos/1.txt": "x" * 3000, "neg/1.txt": "y" * 3000}, "w")
SECOND = 512 + 3072  # where the header of the second text begins

WRONG_ARCHIVES = [
    ("a.tar", PLAIN[:SECOND] + b"\x01" * 512 + PLAIN[SECOND + 512 :], "damaged, cut off or no tar archive"),
    ("a.tar", PLAIN[:SECOND], "damaged, cut off or no tar archive"),
    ("a.tar", PLAIN[: SECOND + 900], "damaged, cut off or no tar archive"),
    ("a.tar", PLAIN[: SECOND + 100], "damaged, cut off or no tar archive"),
    ("a.tar.gz", tar_of({"pos/1.txt": "x" * 20_000, "neg/1.txt": "y"})[:-60], "a.tar.gz"),
    ("a.tar", b"no archive at all" * 100, "damaged, cut off or no tar archive"),
    ("a.tar", tar_of({"../../pos/1.txt": "x"}, "w"), "leads out of the archive"),
    ("a.tar", tar_of({"/pos/1.txt": "x"}, "w"), "leads out of the archive"),
    ("a.tar", tar_of({"1.txt": "x", "2.txt": "y"}, "w"), "expected one folder a label"),
    ("a.tar", tar_of({"train/1.txt": "x"}, "w"), "expected one folder a label"),
    ("a.tar", tar_of({"pos/1.txt": b"caf\xe9"}, "w"), "pos/1.txt: not UTF-8 text"),
    ("a.tar", tar_of({"pos/1.txt": b"\x00\x01\x02" * 99}, "w"), "this is no text"),
    ("a.tar", tar_of({"pos/1.txt": b"x" * (17 << 20)}, "w"), "larger than 16 MiB"),
    ("a.tar", linked(), "expected one folder a label"),
    ("a.zip", b"PK\x03\x04 no archive", "damaged or cut off"),
    ("a.tar.gz", b"", "a.tar.gz"),
]


@pytest.mark.parametrize(("name", "content", "said"), WRONG_ARCHIVES, ids=range(len(WRONG_ARCHIVES)))
def test_what_is_wrong_with_an_archive_is_said_in_one_line(tmp_path, name, content, said):
    with pytest.raises(InputError) as error:
        read(write(tmp_path / name, content))
    assert said in str(error.value)
    assert str(tmp_path / name) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_folder_without_labels_and_what_is_not_there(tmp_path):
    write(tmp_path / "texts" / "1.txt", "x")
    with pytest.raises(InputError, match="no folder with texts in it; expected one folder a label"):
        read(tmp_path / "texts")
    with pytest.raises(InputError, match="no such file"):
        read(tmp_path / "absent.tsv")
    write(tmp_path / "good" / "pos" / "1.txt", "x")
    with pytest.raises(
        InputError, match=r"data\.corpus\.columns has no effect on .*good, where folders are the labels"
    ):
        read(tmp_path / "good", columns=[1, 2])


@pytest.mark.skipif(not REVIEWS.exists(), reason="the film reviews are not at hand")
@pytest.mark.slow
def test_the_film_reviews():
    found = Counter((one.part, one.label) for one in read_labelled(REVIEWS))
    assert found == dict.fromkeys([("train", "pos"), ("train", "neg"), ("test", "pos"), ("test", "neg")], 12_450)
