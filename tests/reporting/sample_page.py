"""Made-up contents of a page: several scripts, long words, an empty translation, and texts that try to be code."""

from __future__ import annotations

import random
from collections.abc import Sequence

from nmt_attn.reporting.page_contents import (
    AttentionMap,
    Card,
    Code,
    Column,
    Curve,
    Output,
    PageContents,
    Plot,
    Section,
    SentenceRow,
    Table,
    TreeNode,
    View,
    Word,
)

HOSTILE = "<script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">&amp;\u2028"

SOURCES = [
    "The quiet owl watches the garden.", "Où est la clé ?", "كيف حالك اليوم؟", "猫は庭で寝ています。",
    "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen", "🙂 says hello.", HOSTILE,
]  # fmt: skip


def output(text: str, draw: random.Random, *, exact: bool = False) -> Output:
    words = [
        Word(word, place > 0, exact or draw.random() > 0.3, round(draw.random(), 2))
        for place, word in enumerate(text.split(" "))
        if word
    ]
    return Output(words, 100.0 if exact else round(100 * draw.random(), 1), exact)


def sentences(count: int, systems: int = 1) -> list[SentenceRow]:
    draw = random.Random(1)
    rows = []
    for number in range(1, count + 1):
        source = SOURCES[number % len(SOURCES)] if number < 50 else f"Line {number} of the {draw.choice(SOURCES[:2])}"
        outputs = [
            output("" if number == 3 else f"zeile {number} {source}", draw, exact=number % 5 == 0)
            for _ in range(systems)
        ]
        tags = [tag for tag in ("number", "question", "rare word", "repeats") if draw.random() > 0.7]
        rows.append(SentenceRow(number, source, [f"Zeile {number}", "another"][: 1 + number % 2], outputs, tags))
    return rows


def attention_map(number: int, source: Sequence[str], target: Sequence[str]) -> AttentionMap:
    draw = random.Random(number)
    weights = []
    for _ in target:
        row = [draw.random() ** 4 for _ in source]
        weights.append([weight / sum(row) for weight in row])
    tree = [
        TreeNode(-1, "eine", 0.7, -0.4, "chosen"), TreeNode(-1, "die", 0.2, -1.6, "dropped"),
        TreeNode(0, " eule", 0.9, -0.5, "chosen"), TreeNode(0, HOSTILE, 0.1, -2.7, "dropped"),
        TreeNode(2, "", 0.95, -0.55, "chosen"),
    ]  # fmt: skip
    return AttentionMap(number, "worst by chrF", source, target, weights, [0.9 for _ in target], tree)


def contents(count: int = 60, systems: Sequence[str] = ("night-owl",)) -> PageContents:
    steps = [float(step) for step in range(20, 20 * 1000, 20)]
    loss = Curve("training", steps, [7 / (1 + step / 500) for step in steps])
    plot = Plot("Loss", "nats a token", [View("by step", "step", [loss]), View("by time", "minutes", [loss])])
    diagonal = Curve("$night_owl$ <b>", [0.1, 0.5, 0.9], [0.2, 0.4, 0.95])
    by_words = View("words", "p", [diagonal])
    table = Table(
        "Parts", [Column("part"), Column("sentences"), Column("chrF", 1, bar=True)],
        [["short", 12, 61.25], [HOSTILE, None, 0.0], ["long", 1234, 30.0]], "A note.",
    )  # fmt: skip
    maps = [
        attention_map(3, ["the", " owl", "</s>"], ["eine", " eule", ".", "</s>"]),
        attention_map(4, [f" w{place}" for place in range(30)], [f" z{place}" for place in range(25)]),
        AttentionMap(5, "best", ["a", "</s>"], ["b", "</s>"], [], [0.5, 0.9]),
    ]
    return PageContents(
        title=f"{systems[0]} {HOSTILE}",
        subtitle=f"on test, {HOSTILE}",
        systems=list(systems),
        cards=[Card("BLEU", "39.4", "38.2 to 40.6", "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0")],
        sections=[
            Section("training", "Training", "How it went.", [table, plot]),
            Section("words", "Words", "", [Plot("Calibration", "right", [by_words], "calibration")]),
            Section("configuration", "Configuration", "", [Code("Everything", f"name: {HOSTILE}\nseed: 1\n")]),
        ],
        sentences=sentences(count, len(systems)),
        attention=maps,
        languages=("en", "de"),
        footer="nmt",
        notes=[f"Fewer than 100 sentences {HOSTILE}"],
    )  # fmt: skip
