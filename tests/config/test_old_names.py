"""Keys by their old names: they mean the same in files and in --set, and nobody sets one by both."""

from __future__ import annotations

from pathlib import Path

import pytest

from nmt_attn.config.keys import known_keys
from nmt_attn.config.loading import dump_config, given_keys, load_config, set_keys
from nmt_attn.config.old_names import present_path
from nmt_attn.config.schema import OLD_NAMES, Config
from nmt_attn.errors import ConfigError


def load(folder: Path, text: str, *sets: str) -> Config:
    (folder / "c.yaml").write_text(text, encoding="utf-8")
    return load_config(folder / "c.yaml", sets)


def test_old_names_are_of_known_keys_and_not_known_themselves():
    known = set(known_keys())
    assert all(present_path(old) in known and old not in known for old in OLD_NAMES)


NEW = "data: {synthetic: {kind: reverse, pairs: 9}}"
OLD = "data: {task: {kind: reverse, pairs: 9}}"


@pytest.mark.parametrize(
    ("text", "sets"),
    [
        (OLD, []),
        ("data: {task: reverse}", ["data.task.pairs=9"]),
        ("data: {task: reverse}", ["data.synthetic.pairs=9"]),
        ("data: {synthetic: reverse}", ["data.task.pairs=9"]),
        ("data: {synthetic: dates}", ["data.task={kind: reverse, pairs: 9}"]),
        ("{}", ["data={task: reverse}", "data.task.pairs=9"]),
        ("{}", ["data={task: {kind: reverse}}", "data.synthetic.pairs=9"]),
        ("{}", ["data.task=reverse", "data.task.pairs=9"]),
    ],
)
def test_the_old_name_means_the_same(tmp_path, text, sets):
    config = load(tmp_path, text, *sets)
    assert config == load(tmp_path, NEW)
    assert "  task:" not in dump_config(config)  # below data; the task that is learned has a key of its own


def test_a_run_of_an_earlier_version_has_every_key_written_out(tmp_path):
    config = load(tmp_path, NEW)
    old = dump_config(config).replace("  synthetic:\n", "  task:\n")
    assert "  task:\n" in old
    assert load(tmp_path, old) == config
    assert load(tmp_path, dump_config(load_config(None)).replace("  synthetic: null", "  task: null")) == Config()


def test_they_are_known_by_their_present_names(tmp_path):
    assert set_keys(["data.task.pairs=9"]) == ["data.synthetic.pairs"]
    assert set(given_keys(load(tmp_path, OLD))) == {"data.synthetic.kind", "data.synthetic.pairs"}


@pytest.mark.parametrize(
    ("text", "sets", "place"),
    [
        ("data:\n  synthetic: dates\n  task: dates", [], "c.yaml, line 3"),
        ("data:\n  task: null\n  synthetic: dates", [], "c.yaml, line 2"),
        ("{}", ["data.task=dates", "data.synthetic=dates"], "--set data.synthetic=dates"),
        ("{}", ["data.synthetic.kind=dates", "data.task.pairs=3"], "--set data.task.pairs=3"),
        ("{}", ["data={task: dates, synthetic: dates}"], "--set data={task: dates, synthetic: dates}"),
    ],
)
def test_both_names_at_once_are_refused_in_one_line(tmp_path, text, sets, place):
    with pytest.raises(ConfigError) as refused:
        load(tmp_path, text, *sets)
    assert str(refused.value).removeprefix(f"{tmp_path}/") == (
        f"{place}: data.task is the old name of data.synthetic, and both are set; keep one of them"
    )


def test_what_is_wrong_with_an_old_key_is_said_with_its_place(tmp_path):
    with pytest.raises(ConfigError, match=r"c\.yaml, line 3: data\.synthetic\.pairs must be"):
        load(tmp_path, "data:\n  task:\n    pairs: many\n    kind: dates")
    with pytest.raises(ConfigError, match=r"--set data\.task=hanoi: data\.synthetic\.kind must be"):
        load_config(None, ["data.task=hanoi"])
    with pytest.raises(ConfigError, match=r"line 2: unknown key data\.synthetic\.pears; did you mean data\.synth"):
        load(tmp_path, "data:\n  task: {kind: dates, pears: 3}")


@pytest.mark.parametrize("text", ["data: null", "data: 3", "data: [task]", "task: 3", "data: {corpus: {task: 3}}"])
def test_a_word_in_another_place_is_no_old_name(tmp_path, text):
    with pytest.raises(ConfigError) as refused:
        load(tmp_path, text)
    assert "old name" not in str(refused.value)
