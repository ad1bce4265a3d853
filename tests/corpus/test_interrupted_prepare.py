"""Preparing by several processes, and going on after an interruption: the bytes are those of one left alone."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from typing import Any
from unittest.mock import patch

import pytest

from nmt_attn.config.schema import Config
from nmt_attn.corpus import cleaning, tokenising, training_text
from nmt_attn.corpus.crew import Crew
from nmt_attn.corpus.prepare import prepare
from nmt_attn.corpus.workplace import workplace
from nmt_attn.errors import NmtError, UserError
from nmt_attn.text.tokenizer import Tokenizer

Configure = Callable[..., Config]


def contents(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture
def few_lines_a_shard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleaning, "LINES", 31)


@pytest.mark.usefixtures("few_lines_a_shard")
@pytest.mark.parametrize(
    "tokenizer", [{"kind": "unigram", "vocab_size": 90}, {"kind": "bpe"}, {"kind": "char", "joint": False}]
)
def test_the_bytes_do_not_depend_on_processes_and_shards(
    configure: Configure, monkeypatch: pytest.MonkeyPatch, tokenizer: dict[str, object]
) -> None:
    made = []
    for processes, lines in ((1, 10_000), (1, 31), (3, 31)):
        monkeypatch.setattr(cleaning, "LINES", lines)
        made.append(contents(prepare(configure(tokenizer=tokenizer, processes=processes), force=True).data.directory))
    assert made[0] == made[1] == made[2]


def test_another_number_of_processes_makes_nothing_stale(configure: Configure) -> None:
    prepare(configure(processes=1))
    assert not prepare(configure(processes=3)).fresh


def workplaces(config: Config) -> list[Path]:
    return list(config.data_directory.parent.glob(".*.preparing"))


def counted(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count how often each of the four things is done that take long."""
    calls: Counter[str] = Counter()
    places: list[tuple[Any, str]] = [(cleaning, "_make_shard"), (Tokenizer, "train"), (tokenising, "_encode")]
    places += [(training_text, "_write")]
    for place, name in places:
        monkeypatch.setattr(place, name, _spied(getattr(place, name), name, calls))
    return calls


def _spied(real: Any, name: str, calls: Counter[str]) -> Any:
    def spy(*given: Any, **keys: Any) -> Any:
        calls[name] += 1
        return real(*given, **keys)

    return spy


@pytest.mark.usefixtures("few_lines_a_shard")
@pytest.mark.parametrize(
    ("stage", "left"), [("gather", {"_make_shard", "_write", "train", "_encode"}),
                        ("tokens_of", {"_write", "train", "_encode"}), ("write_data", set())],
)  # fmt: skip
def test_an_interrupted_one_goes_on_and_does_nothing_twice(
    configure: Configure, monkeypatch: pytest.MonkeyPatch, stage: str, left: set[str]
) -> None:
    config = configure(processes=1)
    whole = contents(prepare(config).data.directory)
    with patch(f"nmt_attn.corpus.prepare.{stage}", _interrupt), pytest.raises(KeyboardInterrupt):
        prepare(config, force=True)
    assert len(workplaces(config)) == 1
    calls = counted(monkeypatch)
    assert contents(prepare(config, force=True).data.directory) == whole
    assert set(calls) == left
    assert not workplaces(config)


@pytest.mark.usefixtures("few_lines_a_shard")
def test_what_was_begun_for_other_data_is_thrown_away(configure: Configure) -> None:
    one, other = ({"processes": 1, "filter": {"max_words": words}} for words in (5, 6))
    whole = contents(prepare(configure(**one)).data.directory)
    with patch("nmt_attn.corpus.prepare.tokens_of", _interrupt), pytest.raises(KeyboardInterrupt):
        prepare(configure(**other), force=True)
    assert contents(prepare(configure(**one), force=True).data.directory) == whole


def _interrupt(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(("error", "left"), [(UserError("no"), False), (NmtError("full"), True)])
def test_what_is_refused_leaves_nothing_and_a_full_disk_what_was_done(
    tmp_path: Path, error: Exception, left: bool
) -> None:
    with pytest.raises(type(error)), workplace(tmp_path / "data", [], "a", 1) as work:
        raise error
    assert work.folder.exists() == left


def _stopped_after(shards: int, place: Path) -> None:
    with workplace(place, [], "a", 1) as work:
        work.clean.mkdir(exist_ok=True)
        for number in range(shards):
            (work.clean / f"{number}.npz").touch()
        raise KeyboardInterrupt


def test_one_that_is_stopped_is_told_that_it_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for shards in (0, 1):
        with pytest.raises(KeyboardInterrupt):
            _stopped_after(shards, tmp_path / "data")
        line = f"what has been done so far stays in {tmp_path / '.data.preparing'}; the same command goes on with it\n"
        assert capsys.readouterr().err == line * shards


def _killed_at_the_third() -> Callable[[int], int]:
    return _kill_at_the_third


def _kill_at_the_third(task: int) -> int:
    if task == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return task


def test_a_killed_process_is_one_clear_line() -> None:
    with pytest.raises(NmtError) as failed:
        list(Crew(2).map(_killed_at_the_third, range(9)))
    assert str(failed.value) == (
        "a process that shared the work was ended from outside, perhaps for lack of memory; data.processes=1 needs the "
        "least memory, and no other process"
    )


def test_processes_are_those_wished_for_or_those_of_the_machine() -> None:
    assert Crew.of(3) == Crew(3)
    assert Crew.of(None).processes >= 1


@pytest.mark.slow
def test_killed_at_any_moment_it_ends_in_the_same_bytes_and_sooner(tmp_path: Path) -> None:
    """Ten times, the whole group of processes, at random; then it is left alone, and has less to do than at first."""
    generator = random.Random(5)
    _write_corpus(tmp_path / "c.tsv", generator)
    sets = ["data.corpus.path=c.tsv", "data.directory=data/c", "data.tokenizer.vocab_size=500",
            "data.tokenizer.sample=5000", "data.split.test=100", "data.split.valid=100"]  # fmt: skip
    command = [sys.executable, "-m", "nmt_attn", "prepare"]
    command += [part for one in sets for part in ("--set", one)]
    whole_seconds = _busy_seconds(command, tmp_path)
    made, killed, seconds = tmp_path / "data" / "c", 0, 0.0
    whole = contents(made)
    for number in range(10):
        made.rename(tmp_path / f"made-{number}")
        process = subprocess.Popen(
            [*command, "--processes", "2"],
            cwd=tmp_path, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        shards = generator.randint(1, 16)  # of the 8 with clean pairs and the 8 with tokens
        while process.poll() is None and len(list(made.parent.glob(".c.preparing/*/*.npz"))) < shards:
            time.sleep(0.01)
        time.sleep(generator.uniform(0, 0.5))
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        if process.wait() == -signal.SIGKILL:
            killed += 1
            seconds += _busy_seconds(command, tmp_path)
        assert contents(made) == whole
        assert [path.name for path in made.parent.iterdir() if path.name != ".c.lock"] == ["c"]
    assert killed >= 5
    assert seconds / killed < 0.9 * whole_seconds


def _write_corpus(path: Path, generator: random.Random) -> None:
    syllables = [consonant + vowel for consonant in "bdfgklmnprst" for vowel in "aeiou"]
    words = ["".join(generator.choices(syllables, k=3)) for _ in range(999)]
    lines = [
        "\t".join(" ".join(generator.choices(words, k=generator.randint(3, 12))) for _ in range(2))
        for _ in range(80_000)
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _busy_seconds(command: list[str], folder: Path) -> float:
    """Run a command that prepares, in one process; return the time for which it had a processor."""
    before = getrusage(RUSAGE_CHILDREN)
    subprocess.run([*command, "--processes", "1"], cwd=folder, check=True, capture_output=True)
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
