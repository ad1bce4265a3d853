"""A small corpus of our own, and a configuration that prepares it in a moment, as fixtures."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from nmt_attn.config.schema import Config

_WHO = [("The cook", "Le cuisinier"), ("My aunt", "Ma tante"), ("Our guide", "Notre guide"), ("The judge", "Le juge"),
        ("A painter", "Un peintre"), ("The pilot", "Le pilote"), ("Her cousin", "Sa cousine"),
        ("The nurse", "L’infirmière")]  # fmt: skip
_DOES = [("washes", "lave"), ("sells", "vend"), ("hides", "cache"), ("finds", "trouve"), ("takes", "prend")]
_WHAT = [("the lamp", "la lampe"), ("a hat", "un chapeau"), ("the boots", "les bottes"), ("two cups", "deux tasses"),
         ("the map", "la carte"), ("a basket", "un panier"), ("the ladder", "l’échelle")]  # fmt: skip


def _pairs() -> list[tuple[str, str]]:
    """280 sentences, every fourth with a second translation."""
    pairs = []
    for number, (who, does, what) in enumerate(product(_WHO, _DOES, _WHAT)):
        source = f"{who[0]} {does[0]} {what[0]}."
        pairs.append((source, f"{who[1]} {does[1]} {what[1]}."))
        if number % 4 == 0:
            pairs.append((source, f"{what[1].capitalize()}, {who[1].lower()} {does[1]} ça\u202f!"))
    return pairs


@pytest.fixture
def pairs() -> list[tuple[str, str]]:
    return _pairs()


@pytest.fixture
def corpus(tmp_path: Path, pairs: list[tuple[str, str]]) -> Path:
    path = tmp_path / "corpus.tsv"
    path.write_text("".join(f"{source}\t{target}\tours\n" for source, target in pairs), encoding="utf-8")
    return path


@pytest.fixture
def configure(tmp_path: Path, corpus: Path) -> Callable[..., Config]:
    """Make a configuration; arguments are sections of ``data``."""

    def make(name: str = "small", **data: Any) -> Config:
        sections: dict[str, Any] = {
            "directory": tmp_path / "data" / "small",
            "corpus": {"path": corpus},
            "split": {"valid": 20, "test": 30},
            "tokenizer": {"kind": "bpe", "vocab_size": 120, "character_coverage": 1.0},
        }
        for section, values in data.items():
            known = sections.get(section)
            sections[section] = {**known, **values} if isinstance(known, dict) and values is not None else values
        if sections.get("parallel") is not None:
            sections["corpus"] = {}
        return Config.model_validate({"name": name, "data": sections})

    return make
