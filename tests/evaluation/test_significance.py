"""Tests of significance are those of the program ``sacrebleu``; and equal systems do not differ."""

from __future__ import annotations

import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

from nmt_attn.evaluation.scores import Scorer
from nmt_attn.evaluation.significance import paired_tests

WORDS = ["the", "big", "red", "cat", "dog", "sees", "a", "house", "."]


@pytest.fixture(scope="module")
def lines() -> dict[str, list[str]]:
    draw = random.Random(5)
    references = [" ".join(draw.choices(WORDS, k=draw.randint(4, 14))) for _ in range(80)]

    def spoiled(share: float) -> list[str]:
        return [" ".join(word for word in line.split() if draw.random() > share) for line in references]

    return {"reference": references, "first": spoiled(0.2), "second": spoiled(0.25), "third": spoiled(0.5)}


@pytest.mark.parametrize(("option", "field"), [("--paired-bs", "bootstrap"), ("--paired-ar", "randomisation")])
def test_p_values_are_those_of_the_program_sacrebleu(tmp_path: Path, lines, option, field):
    for name, texts in lines.items():
        (tmp_path / name).write_text("".join(f"{text}\n" for text in texts))
    command = [sys.executable, "-m", "sacrebleu", "reference", "-i", "first", "second", "third", "-m", "bleu", "chrf"]
    done = subprocess.run([*command, option, "-f", "latex"], cwd=tmp_path, capture_output=True, text=True, check=True)
    theirs = re.findall(
        r"(second|third) & ([0-9.]+) .*?\(p = ([0-9.]+)\).*? & ([0-9.]+) .*?\(p = ([0-9.]+)\)", done.stdout
    )
    systems = [lines[name] for name in ("first", "second", "third")]
    ours = paired_tests(Scorer(), systems, [[text] for text in lines["reference"]], ["BLEU", "chrF"])
    for (bleu, chrf), (_, *figures) in zip(ours, theirs, strict=True):
        found = [bleu.score, getattr(bleu, field), chrf.score, getattr(chrf, field)]
        for one, other, digits in zip(found, figures, (1, 4, 1, 4), strict=True):
            assert f"{one:.{digits}f}" == other
    assert ours[1][0].significant
    assert ours[1][0].difference < 0


def test_a_system_does_not_differ_from_itself(lines):
    ((bleu, chrf),) = paired_tests(
        Scorer(), [lines["first"], list(lines["first"])], [[text] for text in lines["reference"]], ["BLEU", "chrF"]
    )
    for result in (bleu, chrf):
        assert (result.difference, result.bootstrap, result.randomisation) == (0, 1, 1)
        assert not result.significant
