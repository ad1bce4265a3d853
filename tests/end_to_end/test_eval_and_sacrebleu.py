"""``nmt eval`` gives the numbers that the program ``sacrebleu`` gives for the same files."""

from __future__ import annotations

import importlib.util
import json
import os
import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.in_process import nmt_here

WORDS = [
    "a",
    "big",
    "red",
    "cat,",
    "the",
    "small",
    "dog!",
    "saw",
    "(it)",
    "3.5",
    "houses;",
    "what?",
    *"猫が犬を見고양이는집에",
]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made-up translations, two references of which the second is missing here and there."""
    folder, draw = tmp_path_factory.mktemp("hypotheses"), random.Random(7)
    references = [[draw.choice(WORDS) for _ in range(draw.randint(1, 20))] for _ in range(60)]
    hypotheses = [[word for word in line if draw.random() > 0.25] for line in references]
    hypotheses[5], hypotheses[6] = [], references[6]
    others = [list(reversed(line)) if draw.random() > 0.3 else [] for line in references]
    filled = [other or line for other, line in zip(others, references, strict=True)]
    files = (("out", hypotheses), ("ref0", references), ("ref1", others), ("filled1", filled))
    for name, lines in files:
        (folder / name).write_text("".join(" ".join(line) + "\n" for line in lines), encoding="utf-8")
    return folder


def sacrebleu(folder: Path, *arguments: str, output: str = "out") -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "sacrebleu", *arguments, "--force", "-f", "json", "-w", "6"],
        cwd=folder, input=(folder / output).read_bytes(), capture_output=True, check=True,
        env={**os.environ, "SACREBLEU_SEED": "12345"},
    )  # fmt: skip
    return json.loads(done.stdout)


def evaluated(folder: Path, *arguments: str) -> dict[str, Any]:
    done = nmt_here(folder, "eval", *arguments, "--json")
    assert done.code == 0, done.err
    values: dict[str, Any] = json.loads(done.out)
    return values


def tokenizers() -> Sequence[str]:
    mecab = {"ja-mecab": "MeCab", "ko-mecab": "mecab_ko"}
    return ["13a", "intl", "zh", "char", "none", *(name for name, module in mecab.items() if _there(module))]


def _there(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


@pytest.mark.parametrize("tokenizer", tokenizers())
@pytest.mark.parametrize("references", [["ref0"], ["ref0", "ref1"], ["ref0", "filled1"]])
def test_bleu_is_that_of_the_program_sacrebleu(files, tokenizer, references):
    """For which an empty line is a reference, unlike for us; where one is missing another may stand twice."""
    given = [name.replace("ref1", "filled1") for name in references]
    theirs = sacrebleu(files, *given, "-m", "bleu", "--tokenize", tokenizer)
    named = [part for name in references for part in ("--reference", name)]
    ours = evaluated(files, "--hypothesis", "out", *named, "--tokenize", tokenizer)
    assert ours["bleu"]["score"] == pytest.approx(theirs["score"], abs=0.0051)
    assert ours["sentences"] == 60
    without_samples = ours["bleu"]["signature"].replace("bs:1000|seed:12345|", "")
    assert without_samples.replace("var", "2") == theirs["signature"]


@pytest.mark.parametrize("lowercase", [False, True])
def test_all_scores_and_intervals_are_those_of_the_program_sacrebleu(files, lowercase):
    more = ["-lc"] if lowercase else []
    theirs = sacrebleu(files, "ref0", "-m", "bleu", "chrf", "ter", "--confidence", *more)
    with_words = sacrebleu(files, "ref0", "-m", "chrf", "--confidence", "--chrf-word-order", "2", *more)
    ours = evaluated(files, "--hypothesis", "out", "--reference", "ref0", *(["--lowercase"] if lowercase else []))
    for name, found in zip(("bleu", "chrf", "ter", "chrf++"), [*theirs, with_words], strict=True):
        if name == "ter" and not lowercase:  # the program then lowercases all the same; see below
            continue
        middle, half = found["confidence_mean"], found["confidence_var"]
        assert ours[name]["score"] == pytest.approx(found["score"], abs=0.0051), name
        assert ours[name]["interval"] == pytest.approx([middle - half, middle + half], abs=0.0101), name
        said = found["signature"].replace("case:mixed", "case:lc") if lowercase else found["signature"]
        assert ours[name]["signature"] == said, name


def test_ter_is_that_of_the_program_sacrebleu(files):
    theirs = sacrebleu(files, "ref0", "-m", "ter", "--ter-case-sensitive")
    ours = evaluated(files, "--hypothesis", "out", "--reference", "ref0")
    assert ours["ter"]["score"] == pytest.approx(theirs["score"], abs=0.0051)


def test_the_output_of_an_evaluation_is_a_file_that_sacrebleu_scores_alike(trained):
    ours = evaluated(trained, "--output", "translations")
    theirs = sacrebleu(trained, "data/toy/test.reference.0", "-m", "bleu", "chrf", output="translations")
    assert [ours["bleu"]["score"], ours["chrf"]["score"]] == [
        pytest.approx(found["score"], abs=0.0051) for found in theirs
    ]
    again = evaluated(trained, "--hypothesis", "translations", "--reference", "data/toy/test.reference.0")
    assert {name: again[name] for name in ("bleu", "chrf", "chrf++", "ter", "exact", "length_ratio")} == {
        name: ours[name] for name in ("bleu", "chrf", "chrf++", "ter", "exact", "length_ratio")
    }


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--hypothesis", "out"], "--hypothesis needs --reference FILE"),
        (["--hypothesis", "out", "--reference", "ref0", "--beam", "2"], "--beam has no effect beside --hypothesis"),
        (["--hypothesis", "out", "--reference", "ref0", "--model", "x"], "--model has no effect beside --hypothesis"),
        (["--hypothesis", "out", "--reference", "ref0", "--source", "out"], "--source has no effect"),
        (["--hypothesis", "out", "--reference", "ref0", "--device", "cpu"], "--device has no effect"),
        (["--reference", "ref0", "--source", "out", "--lowercase"], "--lowercase has no effect without --hypothesis"),
        (["--hypothesis", "absent", "--reference", "ref0"], "absent"),
        (["--hypothesis", "out", "--reference", "short"], "out has 60 lines but short has 2"),
        (["--hypothesis", "out", "--reference", "blank"], "nothing to score, as each of its 60 lines is blank"),
        (["--hypothesis", "out", "--reference", "ref0", "--metric", "comte"], "--metric comte: must be comet"),
        (["--hypothesis", "out", "--reference", "ref0", "--metric", "comet"], "--metric comet needs --source FILE"),
        (
            ["--hypothesis", "out", "--reference", "ref0", "--set", "decoding.beam_size=2"],
            "has no effect on the scores",
        ),
    ],
)
def test_what_is_wrong_with_files_of_translations_is_said_in_a_line(files, arguments, words):
    (files / "short").write_text("a\nb\n", encoding="utf-8")
    (files / "blank").write_text("\n" * 60, encoding="utf-8")
    done = nmt_here(files, "eval", *arguments)
    assert done.code == 2
    assert words in done.error


def test_comet_is_asked_for_where_it_is_and_refused_where_it_is_not(files, monkeypatch):
    wish = ["--hypothesis", "out", "--reference", "ref0", "--source", "ref0", "--metric", "comet"]
    if importlib.util.find_spec("comet") is None:
        assert "COMET is not installed; pip install unbabel-comet" in nmt_here(files, "eval", *wish).error
    stand_in = files / "packages"
    stand_in.mkdir()
    (stand_in / "comet.py").write_text(
        "from types import SimpleNamespace\n"
        "def download_model(name, local_files_only=False):\n"
        "    if not local_files_only or name != 'Unbabel/wmt22-comet-da': raise KeyError(f'no {name} here')\n"
        "    return 'model.ckpt'\n"
        "class Model:\n"
        "    def predict(self, rows, **options):\n"
        "        same = [float(row['mt'] == row['ref'] == row['src']) for row in rows]\n"
        "        return SimpleNamespace(system_score=sum(same) / len(same))\n"
        "def load_from_checkpoint(path): return Model()\n"
    )
    monkeypatch.syspath_prepend(str(stand_in))
    pairs = zip((files / "out").read_text().split("\n"), (files / "ref0").read_text().split("\n"), strict=True)
    share = round(100 * (sum(one == other for one, other in pairs) - 1) / 60, 2)  # but for what follows the last line
    assert evaluated(files, *wish)["comet"] == {"score": share, "signature": "model:Unbabel/wmt22-comet-da"}
    assert "no other here" in nmt_here(files, "eval", *wish[:-1], "comet=other").error
