"""Whatever a corpus file holds: prepared data whose counts add up to the lines read, or one line of what is wrong."""

from __future__ import annotations

import gzip
import io
import random
import unicodedata
import zipfile
from pathlib import Path

import pytest
from rich.console import Console

from nmt_attn.config.schema import Config, DataConfig
from nmt_attn.corpus.clean import Cleaner
from nmt_attn.corpus.dataset import Dataset
from nmt_attn.corpus.gathering import CorpusSplits, gather
from nmt_attn.corpus.prepare import prepare
from nmt_attn.corpus.read import read_pairs
from nmt_attn.corpus.workplace import workplace
from nmt_attn.errors import UserError
from nmt_attn.reporting.preparation import summary
from nmt_attn.text.normalise import Normaliser

WORDS = ["the", "cat", "Sees", "42", "a", "naïve", "œuvre", "Größe", "дом", "猫", "हिन्दी", "بيت", "שלום", "👩‍🚀",
         "e\u0301", "ﬁn", "İ", "ß", "<s>", "</s>", "<unk>", "<pad>", "▁", "⁇", "\\n", "%s", "NULL", "=1+1"]  # fmt: skip

# Characters that break readers: controls, separators, marks of byte order and direction, halves of pairs, no character.
STRANGE = ["\x00", "\x01", "\x07", "\x08", "\x0b", "\x0c", "\x1a", "\x1b[2J", "\x1c", "\x1d", "\x1e", "\x1f", "\x7f",
           "\x85", "\xa0", "\xad", "\u0085", "\u200b", "\u200d", "\u200e", "\u2028", "\u2029", "\u202e", "\u3000",
           "\ufeff", "\ufffd", "\ufffe", "\uffff", "\ue000", "\U000e0001", "\U0010ffff", "\u0300" * 30, "\r", "\r\r",
           "'", '"', "''''", "x" * 3000, " " * 500]  # fmt: skip
BYTES = [b"\xff", b"\xfe\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80", b"\x80", b"caf\xe9", b"\x00\xd8"]


def text(generator: random.Random) -> str:
    words = generator.choices(WORDS, k=generator.choice([1, 2, 3, 5, 8] * 3 + [0, 90]))
    if generator.random() < 0.7:  # else most lines would be translations of each other
        words.append(str(generator.randrange(1000)))
    if generator.random() < 0.2:
        words.insert(generator.randrange(len(words) + 1), generator.choice(STRANGE))
    return generator.choice([" ", " ", " ", "  ", ""]).join(words)


def line(generator: random.Random, columns: list[int]) -> str:
    if generator.random() < 0.05:
        return generator.choice(["", " ", "\t", " \t \t ", "\ufeff", "\u3000"])
    return "\t".join(text(generator) for _ in range(generator.choice(columns)))


def lines_of(generator: random.Random, columns: list[int], *, fine: bool = False) -> bytes:
    """A file of one kind of line end, or of several; most decode, some do not (``fine``: all do)."""
    known = [line(generator, columns) for _ in range(generator.choice([0, 1, 5, 12, 20, 30, 40, 40, 40]))]
    known += generator.choices(known, k=generator.randrange(4)) if known else []
    ends = generator.choice([["\n"], ["\n"], ["\r\n"], ["\n", "\r\n"], ["\r"]])
    content = "".join(one + generator.choice(ends) for one in known)
    if generator.random() < 0.3:
        content = content.rstrip("\r\n")
    usual, others = ["utf-8"] * 20 + ["utf-8-sig"] * 8, ["utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252"]
    encoding = generator.choice(usual if fine else [*usual, *others])
    raw = content.encode(encoding, "replace" if encoding in ("latin-1", "cp1252") else "surrogatepass")
    if generator.random() < 0.05 and not fine:
        place = generator.randrange(len(raw) + 1)
        raw = raw[:place] + generator.choice(BYTES) + raw[place:]
    return raw


def content_of(generator: random.Random) -> bytes:
    kind = generator.random()
    if kind < 0.05:
        return generator.randbytes(generator.randrange(300))
    columns = [2] if kind < 0.6 else [2, 2, 2, 2, 3] if kind < 0.9 else [1, 2, 3, 4]
    return lines_of(generator, columns)


def packed(raw: bytes, suffix: str) -> bytes:
    if suffix.endswith(".gz"):
        return gzip.compress(raw, 1)
    if suffix != ".zip":
        return raw
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("pairs.tsv", raw)
    return buffer.getvalue()


def count_lines(raw: bytes) -> int:
    """As ``wc -l`` does it, and one more where the last line has no end; by CR where there is no LF at all."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raw = raw.decode("utf-32" if raw[2:4] == b"\0\0" else "utf-16", "replace").encode("utf-8", "replace")
    end = b"\n" if b"\n" in raw else b"\r"
    return raw.count(end) + (raw.removeprefix(b"\xef\xbb\xbf")[-1:] not in (b"", end))


def settings(generator: random.Random) -> dict[str, object]:
    """What is done to the lines."""
    return {
        "normalise": {
            "unicode": generator.choice(["nfc", "nfkc", "none"]),
            "quotes": generator.random() < 0.5,
            "lowercase": generator.random() < 0.5,
            "ascii_fold": generator.random() < 0.3,
            "punctuation": generator.choice(["keep", "split", "basic"]),
        },
        "filter": {
            "max_words": generator.choice([1, 4, *[80] * 6, 1_000_000]),
            "max_characters": generator.choice([20, *[1000] * 6, 1_000_000]),
            "max_length_ratio": generator.choice([1.0, 4.0, 4.0, 1e6]),
            "identical": generator.random() < 0.5,
            "duplicates": generator.random() < 0.5,
        },
        "split": {"valid": generator.choice([1, 1, 2]), "test": generator.choice([1, 1, 3])},
    }


def one_file(folder: Path, generator: random.Random) -> tuple[dict[str, object], int]:
    """A file of pairs: its section of the configuration, and how many lines there are to read."""
    raw = content_of(generator)
    suffix = generator.choice([".tsv", ".tsv", ".txt", ".tsv.gz", ".zip"])
    path = folder / f"corpus{suffix}"
    path.write_bytes(packed(raw, suffix))
    most = generator.choice([None, None, None, 1, 7])
    count = count_lines(raw)
    return {"corpus": {"path": path, "max_pairs": most}}, count if most is None else min(most, count)


def parallel_files(folder: Path, generator: random.Random) -> tuple[dict[str, object], int]:
    """Files that are split already, mostly of equal lengths: one line for each target file is read."""
    sections, count = {}, 0
    for part in ("train", "valid", "test"):
        references = 1 if part == "train" else generator.choice([1, 2])
        fine = generator.random() < 0.9
        first = [lines_of(generator, [1], fine=fine) for _ in range(1 + references)]
        length = min(count_lines(raw) for raw in first)
        if generator.random() < 0.9:
            first = [b"\n".join(raw.split(b"\n")[:length]) + b"\n" for raw in first] if length else first
        paths = []
        for number, raw in enumerate(first):
            paths.append(folder / f"{part}.{number}")
            paths[-1].write_bytes(raw)
        sections[part] = {"source": paths[0], "target": paths[1:]}
        count += count_lines(first[0]) * references
    return {"parallel": sections}, count


def check_material(material: CorpusSplits, lines: int) -> None:
    """Nothing is lost without a word, and what is kept is fit for a line of text."""
    kept = [*material.train, *(pair for held in (material.valid, material.test) for one in held for pair in one.pairs)]
    assert material.pairs_read == lines
    assert len(kept) + sum(material.dropped.values()) == lines
    for pair in kept:
        for side in (pair.raw.source, pair.raw.target, pair.normalised.source, pair.normalised.target):
            assert side == side.strip() != ""
            assert not any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in side)


def check_cleaning(data: DataConfig, lines: int) -> None:
    """The same before the split, which refuses a corpus that is too small for it."""
    if data.corpus.path is None:
        return
    cleaner = Cleaner(data.filter, Normaliser(data.normalise))
    kept = sum(1 for _ in cleaner.clean(read_pairs(data.corpus.path, max_pairs=data.corpus.max_pairs)))
    assert kept + sum(cleaner.drops.values()) == lines


def check_message(error: UserError) -> None:
    assert str(error).isprintable(), repr(error)
    assert len(str(error)) < 1000


def check_gathering(folder: Path, count: int, seed: int) -> int:
    """Read, clean and split ``count`` corpora; how many of them could be."""
    usable = 0
    for number in range(count):
        generator = random.Random(f"{seed} {number}")
        make = parallel_files if number % 5 == 4 else one_file
        section, lines = make(folder, generator)
        config = Config.model_validate({"data": {**section, **settings(generator)}})
        try:
            check_cleaning(config.data, lines)
            with workplace(folder / "data", [], f"{seed} {number}", processes=1) as work:
                check_material(gather(config.data, work), lines)
            usable += 1
        except UserError as error:
            check_message(error)
        except Exception as error:
            raise AssertionError(f"corpus {number} of seed {seed}: {type(error).__name__}: {error}") from error
    return usable


def test_any_corpus_adds_up_or_is_refused_in_one_line(tmp_path: Path) -> None:
    assert 40 < check_gathering(tmp_path, 300, seed=1) < 240  # neither is the rule


@pytest.mark.slow
def test_any_of_10_000_corpora_adds_up_or_is_refused_in_one_line(tmp_path: Path) -> None:
    assert 1500 < check_gathering(tmp_path, 10_000, seed=2) < 8000


def check_preparing(folder: Path, count: int, seed: int) -> int:
    """The same with tokenizer, store, manifest and the summary that is shown."""
    usable = 0
    for number in range(count):
        generator = random.Random(f"{seed} {number}")
        section, lines = one_file(folder, generator)
        tokenizer = {"kind": generator.choice(["char", "word", "bpe", "unigram"]), "joint": generator.random() < 0.5,
                     "vocab_size": generator.choice([40, 100, 300])}  # fmt: skip
        data = {**section, **settings(generator), "tokenizer": tokenizer, "directory": folder / "data"}
        try:
            prepared = prepare(Config.model_validate({"data": data}), force=True).data
        except UserError as error:
            check_message(error)
            continue
        except Exception as error:
            raise AssertionError(f"corpus {number} of seed {seed}: {type(error).__name__}: {error}") from error
        usable += 1
        manifest, parts = prepared.manifest, prepared.manifest.splits
        kept = [parts.train.pairs, parts.valid.pairs, parts.test.pairs]
        assert manifest.pairs_read == lines == sum(kept) + sum(manifest.dropped.values())
        assert [len(prepared.pairs(name)) for name in ("train", "valid", "test")] == kept
        assert [len(prepared.held_out(name)) for name in ("valid", "test")] == [
            parts.valid.sentences, parts.test.sentences,
        ]  # fmt: skip
        check_summary(prepared, sum(kept))
    return usable


def check_summary(prepared: Dataset, kept: int) -> None:
    """What is shown says the same as the manifest: what was read, less what was dropped, is what was kept."""
    shown = io.StringIO()
    Console(file=shown, width=200).print(summary(prepared))
    rows = [row.split("  ") for row in shown.getvalue().splitlines()]
    figures = [int(cell) for row in rows[1:] for cell in row[1:] if cell.strip().lstrip("-").isdecimal()][:10]
    assert sum(figures[:-1]) == figures[-1] == kept


def test_any_corpus_is_prepared_or_refused(tmp_path: Path) -> None:
    assert check_preparing(tmp_path, 150, seed=3) >= 15


@pytest.mark.slow
def test_any_of_500_corpora_is_prepared_or_refused(tmp_path: Path) -> None:
    assert check_preparing(tmp_path, 500, seed=4) >= 50
