"""YAML and --set into a configuration, or one line that says what is wrong and where."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nmt_attn.config.keys import known_keys
from nmt_attn.config.loading import dump_config, given_keys, load_config, set_keys
from nmt_attn.config.schema import Config
from nmt_attn.errors import ConfigError
from tests.conftest import ROOT

SHIPPED = sorted((ROOT / "configs").glob("*.yaml"))


def load(folder: Path, text: str, *sets: str) -> Config:
    (folder / "c.yaml").write_text(text, encoding="utf-8")
    return load_config(folder / "c.yaml", sets)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_file_loads_and_survives_being_written(path, tmp_path):
    config = load_config(path)
    assert config.name != "experiment"
    assert load(tmp_path, dump_config(config)) == config


def test_the_promised_files_are_shipped():
    promised = {
        "tiny",
        "fra-eng",
        "fra-eng-quick",
        "bahdanau-gru-33k",
        "parallel-files",
        "dates",
        "addition",
        "reverse",
        "imdb",
        "imdb-classroom",
        "sentiment-tiny",
    }
    assert {path.stem for path in SHIPPED} == promised


def test_values_are_read_as_numbers_words_or_null_in_files_and_overrides(tmp_path):
    text = "training: {learning_rate: 1e-3}\nname: on\ndata: {source_lang: no}\n"
    config = load(tmp_path, text, "training.max_epochs=7", "training.clip_norm=null", "data.tokenizer.kind=bpe")
    assert config.training.learning_rate == 0.001
    assert (config.data.source_lang, config.name) == ("no", "on")
    assert (config.training.max_epochs, config.training.clip_norm) == (7, None)
    assert config.data.tokenizer.kind == "bpe"


def test_concat_is_a_second_name_of_additive(tmp_path):
    assert load(tmp_path, "model: {attention: {score: concat}}").model.attention.score == "additive"


def test_a_section_written_short_keeps_its_value_when_another_key_is_set(tmp_path):
    path = tmp_path / "short.yaml"
    path.write_text("training: {teacher_forcing: 0.9}\ndata: {synthetic: reverse}", encoding="utf-8")
    sets = ["training.teacher_forcing.final_ratio=0.4", "data.synthetic.max_length=9"]
    config = load_config(path, sets)
    assert (config.training.teacher_forcing.ratio, config.training.teacher_forcing.final_ratio) == (0.9, 0.4)
    assert config.data.synthetic is not None
    assert (config.data.synthetic.kind, config.data.synthetic.max_length) == ("reverse", 9)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("trainig: {}", r"c\.yaml, line 1: unknown key trainig; did you mean training\?"),
        ("model:\n  encoder:\n    hiden_size: 3", r"line 3: unknown key model\.encoder\.hiden_size; .*hidden_size"),
        ("learning_rate: 1", r"unknown key learning_rate; did you mean training\.learning_rate\?"),
        ("seed: 1\nname: a\nseed: 2", r"line 3: seed is already set on line 1"),
        ("training:\n  max_steps: soon", r"line 2: training\.max_steps must be a valid integer, found 'soon'"),
        ("training: {max_steps: true}", r"training\.max_steps must be a valid integer, found True"),
        ("training: {max_steps: 0}", r"greater than or equal to 1"),
        ("training: 3", r"training must be a section"),
        ("name: ../../etc", r"name may hold letters"),
        ("- a\n- b", r"expected sections .* found a list"),
        ("a: [", r"not valid YAML"),
        ("a: &x {b: 1}\nc: *x", r"aliases"),
        ("model: {attention: {score: dot}}", r"hidden_size \(512\) must be twice .* \(512\)"),
        ("model: {decoder: {input_feeding: true}}", r"input_feeding needs model\.decoder\.style: luong"),
        ("model: {decoder: {readout_size: 512}}", r"model\.decoder\.readout_size \(512\) must equal"),
        ("model: {tie_embeddings: all}\ndata: {tokenizer: {joint: false}}", r"needs data\.tokenizer\.joint: true"),
        ("training: {max_epochs: null}", r"no end is set"),
        ("training: {betas: [0.9, 1.0]}", r"training\.betas"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path, text, says):
    with pytest.raises(ConfigError, match=says) as caught:
        load(tmp_path, text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("override", ["x", "=3", "training.max_steps=[", "training.max_steps.deep=1", "a.b.c=1"])
def test_wrong_overrides_are_one_line(override):
    with pytest.raises(ConfigError, match="--set") as caught:
        load_config(None, [override])
    assert "\n" not in str(caught.value)


def test_a_binary_file_or_a_folder_is_refused(tmp_path):
    (tmp_path / "c.yaml").write_bytes(b"name: a\nseed: \xff\n")
    with pytest.raises(ConfigError, match=r"line 2: not UTF-8"):
        load_config(tmp_path / "c.yaml")
    with pytest.raises(ConfigError, match="directory"):
        load_config(tmp_path)


def complaint(path: Path | None, *sets: str) -> str:
    """What is wrong with it; nothing if it is a configuration. Any other exception fails the test."""
    try:
        load_config(path, sets)
    except ConfigError as error:
        return str(error)
    return ""


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(key=st.sampled_from(list(known_keys())), value=values)
@settings(deadline=None, max_examples=300)
def test_any_value_of_any_key_gives_a_configuration_or_one_line(key, value):
    assert len(complaint(None, f"{'.'.join(key)}={json.dumps(value)}").splitlines()) <= 1


@given(st.text(max_size=80) | st.binary(max_size=80))
@settings(deadline=None, max_examples=300)
def test_any_file_gives_a_configuration_or_one_line(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    assert len(complaint(path).splitlines()) <= 1


# --- --set: values as they stand ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["x #1.tsv", "#1.tsv", "a#1.tsv", "a: b.tsv", "[draft].tsv", "*.tsv", "{x}.tsv", "@x", "%x", "`x`", "- x", "? x",
     "& y",      "!x", "| x", "x:", "2024", "1e3", "true", "x # y # z", "a, b", "\u00e9 \u732b.tsv"],
)  # fmt: skip
@pytest.mark.parametrize("key", ["data.corpus.path", "data.directory", "training.from"])
def test_the_name_of_a_file_is_taken_as_it_stands(key, name):
    config = load_config(None, [f"{key}={name}"])
    found = {
        "data.corpus.path": config.data.corpus.path,
        "data.directory": config.data.directory,
        "training.from": config.training.from_run,
    }
    assert found[key] == Path(name)


@pytest.mark.parametrize(
    ("override", "value"),
    [
        ("name=2024", "2024"),
        ("name='quoted'", "quoted"),
        ('name="quoted"', "quoted"),
        ("name=true", "true"),
        ("name= spaces ", "spaces"),
    ],
)
def test_a_key_that_takes_text_reads_any_value_as_text(override, value):
    assert load_config(None, [override]).name == value


@pytest.mark.parametrize("nothing", ["", "null", "~", " "])
def test_every_way_to_write_null_unsets_a_path(nothing):
    assert load_config(None, [f"data.corpus.path={nothing}"]).data.corpus.path is None


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("name=a#1", "name may hold letters"),
        ("name=a #1", "found 'a #1'"),
        ("training.max_epochs=3 # three", "training.max_epochs must be a valid integer, found '3 # three'"),
        ("data.tokenizer.kind=char #x", "found 'char #x'"),
        ("data.corpus={path: x} #1", "'#1' stands behind the value"),
        ("training.betas=[0.9, 0.98] # two", "'# two' stands behind the value"),
        ("data.corpus.path='x' #1", "'#1' stands behind the value"),
        ("data.parallel.train={source: a #1, target: b}", "not valid YAML"),
    ],
)
def test_nothing_of_a_value_is_dropped_as_a_comment(override, says):
    with pytest.raises(ConfigError, match="--set") as caught:
        load_config(None, [override])
    assert says in str(caught.value)


def test_file_names_with_a_hash_are_no_comments():
    sets = ["data.parallel.train.source=#a", "data.parallel.train.target=x #1.tsv", "data.parallel.valid=null"]
    train = load_config(None, sets).data.parallel.train
    assert (train.source, train.target) == ([Path("#a")], [Path("x #1.tsv")])


# --- a key that Python does not take as a name ------------------------------------------------------------------------


def test_training_from_is_read_written_and_known(tmp_path):
    config = load(tmp_path, "training: {from: runs/old}\n")
    assert config.training.from_run == Path("runs/old")
    (tmp_path / "again.yaml").write_text(dump_config(config), encoding="utf-8")
    assert "  from: runs/old\n" in dump_config(config)
    assert load_config(tmp_path / "again.yaml") == config
    assert load_config(None, ["training.from=null"]).training.from_run is None
    assert ("training", "from") in known_keys()
    assert not [path for path in known_keys() if "from_run" in path]


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("training.from_run=x", "unknown key training.from_run; did you mean training.from?"),
        ("training.form=x", "unknown key training.form; did you mean training.from?"),
        ("training.form_run=x", "unknown key training.form_run; did you mean training."),
        ("from=x", "unknown key from; did you mean training.from?"),
        ("training.from=.", "training.from: must be the name of a file or folder"),
        ("training.from.x=1", "training.from"),
    ],
)
def test_messages_call_the_key_training_from_by_its_name_in_files(override, says):
    with pytest.raises(ConfigError) as caught:
        load_config(None, [override])
    assert says in str(caught.value)


def test_given_keys_are_those_in_the_file_and_in_overrides(tmp_path):
    (tmp_path / "c.yaml").write_text("data: {corpus: {path: a}}\nmodel: {cell: gru}\n", encoding="utf-8")
    config = load_config(tmp_path / "c.yaml", ["training.from=runs/x", "data.synthetic=dates", "data.corpus.path=null"])
    keys = {"data.corpus.path", "model.cell", "training.from", "data.synthetic.kind"}
    assert set(given_keys(config)) == keys
    assert list(given_keys(load_config(None))) == []


@pytest.mark.parametrize(
    ("overrides", "keys"),
    [
        (["decoding.beam_size=3"], ["decoding.beam_size"]),
        (["decoding={beam_size: 3, pruning: null}"], ["decoding.beam_size", "decoding.pruning"]),
        (["data.synthetic=dates"], ["data.synthetic"]),
        (["a.b=1", "a.c=2", "a.b=3"], ["a.b", "a.c"]),
        ([], []),
    ],
)
def test_the_keys_that_overrides_set(overrides, keys):
    assert set_keys(overrides) == keys
