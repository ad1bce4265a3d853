import io
from collections.abc import Callable

from rich.console import Console

from nmt_attn.config import Config
from nmt_attn.corpus.manifest import Known
from nmt_attn.corpus.prepare import PreparedData, prepare, summary


def shown(data: PreparedData) -> str:
    written = io.StringIO()
    Console(file=written, width=140).print(summary(data))
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
    text = shown(PreparedData(data.directory, manifest, data.tokenizer))
    assert "warning: 3 test and 0 validation sentences share" in text
