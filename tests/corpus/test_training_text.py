"""The training pairs as text: the raw lines, each side in a file, written once."""

from __future__ import annotations

import tempfile
from pathlib import Path
from threading import Event
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmt_attn.corpus.clean import CleanPair
from nmt_attn.corpus.crew import Crew
from nmt_attn.corpus.pairs import Pair
from nmt_attn.corpus.prepare import prepare
from nmt_attn.corpus.shards import KeptPairs
from nmt_attn.corpus.training_text import write_training_text
from nmt_attn.errors import NmtError
from tests.corpus.small_shards import sharded

TEXTS = st.text("aé'’Z .", min_size=1, max_size=5)
PAIRS = st.lists(st.builds(CleanPair, *[st.builds(Pair, TEXTS, TEXTS)] * 2), min_size=1, max_size=30)


@given(pairs=PAIRS, data=st.data())
def test_the_lines_are_the_raw_sides_of_the_pairs_that_are_kept(pairs, data):
    rows = sorted(data.draw(st.sets(st.integers(0, len(pairs) - 1))))
    with sharded(pairs, 4) as shards, tempfile.TemporaryDirectory() as folder:
        text = write_training_text(KeptPairs(shards, np.array(rows, dtype=np.int64)), Path(folder))
        kept = [pairs[row] for row in rows]
        for side in ("source", "target"):
            lines = (Path(folder) / f"train.{side}").read_text(encoding="utf-8")
            assert lines == "".join(f"{getattr(pair.raw, side)}\n" for pair in kept)
        assert text.distinct_sources == len({pair.normalised.source for pair in kept})


def test_what_is_there_is_not_written_again(tmp_path):
    pair = Pair("a", "b")
    with sharded([CleanPair(pair, pair)]) as shards:
        kept = KeptPairs(shards, np.arange(1))
        write_training_text(kept, tmp_path)
        for side in ("source", "target"):
            (tmp_path / f"train.{side}").write_text("as it was\n", encoding="utf-8")
        assert write_training_text(kept, tmp_path).distinct_sources == 1
        assert (tmp_path / "train.source").read_text(encoding="utf-8") == "as it was\n"
        (tmp_path / "train.target").unlink()  # as a kill between the two leaves them
        write_training_text(kept, tmp_path)
        assert (tmp_path / "train.source").read_text(encoding="utf-8") == "a\n"
        assert sorted(path.name for path in tmp_path.iterdir()) == ["train.source", "train.target"]


def test_two_processes_do_it_beside_the_tokenizer_and_one_before():
    begun, wanted = Event(), Event()
    with Crew(2).beside(lambda: wanted.wait(20)) as done:
        assert not done.done()
        wanted.set()
    assert done.result() is True
    with Crew(1).beside(begun.set) as done:
        assert begun.is_set()


@pytest.mark.parametrize("processes", [1, 2])
def test_a_full_disk_is_said_and_what_was_done_is_kept(configure, processes):
    config = configure(processes=processes)
    with (
        patch("nmt_attn.corpus.tokenised.write_training_text", side_effect=NmtError("the disk is full")),
        pytest.raises(NmtError, match="the disk is full"),
    ):
        prepare(config)
    assert list(config.data_directory.parent.glob(".*.preparing"))
    assert prepare(config).fresh
