"""The page about a classifier, of made-up labels: what its tables say, and that texts and labels stay texts."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest

from nmt_attn.analysis.label_study import label_study
from nmt_attn.corpus.manifest import LabelledCounts
from nmt_attn.reporting.label_report import label_counts, label_report_contents
from nmt_attn.reporting.page_contents import PageContents, Plot, Table
from nmt_attn.reporting.report_page import page
from nmt_attn.runs.directory import RunDirectory
from tests.reporting.sample_labels import Row, known_trial, label_contents
from tests.reporting.sample_page import HOSTILE

ROWS = [("good one", "pos", 0.9), ("bad one", "pos", 0.25), ("a bad one", "neg", 0.25), ("a fine one", "pos", 0.55)]


def contents_of(rows: list[Row], folder: Path) -> PageContents:
    trial = known_trial(rows)
    return label_report_contents(RunDirectory(folder), trial, label_study(trial))


def table_of(contents: PageContents, title: str) -> Table:
    (found,) = (item for section in contents.sections for item in section.items if item.title == title)
    assert isinstance(found, Table)
    return found


def test_the_tables_say_how_well_each_label_is_predicted(tmp_path):
    contents = contents_of([*ROWS, ("", "neg", 0.5)], tmp_path)
    assert [(card.name, card.value) for card in contents.cards[:2]] == [("accuracy", "75.0 %"), ("macro F1", "73.3")]
    by_label = table_of(contents, "By label").rows
    assert [list(row) for row in by_label] == [
        ["neg", 50.0, 100.0, pytest.approx(200 / 3), 1],
        ["pos", 100.0, pytest.approx(200 / 3), 80.0, 3],
    ]
    confusions = table_of(contents, "Confusions")
    assert [column.name for column in confusions.columns] == ["right label", "predicted neg", "predicted pos"]
    assert [list(row) for row in confusions.rows] == [["neg", 1, 0], ["pos", 1, 2]]
    assert [list(row[:2]) for row in table_of(contents, "By length").rows] == [["2", 2], ["3", 2]]
    (plot,) = (item for section in contents.sections for item in section.items if isinstance(item, Plot))
    assert (plot.style, plot.views[0].curves[0].y) == ("calibration", [1.0, 0.5, 1.0])
    assert contents.notes == ["Only 4 texts: all figures are rough.", "1 empty text is left out."]


def test_a_row_says_what_a_text_is_and_what_was_predicted(tmp_path):
    row = contents_of(ROWS, tmp_path).sentences[1]
    assert (row.number, row.source, row.references) == (2, "bad one", ["pos"])
    assert row.tags == ["is pos", "predicted neg"]
    (output,) = row.outputs
    assert (output.chrf, output.exact) == (25.0, False)
    assert [(word.text, word.found, word.confidence) for word in output.words] == [("neg", False, 0.75)]
    assert contents_of(ROWS, tmp_path).sentences[3].tags[-1] == "unsure"


def test_it_speaks_of_texts_and_of_no_decoder(tmp_path):
    contents = contents_of(ROWS, tmp_path)
    facts = {row[0]: str(row[1]) for row in table_of(contents, "Facts").rows}
    assert "decoder" not in facts["network"]
    assert "before the labels" in facts["network"]
    assert facts["classified on"].startswith("cpu in fp32")
    assert "nats a text" in contents.sections[0].introduction


def test_of_many_labels_the_most_frequent_confusions_are_listed(tmp_path):
    labels = [f"kind {number}" for number in range(30)]
    rows = [(f"text {number} of this", labels[0], 1.0) for number in range(3)] + [("another text", labels[1], 1.0)]
    trial = known_trial(rows, labels)
    contents = label_report_contents(RunDirectory(tmp_path), trial, label_study(trial))
    table = table_of(contents, "Most frequent confusions")
    assert [list(row) for row in table.rows] == [["kind 0", "kind 1", 3]]
    assert contents.sentences[0].tags == []


def test_texts_with_each_label_are_counted_in_each_part():
    counts = LabelledCounts(
        labels={"train": {"neg": 5, "pos": 7}, "valid": {"pos": 2}, "test": {"neg": 1}},
        cut={"train": 0, "valid": 0, "test": 0}, max_tokens=9, contradictions=0,
    )  # fmt: skip
    assert [list(row) for row in label_counts(counts).rows] == [["neg", 5, 0, 1], ["pos", 7, 2, 0]]


def test_code_in_a_text_and_in_a_label_stays_text(tmp_path):
    written = page(label_contents(tmp_path))
    assert len(re.findall(r"<script\b", written)) == 2  # the page's data and the page's own
    assert "<img" not in written
    (heading,) = re.findall(r"<th[^>]*>predicted (&lt;.*?)</th>", written)
    assert html.unescape(heading) == HOSTILE
    (text,) = re.findall(r'<script type="application/json" id="page-data">(.*?)</script>', written, flags=re.DOTALL)
    values = json.loads(text)
    assert values["sentences"][1]["references"] == [HOSTILE]
    assert values["sentences"][1]["source"].endswith(HOSTILE)
    assert values["words"]["example"] == "text"
