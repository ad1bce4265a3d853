"""Made-up pairs: right answers, the same ones each time, and through the whole of prepare."""

from __future__ import annotations

from datetime import date

import pytest

from nmt_attn.config.loading import load_config
from nmt_attn.config.schema import Config, SyntheticConfig
from nmt_attn.corpus.manifest import settings_hash
from nmt_attn.corpus.prepare import is_current, prepare
from nmt_attn.corpus.synthetic import DATE_FORMS, MONTHS, generate


def made(kind: str, **settings: int) -> list[tuple[str, str]]:
    return [(pair.source, pair.target) for pair in generate(SyntheticConfig(kind=kind, **settings))]


@pytest.mark.parametrize("kind", ["dates", "addition", "reverse"])
def test_a_seed_makes_the_same_pairs_each_time(kind):
    pairs = made(kind, pairs=50)
    assert len(pairs) == 50
    assert pairs == made(kind, pairs=50)
    assert pairs != made(kind, pairs=50, seed=2)


def test_a_written_date_and_its_iso_form_name_the_same_day():
    pairs = made("dates", pairs=2000)
    for written, iso in pairs:
        day = date.fromisoformat(iso)
        assert 1950 <= day.year <= 2049
        assert str(day.day) in written
        year = str(day.year) if str(day.year) in written else f"{day.year % 100:02}"
        assert written.endswith(year)
        name = MONTHS[day.month - 1].lower()
        assert name[:3] in written.lower() or str(day.month) in written
    assert len({"".join("9" if c.isdigit() else "a" if c.isalpha() else c for c in one) for one, _ in pairs}) > len(
        DATE_FORMS
    )


def test_sums_are_right_and_of_equal_width():
    for written, total in made("addition", pairs=500, min_length=1, max_length=3):
        first, second = written.split("+")
        assert len(first) == len(second) == 3
        assert int(first) + int(second) == int(total)


def test_letters_come_back_in_reverse():
    pairs = made("reverse", pairs=500, min_length=2, max_length=5)
    assert all(source == target[::-1] for source, target in pairs)
    assert {len(source) for source, _ in pairs} == {2, 3, 4, 5}


@pytest.mark.parametrize("kind", ["dates", "addition", "reverse"])
def test_they_are_prepared_like_a_corpus_and_made_anew_when_it_changes(kind, tmp_path):
    def configure(**changes: object) -> Config:
        return Config.model_validate(
            {
                "data": {
                    "synthetic": {"kind": kind, "pairs": 400, "min_length": 3, **changes},
                    "directory": str(tmp_path / "data"),
                    "split": {"valid": 20, "test": 30},
                    "tokenizer": {"kind": "char", "joint": False},
                }
            }
        )

    data = prepare(configure()).data
    manifest = data.manifest
    assert manifest.inputs == []
    assert manifest.pairs_read == 400
    sizes = manifest.splits
    assert sizes.train.pairs + sizes.valid.pairs + sizes.test.pairs + sum(manifest.dropped.values()) == 400
    train = set((data.directory / "train.target").read_text("utf-8").splitlines())
    assert not train & {reference for some in data.held_out("test").references for reference in some}
    assert is_current(configure())
    assert not is_current(configure(seed=2))


@pytest.mark.parametrize(
    ("sets", "settings"),
    [
        ([], "38431c20c039d02bb4d3675802169a84e67120a74e52f7bd8479ad2a1267198b"),
        (["data.task=dates"], "6e95425996db52ac3914d171e65ad2764fcaf4305cdde2e37c0c2c7053c188d0"),
        (["data.synthetic=dates"], "6e95425996db52ac3914d171e65ad2764fcaf4305cdde2e37c0c2c7053c188d0"),
        (
            ["data.synthetic.kind=reverse", "data.synthetic.pairs=300", "data.split.valid=20", "data.split.test=20",
             "data.tokenizer.kind=char"],
            "7f76f8706d7c8bc62924ae38e246f9400d4c527a87aa43796d7b3c9b320a969e",
        ),
    ],
)  # fmt: skip
def test_data_prepared_when_the_key_had_its_old_name_is_not_stale(sets, settings):
    """The hashes are those that the last version with ``data.task`` wrote into its manifests."""
    assert settings_hash(load_config(None, sets)) == settings
