"""The commands as a user types them, on a small corpus."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import LEXICON, ROOT, run_nmt
from tests.in_process import nmt_here


def test_help_is_quick_and_does_not_import_torch(tmp_path):
    times = []
    for _ in range(3):
        before = os.times()
        assert run_nmt(tmp_path, "--help").returncode == 0
        after = os.times()
        # Of the processor: by the clock it takes longer where other tests run beside this one.
        times.append(after.children_user + after.children_system - before.children_user - before.children_system)
    assert min(times) < 0.5
    code = "import sys, nmt_attn.cli.app; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_a_trained_model_has_learned_the_language(trained):
    done = run_nmt(trained, "eval", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["bleu"]["score"] > 85
    assert set(result) == {
        "bleu", "chrf", "chrf++", "ter", "exact", "length_ratio", "perplexity", "sentences", "seconds",
        "sentences_per_second", "model", "split",
    }  # fmt: skip
    assert result["perplexity"] < 1.5
    assert result["length_ratio"] == pytest.approx(1, abs=0.05)
    low, high = result["bleu"]["interval"]
    assert low <= result["bleu"]["score"] <= high
    assert "nrefs:1|bs:1000|seed:12345|case:mixed" in result["bleu"]["signature"]
    assert result["sentences"] == 40


def test_prepared_splits_lie_as_text_and_nothing_is_done_twice(trained):
    data = trained / "data" / "toy"
    sources = (data / "test.source").read_text(encoding="utf-8").splitlines()
    references = (data / "test.reference.0").read_text(encoding="utf-8").splitlines()
    assert len(sources) == len(references) == 40
    before = (data / "manifest.json").stat().st_mtime_ns
    done = run_nmt(trained, "prepare", "--config", "toy.yaml")
    assert done.returncode == 0
    assert "up to date" in done.stdout
    assert (data / "manifest.json").stat().st_mtime_ns == before


def test_the_run_directory_is_complete(trained, tmp_path):
    shutil.copytree(trained / "runs" / "toy", tmp_path / "elsewhere")
    here = run_nmt(trained, "translate", "Big dog.")
    there = run_nmt(tmp_path, "translate", "--model", "elsewhere", "Big dog.")
    assert here.returncode == there.returncode == 0, there.stderr
    assert here.stdout == there.stdout == "Granda hundo.\n"


def test_metrics_are_json_lines_with_falling_loss(trained):
    lines = (trained / "runs" / "toy" / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    entries = [json.loads(line) for line in lines]
    valid = [entry for entry in entries if entry["kind"] == "valid"]
    assert len(valid) == 12
    assert valid[-1]["loss"] < valid[0]["loss"] / 3
    assert valid[-1]["bleu"] > 80
    steps = [entry["step"] for entry in entries if entry["kind"] == "train"]
    assert steps == sorted(set(steps))


def test_arguments_and_pipe_give_the_same_line(trained):
    argument = run_nmt(trained, "translate", "Red cat sees house.")
    pipe = run_nmt(trained, "translate", stdin="Red cat sees house.\n")
    no_newline = run_nmt(trained, "translate", stdin="Red cat sees house.")
    windows = run_nmt(trained, "translate", stdin="Red cat sees house.\r\n")
    assert argument.stdout == pipe.stdout == no_newline.stdout == windows.stdout
    assert argument.stdout.count("\n") == 1


def test_three_thousand_lines_come_out_in_order(trained):
    words = list(LEXICON)
    lines = ["" if i % 7 == 0 else f"{words[i % 16].capitalize()} {words[i // 16 % 16]}." for i in range(3000)]
    (trained / "in.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    done = run_nmt(trained, "translate", "--input", "in.txt", "--output", "out.txt", "--beam", "1")
    assert done.returncode == 0, done.stderr
    translated = (trained / "out.txt").read_text(encoding="utf-8").split("\n")
    assert len(translated) == 3001
    assert [line == "" for line in translated[:-1]] == [line == "" for line in lines]
    right = sum(
        theirs == f"{LEXICON[words[i % 16]].capitalize()} {LEXICON[words[i // 16 % 16]]}."
        for i, theirs in enumerate(translated[:-1])
        if i % 7
    )
    assert right > 2300


def test_nbest_and_json(trained):
    nbest = run_nmt(trained, "translate", "--nbest", "3", "Blue tree.", "Dog.").stdout.splitlines()
    assert [line.split("\t")[0] for line in nbest] == ["0", "0", "0", "1", "1", "1"]
    scores = [float(line.split("\t")[1]) for line in nbest[:3]]
    assert scores == sorted(scores, reverse=True)
    (line,) = run_nmt(trained, "translate", "--json", "Blue tree.").stdout.splitlines()
    entry = json.loads(line)
    assert entry["source"] == "Blue tree."
    assert entry["translation"] == nbest[0].split("\t")[2]


def test_a_reader_that_leaves_ends_it_quietly(trained):
    command = f"yes 'Big dog.' | {sys.executable} -m nmt_attn translate | head -3"
    began = time.perf_counter()
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=trained, capture_output=True, timeout=60, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.stdout.decode().splitlines() == ["Granda hundo."] * 3
    assert done.stderr.decode() == ""
    assert time.perf_counter() - began < 30


def test_a_line_is_answered_before_the_next_is_typed(trained):
    with subprocess.Popen(
        [sys.executable, "-m", "nmt_attn", "translate"],
        cwd=trained, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        for _ in range(2):
            process.stdin.write(b"Big dog.\n")
            process.stdin.flush()
            assert process.stdout.readline() == b"Granda hundo.\n"
        process.stdin.close()
        assert process.wait(timeout=20) == 0


def test_eval_of_own_files_with_two_references(trained):
    (trained / "s.txt").write_text("Big dog.\nRed cat.\n", encoding="utf-8")
    (trained / "r1.txt").write_text("Granda hundo.\nX y z.\n", encoding="utf-8")
    (trained / "r2.txt").write_text("A b c.\nRugha kato.\n", encoding="utf-8")
    files = ["--source", "s.txt", "--reference", "r1.txt", "--reference", "r2.txt"]
    done = run_nmt(trained, "eval", *files, "--json")
    result = json.loads(done.stdout)
    assert result["ter"]["score"] == 0.0
    assert "nrefs:2" in result["bleu"]["signature"]


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_a_signal_leaves_a_checkpoint_from_which_training_goes_on(toy, number):
    with subprocess.Popen(
        [sys.executable, "-m", "nmt_attn", "train", "--config", "toy.yaml", "--set", "training.max_epochs=500"],
        cwd=toy, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:  # fmt: skip
        _wait_for(toy / "runs" / "toy" / "latest")
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert "Traceback" not in errors.decode()
    latest = int((toy / "runs" / "toy" / "latest").read_text(encoding="utf-8").rpartition("/")[2])
    steps = str(latest + 5)
    done = run_nmt(toy, "train", "--config", "toy.yaml", "--resume", "--set", f"training.max_steps={steps}")
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[:2] == ["training.max_epochs: 500 → 12", f"training.max_steps: null → {steps}"]
    assert f"resuming at step {latest}" in done.stderr
    assert int((toy / "runs" / "toy" / "latest").read_text(encoding="utf-8").rpartition("/")[2]) == latest + 5


def _wait_for(path: Path) -> None:
    for _ in range(2000):  # a busy machine takes its time
        if path.exists():
            return
        time.sleep(0.1)
    pytest.fail(f"{path} did not appear")


def test_a_trained_run_is_not_overwritten_unless_told_to(toy):
    short = ["train", "--config", "toy.yaml", "--set", "training.max_steps=3"]
    assert run_nmt(toy, *short).returncode == 0
    again = run_nmt(toy, *short)
    assert again.returncode == 2
    assert "--force" in again.stderr
    assert run_nmt(toy, *short, "--force").returncode == 0
    assert (toy / "runs" / "toy.old-1" / "latest").exists()


def test_parallel_files_train_too(toy):
    pairs = [line.split("\t") for line in (toy / "toy.tsv").read_text(encoding="utf-8").splitlines()]
    for name, part in (("train", pairs[:700]), ("valid", pairs[700:750]), ("test", pairs[750:800])):
        (toy / f"{name}.en").write_text("".join(f"{pair[0]}\n" for pair in part), encoding="utf-8")
        (toy / f"{name}.xx").write_text("".join(f"{pair[1]}\n" for pair in part), encoding="utf-8")
    sets = ["--set", "data.corpus.path=null", "--set", "training.max_steps=5"]
    for name in ("train", "valid", "test"):
        sets += ["--set", f"data.parallel.{name}={{source: {name}.en, target: {name}.xx}}"]
    done = run_nmt(toy, "train", "--config", "toy.yaml", *sets)
    assert done.returncode == 0, done.stderr
    assert json.loads(run_nmt(toy, "eval", "--json").stdout)["sentences"] == 50


def test_a_model_is_not_scored_on_sentences_it_may_have_learned(toy):
    assert run_nmt(toy, "train", "--config", "toy.yaml", "--set", "training.max_steps=2").returncode == 0
    assert run_nmt(toy, "prepare", "--config", "toy.yaml", "--set", "data.split.test=50").returncode == 0
    done = run_nmt(toy, "eval")
    assert done.returncode == 2
    assert "is not the data that runs/toy was trained on" in done.stderr
    resumed = run_nmt(toy, "train", "--config", "toy.yaml", "--resume", "--set", "data.split.test=50")
    assert resumed.returncode == 2
    assert resumed.stderr.splitlines()[0] == "data.split.test: 40 → 50"
    assert "error: --resume cannot change data.split.test" in resumed.stderr


def test_the_classroom_configuration_is_scored_without_case(toy):
    small = ["data.corpus.path=toy.tsv", "data.corpus.url=null", "data.corpus.max_pairs=800", "data.split.valid=40",
             "data.split.test=40", "training.max_epochs=2", "model.encoder.hidden_size=32",
             "model.decoder.hidden_size=32", "model.embedding_size=16"]  # fmt: skip
    sets = [part for one in small for part in ("--set", one)]
    config = str(ROOT / "configs" / "bahdanau-gru-33k.yaml")
    assert run_nmt(toy, "train", "--config", config, *sets).returncode == 0
    result = json.loads(run_nmt(toy, "eval", "--json").stdout)
    assert "case:lc" in result["bleu"]["signature"]
    assert run_nmt(toy, "translate", "BIG dog!").stdout.strip()


def test_attend_writes_every_kind_of_map_and_they_agree(trained):
    for kind in ("json", "html", "png", "svg"):
        done = run_nmt(trained, "attend", "Not big dog.", "--output", f"map.{kind}")
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
    values = json.loads((trained / "map.json").read_text(encoding="utf-8"))
    assert values["source"] == ["Not", "big", "dog.", "</s>"]
    translation = run_nmt(trained, "translate", "Not big dog.").stdout.split()
    assert values["target"] == [*translation, "</s>"]
    shown = run_nmt(trained, "attend", "Not big dog.").stdout.splitlines()
    for label, row, line in zip(values["target"], values["weights"], shown[1:], strict=False):
        percents = [str(min(99, round(100 * weight))) if round(100 * weight) else "·" for weight in row]
        assert line.split() == [label, *percents]
    assert (trained / "map.png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" in (trained / "map.svg").read_text(encoding="utf-8")


def test_attend_with_a_given_translation_and_in_pieces(trained):
    done = run_nmt(trained, "attend", "Big dog.", "--target", "Eta kato.", "--pieces", "--output", "map.json")
    assert done.returncode == 0, done.stderr
    values = json.loads((trained / "map.json").read_text(encoding="utf-8"))
    assert "".join(values["target"]).replace("▁", " ").strip() == "Eta kato.</s>"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["attend", "Big dog.", "--output", "map.gif"], "must end in .png, .svg, .html, .json"),
        (["attend", "  "], "the sentence is empty"),
        (["attend", "Big dog.", "--model", "nothing"], "nothing"),
        (["translate", "--alignments", "--nbest", "2", "Big dog."], "leave out --nbest"),
    ],
)
def test_what_attend_cannot_do_is_one_line(trained, arguments, message):
    done = run_nmt(trained, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_alignments_stand_beside_each_line(trained):
    done = run_nmt(trained, "translate", "--alignments", stdin="Not big dog.\n\nRed cat.\n")
    first, blank, last = done.stdout.splitlines()
    assert blank == "\t"
    assert first.split("\t")[0] == run_nmt(trained, "translate", "Not big dog.").stdout.strip()
    assert {"0-1", "1-0", "2-2"} <= set(first.split("\t")[1].split())
    assert last == "Rugha kato.\t0-0 1-1"
    (line,) = run_nmt(trained, "translate", "--alignments", "--json", "Red cat.").stdout.splitlines()
    assert json.loads(line)["alignment"] == [[0, 0], [1, 1]]


def test_score_reads_pairs_from_a_pipe_or_two_files(trained):
    pairs = [("Big dog.", "Granda hundo."), ("Big dog.", "Eta kato."), ("", "")]
    piped = run_nmt(trained, "score", stdin="".join(f"{source}\t{target}\tmore\n" for source, target in pairs))
    assert piped.returncode == 0, piped.stderr
    assert "3 pairs" in piped.stderr
    figures = [[float(value) for value in line.split("\t")] for line in piped.stdout.splitlines()]
    assert len(figures) == 3
    assert figures[0][0] > figures[1][0]
    (trained / "s.txt").write_text("".join(f"{source}\n" for source, _ in pairs))
    (trained / "t.txt").write_text("".join(f"{target}\n" for _, target in pairs))
    filed = run_nmt(trained, "score", "--source", "s.txt", "--target", "t.txt", "--json")
    assert filed.returncode == 0, filed.stderr
    found = [json.loads(line) for line in filed.stdout.splitlines()]
    assert [one["log_prob"] for one in found] == pytest.approx([row[0] for row in figures], abs=1e-3)
    assert [one["tokens"] for one in found] == [row[1] for row in figures]


@pytest.mark.parametrize(
    ("arguments", "stdin", "message"),
    [
        ((), "Big dog.\tGranda hundo.\nno tab\n", "line 2: no tab"),
        (("--source", "toy.tsv"), "", "belong together"),
        (("--source", "toy.tsv", "--target", "toy.yaml"), "", "same number of lines"),
        (("--source", "nowhere", "--target", "toy.yaml"), "", "nowhere: no such file"),
    ],
)
def test_score_says_what_is_wrong_in_one_line(trained, arguments, stdin, message):
    done = run_nmt(trained, "score", *arguments, stdin=stdin)
    assert done.returncode in (1, 2)
    errors = [line for line in done.stderr.splitlines() if line.startswith("error:")]
    assert len(errors) == 1
    assert message in errors[0]
    assert "Traceback" not in done.stderr


def test_average_makes_a_run_that_translates(trained, tmp_path):
    done = run_nmt(trained, "average", "--last", "2", "--output", "runs/averaged", "--model", "runs/toy")
    assert done.returncode == 0, done.stderr
    assert "the mean of" in done.stdout
    assert run_nmt(trained, "average", "-o", "runs/averaged").stderr.startswith("error: runs/averaged exists")
    evaluated = run_nmt(trained, "eval", "--model", "runs/averaged", "--json")
    assert evaluated.returncode == 0, evaluated.stderr
    assert json.loads(evaluated.stdout)["bleu"]["score"] > 50
    too_many = run_nmt(trained, "average", "--best", "99", "-o", str(tmp_path / "x"), "--model", "runs/toy")
    assert too_many.returncode == 2
    assert "99 are asked for" in too_many.stderr
    shutil.rmtree(trained / "runs" / "averaged")


def test_invalid_bytes_in_a_pipe_are_replaced_or_said(trained):
    lines = b"Big dog.\nRed \xff cat.\r\n\xef\xbb\xbfOne.\n"
    replaced = run_nmt(trained, "translate", "--model", "runs/toy", stdin=lines)
    assert replaced.returncode == 0, replaced.stderr
    assert len(replaced.stdout.splitlines()) == 3
    failed = run_nmt(trained, "translate", "--model", "runs/toy", "--on-error", "fail", stdin=lines)
    assert failed.returncode != 0
    assert "error: line 2: not UTF-8" in failed.stderr
    assert "expected replace or fail" in run_nmt(trained, "translate", "--on-error", "x", stdin=b"").stderr


def test_a_long_line_is_one_line_with_a_word_about_it(trained):
    long = "Big dog sees one red cat. " * 300
    done = run_nmt(trained, "translate", "--model", "runs/toy", "--alignments", stdin=f"Big dog.\n{long}\nRed cat.\n")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 3
    assert lines[1].count("hundo") == 300
    assert "line 2 is long: translated in" in done.stderr
    translation, links = lines[1].split("\t")
    pairs = [link.split("-") for link in links.split()]
    assert {int(target) for _, target in pairs} <= set(range(len(translation.split())))
    assert max(int(source) for source, _ in pairs) == len(long.split()) - 1


def test_sentences_of_a_line_are_translated_one_by_one_without_a_word(trained):
    done = nmt_here(trained, "translate", "--alignments", "Big dog. Red cat.", "", "Blue tree.")
    assert (done.code, done.err) == (0, "")
    first, blank, last = done.out.splitlines()
    assert first == "Granda hundo. Rugha kato.\t0-0 1-1 2-2 3-3"
    assert (blank, last) == ("\t", "Blua arbo.\t0-0 1-1")  # each line has the same columns
    (line,) = nmt_here(trained, "translate", "--json", "Big dog. Red cat.").out.splitlines()
    assert json.loads(line)["parts"] == 2
    assert json.loads(line)["translation"] == "Granda hundo. Rugha kato."


@pytest.mark.parametrize(("value", "parts"), [("off", 1), ("on", 2), ("auto", 2), ("false", 1), ("true", 2)])
def test_cutting_lines_is_switched_on_and_off_in_the_words_of_yaml(trained, value, parts):
    wish = f"decoding.split_sentences={value}"
    done = nmt_here(trained, "translate", "--json", "--set", wish, "Big dog. Red cat.")
    assert json.loads(done.out)["parts"] == parts


def test_attend_shows_a_line_in_parts_as_one(trained, tmp_path):
    done = nmt_here(trained, "attend", "Big dog. Red cat.", "--output", str(tmp_path / "map.json"))
    assert done.code == 0, done.err
    shown = json.loads((tmp_path / "map.json").read_text(encoding="utf-8"))
    assert shown["target"] == ["Granda", "hundo.", "Rugha", "kato.", "</s>"]
    assert shown["source"] == ["Big", "dog.", "Red", "cat.", "</s>"]
    assert all(weight < 0.001 for row in shown["weights"][:2] for weight in row[2:4])


def test_two_models_translate_as_one_and_must_share_a_tokenizer(trained, tmp_path):
    checkpoints = sorted(str(path) for path in (trained / "runs" / "toy" / "checkpoints").iterdir())[-2:]
    models = [argument for path in checkpoints for argument in ("--model", path)]
    done = run_nmt(trained, "eval", *models, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["bleu"]["score"] > 70
    assert " + " in json.loads(done.stdout)["model"]
    translated = run_nmt(trained, "translate", *models, "--alignments", stdin="Big dog.\n\nRed cat.\n")
    assert [line.partition("\t")[0] for line in translated.stdout.splitlines()] == ["Granda hundo.", "", "Rugha kato."]
    other = shutil.copytree(trained / "runs" / "toy", tmp_path / "other")
    info = json.loads((other / "tokenizer" / "tokenizer.json").read_text(encoding="utf-8"))
    info["normalise"]["lowercase"] = not info["normalise"]["lowercase"]
    (other / "tokenizer" / "tokenizer.json").write_text(json.dumps(info), encoding="utf-8")
    refused = run_nmt(trained, "translate", *models[:2], "--model", str(other), "Big dog.")
    assert refused.returncode != 0
    assert "another tokenizer" in refused.stderr


def test_sampling_and_minimum_bayes_risk_from_the_command_line(trained):
    drawn = run_nmt(trained, "translate", "--model", "runs/toy", "--sample", "--nbest", "4", "--seed", "3", "Big dog.")
    assert drawn.returncode == 0, drawn.stderr
    assert len(drawn.stdout.splitlines()) == 4
    again = run_nmt(trained, "translate", "--model", "runs/toy", "--sample", "--nbest", "4", "--seed", "3", "Big dog.")
    assert again.stdout == drawn.stdout
    for options in (("--mbr", "5"), ("--sample", "--mbr", "12", "--temperature", "0.5")):
        chosen = run_nmt(trained, "translate", "--model", "runs/toy", *options, stdin="Big dog.\n\nRed cat.\n")
        assert chosen.stdout.splitlines() == ["Granda hundo.", "", "Rugha kato."], chosen.stderr
    for wrong in (("--mbr", "9"), ("--mbr", "2", "--nbest", "2"), ("--sample", "--temperature", "0")):
        refused = run_nmt(trained, "translate", "--model", "runs/toy", *wrong, "Big dog.")
        assert refused.returncode == 2
        assert refused.stderr.startswith("error: ")
        assert len(refused.stderr.splitlines()) == 1
