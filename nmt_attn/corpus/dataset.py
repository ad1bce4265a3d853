"""Prepared data as ``nmt train`` and ``nmt eval`` use it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from nmt_attn.config.schema import FilterConfig
from nmt_attn.corpus.manifest import Manifest
from nmt_attn.corpus.store import PairStore, TokenStore
from nmt_attn.errors import InputError
from nmt_attn.text.text_cut import TextCut
from nmt_attn.text.tokenizer import Tokenizer

SplitName = Literal["train", "valid", "test"]


@dataclass(frozen=True)
class HeldOut:
    """Sentences to be translated, and what they are compared with: raw text, not tokenised, not normalised."""

    sources: list[str]
    references: list[list[str]]
    """``references[i]`` are all references of ``sources[i]``; there may be different numbers of them."""

    def __post_init__(self) -> None:
        if len(self.sources) != len(self.references):
            raise ValueError(f"{len(self.sources)} sources but references for {len(self.references)}")

    def __len__(self) -> int:
        return len(self.sources)


@dataclass(frozen=True)
class LabelledTexts:
    """Texts of a part with their labels: raw text, not tokenised, not normalised, not cut."""

    texts: list[str]
    labels: list[str]

    def __len__(self) -> int:
        return len(self.texts)


@dataclass(frozen=True)
class Dataset:
    """The folder that ``nmt prepare`` has written."""

    directory: Path
    manifest: Manifest
    tokenizer: Tokenizer

    @classmethod
    def open(cls, directory: Path) -> Self:
        """Open prepared data after checking that all of it is there.

        Raises:
            InputError: there is none, or a file is missing or damaged.
        """
        manifest = Manifest.load(directory)
        for name, size in manifest.files.items():
            path = directory / name
            if not path.is_file() or path.stat().st_size != size:
                raise InputError(f"{path}: missing or damaged; run nmt prepare --force")
        return cls(directory, manifest, Tokenizer.load(directory / "tokenizer"))

    def pairs(self, split: SplitName) -> PairStore:
        """Return token ids of a split without ``BOS`` and ``EOS``; of valid and test every (source, reference) pair.

        Of labelled texts the source is the text, cut to ``data.filter.max_tokens``, and the target one id: its label.

        Raises:
            InputError: the store is damaged.
        """
        return PairStore.open(self.directory / "store", split)

    def train_text(self) -> tuple[list[str], list[str]]:
        """Return the raw source and target sentences of the training part.

        Raises:
            InputError: the files are damaged.
        """
        return self._lines("train.source"), self._lines("train.target")

    def sampled_pairs(self, alpha: float, seed: int) -> PairStore:
        """Return the pairs of the training part, cut into subwords anew and at random, in memory.

        Args:
            alpha: see ``training.subword_sampling``.
            seed: seed of the choice.

        Raises:
            InputError: the files are damaged.
        """
        ids = self.tokenizer.sample(*self.train_text(), alpha, seed)
        return PairStore(TokenStore.of(ids.sources), TokenStore.of(ids.targets))

    def labelled(self, split: SplitName) -> LabelledTexts:
        """Return the texts of a split with their labels.

        Raises:
            InputError: the files are damaged.
        """
        texts, labels = self._lines(f"{split}.text"), self._lines(f"{split}.label")
        if len(texts) != len(labels):
            raise InputError(f"{self.directory / f'{split}.label'}: damaged; run nmt prepare --force")
        return LabelledTexts(texts, labels)

    def sampled_texts(self, alpha: float, seed: int, config: FilterConfig) -> PairStore:
        """Return the labelled texts of the training part, cut into subwords anew and at random, in memory.

        Args:
            alpha: see ``training.subword_sampling``.
            seed: seed of the choice.
            config: says where texts are cut.

        Raises:
            InputError: the files are damaged.
        """
        ids = self.tokenizer.sample(self.labelled("train").texts, [], alpha, seed).sources
        cut = TextCut(config.max_tokens, config.keep)
        return PairStore(TokenStore.of([cut(text) for text in ids]), self.pairs("train").target)

    def held_out(self, split: Literal["valid", "test"]) -> HeldOut:
        """Return the raw sentences of a held-out split with their references.

        Raises:
            InputError: the files are damaged.
        """
        sources = self._lines(f"{split}.source")
        prefix = f"{split}.reference."
        files = sorted((name for name in self.manifest.files if name.startswith(prefix)), key=_number)
        references: list[list[str]] = [[] for _ in sources]
        for name in files:
            lines = self._lines(name)
            if len(lines) != len(sources):
                raise InputError(f"{self.directory / name}: damaged; run nmt prepare --force")
            for known, line in zip(references, lines, strict=True):
                if line and line not in known:  # a sentence with fewer references than others
                    known.append(line)
        return HeldOut(sources, references)

    def _lines(self, name: str) -> list[str]:
        path = self.directory / name
        try:
            content = path.read_bytes()
            lines = content.decode("utf-8").split("\n")
        except (OSError, UnicodeDecodeError):
            raise InputError(f"{path}: missing or damaged; run nmt prepare --force") from None
        recorded = self.manifest.sha256.get(name)  # none in format 2
        if recorded is not None and hashlib.sha256(content).hexdigest() != recorded:
            raise InputError(f"{path}: not as nmt prepare wrote it; run nmt prepare --force, which moves it aside")
        return lines if lines[-1] else lines[:-1]  # each line has its end, and an empty file none


def _number(name: str) -> int:
    return int(name.rpartition(".")[2])
