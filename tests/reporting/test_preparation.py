import io
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from nmt_attn.config.schema import Config
from nmt_attn.corpus.dataset import Dataset
from nmt_attn.corpus.manifest import Known
from nmt_attn.corpus.prepare import prepare
from nmt_attn.reporting.preparation import summary


def shown(data: Dataset) -> str:
    written = io.StringIO()
    Console(file=written, width=300).print(summary(data))
    return written.getvalue()


def test_it_says_what_went_in_what_was_dropped_and_what_came_out(configure: Callable[..., Config]) -> None:
    data = prepare(configure(filter={"max_words": 6})).data
    text = " ".join(shown(data).split())
    assert "read from corpus.tsv 350" in text
    assert f"too long (data.filter.max_words) -{data.manifest.dropped['too_long']}" in text
    assert "seen before 0" in text
    assert "test 30" in text
    assert "120 tokens, joint" in text
    assert "warning" not in text


def test_it_warns_of_test_sentences_that_are_trained_on(configure: Callable[..., Config]) -> None:
    data = prepare(configure()).data
    manifest = data.manifest.model_copy(update={"known": Known(valid=0, test=3)})
    text = shown(Dataset(data.directory, manifest, data.tokenizer))
    assert "warning: 3 test and 0 validation sentences share" in text


def test_it_says_how_many_pairs_hold_html_entities_and_what_resolves_them(
    configure: Callable[..., Config], corpus: Path
) -> None:
    with corpus.open("a", encoding="utf-8") as file:
        file.write("It&#39;s the cook.\tC&#39;est le cuisinier.\nTom &amp; Ann.\tTom et Ann.\n")
    data = prepare(configure()).data
    assert data.manifest.html_entities == 2
    assert "2 pairs hold HTML entities such as &amp; or &#39;; data.normalise.html_entities: true" in shown(data)


def test_it_counts_lines_with_stray_columns_and_names_the_first(
    configure: Callable[..., Config], corpus: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with corpus.open("a", encoding="utf-8") as file:
        file.write("I\tam hungry.\tJ'ai faim.\tours\nI\tam cold.\tJ'ai froid.\tours\n")
    data = prepare(configure()).data
    text = f"{corpus}, line 351: 4 columns where most lines have 3: dropped, as 1 more"
    assert data.manifest.notes == [text]
    assert text in capsys.readouterr().err
    assert "more columns than other lines -2" in " ".join(shown(data).split())
