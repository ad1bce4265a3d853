"""A file translated by several processes, or gone on with, is what one process writes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from nmt_attn.decoding import shards
from tests.conftest import opinions
from tests.distributed.groups import Groups
from tests.in_process import nmt_here
from tests.snapshots import assert_unchanged, snapshot

TEXT = ["Big dog.", "Red cat sees tree.", "", "One dog likes house.", "Not blue tree."]


@pytest.fixture(scope="module")
def groups(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Groups]:
    folder = shutil.copytree(trained, tmp_path_factory.mktemp("translating") / "here")
    lines = [TEXT[number % 5].replace("dog", "dog tree"[: 3 + number % 2 * 5]) for number in range(2500)]
    (folder / "in.txt").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    done = nmt_here(folder, "translate", "--input", "in.txt", "--output", "alone.txt", "--beam", "1", checked=False)
    assert done.code == 0, done.err
    with Groups(folder) as groups:
        yield groups


def test_two_processes_write_what_one_writes(groups):
    done = groups.run(2, "translate", "--input", "in.txt", "--output", "two.txt", "--beam", "1")
    assert done.codes == [0, 0], done.said
    assert (groups.folder / "two.txt").read_bytes() == (groups.folder / "alone.txt").read_bytes()
    assert not (groups.folder / "two.txt.parts").exists()


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("translate --input in.txt", "work on a file: give --input FILE and --output FILE"),
        ("translate --input in.txt --output o.txt --batch-lines 5", "--batch-lines has no effect"),
        ("translate --model runs/none --input in.txt --output o.txt", "runs/none: no such run"),
        ("eval --splitt test", "No such option: --splitt"),
        ("prepare --config toy.yaml", "nmt prepare is the work of one process, and 2 were started together"),
        ("sweep --config toy.yaml --trials 1 --set-range model.dropout=0..1", "nmt sweep is the work of one process"),
        ("runs --delete toy --yes", "nmt runs is the work of one process"),
        ("config check toy.yaml", "nmt config check is the work of one process"),
    ],
)
def test_what_several_processes_cannot_do_is_said_once(groups, command, said):
    before = snapshot(groups.folder)
    refused = groups.run(2, *command.split())
    assert refused.codes == [2, 2]
    (error,) = refused.errors
    assert said in error
    assert_unchanged(groups.folder, before)


@pytest.fixture
def killed_after_a_block(monkeypatch) -> None:
    """The first work on blocks ends when the second one is to be written."""
    killed = []

    def write(path: Path, text: str) -> None:
        if path.name == "00000001" and not killed:
            killed.append(path)
            raise KeyboardInterrupt
        real(path, text)

    real = shards.write_text
    monkeypatch.setattr(shards, "write_text", write)


@pytest.mark.usefixtures("killed_after_a_block")
def test_a_killed_translation_is_gone_on_with(groups):
    folder, command = groups.folder, ("translate", "--input", "in.txt", "--output", "again.txt", "--beam", "1")
    assert nmt_here(folder, *command, "--resume", checked=False).code == 130
    assert sorted(path.name for path in (folder / "again.txt.parts").iterdir()) == ["00000000", "job.json"]
    plain = groups.run(2, *command)
    assert plain.codes == [2, 2]
    assert "holds a part of an earlier output; --resume goes on with it" in "".join(plain.errors)
    other = groups.run(1, *command[:-1], "2", "--resume")
    assert other.codes == [2]
    assert "another options" in other.errors[0]
    done = groups.run(2, *command, "--resume")
    assert done.codes == [0, 0], done.said
    assert (folder / "again.txt").read_bytes() == (folder / "alone.txt").read_bytes()


def test_two_processes_find_the_scores_that_one_finds(groups):
    (alone,), two = groups.run(1, "eval", "--json").said, groups.run(2, "eval", "--json")
    assert two.codes == [0, 0], two.said
    assert two.said[1] == ""
    timed = ("seconds", "sentences_per_second")
    one, other = (json.loads(text.splitlines()[-1]) for text in (alone, two.said[0]))
    assert one["perplexity"] == pytest.approx(other["perplexity"])
    skip = (*timed, "perplexity")
    assert {k: v for k, v in one.items() if k not in skip} == {k: v for k, v in other.items() if k not in skip}


@pytest.mark.usefixtures("killed_after_a_block")
def test_a_file_is_classified_in_blocks_as_it_is_at_once(groups, trained_classifier):
    lines, folder = [f"{text}\n" for _, text in opinions(40)], groups.folder
    (folder / "texts.txt").write_text("".join(lines * 60), encoding="utf-8")
    model = str(trained_classifier / "runs" / "opinions")
    command = ["classify", "--model", model, "--input", "texts.txt", "--output"]
    assert nmt_here(folder, *command, "once.txt", checked=False).code == 0
    assert nmt_here(folder, *command, "blocks.txt", "--resume", checked=False).code == 130
    done = groups.run(2, *command, "blocks.txt", "--resume")
    assert done.codes == [0, 0], done.said
    assert nmt_here(folder, *command, "alone.again.txt", "--resume", checked=False).code == 0
    for name in ("blocks.txt", "alone.again.txt"):
        assert (folder / name).read_bytes() == (folder / "once.txt").read_bytes()
    assert not list(folder.glob("*.parts"))
