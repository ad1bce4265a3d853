"""The tokenizer of a corpus, and the training pairs cut up by it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nmt_attn.config.schema import Config
from nmt_attn.corpus.shards import KeptPairs, Rows
from nmt_attn.corpus.tokenising import TokenisedShards, renumbered, tokenise
from nmt_attn.corpus.training_text import TrainingText, write_training_text
from nmt_attn.corpus.workplace import Workplace
from nmt_attn.errors import InputError
from nmt_attn.files import disk_errors, sync_directory
from nmt_attn.progress import note
from nmt_attn.text.tokenizer import Tokenizer

_MANY = 500_000  # pairs to train a tokenizer on, which takes minutes and gigabytes


@dataclass(frozen=True)
class Tokens:
    """The training pairs as text and as ids of a tokenizer."""

    text: TrainingText
    tokenizer: Tokenizer
    train: TokenisedShards
    new_ids: tuple[NDArray[np.int64], NDArray[np.int64]] | None
    """By id in the shards the id of the tokenizer, of source and target; None: they are the same."""

    def source(self) -> Iterator[tuple[NDArray[Any], Rows]]:
        """Yield ids and lengths of the source sentences, shard by shard."""
        return self._side("source", 0)

    def target(self) -> Iterator[tuple[NDArray[Any], Rows]]:
        """Yield ids and lengths of the target sentences, shard by shard."""
        return self._side("target", 1)

    def _side(self, name: str, number: int) -> Iterator[tuple[NDArray[Any], Rows]]:
        tokens = self.train.tokens(name)
        return tokens if self.new_ids is None else renumbered(tokens, self.new_ids[number])


def tokens_of(pairs: KeptPairs, config: Config, given: Tokenizer | None, work: Workplace) -> Tokens:
    """Cut training pairs with a tokenizer that is learned from them, or with a given one.

    Raises:
        ConfigError: ``data.tokenizer`` does not fit the text.
        NmtError: the disk is full.
    """
    if given is not None:
        _save(given, work.tokenizer)
        text = write_training_text(pairs, work.text)
        return Tokens(text, given, tokenise(pairs, work.tokenizer, work.crew, work.tokens), None)
    # No second process can help with the tokenizer.
    with work.crew.beside(partial(write_training_text, pairs, work.text)) as written:
        whole = _trained(pairs, config, work)
    text = written.result()
    train = tokenise(pairs, work.tokenizer, work.crew, work.tokens)
    if config.same_ids or not config.data.tokenizer.joint:
        return Tokens(text, whole, train, None)
    # What a side does not use is known once all is cut up; nothing is cut up again for that.
    divided = whole.divided([train.used("source").tolist()], [train.used("target").tolist()])
    source, target = divided.ids_of(whole)
    return Tokens(text, divided, train, (np.array(source), np.array(target)))


def _trained(pairs: KeptPairs, config: Config, work: Workplace) -> Tokenizer:
    """Train the tokenizer, unless an interrupted attempt has done so."""
    try:
        return Tokenizer.load(work.tokenizer)
    except InputError:  # there is none yet, or a power cut has damaged it
        pass
    sample = pairs.sampled(config.data.tokenizer.sample)
    of = f" of {len(pairs):,}" if len(sample) < len(pairs) else ""
    advice = "; data.tokenizer.sample: 200000 would do nearly as well, sooner" if len(sample) > _MANY else ""
    note(f"training the tokenizer on {len(sample):,}{of} pairs{advice}")
    sides = zip(*((pair.normalised.source, pair.normalised.target) for pair in sample), strict=True)
    trained = Tokenizer.train(config.data, *map(list, sides), same_ids=True)
    _save(trained, work.tokenizer)
    return trained


def _save(tokenizer: Tokenizer, folder: Path) -> None:
    """Save a tokenizer as a whole, so that a power cut leaves none or this one."""
    aside = folder.with_suffix(".part")
    with disk_errors(folder):
        for old in (aside, folder):
            shutil.rmtree(old, ignore_errors=True)
        tokenizer.save(aside)
        sync_directory(aside)
        aside.rename(folder)
