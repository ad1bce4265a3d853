"""The page of a report as text, and its tables in a terminal."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from nmt_attn.errors import UserError
from nmt_attn.reporting.plots import MOST_POINTS, thinned
from nmt_attn.reporting.report_page import json_for_html, page
from nmt_attn.reporting.tables import to_text
from tests.reporting.sample_page import HOSTILE, contents


class Elements(HTMLParser):
    """The elements of a page, and what could be fetched or run."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.suspect: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.names.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value)
            if name.startswith("on") or (name in ("src", "href") and not (value or "").startswith("#")):
                self.suspect.append(f"{tag} {name}={value}")


def test_texts_stay_texts_and_nothing_is_fetched():
    written = page(contents())
    found = Elements()
    found.feed(written)
    assert found.suspect == []
    assert found.names.count("script") == 2
    assert "img" not in found.names
    assert len(found.ids) == len(set(found.ids))
    assert "default-src 'none'" in written
    assert "&lt;script&gt;document.title" in written
    assert not re.search(r"https?://(?!www\.w3\.org)", written)


def test_the_data_of_the_script_are_the_sentences():
    written = page(contents(count=10, systems=("a", "b")))
    (text,) = re.findall(r'<script type="application/json" id="page-data">(.*?)</script>', written, flags=re.DOTALL)
    values = json.loads(text)
    assert values["systems"] == ["a", "b"]
    assert [row["number"] for row in values["sentences"]] == list(range(1, 11))
    assert values["sentences"][5]["source"] == HOSTILE
    assert len(values["sentences"][0]["outputs"]) == 2
    assert values["attention"][0]["children"] == {"-1": [0, 1], "0": [2, 3], "2": [4]}


@given(st.text())
def test_json_in_a_page_reads_back_and_ends_no_script(text):
    written = json_for_html([text])
    assert json.loads(written) == [text]
    assert not set(written) & set("<>&\u2028\u2029")


def test_a_page_of_2000_sentences_is_small_and_always_the_same():
    sample = contents(count=2000)
    written = page(sample)
    assert len(written.encode()) < 3_000_000
    assert page(sample) == written


@given(st.lists(st.floats(-1e6, 1e6), max_size=2000))
def test_thinned_curves_keep_their_mean_ends_and_size(values):
    found = thinned(values)
    assert len(found) <= MOST_POINTS
    assert bool(found) == bool(values)
    if values:
        assert min(values) - 1e-6 <= min(found)
        assert max(found) <= max(values) + 1e-6
    if len(values) <= MOST_POINTS:
        assert found == values


@pytest.mark.parametrize("missing", ["jinja2", "matplotlib"])
def test_without_its_packages_it_says_how_to_install_them(monkeypatch, missing):
    import importlib.util

    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *more: None if name == missing else find(name, *more))
    with pytest.raises(UserError, match=rf"pages need {missing}; install with: pip install 'nmt-attn\[report\]'"):
        page(contents())


def test_the_terminal_gets_the_tables_and_nothing_that_controls_it():
    written = io.StringIO()
    sample = contents()
    nasty = type(sample)(**{**vars(sample), "title": "a\x1b[31mb\u202ec"})
    Console(file=written, width=120, highlight=False).print(to_text(nasty))
    text = written.getvalue()
    assert "Parts" in text
    assert re.search(r"short\s+12\s+61\.2", text)
    assert "–" in text
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "a [31mb c" in text


def test_the_package_imports_no_extra_before_a_page_is_wanted():
    extras = "('jinja2', 'matplotlib')"
    code = f"import sys, nmt_attn.reporting.report_page; sys.exit(any(m in sys.modules for m in {extras}))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
