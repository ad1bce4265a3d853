"""``nmt config``: what its commands write, print and refuse, and the configuration that others find by themselves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nmt_attn.config.json_schema import schema_text
from nmt_attn.config.keys import LEAVES
from nmt_attn.config.loading import dump_config, load_config
from nmt_attn.config.shipped import SCHEMA_LINE, schema_file, shipped_names
from nmt_attn.config.showing import shown_config
from tests.conftest import ROOT, write_toy
from tests.in_process import nmt_here

TWO_ERRORS = "trainig: {}\nmodel:\n  encoder:\n    hiden_size: 3\n"


# --- init: shipped configurations -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", shipped_names())
def test_a_copy_of_a_shipped_configuration_says_the_same(tmp_path: Path, name: str) -> None:
    done = nmt_here(tmp_path, "config", "init", "--like", name)
    assert (done.code, done.out) == (0, "nmt.yaml: written; go on with: nmt train\n")
    assert load_config(tmp_path / "nmt.yaml") == load_config(ROOT / "configs" / f"{name}.yaml")
    text = (tmp_path / "nmt.yaml").read_text(encoding="utf-8")
    assert text.startswith(f"{SCHEMA_LINE}.nmt.schema.json\n# ")
    assert "docs/configuration.md" not in text  # which is not there
    assert (tmp_path / ".nmt.schema.json").read_text(encoding="utf-8") == schema_text()
    config = load_config(tmp_path / "nmt.yaml")
    needed, url = config.data.corpus.path, config.data.corpus.url
    assert needed is None or url is not None or (tmp_path / needed).is_file()


def test_a_corpus_that_is_there_is_kept(tmp_path: Path) -> None:
    mine = tmp_path / "data" / "tiny" / "eng-fra.tsv"
    mine.parent.mkdir(parents=True)
    mine.write_text("Mine.\tÀ moi.\n", encoding="utf-8")
    for force in ([], ["--force"]):
        done = nmt_here(tmp_path, "config", "init", "--like", "tiny", *force)
        assert done.code == 0
        assert "it is kept" in done.err
        assert mine.read_text(encoding="utf-8") == "Mine.\tÀ moi.\n"
    mine.unlink()
    assert "the bundled corpus" in nmt_here(tmp_path, "config", "init", "--like", "tiny", "--force").err
    assert mine.read_bytes() == (ROOT / "data" / "tiny" / "eng-fra.tsv").read_bytes()
    assert "there already\n" in nmt_here(tmp_path, "config", "init", "--like", "tiny", "--force").err


def test_nothing_is_written_to_print_a_configuration(tmp_path: Path) -> None:
    done = nmt_here(tmp_path, "config", "init", "--like", "tiny", "--output", "-")
    assert done.code == 0
    assert done.out.startswith(SCHEMA_LINE)
    assert "data/tiny/eng-fra.tsv: not copied" in done.err
    assert list(tmp_path.iterdir()) == []


def test_a_schema_of_another_version_is_kept_unless_it_is_forced(tmp_path: Path) -> None:
    schema = tmp_path / ".nmt.schema.json"
    schema.write_text("{}", encoding="utf-8")
    assert "of another version, and kept" in nmt_here(tmp_path, "config", "init", "--like", "dates").err
    assert schema.read_text(encoding="utf-8") == "{}"
    nmt_here(tmp_path, "config", "init", "--like", "dates", "--force")
    assert schema.read_text(encoding="utf-8") == schema_text()


def test_an_empty_folder_is_told_the_choices(tmp_path: Path) -> None:
    done = nmt_here(tmp_path, "config", "init")
    assert (done.code, done.out) == (2, "")
    assert "the working directory: found no data in it" in done.error
    for name in shipped_names():
        assert f"  {name} " in done.err


# --- init: what is refused --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--like", "tiney"], "no shipped configuration is called 'tiney'; did you mean tiny?"),
        (["--like", "qqq"], "there are addition, "),
        (["--like", "tiny", "--from", "pairs.tsv"], "--from and --like are both given"),
        (["--like", "tiny", "--like", "dates"], "--like is given twice"),
        (["--from", "nowhere"], "nowhere: no such file or folder"),
        (["--from", "pairs.tsv", "--output", "there.yaml"], "there.yaml: is there already; --force writes over it"),
        (["--from", "pairs.tsv", "--output", "pairs.tsv", "--force"], "a name that ends in .yaml"),
        (["--from", "there.yaml", "--output", "there.yaml", "--force"], "is what --from reads"),
        (["--from", "pairs.tsv", "--output", "no/where.yaml"], "there is no folder no"),
        (["--from", "pairs.tsv", "--output", "folder.yaml"], "is a folder"),
        (["--from", "pairs.tsv", "--output", "-", "--force"], "--force has no effect on standard output"),
        (["--from", "empty.tsv"], "empty.tsv: the file is empty"),
        (["--from", "broken.tsv"], "broken.tsv, line 2: no tab"),
        (["--from", "binary.tsv"], "binary.tsv"),
        (["--from", "several"], "several files could be the corpus: a.tsv, b.tsv; name one with --from"),
        (["--from", "many"], "in 3 languages; name two with --from"),
        (["--from", "pairs.tsv", "--from", "empty.tsv"], "it is not clear how these belong together"),
        (["--from", "many/x.en", "--from", "broken.tsv"], "it is not clear how these belong together"),
        (["--from", "unequal"], "train.en has 2 lines but unequal/train.fr has 1"),
        (["--from", "split"], "cut -f1 and cut -f2 make them"),
        (["--from", "one-label"], "two texts or more each; found: good 2, bad 1"),
        (["--from", "book.xlsx"], "found an Excel workbook"),
    ],
)
def test_what_init_refuses_has_changed_nothing(tmp_path: Path, arguments: list[str], says: str) -> None:
    files = {
        "pairs.tsv": "a\tb\n", "there.yaml": "mine\n", "empty.tsv": "", "broken.tsv": "a\tb\nc\n", "book.xlsx": "PK",
        "several/a.tsv": "a\tb\n", "several/b.tsv": "a\tb\n", "many/x.en": "a\n", "many/x.fr": "a\n",
        "many/x.de": "a\n", "unequal/train.en": "a\nb\n", "unequal/train.fr": "a\n", "folder.yaml/x": "",
        "split/train.tsv": "One cat.\tUn chat.\n", "split/test.tsv": "a\tb\n", "one-label/good/1.txt": "a",
        "one-label/good/2.txt": "b", "one-label/bad/1.txt": "c",
    }  # fmt: skip
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "binary.tsv").write_bytes(bytes(range(256)) * 20)
    done = nmt_here(tmp_path, "config", "init", *arguments)  # which compares the folder with what it was
    assert (done.code, done.out) == (2, "")
    assert says in done.error


def test_the_name_of_a_run_does_not_meet_the_folder_of_the_data(tmp_path: Path) -> None:
    for side, line in (("en", "A cat.\n"), ("fr", "Un chat.\n")):
        (tmp_path / "data" / "mine").mkdir(parents=True, exist_ok=True)
        (tmp_path / "data" / "mine" / f"train.{side}").write_text(line * 3, encoding="utf-8")
    assert nmt_here(tmp_path, "config", "init", "--from", "data/mine").code == 0
    assert load_config(tmp_path / "nmt.yaml").name == "mine-en-fr"


# --- nmt.yaml -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["train", "prepare"])
def test_without_a_configuration_both_ways_to_give_one_are_said(tmp_path: Path, command: str) -> None:
    done = nmt_here(tmp_path, command)
    assert done.code == 2
    assert "--config FILE" in done.error
    assert "nmt.yaml in this folder" in done.error
    sets = nmt_here(tmp_path, command, "--set", "name=x")
    assert "nothing to learn from" in sets.error
    assert "--config FILE" in sets.error


def test_prepare_finds_the_configuration_and_says_so(tmp_path: Path) -> None:
    write_toy(tmp_path)
    (tmp_path / "toy.yaml").rename(tmp_path / "nmt.yaml")
    done = nmt_here(tmp_path, "prepare")
    assert done.code == 0
    assert "configuration: nmt.yaml\n" in done.err
    other = nmt_here(tmp_path, "prepare", "--config", "nmt.yaml")
    assert "up to date" in other.out
    assert "configuration:" not in other.err


def test_a_folder_in_the_place_of_the_configuration_is_said(tmp_path: Path) -> None:
    (tmp_path / "nmt.yaml").mkdir()
    assert "nmt.yaml: Is a directory" in nmt_here(tmp_path, "prepare").error


# --- check ----------------------------------------------------------------------------------------------------------


def test_all_errors_are_said_with_their_lines(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(TWO_ERRORS, encoding="utf-8")
    (tmp_path / "b.yaml").write_text("data: {synthetic: dates}\n", encoding="utf-8")
    done = nmt_here(tmp_path, "config", "check", "a.yaml", "b.yaml")
    assert done.code == 2
    assert done.error == "2 errors in a.yaml"
    first, second, third = done.out.splitlines()
    assert {first, second} == {
        "a.yaml, line 1: unknown key trainig; did you mean training?",
        "a.yaml, line 4: unknown key model.encoder.hiden_size; did you mean model.encoder.hidden_size?",
    }
    assert third.startswith("b.yaml: fine: translation en → fr of 20,000 made-up pairs (dates); 1 × GRU")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: [", "not valid YAML"),
        ("seed: 1\nseed: 2\n", "c.yaml, line 2: seed is already set on line 1"),
        ("name: x\n", "c.yaml: nothing to learn from"),
        ("name: mine\ndata: {corpus: {path: data/mine/x.tsv}}\n", "lies in data/mine, which nmt prepare writes anew"),
        ("model: {attention: {score: dot}}\ndata: {synthetic: dates}", "attention score dot compares equal sizes"),
    ],
)
def test_what_a_training_would_refuse_is_an_error(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "c.yaml").write_text(text, encoding="utf-8")
    done = nmt_here(tmp_path, "config", "check", "c.yaml")
    assert done.code == 2
    assert says in done.out
    assert done.error == "1 error in c.yaml"


def test_data_that_is_not_there_is_a_note_or_a_warning(tmp_path: Path) -> None:
    (tmp_path / "nmt.yaml").write_text("data: {corpus: {path: x.tsv}}\ntraining: {from: runs/x}\n", encoding="utf-8")
    done = nmt_here(tmp_path, "config", "check")
    assert (done.code, done.err) == (0, "")
    assert "nmt.yaml: warning: x.tsv: no such file" in done.out
    assert "nmt.yaml: warning: runs/x: no such run" in done.out
    done = nmt_here(tmp_path, "config", "check", "--set", "data.corpus.url=https://example.org/x")
    assert done.code == 0
    assert "nmt.yaml: note: x.tsv is not there yet; it will be fetched from https://example.org/x" in done.out


def test_a_wrong_override_is_an_error_of_each_file(tmp_path: Path) -> None:
    done = nmt_here(tmp_path, "config", "check", str(ROOT / "configs" / "dates.yaml"), "--set", "training.form=x")
    assert done.code == 2
    assert "--set training.form=x: unknown key training.form; did you mean training.from?" in done.out


def test_check_needs_a_file(tmp_path: Path) -> None:
    assert "there is no nmt.yaml in the working directory" in nmt_here(tmp_path, "config", "check").error
    assert "no such configuration file" in nmt_here(tmp_path, "config", "check", "x.yaml").out


# --- show, explain, schema --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", shipped_names())
@pytest.mark.parametrize("changed_only", [False, True])
def test_what_is_shown_is_read_back_unchanged(tmp_path: Path, name: str, changed_only: bool) -> None:
    config = load_config(ROOT / "configs" / f"{name}.yaml")
    (tmp_path / "c.yaml").write_text(shown_config(config, changed_only=changed_only), encoding="utf-8")
    assert load_config(tmp_path / "c.yaml") == config


def test_changed_values_are_marked(tmp_path: Path) -> None:
    (tmp_path / "nmt.yaml").write_text("model: {dropout: 0.5}\ndata: {synthetic: dates}\n", encoding="utf-8")
    shown = nmt_here(tmp_path, "config", "show", "--set", "training.max_steps=7").out
    assert "  dropout: 0.5  # default: 0.2\n" in shown
    assert "  embedding_size: 256\n" in shown
    changed = nmt_here(tmp_path, "config", "show", "--changed").out
    assert changed == (
        "data:\n  synthetic:  # default: null\n    kind: dates\n    pairs: 20000\n    min_length: 1\n"
        "    max_length: 4\n    seed: 1\nmodel:\n  dropout: 0.5  # default: 0.2\n"
    )
    assert json.loads(nmt_here(tmp_path, "config", "show", "--changed", "--json").out)["model"] == {"dropout": 0.5}
    assert set(json.loads(nmt_here(tmp_path, "config", "show", "--json").out)) > {"name", "data", "evaluation"}


def test_the_configuration_of_a_run_is_shown(tmp_path: Path) -> None:
    run = tmp_path / "runs" / "toy"
    run.mkdir(parents=True)
    (run / "config.yaml").write_text(dump_config(load_config(None, ["name=toy", "data.synthetic=dates"])))
    done = nmt_here(tmp_path, "config", "show", "--run", "runs/toy", "--changed")
    assert done.code == 0
    assert done.out.startswith("name: toy  # default: experiment\n")
    assert "both given" in nmt_here(tmp_path, "config", "show", "toy.yaml", "--run", "runs/toy").error
    assert "no such run" in nmt_here(tmp_path, "config", "show", "--run", "runs/no").error
    assert "not a run" in nmt_here(tmp_path, "config", "show", "--run", "runs").error
    (run / "config.yaml").unlink()
    (run / "config.yaml").symlink_to("/etc/hostname")
    assert "a link out of the run" in nmt_here(tmp_path, "config", "show", "--run", "runs/toy").error


def test_a_key_is_explained(tmp_path: Path) -> None:
    done = nmt_here(tmp_path, "config", "show", "--key", "training.learning_rate", "--set", "training.learning_rate=1")
    assert done.out.splitlines() == [
        "training.learning_rate: Highest learning rate of the schedule.",
        "  values: > 0, ≤ 1e+100",
        "  default: 0.001",
        "  value: 1.0",
    ]
    assert "values: gru, lstm" in nmt_here(tmp_path, "config", "explain", "model.cell").out
    assert "  keys: layers, hidden_size" in nmt_here(tmp_path, "config", "explain", "model.encoder").out
    assert "data.synthetic: " in nmt_here(tmp_path, "config", "explain", "data.task").out  # its old name
    assert "default: required" in nmt_here(tmp_path, "config", "explain", "data.parallel.train.source").out
    every = nmt_here(tmp_path, "config", "explain", *sorted(LEAVES))
    assert every.code == 0
    assert every.out.count("  default: ") == len(LEAVES)


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("learning_rate", "did you mean training.learning_rate?"),
        ("training.learning_rat", "did you mean training.learning_rate"),
        ("model.hidden_size", "did you mean model.encoder.hidden_size or model.decoder.hidden_size?"),
        ("zzz", "nmt config schema prints all keys"),
        ("", "unknown key"),
        ("model.cell.gru", "unknown key model.cell.gru"),
    ],
)
def test_an_unknown_key_is_answered_with_the_nearest(tmp_path: Path, key: str, says: str) -> None:
    for words in (["explain", key], ["show", "--key", key]):
        done = nmt_here(tmp_path, "config", *words)
        assert (done.code, done.out) == (2, "")
        assert says in done.error


def test_the_key_of_show_stands_alone(tmp_path: Path) -> None:
    done = nmt_here(tmp_path, "config", "show", "--key", "seed", "--json")
    assert "leave out --json" in done.error


def test_the_schema_is_the_one_that_is_shipped(tmp_path: Path) -> None:
    out = nmt_here(tmp_path, "config", "schema").out
    assert json.loads(out)["properties"].keys() > {"data", "model"}
    assert out == schema_file().read_text(encoding="utf-8")
    for path in (ROOT / "configs").glob("*.yaml"):
        line = path.read_text(encoding="utf-8").splitlines()[0]
        assert (path.parent / line.removeprefix(SCHEMA_LINE)).resolve() == schema_file()


def test_the_command_alone_shows_its_help_once(tmp_path: Path) -> None:
    for words in (["config"], []):
        done = nmt_here(tmp_path, *words)
        assert (done.code, done.err) == (0, "")
        assert done.out.count("Usage:") == 1
    assert "did you mean" in nmt_here(tmp_path, "config", "chek").error.lower()
