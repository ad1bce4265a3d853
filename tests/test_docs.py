"""What is generated or claimed in the documents is true."""

import re
import subprocess
import sys
from collections import Counter

import pytest

from nmt_attn.config.keys import known_keys
from nmt_attn.corpus.clean import REASONS
from tests.conftest import ROOT


def test_the_pages_about_the_configuration_are_up_to_date():
    done = subprocess.run([sys.executable, "scripts/make_docs.py", "--check"], cwd=ROOT, check=False)
    assert done.returncode == 0


@pytest.mark.slow
def test_the_bundled_corpus_is_what_its_script_writes():
    done = subprocess.run([sys.executable, "data/tiny/generator/make_tiny_corpus.py", "--check"], cwd=ROOT, check=False)
    assert done.returncode == 0


def test_the_readme_names_files_and_keys_that_exist():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert (ROOT / target).exists(), target
    keys = {".".join(key) for key in known_keys()}
    for key in re.findall(r"`?((?:data|model|training|decoding)\.[a-z_.]+[a-z])(?:=|`)", text):
        assert key in keys, key


def test_the_bundled_corpus_is_large_and_clean():
    lines = (ROOT / "data" / "tiny" / "eng-fra.tsv").read_text(encoding="utf-8").split("\n")
    assert lines.pop() == ""
    rows = [line.split("\t") for line in lines]
    assert {len(row) for row in rows} == {3}
    assert len({(row[0], row[1]) for row in rows}) == len(rows) >= 8000
    wrong = re.compile(r"\b(de le|de les|à le|à les|[Jj]e [aeiouéêh]+(?!ais)|[Ll]e [aeiouéê]|si il|que (il|elle)s?)\b")
    assert not [row[1] for row in rows if wrong.search(row[1])]
    assert not [row for row in rows if row[0].endswith("?") != row[1].endswith("?")]


def test_each_promise_names_tests_that_exist():
    text = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
    section = text.partition("## Training and checkpoints")[2].partition("\n## ")[0]
    files = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")}
    functions = re.findall(r"::(test_\w+)", section)
    assert len(functions) > 20
    for function in functions:
        assert any(f"def {function}(" in content for content in files.values()), function
    for name in re.findall(r"`tests/([\w/]+\.py)", section):
        assert (ROOT / "tests" / name).exists(), name


def test_the_page_about_data_names_reasons_keys_and_files_that_exist():
    text = (ROOT / "docs" / "data.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE) == list(REASONS)
    keys = {".".join(key) for key in known_keys()}
    for key in re.findall(r"`((?:data|model|training|decoding)\.[a-z_.]+[a-z])(?:=|`)", text):
        assert key in keys, key
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert (ROOT / "docs" / target).exists(), target


def test_each_promise_about_what_comes_from_outside_names_tests_that_exist():
    text = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
    section = text.partition("## What comes from outside")[2].partition("\n## ")[0]
    content = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    functions = re.findall(r"\b(test_\w+)`", section.replace(".py`", ""))
    assert len(functions) > 30
    for function in functions:
        assert f"def {function}(" in content, function


def test_every_file_that_a_page_names_exists():
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]
    for page in pages:
        text = page.read_text(encoding="utf-8")
        for name in re.findall(
            r"\b(?:nmt_attn|tests|scripts|configs|data/tiny|data/sentiment)/[\w/.-]*\.(?:py|yaml|md|sh)\b", text
        ):
            assert (ROOT / name).exists(), f"{page.name}: {name}"
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


@pytest.mark.slow
def test_the_bundled_reviews_are_what_their_script_writes():
    script = "data/sentiment/generator/make_sentiment_corpus.py"
    done = subprocess.run([sys.executable, script, "--check"], cwd=ROOT, check=False)
    assert done.returncode == 0


def test_the_bundled_reviews_are_clean_and_say_their_label_once():
    folder = ROOT / "data" / "sentiment"
    rows = [line.split("\t") for line in (folder / "reviews.tsv").read_text(encoding="utf-8").splitlines()]
    assert {len(row) for row in rows} == {2}
    assert Counter(label for label, _ in rows) == {"pos": 2500, "neg": 2500}
    keys = {re.sub(r"\W+", " ", text).casefold() for _, text in rows}
    assert len(keys) == len(rows)
    held_out = (folder / "generator" / "material" / "held_out.tsv").read_text(encoding="utf-8").splitlines()
    assert not keys & {re.sub(r"\W+", " ", line.partition("\t")[2]).casefold() for line in held_out}
    assert not [text for _, text in rows if re.search(r"[{}\[\]|*]|  |\ba [aeio]|\b(\w+) \1\b(?<!had had)", text)]
