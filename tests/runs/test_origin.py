"""Going on from a run with new data: what is taken over, what is refused, what is recorded."""

from __future__ import annotations

import json
import random
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from nmt_attn.config.loading import load_config
from nmt_attn.config.schema import Config
from nmt_attn.corpus.dataset import Dataset
from nmt_attn.corpus.novelty import learned_before, unknown_tokens
from nmt_attn.corpus.prepare import is_current, prepare
from nmt_attn.errors import ConfigError, UserError
from nmt_attn.runs.checkpoint import load_weights, weights_sha256
from nmt_attn.runs.directory import RunDirectory
from nmt_attn.runs.origin import Origin, inherit, origin_of
from nmt_attn.text.tokenizer import Tokenizer
from tests.conftest import toy_corpus, write_toy
from tests.in_process import Done, nmt_here
from tests.snapshots import unchanged

SIZES = ["model.embedding_size=16", "model.encoder.hidden_size=16", "model.decoder.hidden_size=32"]
BRIEF = ["training.max_steps=4", "training.device=cpu", "training.validation.max_sentences=4",
         "training.validation.samples=0", "training.validation.every_steps=2", "decoding.processes=1"]  # fmt: skip


def with_sets(*values: str) -> list[str]:
    return [part for value in values for part in ("--set", value)]


@pytest.fixture(scope="module")
def trained_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the run ``old``, and a corpus and a configuration for another one, which says nothing of models."""
    folder = write_toy(tmp_path_factory.mktemp("origin"))
    sets = with_sets("name=old", *SIZES, *BRIEF, "data.normalise.quotes=false", "training.ema=0.9")
    done = nmt_here(folder, "train", "--config", "toy.yaml", *sets)
    assert done.code == 0, done.err
    write_new_corpus(folder / "new.tsv")
    (folder / "new.yaml").write_text(
        "name: new\ndata:\n  corpus: {path: new.tsv}\n  split: {valid: 20, test: 20}\n"
        "training: {max_epochs: 1, batch_tokens: 500}\n",
        encoding="utf-8",
    )
    return folder


def write_new_corpus(path: Path) -> None:
    lines = [f"{source.replace('red', 'röd')}\t{target}\n" for source, target in toy_corpus(200, seed=7)]
    path.write_text("".join(lines), encoding="utf-8")


@pytest.fixture
def folder(trained_once: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained_once, tmp_path / "work"))


def go_on(folder: Path, *arguments: str, origin: str = "runs/old") -> Done:
    return nmt_here(folder, "train", "--config", "new.yaml", "--from", origin, *with_sets(*BRIEF), *arguments)


def succeeds(done: Done) -> Done:
    assert done.code == 0, done.err
    return done


# --- what is taken over -----------------------------------------------------------------------------------------

OLD = ["data.synthetic=dates", "model.cell=lstm", "data.tokenizer.kind=word", "data.source_lang=deu",
       "data.normalise.lowercase=true", "model.encoder.hidden_size=64", "model.decoder.layers=2"]  # fmt: skip


def old() -> Config:
    return load_config(None, OLD)


def test_what_is_not_written_down_is_taken_over() -> None:
    new = load_config(None, ["data.synthetic=addition", "training.learning_rate=1e-4", "seed=3", "data.split.test=7"])
    found = inherit(new, old(), "runs/old")
    assert (found.model, found.data.tokenizer, found.data.normalise) == (
        old().model, old().data.tokenizer, old().data.normalise,
    )  # fmt: skip
    assert (found.data.source_lang, found.data.target_lang) == ("de", "fr")
    assert (found.seed, found.training, found.data.split, found.data.synthetic) == (
        3, new.training, new.data.split, new.data.synthetic,
    )  # fmt: skip
    assert inherit(found, old(), "runs/old") == found


@pytest.mark.parametrize("same", ["model.cell=lstm", "data.source_lang=ger", "data.tokenizer={kind: word}",
                                  "model={cell: lstm, decoder: {layers: 2}}"])  # fmt: skip
def test_what_is_written_down_may_say_the_same(same: str) -> None:
    assert inherit(load_config(None, [same]), old(), "runs/old").model == old().model


@pytest.mark.parametrize(
    ("sets", "says"),
    [
        (["model.cell=gru"], 'model.cell: "lstm" → "gru"'),
        (["model.encoder.hidden_size=512"], "model.encoder.hidden_size: 64 → 512"),  # the default, but written down
        (["data.tokenizer.vocab_size=100"], "data.tokenizer.vocab_size: 8000 → 100"),
        (["data.tokenizer.kind=char"], 'data.tokenizer.kind: "word" → "char"'),
        (["data.normalise.lowercase=false"], "data.normalise.lowercase: true → false"),
        (
            ["data.source_lang=fr", "data.target_lang=de"],
            'data.source_lang: "de" → "fr", data.target_lang: "fr" → "de"',
        ),
        (["model={dropout: 0.5, cell: gru}"], 'model.cell: "lstm" → "gru", model.dropout: 0.2 → 0.5'),
    ],
)
def test_what_weights_hang_on_cannot_be_changed(sets: list[str], says: str) -> None:
    with pytest.raises(UserError) as refused:
        inherit(load_config(None, sets), old(), "runs/old")
    assert f"what goes on from runs/old cannot change {says}; leave" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_what_does_not_go_together_with_what_is_taken_over() -> None:
    with pytest.raises(ConfigError, match=r"taken over from runs/old: training\.subword_sampling needs .* not word"):
        inherit(load_config(None, ["training.subword_sampling=0.2"]), old(), "runs/old")


# --- which run ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("named", ["runs/old", "runs/old/best", "runs/old/checkpoints/00000004", "link", "averaged"])
def test_a_training_begins_with_the_weights_of_any_model(folder: Path, named: str) -> None:
    if named == "link":
        (folder / "link").symlink_to("runs/old/checkpoints/00000004")
    if named == "averaged":
        succeeds(nmt_here(folder, "average", "--model", "runs/old", "--last", "2", "--output", "averaged"))
    origin = origin_of_(folder, named)
    done = succeeds(go_on(folder, "--set", "training.learning_rate=1e-30", origin=named))
    assert f"begins with the weights of {origin.found.checkpoint}" in done.err
    run = RunDirectory(folder / "runs" / "new")
    begun = load_weights(folder / origin.found.checkpoint, torch.device("cpu"))
    ended = load_weights(run.checkpoint(4), torch.device("cpu"))
    assert begun.keys() == ended.keys()
    for name in begun:
        torch.testing.assert_close(ended[name], begun[name], rtol=1e-5, atol=1e-6)
    record = json.loads(run.origin_file.read_text(encoding="utf-8"))
    assert record["sha256"] == weights_sha256(folder / origin.found.checkpoint)
    assert record["run"] == str(origin.found.run.path)
    assert load_config(run.config_file).training.from_run == Path(named)
    for part in ("source", "target"):
        model = Path("tokenizer", f"{part}.model")
        assert (run.path / model).read_bytes() == (folder / "runs" / "old" / model).read_bytes()
        assert (folder / "data" / "new" / model).read_bytes() == (run.path / model).read_bytes()
    config = load_config(run.config_file)
    assert (config.model.embedding_size, config.data.normalise.quotes) == (16, False)
    assert json.loads(succeeds(nmt_here(folder, "eval", "--model", "runs/new", "--json")).out)["sentences"] == 20


def origin_of_(folder: Path, named: str, **data: str) -> Origin:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        sets = [f"training.from={named}", *(f"data.{key}={value}" for key, value in data.items())]
        found = origin_of(load_config(folder / "new.yaml", sets))
    assert found is not None
    return found


def test_the_key_does_what_the_option_does(folder: Path) -> None:
    config = (folder / "new.yaml").read_text(encoding="utf-8").replace("training: {", "training: {from: runs/old, ")
    (folder / "new.yaml").write_text(config, encoding="utf-8")
    succeeds(nmt_here(folder, "prepare", "--config", "new.yaml"))
    assert Tokenizer.load(folder / "data" / "new" / "tokenizer") == Tokenizer.load(folder / "runs/old/tokenizer")
    succeeds(nmt_here(folder, "train", "--config", "new.yaml", *with_sets(*BRIEF)))
    assert RunDirectory(folder / "runs" / "new").origin_file.exists()


def test_a_run_of_an_earlier_version(folder: Path) -> None:
    """Its configuration lacks keys, its log and its manifest may be gone, and no origin is recorded in it."""
    run = folder / "runs" / "old"
    (run / "manifest.json").unlink()
    (run / "metrics.jsonl").unlink()
    config = run.joinpath("config.yaml").read_text(encoding="utf-8").partition("evaluation:")[0]
    run.joinpath("config.yaml").write_text(config.replace("  from: null\n", ""), encoding="utf-8")
    succeeds(go_on(folder))


@pytest.mark.parametrize("named", ["runs/new", "runs/new/best", "runs/new/checkpoints/00000004", "link"])
def test_a_training_cannot_begin_with_the_weights_of_its_own_run(folder: Path, named: str) -> None:
    succeeds(go_on(folder))
    (folder / "link").symlink_to("runs/new")
    for more in ((), ("--force",)):
        with unchanged(folder):
            done = go_on(folder, *more, origin=named)
        assert done.code == 2
        assert "holds a trained model" in done.error if not more else "is of the run runs/new itself" in done.error


@pytest.mark.parametrize(
    ("origin", "more", "says"),
    [
        ("runs/nowhere", [], "runs/nowhere: no such run"),
        ("data/old", [], "data/old: not a run"),
        ("runs/old/checkpoints", [], "runs/old/checkpoints: not a run"),
        ("", [], "training.from: must be the name of a file or folder"),
        ("runs/old", ["--set", "model.cell=lstm"], 'cannot change model.cell: "gru" → "lstm"'),
        ("runs/old", ["--set", "data.directory=data/old"], "data/old holds the data that runs/old was trained on"),
        ("runs/old", ["--set", "data.corpus.path=nowhere"], "nowhere: no such file"),
        ("runs/old", ["--set", "data.split.test=5000"], "the corpus is too small"),
        ("damaged", [], "damaged: it is not what checksums.json says it was"),
        ("misfit", [], "the weights do not fit the configuration"),
    ],
)
def test_what_cannot_be_gone_on_from_is_one_line_and_changes_nothing(
    folder: Path, origin: str, more: list[str], says: str
) -> None:
    shutil.copytree(folder / "runs" / "old", folder / "damaged")
    for weights in (folder / "damaged").rglob("model.safetensors"):
        content = bytearray(weights.read_bytes())
        content[-1] ^= 1
        weights.write_bytes(content)
    misfit = Path(shutil.copytree(folder / "runs" / "old", folder / "misfit")) / "config.yaml"
    misfit.write_text(misfit.read_text(encoding="utf-8").replace("layer_norm: false", "layer_norm: true"))
    with unchanged(folder):
        done = go_on(folder, *more, origin=origin)
    assert (done.code, done.out) == (2, "")
    assert says in done.error


# --- the data ----------------------------------------------------------------------------------------------------


def test_data_for_one_run_is_not_taken_for_that_of_another(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    config = load_config(folder / "new.yaml", ["training.from=runs/old"])
    prepare(config)
    assert is_current(config)
    alone = load_config(folder / "new.yaml", ["data.tokenizer.vocab_size=60", "data.normalise.quotes=false"])
    assert not is_current(alone)
    other = Path(shutil.copytree(folder / "runs" / "old", folder / "runs" / "other"))
    assert is_current(load_config(folder / "new.yaml", ["training.from=runs/other"]))  # the same tokenizer
    sources, targets = Dataset.open(config.data_directory).train_text()
    shutil.rmtree(other / "tokenizer")
    Tokenizer.train(alone.data, sources, targets).save(other / "tokenizer")
    monkeypatch.setattr("nmt_attn.runs.directory.refuse_misfit", lambda run, checkpoint: None)
    assert not is_current(load_config(folder / "new.yaml", ["training.from=runs/other"]))


def test_tokens_that_the_old_vocabulary_lacks_are_counted(folder: Path) -> None:
    done = succeeds(go_on(folder))
    data = Dataset.open(folder / "data" / "new")
    source, target = unknown_tokens(data)
    ids = data.tokenizer.encode_source(data.train_text()[0])
    assert source.share == pytest.approx(sum(one.count(1) for one in ids) / sum(map(len, ids)))
    assert source.examples == ["ö"]
    assert (target.share, target.examples) == (0.0, [])
    line = f"the tokenizer of runs/old does not know {source.share:.2%} of the source tokens (such as ö) of the new"
    assert f"warning: {line}" in done.err
    assert source.share > 0.01


def change_lines(path: Path, change: Callable[[int, str], str]) -> None:
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(change(number, line) for number, line in enumerate(lines)), encoding="utf-8")


@pytest.mark.parametrize(("every", "warns"), [(2, True), (150, False), (1000, None)])
def test_few_unknown_tokens_are_a_remark_and_many_a_warning(folder: Path, every: int, warns: bool | None) -> None:
    change_lines(folder / "new.tsv", lambda number, line: line.replace("ö", "e"))
    change_lines(folder / "new.tsv", lambda number, line: line.replace("\n", " ж\n") if number % every == 1 else line)
    done = succeeds(nmt_here(folder, "prepare", "--config", "new.yaml", "--set", "training.from=runs/old"))
    lines = [line for line in done.err.splitlines() if "the tokenizer of runs/old does not know" in line]
    expected = 0 if (warns is None and "ж" not in trained_text(folder)) else 1
    assert len(lines) == expected
    for line in lines:
        assert "of the target tokens (such as ж)" in line
        assert line.startswith("warning: ") == bool(warns)


def trained_text(folder: Path) -> str:
    return (folder / "data" / "new" / "train.target").read_text(encoding="utf-8")


def test_held_out_sentences_that_the_old_run_has_learned_are_counted(folder: Path) -> None:
    """Given files may hold them; but for case and punctuation they are what was trained on."""
    sources, targets = Dataset.open(folder / "data" / "old").train_text()
    fresh = [(f"röd {source}", f"nova {target}") for source, target in toy_corpus(60, seed=9)]
    known = [(sources[place].upper(), "x y z") for place in range(3)] + [("q r s", f"{targets[5]}!")]
    parts = {"train": fresh[:40], "valid": fresh[40:], "test": [*fresh[50:], *known]}
    for name, pairs in parts.items():
        for side, texts in zip(("source", "target"), zip(*pairs, strict=True), strict=True):
            (folder / f"{name}.{side}").write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    files = [f"data.parallel.{name}={{source: {name}.source, target: {name}.target}}" for name in parts]
    done = succeeds(go_on(folder, *with_sets("data.corpus.path=null", "data.split={valid: 1, test: 1}", *files)))
    assert (
        "warning: runs/old was trained on a side of 4 of the 14 test sentences, so scores on them flatter" in done.err
    )
    assert "valid sentences, so" not in done.err
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        data, origin = Dataset.open(folder / "data" / "new"), origin_of_(folder, "runs/old")
        assert learned_before(data, origin) == {"valid": 0, "test": 4}
        (folder / "data" / "old").rename(folder / "data" / "gone")
        assert learned_before(data, origin) == {}


# --- training ----------------------------------------------------------------------------------------------------


def test_a_training_that_makes_it_worse_keeps_what_it_began_with(folder: Path) -> None:
    shuffled = [line.split("\t") for line in (folder / "toy.tsv").read_text(encoding="utf-8").splitlines()[:200]]
    targets = [target for _, target, _ in shuffled]
    random.Random(1).shuffle(targets)
    lines = [f"{source}\t{target}\n" for (source, *_), target in zip(shuffled, targets, strict=True)]
    (folder / "new.tsv").write_text("".join(lines), encoding="utf-8")
    sets = with_sets("training.learning_rate=10", "training.schedule.warmup_steps=0",
                     "training.early_stopping.metric=loss")  # fmt: skip
    done = succeeds(go_on(folder, *sets))
    run = RunDirectory(folder / "runs" / "new")
    assert run.pointed("best") == run.checkpoint(0)
    assert "best checkpoint: step 0, with which it began" in done.out
    valid = [json.loads(line) for line in run.metrics_file.read_text(encoding="utf-8").splitlines()]
    assert [entry["step"] for entry in valid if entry["kind"] == "valid"] == [0, 2, 4]
    assert succeeds(nmt_here(folder, "translate", "--model", "runs/new", "Big dog.")).out


def test_seed_rate_and_budget_are_new(folder: Path) -> None:
    succeeds(go_on(folder, *with_sets("seed=5", "training.learning_rate=1e-4", "training.ema=null")))
    config = load_config(folder / "runs" / "new" / "config.yaml")
    assert (config.seed, config.training.learning_rate, config.training.ema) == (5, 1e-4, None)
    state = json.loads((folder / "runs/new/checkpoints/00000004/state.json").read_text(encoding="utf-8"))
    assert state["step"] == 4


# --- resuming ----------------------------------------------------------------------------------------------------


def test_resuming_needs_neither_the_option_nor_the_old_run(folder: Path) -> None:
    succeeds(go_on(folder))
    (folder / "runs" / "old").rename(folder / "runs" / "gone")
    more = with_sets(*BRIEF, "training.max_steps=6")
    done = succeeds(nmt_here(folder, "train", "--config", "new.yaml", "--resume", *more))
    assert "resuming at step 4" in done.err
    done = succeeds(go_on(folder, "--resume", "--set", "training.max_steps=7"))
    assert "resuming at step 6" in done.err
    assert load_config(folder / "runs/new/config.yaml").training.from_run == Path("runs/old")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--from", "runs/other"], "--resume cannot change training.from"),
        (["--set", "training.from=runs/old/best"], "--resume cannot change training.from"),
        (["--set", "model.cell=lstm"], 'what goes on from runs/new cannot change model.cell: "gru" → "lstm"'),
        (["--set", "data.tokenizer.vocab_size=90"], "cannot change data.tokenizer.vocab_size: 60 → 90"),
        (["--set", "seed=9"], "--resume cannot change seed"),
        (["--force"], "--resume goes on with a run and --force begins it anew"),
    ],
)
def test_what_resuming_refuses(folder: Path, arguments: list[str], says: str) -> None:
    succeeds(go_on(folder))
    with unchanged(folder):
        done = nmt_here(folder, "train", "--config", "new.yaml", "--resume", *with_sets(*BRIEF), *arguments)
    assert done.code == 2
    assert says in done.error


def test_a_run_that_began_without_cannot_be_resumed_with(folder: Path) -> None:
    with unchanged(folder):
        sets = with_sets("name=old", *SIZES, *BRIEF, "data.normalise.quotes=false", "training.ema=0.9")
        done = nmt_here(folder, "train", "--config", "toy.yaml", *sets, "--resume", "--from", "runs/new")
    assert "--resume cannot change training.from" in done.error


OLD_RUN = ["name=old", *SIZES, *BRIEF, "data.normalise.quotes=false", "training.ema=0.9"]


def grown(folder: Path) -> list[str]:
    with (folder / "toy.tsv").open("a", encoding="utf-8") as file:
        file.write("".join(f"{source} Five.\t{target} Kvin.\n" for source, target in toy_corpus(50, seed=3)))
    return []


def shorter(folder: Path) -> list[str]:
    change_lines(folder / "toy.tsv", lambda number, line: line if number % 5 else "")
    return []


CHANGES: dict[str, Callable[[Path], list[str]]] = {
    "grown": grown,
    "shorter": shorter,
    "another file": lambda folder: ["data.corpus.path=new.tsv"],
    "fewer lines": lambda folder: ["data.corpus.max_pairs=500"],
    "another split": lambda folder: ["data.split.test=50"],
    "another filter": lambda folder: ["data.filter.max_words=4"],
}


@pytest.mark.parametrize("name", CHANGES)
def test_resuming_on_other_data_is_refused_untouched_and_the_command_for_it_works(folder: Path, name: str) -> None:
    sets = with_sets(*OLD_RUN, *CHANGES[name](folder))
    with unchanged(folder):
        done = nmt_here(folder, "train", "--config", "toy.yaml", *sets, "--resume")
    assert (done.code, done.out) == (2, "")
    scored = nmt_here(folder, "eval", "--model", "runs/old", "--json")
    assert scored.code == 0, scored.err
    command = done.error.partition("go on from its weights with the new data: ")[2]
    program, *words = shlex.split(command)
    assert program == "nmt"
    assert words[-4:] == ["--from", "runs/old", "--set", "name=old-2"]
    succeeds(nmt_here(folder, *words))
    assert (folder / "runs" / "old-2" / "origin.json").exists()
    assert nmt_here(folder, "eval", "--model", "runs/old", "--json").code == 0


def test_the_command_names_a_place_for_the_data_and_a_free_name(folder: Path) -> None:
    (folder / "runs" / "old-2").mkdir()
    sets = [*OLD_RUN, "data.directory=data/old"]
    grown(folder)
    done = nmt_here(folder, "train", "--config", "toy.yaml", *with_sets(*sets), "--resume")
    command = done.error.partition("with the new data: ")[2]
    assert command.endswith("--from runs/old --set name=old-3 --set data.directory=data/old-3")
    succeeds(nmt_here(folder, *shlex.split(command)[1:]))


def test_what_would_be_refused_there_too_is_no_advice(folder: Path) -> None:
    sets = with_sets(*OLD_RUN, "data.tokenizer.vocab_size=90")
    done = nmt_here(folder, "train", "--config", "toy.yaml", *sets, "--resume")
    assert done.error.endswith("put back the old value, or train under another name")


def test_data_of_the_format_before_is_gone_on_with(folder: Path) -> None:
    """What it was made from is not compared any more, so what was made must still be there."""
    for place in ("data/old", "runs/old"):
        path = folder / place / "manifest.json"
        values = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps({**values, "format": 2, "settings": "of then", "sha256": {}}), encoding="utf-8")
    arguments = ["train", "--config", "toy.yaml", *with_sets(*OLD_RUN, "training.max_steps=6"), "--resume"]
    succeeds(nmt_here(folder, *arguments))
    grown(folder)
    with unchanged(folder):
        done = nmt_here(folder, *arguments[:-1], "--set", "training.max_steps=8", "--resume")
    assert "toy.tsv has changed" in done.error
