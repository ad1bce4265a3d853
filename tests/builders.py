"""Small made-up corpora of kinds on which scores behave differently, and files of them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

Pairs = list[tuple[str, str]]

ENGLISH = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
FRENCH = ["zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf"]
CHINESE = "零一二三四五六七八九"
PLACES = ("", "十", "百", "千")
CYRILLIC = dict(zip("bvgdzklmnprstfaeiou", "бвгдзклмнпрстфаеиоу", strict=True))


def three_digits(count: int, seed: int = 1) -> Pairs:
    """Three words for a single hyphenated one: ``six-five-five`` to ``six cinq cinq``."""
    chosen = random.Random(seed).sample([f"{number:03d}" for number in range(1000)], count)
    return [("-".join(ENGLISH[int(d)] for d in digits), " ".join(FRENCH[int(d)] for d in digits)) for digits in chosen]


def transliterations(count: int, seed: int = 1) -> Pairs:
    """One word for one word, letter by letter from Latin to Cyrillic: ``bago`` to ``баго``."""
    generator = random.Random(seed)
    words: dict[str, None] = {}
    while len(words) < count:
        syllables = generator.randint(2, 4)
        words["".join(generator.choice("bvgdzklmnprstf") + generator.choice("aeiou") for _ in range(syllables))] = None
    return [(word, "".join(CYRILLIC[letter] for letter in word)) for word in words]


def chinese_numbers(count: int, seed: int = 1) -> Pairs:
    """Numbers in figures, and as they are written in Chinese: ``3405`` to ``三千四百零五``."""
    chosen = random.Random(seed).sample(range(1, 10_000), count)
    return [(str(number), in_chinese(number)) for number in chosen]


def in_chinese(number: int) -> str:
    """A number below 10,000; nothing is said of zeros at the end, and one 零 for those in a row."""
    digits, text = str(number), ""
    for place, digit in zip(range(len(digits) - 1, -1, -1), digits, strict=True):
        if digit == "0":
            text += "" if text.endswith("零") else "零"
        else:
            text += CHINESE[int(digit)] + PLACES[place]
    return text.rstrip("零")


def write_parallel(folder: Path, pairs: Sequence[tuple[str, str]], *, valid: int, test: int) -> list[str]:
    """Write pairs as the six files of ``data.parallel``; the values of ``--set`` that name them."""
    parts = {"valid": pairs[:valid], "test": pairs[valid : valid + test], "train": pairs[valid + test :]}
    for name, part in parts.items():
        for side, texts in zip(("source", "target"), zip(*part, strict=True), strict=True):
            (folder / f"{name}.{side}").write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    return [f"data.parallel.{name}={{source: {name}.source, target: {name}.target}}" for name in parts]
