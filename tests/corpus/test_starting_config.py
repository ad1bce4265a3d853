"""``nmt config init`` for data of every kind: what it finds, and that the file that it writes prepares that data."""

from __future__ import annotations

import gzip
import json
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from nmt_attn.config.loading import load_config
from nmt_attn.config.shipped import SCHEMA_LINE
from tests.builders import chinese_numbers, transliterations
from tests.conftest import ROOT, toy_corpus
from tests.in_process import Done, nmt_here

Pairs = list[tuple[str, str]]

TINY = [
    (cells[0], cells[1])
    for line in (ROOT / "data" / "tiny" / "eng-fra.tsv").read_text(encoding="utf-8").splitlines()
    for cells in [line.split("\t")]
]
REVIEWS = [
    tuple(line.split("\t"))
    for line in (ROOT / "data" / "sentiment" / "reviews.tsv").read_text(encoding="utf-8").splitlines()[:400]
]


def some(count: int, seed: int = 1) -> Pairs:
    return random.Random(seed).sample(TINY, count)


def write(path: Path, lines: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def write_table(path: Path, pairs: Pairs) -> None:
    write(path, [f"{one}\t{other}" for one, other in pairs])


def write_sides(folder: Path, stem: str, pairs: Pairs, endings: tuple[str, str] = ("en", "fr")) -> None:
    for ending, texts in zip(endings, zip(*pairs, strict=True), strict=True):
        write(folder / f"{stem}.{ending}", list(texts))


def write_labelled(folder: Path, texts: list[tuple[str, ...]]) -> None:
    for number, (label, text) in enumerate(texts):
        write(folder / label / f"{number}.txt", [text])


def tmx(pairs: Pairs) -> str:
    units = "".join(
        f'<tu><tuv xml:lang="de-DE"><seg>{one}</seg></tuv><tuv xml:lang="en-US"><seg>{other}</seg></tuv></tu>'
        for one, other in pairs
    )
    return f'<?xml version="1.0"?><tmx version="1.4"><header srclang="en-US"/><body>{units}</body></tmx>'


# --- the kinds of data ---------------------------------------------------------------------------------------------


def a_table(folder: Path) -> list[str]:
    write_table(folder / "eng-fra.tsv", some(500))
    return ["eng-fra.tsv"]


def a_table_the_other_way_round(folder: Path) -> list[str]:
    write_table(folder / "eng-fra.tsv", [(other, one) for one, other in some(300)])
    return ["eng-fra.tsv"]


def a_table_of_no_language(folder: Path) -> list[str]:
    write_table(folder / "pairs.txt", some(300))
    return ["pairs.txt"]


def a_small_table(folder: Path) -> list[str]:
    write_table(folder / "pairs.tsv", some(30))
    return ["pairs.tsv"]


def three_pairs(folder: Path) -> list[str]:
    write_table(folder / "pairs.tsv", some(3))
    return ["pairs.tsv"]


def a_toy_language(folder: Path) -> list[str]:
    write_table(folder / "toy.tsv", toy_corpus(400))
    return ["toy.tsv"]


def letters(folder: Path) -> list[str]:
    write_table(folder / "en-ru.tsv", transliterations(500))
    return ["en-ru.tsv"]


def chinese(folder: Path) -> list[str]:
    write_table(folder / "en_zh.tsv", chinese_numbers(500))
    return ["en_zh.tsv"]


def numbered(folder: Path) -> list[str]:
    write(folder / "x.tsv", [f"{n}\t{one}\t{1000 + n}\t{other}" for n, (one, other) in enumerate(some(300))])
    return ["x.tsv"]


def a_csv(folder: Path) -> list[str]:
    write(folder / "x.csv", ["English;French", *(f'"{one}";"{other}"' for one, other in some(300))])
    return ["x.csv"]


def packed(folder: Path) -> list[str]:
    text = "".join(f"{one}\t{other}\n" for one, other in some(300))
    (folder / "en-fr.tsv.gz").write_bytes(gzip.compress(text.encode()))
    return ["en-fr.tsv.gz"]


def a_zip_of_a_table(folder: Path) -> list[str]:
    with zipfile.ZipFile(folder / "fra-eng.zip", "w") as archive:
        archive.writestr("_about.txt", "About.")
        archive.writestr("fra.txt", "".join(f"{one}\t{other}\tCC-BY 2.0 #1\n" for one, other in some(400)))
    return ["fra-eng.zip"]


def a_zip_of_two_files(folder: Path) -> list[str]:
    pairs = some(300)
    with zipfile.ZipFile(folder / "opus.zip", "w") as archive:
        archive.writestr("README", "About.")
        archive.writestr("Books.en-fr.en", "".join(f"{one}\n" for one, _ in pairs))
        archive.writestr("Books.en-fr.fr", "".join(f"{other}\n" for _, other in pairs))
    return ["opus.zip"]


def a_memory(folder: Path) -> list[str]:
    (folder / "m.tmx").write_text(tmx([(other.replace("&", ""), one.replace("&", "")) for one, other in some(300)]))
    return ["m.tmx"]


def two_files(folder: Path) -> list[str]:
    write_sides(folder, "news", some(300), ("de", "en"))
    return ["news.de", "news.en"]


def two_files_of_no_language(folder: Path) -> list[str]:
    write_sides(folder, "left", some(300), ("one", "two"))
    return ["left.one", "left.two"]


def a_folder_of_parts(folder: Path) -> list[str]:
    write_sides(folder / "data" / "mine", "train", some(600))
    write_sides(folder / "data" / "mine", "dev", some(40, 2))
    write_sides(folder / "data" / "mine", "test", some(40, 3))
    write(folder / "data" / "mine" / "README", ["mine"])
    return ["data/mine"]


def labelled_lines(folder: Path) -> list[str]:
    write_table(folder / "reviews.tsv", REVIEWS)
    return ["reviews.tsv"]


def labelled_lines_with_a_heading_turned(folder: Path) -> list[str]:
    write_table(folder / "reviews.tsv", [("text", "label"), *((text, label) for label, text in REVIEWS)])
    return ["reviews.tsv"]


def labelled_csv(folder: Path) -> list[str]:
    rows = [f'{number},"{text}",{label}' for number, (label, text) in enumerate(REVIEWS) if '"' not in text]
    write(folder / "r.csv", ["id,review,stars", *rows])
    return ["r.csv"]


def labelled_json(folder: Path) -> list[str]:
    write(folder / "r.jsonl", [json.dumps({"label": label, "text": text}) for label, text in REVIEWS])
    return ["r.jsonl"]


def labelled_folder(folder: Path) -> list[str]:
    write_labelled(folder / "films", REVIEWS[:200])
    return ["films"]


def labelled_folder_of_parts(folder: Path) -> list[str]:
    write_labelled(folder / "films" / "train", [*REVIEWS[:200], ("unsup", "No label."), ("unsup", "None here.")])
    write_labelled(folder / "films" / "test", REVIEWS[200:240])
    return ["films"]


def labelled_tables_of_parts(folder: Path) -> list[str]:
    write_table(folder / "d" / "train.tsv", REVIEWS[:300])
    write_table(folder / "d" / "test.tsv", REVIEWS[300:360])
    return ["d"]


def labelled_files_one_by_one(folder: Path) -> list[str]:
    write_table(folder / "train.tsv", REVIEWS[:300])
    write_table(folder / "dev.tsv", REVIEWS[300:360])
    return ["train.tsv", "dev.tsv"]


def labelled_and_skewed(folder: Path) -> list[str]:
    lines = [("rare", text) for _, text in REVIEWS[:20]] + [("usual", text) for _, text in REVIEWS[20:300]]
    write_table(folder / "r.tsv", [*lines, ("once", "A single text of its label.")])
    return ["r.tsv"]


TRANSLATION = [
    (a_table, "en", "fr"),
    (a_table_the_other_way_round, "fr", "en"),
    (a_table_of_no_language, "x-source", "x-target"),
    (a_small_table, "x-source", "x-target"),
    (three_pairs, "x-source", "x-target"),
    (a_toy_language, "x-source", "x-target"),
    (letters, "en", "ru"),
    (chinese, "en", "zh"),
    (numbered, "x-source", "x-target"),
    (a_csv, "en", "fr"),
    (packed, "en", "fr"),
    (a_zip_of_a_table, "en", "fr"),
    (a_zip_of_two_files, "en", "fr"),
    (a_memory, "en-US", "de-DE"),
    (two_files, "de", "en"),
    (two_files_of_no_language, "x-source", "x-target"),
    (a_folder_of_parts, "en", "fr"),
]
CLASSIFICATION = [
    labelled_lines,
    labelled_lines_with_a_heading_turned,
    labelled_csv,
    labelled_json,
    labelled_folder,
    labelled_folder_of_parts,
    labelled_tables_of_parts,
    labelled_files_one_by_one,
    labelled_and_skewed,
]


def init(folder: Path, names: list[str], *more: str) -> Done:
    given = [word for name in names for word in ("--from", name)]
    done = nmt_here(folder, "config", "init", *given, *more)
    assert done.code == 0, done.err
    return done


def prepared(folder: Path) -> dict:
    """What ``nmt prepare`` makes of ``nmt.yaml``, which it finds by itself."""
    done = nmt_here(folder, "prepare")
    assert done.code == 0, done.err
    assert "configuration: nmt.yaml" in done.err
    name = load_config(folder / "nmt.yaml").name
    return json.loads((folder / "data" / name / "manifest.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("kind", "source", "target"), TRANSLATION, ids=lambda value: getattr(value, "__name__", ""))
def test_translation(tmp_path: Path, kind: Callable[[Path], list[str]], source: str, target: str) -> None:
    done = init(tmp_path, kind(tmp_path))
    text = (tmp_path / "nmt.yaml").read_text(encoding="utf-8")
    assert text.startswith(f"{SCHEMA_LINE}.nmt.schema.json\n")
    assert (tmp_path / ".nmt.schema.json").is_file()
    config = load_config(tmp_path / "nmt.yaml")
    assert (config.task, config.data.source_lang, config.data.target_lang) == ("translation", source, target)
    assert done.out == "nmt.yaml: written; go on with: nmt train\n"
    assert "Translation" in done.err
    prepared(tmp_path)


@pytest.mark.parametrize("kind", CLASSIFICATION, ids=lambda value: value.__name__)
def test_classification(tmp_path: Path, kind: Callable[[Path], list[str]]) -> None:
    done = init(tmp_path, kind(tmp_path))
    assert load_config(tmp_path / "nmt.yaml").task == "classification"
    assert "Classification" in done.err
    prepared(tmp_path)


# --- what is decided -------------------------------------------------------------------------------------------------


def test_all_parts_of_a_folder_are_taken_and_other_files_left_alone(tmp_path: Path) -> None:
    for stem in ("train.en-de", "newsdev2019", "newstest2019", "newstest2020"):
        write_sides(tmp_path, stem, some(50), ("de", "en"))
    write(tmp_path / "notes.txt", ["Notes."])
    done = nmt_here(tmp_path, "config", "init")
    assert done.code == 0
    parallel = load_config(tmp_path / "nmt.yaml").data.parallel
    assert parallel is not None
    assert {part: ", ".join(map(str, files.source)) for part, files in parallel.given().items()} == {
        "train": "train.en-de.en",
        "valid": "newsdev2019.en",
        "test": "newstest2019.en",
    }
    assert "train 50 lines, valid 50 lines, test 50 lines" in done.err
    for name in ("newstest2020.de", "newstest2020.en", "notes.txt"):
        assert f"left alone: {name}\n" in done.err


def test_folders_of_text_files_that_nobody_named_may_be_anything(tmp_path: Path) -> None:
    for name in ("docs/a.txt", "docs/b.txt", "notes/c.txt", "notes/d.txt"):
        write(tmp_path / name, ["Text."])
    assert "found no data" in nmt_here(tmp_path, "config", "init").error
    assert "go one folder up, and give --from" in nmt_here(tmp_path, "config", "init", "--from", ".").error
    write_labelled(tmp_path / "train", REVIEWS[:60])
    write_labelled(tmp_path / "test", REVIEWS[60:80])
    assert nmt_here(tmp_path, "config", "init").code == 0
    labelled = load_config(tmp_path / "nmt.yaml").data.labelled
    assert labelled is not None
    assert labelled.given() == {"train": Path("train"), "test": Path("test")}
    prepared(tmp_path)


def test_numbers_and_reasons_are_those_of_the_data(tmp_path: Path) -> None:
    done = init(tmp_path, labelled_and_skewed(tmp_path))
    text = (tmp_path / "nmt.yaml").read_text(encoding="utf-8")
    assert "Classification: 301 texts in r.tsv, 2 labels (usual 280, rare 20)" in done.err
    assert "left out: texts with the label 'once'" in done.err
    assert "# class_weights: balanced # rare has 20 texts and usual 280" in text
    assert load_config(tmp_path / "nmt.yaml").data.corpus.ignore_labels == ["once"]


@pytest.mark.parametrize(
    ("kind", "tokenizer", "joint"),
    [(a_small_table, "char", True), (a_toy_language, "word", True), (letters, "unigram", False)],
)
def test_the_vocabulary_suits_the_corpus(
    tmp_path: Path, kind: Callable[[Path], list[str]], tokenizer: str, joint: bool
) -> None:
    init(tmp_path, kind(tmp_path))
    found = load_config(tmp_path / "nmt.yaml").data.tokenizer
    assert (found.kind, found.joint) == (tokenizer, joint)


def test_columns_are_found_behind_numbers_and_turned_round(tmp_path: Path) -> None:
    init(tmp_path, numbered(tmp_path))
    assert load_config(tmp_path / "nmt.yaml").data.corpus.columns == [2, 4]
    init(tmp_path, labelled_lines_with_a_heading_turned(tmp_path), "--force")
    corpus = load_config(tmp_path / "nmt.yaml").data.corpus
    assert (corpus.columns, corpus.ignore_labels) == ([2, 1], ["label"])


def test_files_of_any_name_can_be_named(tmp_path: Path) -> None:
    name = "a: b #1 'x' [y].tsv"
    write_table(tmp_path / name, some(100))
    init(tmp_path, [name])
    assert str(load_config(tmp_path / "nmt.yaml").data.corpus.path) == name
    prepared(tmp_path)
    broken = "line\nbreak.tsv"
    write_table(tmp_path / broken, some(100))
    done = nmt_here(tmp_path, "config", "init", "--from", broken, "--output", "b.yaml")
    assert "without control characters" in done.error


def test_a_run_of_another_corpus_is_not_met(tmp_path: Path) -> None:
    names = a_table(tmp_path)
    (tmp_path / "runs" / "eng-fra").mkdir(parents=True)
    init(tmp_path, names)
    assert load_config(tmp_path / "nmt.yaml").name == "eng-fra-en-fr"
