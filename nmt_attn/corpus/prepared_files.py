"""The files of prepared data: the splits as text, the token ids, the tokenizer, and the manifest that lists them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from nmt_attn.config.schema import Config
from nmt_attn.corpus.clean import CleanPair
from nmt_attn.corpus.dataset import SplitName
from nmt_attn.corpus.gathering import CorpusSplits, Sentence
from nmt_attn.corpus.inputs import sha256_of
from nmt_attn.corpus.manifest import (
    FORMAT,
    InputFile,
    Manifest,
    SideCounts,
    SplitCounts,
    Splits,
    Vocabulary,
)
from nmt_attn.corpus.store import PairStore, TokenStore
from nmt_attn.corpus.tokenised import Tokens
from nmt_attn.progress import Progress
from nmt_attn.text.lines import TrainingLines
from nmt_attn.text.tokenizer import Tokenizer
from nmt_attn.version import __version__

_ENCODED_AT_ONCE = 4096


def write_data(
    folder: Path, config: Config, inputs: list[InputFile], material: CorpusSplits, tokens: Tokens, settings: str
) -> None:
    """Fill ``folder`` with all that prepared data consists of."""
    tokens.text.move_into(folder)
    _write_held_out(folder, "valid", material.valid)
    _write_held_out(folder, "test", material.test)

    tokenizer, groups = tokens.tokenizer, material.groups or {}
    (folder / "store").mkdir()
    valid, test = _all_pairs(material.valid), _all_pairs(material.test)
    splits = Splits(
        train=_write_train(folder, tokens, groups.get("train")),
        valid=_write_store(folder, "valid", valid, tokenizer, len(material.valid), groups.get("valid")),
        test=_write_store(folder, "test", test, tokenizer, len(material.test), groups.get("test")),
    )
    lines = _training_lines(folder, config)
    replace(tokenizer, lines=lines).save(folder / "tokenizer")
    manifest = Manifest(
        format=FORMAT,
        nmt_version=__version__,
        source_lang=config.data.source_lang,
        target_lang=config.data.target_lang,
        settings=settings,
        inputs=inputs,
        pairs_read=material.pairs_read,
        dropped=material.dropped,
        html_entities=material.html_entities,
        notes=material.notes,
        splits=splits,
        known=material.known,
        lines=lines,
        vocabulary=Vocabulary(
            kind=tokenizer.kind,
            joint=tokenizer.joint,
            source_size=tokenizer.source_size,
            target_size=tokenizer.target_size,
        ),
        **written_files(folder),
    )
    manifest.save(folder)


def _training_lines(folder: Path, config: Config) -> TrainingLines:
    """Look at the source lines of the training part, whose text and store are written."""
    tokens = PairStore.open(folder / "store", "train").source.lengths
    step = TrainingLines.step(len(tokens))
    with (folder / "train.source").open("rb") as file:
        some = [line.removesuffix(b"\n").decode() for line in islice(file, 0, None, step)]
    return TrainingLines.of(some, tokens, config.data.source_lang)


def _all_pairs(sentences: Sequence[Sentence]) -> list[CleanPair]:
    return [pair for sentence in sentences for pair in sentence.pairs]


def _write_held_out(folder: Path, split: SplitName, sentences: Sequence[Sentence]) -> None:
    write_lines(folder / f"{split}.source", [sentence.source for sentence in sentences])
    # Where others have more references the first stands again: a program that scores by these files would count an
    # empty line as a reference, and one that it has seen before changes no score.
    most = max((len(sentence.references) for sentence in sentences), default=0)
    for number in range(most):
        column = [some[number] if number < len(some) else some[0] for some in (one.references for one in sentences)]
        write_lines(folder / f"{split}.reference.{number}", column)


def written_files(folder: Path) -> dict[str, Any]:
    """Return what a manifest says of the files in a folder: their sizes, and their SHA-256, by name."""
    paths = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    return {
        "files": {name: path.stat().st_size for name, path in paths.items()},
        "sha256": {name: sha256_of(path) for name, path in paths.items()},
    }


def write_lines(path: Path, lines: Sequence[str]) -> None:
    """Write lines that hold no line break."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{line}\n" for line in lines)


def _write_train(folder: Path, tokens: Tokens, groups: int | None) -> SplitCounts:
    """Write the training part, which is tokenised already, into its store; count what went in."""
    TokenStore.write_arrays(folder / "store" / "train.source", tokens.source(), tokens.tokenizer.source_size)
    TokenStore.write_arrays(folder / "store" / "train.target", tokens.target(), tokens.tokenizer.target_size)
    return _counts(folder, "train", tokens.text.distinct_sources, groups)


def _write_store(
    folder: Path, split: SplitName, pairs: Sequence[CleanPair], tokenizer: Tokenizer, sentences: int, groups: int | None
) -> SplitCounts:
    """Tokenise the pairs of a split into its store; count what went in."""
    stem = folder / "store" / split
    with Progress(f"tokenising {split}", 2 * len(pairs), "sentences") as progress:
        sources = _encoded(tokenizer.encode_source, [pair.normalised.source for pair in pairs], progress)
        TokenStore.write(stem.with_name(f"{split}.source"), sources, tokenizer.source_size)
        targets = _encoded(tokenizer.encode_target, [pair.normalised.target for pair in pairs], progress)
        TokenStore.write(stem.with_name(f"{split}.target"), targets, tokenizer.target_size)
    return _counts(folder, split, sentences, groups)


def _counts(folder: Path, split: SplitName, sentences: int, groups: int | None) -> SplitCounts:
    store = PairStore.open(folder / "store", split)
    return SplitCounts(
        sentences=sentences,
        pairs=len(store),
        groups=groups,
        source=side_counts(store.source),
        target=side_counts(store.target),
    )


def _encoded(
    encode: Callable[[Sequence[str]], list[list[int]]], sentences: Sequence[str], progress: Progress
) -> Iterator[list[int]]:
    for some in _chunks(sentences):
        yield from encode(some)
        progress.update(len(some))


def _chunks(sentences: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(sentences), _ENCODED_AT_ONCE):
        yield sentences[start : start + _ENCODED_AT_ONCE]


def side_counts(store: TokenStore) -> SideCounts:
    """Count the tokens of one side of a split."""
    lengths = store.lengths
    return SideCounts(
        tokens=int(lengths.sum()),
        mean_length=round(float(np.mean(lengths)), 3) if len(lengths) else 0.0,
        max_length=int(lengths.max(initial=0)),
    )
